# SPDX-License-Identifier: ISC
"""Domains with MTA-STS policies, their mail exchangers, and an instance that
sends to them: `sts` of a module that has it from here."""
import contextlib
import json
import os

import pytest

from badhosts import PORT, TLS_CAPS
from badsmtp import BadSmtp
from dnsserver import DnsServer
from policyhost import Authority, PolicyHost


class Sts:
    """An instance, the DNS, policies, and mail exchangers of its domains."""

    def __init__(self, make_pabal, stack, folder, *conf, signed=False):
        self.stack = stack
        self.numbers = iter(range(10, 250))
        self.ca = Authority(folder)
        self.dns = stack.enter_context(DnsServer(signed=signed))
        self.web = stack.enter_context(PolicyHost(self.ca))
        if signed:
            anchor = os.path.join(folder, "anchor")
            with open(anchor, "w") as f:
                f.write(self.dns.trust_anchor())
            conf = (("lookup", "dns_trust_anchor", anchor),
                    ("smtp", "tls_policy", "dane"), *conf)
        self.p = make_pabal(
            ("lookup", "dns_servers", f"127.0.0.1:{self.dns.port}"),
            ("sts", "https_port", str(self.web.port)),
            ("sts", "tls_ca_file", self.ca.file),
            ("sts", "inside_networks", ""),
            ("sts", "check_interval", "0s"), ("sts", "retry_interval", "0s"),
            ("smtp", "tls_ca_file", self.ca.file),
            ("smtp", "session_idle", "0s"), ("smtp", "ports", str(PORT)),
            ("qmgr", "retry_schedule", "1h"), *conf)
        self.domains = []

    def domain(self, name, text, ident="1"):
        """NAME publishes the policy TEXT (None: nothing)."""
        d = self.dns.records
        if name not in self.domains:
            self.domains.append(name)
        d.setdefault(name, {})
        d[f"mta-sts.{name}"] = {"A": [self.web.address]}
        self.publish(name, text, ident)
        with open(os.path.join(self.p.dir, "etc", "transports"), "w") as f:
            for each in self.domains:
                f.write(f"{each} smtp:{each}:{PORT}\n")
        self.p.pabal("map", "transports")

    def publish(self, name, text, ident="1"):
        self.web.policies[name] = text
        self.dns.records[f"_mta-sts.{name}"] = {
            "TXT": [f'"v=STSv1; id={ident};"']} if text is not None else {}

    def mx(self, name, host, preference=10, **kw):
        """HOST is a mail exchanger of NAME; cert: the name in its certificate,
        None: it has no TLS, False: one of another authority."""
        cert = kw.pop("cert", host)
        days = kw.pop("days", 30)
        address = f"127.0.9.{next(self.numbers)}"
        if cert is not None:
            ca = self.web.others if cert is False else self.ca
            kw = {"caps": TLS_CAPS, "tls": ca.context(cert or host, days), **kw}
        else:
            kw = {"caps": ("PIPELINING",), **kw}
        bad = self.stack.enter_context(BadSmtp(host=address, port=PORT, **kw))
        d = self.dns.records
        d[name].setdefault("MX", []).append(f"{preference} {host}.")
        d[host] = {"A": [address]}
        return bad

    def send(self, name, subject="sts"):
        since = self.p.mark()
        self.p.send(subject, to=f"u@{name}")
        return self.p.wait_event("rcpt.result", since, to=f"u@{name}")

    def show(self, *domain):
        return {r["domain"]: r for r in
                json.loads(self.p.pabal("sts", "show", *domain, "--json"))}

    def pid(self):
        return self.p.pids("sts")[0]


@pytest.fixture
def sts(make_pabal, open_dir):
    with contextlib.ExitStack() as stack:
        yield lambda *conf, **kw: Sts(
            make_pabal, stack, str(open_dir), *conf, **kw)

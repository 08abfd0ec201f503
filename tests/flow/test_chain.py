# SPDX-License-Identifier: ISC
"""Three hosts: one sends and signs, one sends on, one judges.  What arrives has
the signature as it was made, and passes SPF and DMARC there; ours and others'
programs say so."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest

from dnsserver import DnsServer
from pabal import (PABAL, PASSWORD, PATIENCE, Instance, free_base, message,
                   wait)
from test_dkim import text_of

A_IP, B_IP = "127.0.0.2", "127.0.0.3"
ANN, ON, EVE = "ann@a.test", "on@b.test", "eve@c.test"


def records():
    r = {}
    for domain, ip in (("a.test", A_IP), ("b.test", B_IP), ("c.test", "127.0.0.4")):
        r[domain] = {"TXT": [f'"v=spf1 ip4:{ip} -all"'], "MX": [f"10 mail.{domain}."]}
        r[f"mail.{domain}"] = {"A": [ip]}
    r["_dmarc.a.test"] = {"TXT": ['"v=DMARC1; p=reject; aspf=s; adkim=s"']}
    return r


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


class Chain:
    def __init__(self, dns):
        self.dns, self.hosts = dns, []

        def host(user, *settings):
            p = Instance(domains=(user.split("@")[1],), users=(user,))
            self.hosts.append(p)
            for one in (("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                        ("pabal", "trusted_networks", "192.0.2.250"), *settings):
                p.conf(*one)
            p.start()
            return p
        self.c = host(EVE, ("policy", "spf", "enforce"), ("policy", "dmarc", "enforce"))
        self.b = host("bea@b.test", ("pabal", "srs_domain", "b.test"))
        self.a = host(ANN)
        table(self.b, "source_addresses", f"* {B_IP}\n")
        table(self.a, "source_addresses", f"* {A_IP}\n")
        table(self.b, "transports", self.route("c.test", self.c) + self.route("a.test", self.a))
        table(self.a, "transports", self.route("b.test", self.b))
        self.b.pabal("alias", "set", ON, f"{EVE}, bea@b.test")
        self.a.pabal("dkim", "add", "a.test")
        self.keys = {}
        for r in json.loads(self.a.pabal("dkim", "show", "a.test", "--json")):
            name, text = f"{r['selector']}._domainkey.a.test", text_of(r["record"])
            self.keys[name] = text
            dns.records[name] = {"TXT": [" ".join(
                f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))]}
        self.a.pabal("dkim", "add", "a.test")

    @staticmethod
    def route(domain, p):
        return f"{domain} smtp:[127.0.0.1]:{p.port('smtp')}\n"

    def send(self, subject, to=ON, **kw):
        with self.a.smtp("submission") as s:
            s.ehlo()
            s.login(ANN, PASSWORD)
            s.sendmail(ANN, [to], message(subject, sender=ANN, to=to, **kw))

    def arrived(self, subject):
        """As bea, where it was sent on, and eve have it."""
        def find(p, user, domain):
            top = p.maildir(user, domain)
            return [m for m in p.mails_of(top)
                    if b"\nSubject: " + subject.encode() in m.replace(b"\r\n", b"\n")]
        return (wait(lambda: find(self.b, "bea", "b.test"), subject)[0],
                wait(lambda: find(self.c, "eve", "c.test"), subject)[0])


def from_signature(data):
    """Behind what the hosts on its way have put in front of it."""
    data = data.replace(b"\r\n", b"\n")
    return data[data.index(b"DKIM-Signature:"):]


def field(data, name):
    head = data.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode()
    found = re.search(rf"(?im)^{name}:(.*(?:\n[ \t].*)*)", head)
    return " ".join(found[1].split()) if found else ""


@pytest.fixture(scope="module")
def chain():
    with DnsServer(records()) as dns, contextlib.ExitStack() as end:
        c = Chain(dns)
        for p in c.hosts:
            end.callback(p.close)
        yield c
        assert not [a for p in c.hosts for a in p.alarms()]


def test_passes(chain):
    chain.send("chain", body="Straße\r\n.\r\n\r\n")
    kept, sent_on = chain.arrived("chain")
    assert from_signature(kept) == from_signature(sent_on)
    said = field(sent_on, "Authentication-Results")
    assert re.search(r"spf=pass smtp\.mailfrom=(\"?SRS0=\S+@)?b\.test", said), said
    assert "dkim=pass header.d=a.test" in said and "dmarc=pass" in said, said
    assert re.match(r"<SRS0=....=..=a\.test=ann@b\.test>$", field(sent_on, "Return-Path"))
    assert field(sent_on, "From") == ANN


# ---- others

def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def test_check_mail(chain):
    chain.send("seen again")
    _, data = chain.arrived("seen again")
    zone = "".join(f'{n} TXT "{t}"\n' for n, t in chain.keys.items())
    zone += f'b.test TXT "v=spf1 ip4:{B_IP} -all"\n'
    zone += '_dmarc.a.test TXT "v=DMARC1; p=reject; adkim=s"\n'
    with tempfile.TemporaryDirectory() as d:
        for name, text in (("zone", zone.encode()), ("mail", data)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(text)
        out = subprocess.run(
            [PABAL, "check-mail", d + "/mail", "--zone", d + "/zone", "--client", B_IP,
             "--helo", "mail.b.test", "--from", field(data, "Return-Path").strip("<>"),
             "--json"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    r = json.loads(out.stdout)
    assert r["spf"]["result"] == "pass" and r["dmarc"]["result"] == "pass"
    assert [k["result"] for k in r["dkim"]] == ["pass", "pass"]


@contextlib.contextmanager
def rspamd(dns):
    path = program("rspamd")
    base, lock = free_base()
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        with open(d + "/conf", "w") as f:
            f.write(f'''
options {{
	pidfile = "{d}/pid"; tempdir = "{d}"; filters = "spf,dkim"; local_addrs = [];
	dns {{ nameserver = ["127.0.0.1:{dns.port}"]; timeout = 5s; }}
}}
logging {{ type = "console"; level = "warning"; }}
modules {{ path = "/usr/share/rspamd/plugins/dmarc.lua"; path = "/usr/share/rspamd/plugins/spf.lua"; }}
spf {{ check_local = true; check_authed = true; }}
dkim {{ check_local = true; check_authed = true; }}
dmarc {{ check_local = true; check_authed = true; }}
worker "normal" {{ bind_socket = "127.0.0.1:{base}"; count = 1; }}
''')
        with open(d + "/log", "wb") as log:
            server = subprocess.Popen(
                [path, "-f", "-i", "-c", d + "/conf", f"--var=DBDIR={d}",
                 f"--var=RUNDIR={d}"], stdout=log, stderr=log)

        def ask(data, **headers):
            request = urllib.request.Request(
                f"http://127.0.0.1:{base}/checkv2", data, headers)
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                with urllib.request.urlopen(request, timeout=PATIENCE) as r:
                    return json.load(r)
        try:
            wait(lambda: server.poll() is not None or ask(b"Subject: x\r\n\r\n"),
                 "rspamd", 120)
            assert server.poll() is None, open(d + "/log").read()
            yield ask
        finally:
            server.terminate()
            server.wait()
            lock.close()


def test_rspamd(chain):
    chain.send("for rspamd")
    _, data = chain.arrived("for rspamd")
    data = data[data.index(b"Received:"):]
    with rspamd(chain.dns) as ask:
        def symbols(sender):
            r = ask(data, IP=B_IP, Helo="mail.b.test", From=sender, Rcpt=EVE)
            return set(r["symbols"])
        got = symbols(field(chain.arrived("for rspamd")[1], "Return-Path").strip("<>"))
        assert {"R_SPF_ALLOW", "R_DKIM_ALLOW", "DMARC_POLICY_ALLOW"} <= got, got
        assert "R_SPF_FAIL" in symbols(ANN)


# ---- what else can happen; these change the hosts

def test_a_report_comes_back(chain):
    """Whom it is sent on to is not there: ann hears of it."""
    chain.b.pabal("alias", "set", "gone@b.test", "adam@c.test")
    chain.send("no adam", to="gone@b.test")
    top = chain.a.maildir("ann", "a.test")
    report = wait(lambda: [m for m in chain.a.mails_of(top) if b"adam@c.test" in m],
                  "a report")[0]
    assert b"Return-Path: <>" in report


def test_without_it_would_not(chain):
    chain.b.pabal("conf", "unset", "pabal", "srs_domain")
    chain.b.reload()
    chain.send("lost")
    e = chain.b.wait_event("rcpt.result", to=EVE, status="permfail")
    assert e["dsn"].startswith("5.7.")

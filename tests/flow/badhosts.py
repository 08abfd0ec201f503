# SPDX-License-Identifier: ISC
"""Hosts that behave badly, each with a domain of its own whose MX it is, on an
address of its own (127.0.1.N) and one port for all, named in the transports
table.  A module that has `CONF`, `prepare` and `host` from here has an instance
that sends to them."""
import contextlib
import hashlib
import itertools
import os
import socket
import ssl
import subprocess

import pytest

from badsmtp import BadSmtp
from dnsserver import DnsServer
from pabal import message

DOMAINS = 250
NUMBERS = itertools.count(1)
DNS = DnsServer()
CONF = [("qmgr", "retry_schedule", "1h"), ("smtp", "session_idle", "2s")]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PORT = free_port()


def prepare(instance):
    if not DNS.threads:
        DNS.start()
    if not instance.pabal("conf", "get", "lookup", "dns_servers").strip():
        instance.conf("lookup", "dns_servers", f"127.0.0.1:{DNS.port}")
    with open(os.path.join(instance.dir, "etc", "transports"), "w") as f:
        for n in range(1, DOMAINS + 1):
            f.write(f"d{n}.test smtp:d{n}.test:{PORT}\n")
            f.write(f"l{n}.test lmtp:[127.0.1.{n}]:{PORT}\n")
    instance.pabal("map", "transports")


class Host:
    """A bad host and how mail for it went."""

    def __init__(self, pabal, bad, domain):
        self.pabal, self.bad, self.domain = pabal, bad, domain
        self.since = pabal.mark()

    def send(self, users=("u",), subject="out", sender="sender@example.org",
             body="Hello.\r\n", options=(), rcpt_options=()):
        rcpts = [f"{u}@{self.domain}" for u in users]
        with self.pabal.smtp() as s:
            s.ehlo()
            s.sendmail(sender, rcpts, message(subject, body=body),
                       list(options), list(rcpt_options))

    def result(self, user="u", **keys):
        return self.pabal.wait_event(
            "rcpt.result", self.since, to=f"{user}@{self.domain}", **keys)

    def results(self, user="u"):
        return self.pabal.events(
            "rcpt.result", self.since, to=f"{user}@{self.domain}")

    def retry(self):
        self.since = self.pabal.mark()
        self.pabal.pabal("queue", "flush")


@pytest.fixture
def host(pabal):
    """host(...) is a Host with BadSmtp's arguments; lmtp=True speaks LMTP."""
    with contextlib.ExitStack() as stack:
        def make(lmtp=False, **kw):
            n = next(NUMBERS)
            bad = stack.enter_context(
                BadSmtp(host=f"127.0.1.{n}", port=PORT, **kw))
            domain = f"{'l' if lmtp else 'd'}{n}.test"
            DNS.records[domain] = {"MX": [f"10 mx.{domain}."]}
            DNS.records[f"mx.{domain}"] = {"A": [f"127.0.1.{n}"]}
            return Host(pabal, bad, domain)
        yield make


def check(host, status, dsn, text=""):
    r = host.result()
    assert (r["status"], r["dsn"]) == (status, dsn), r
    assert text in r["text"], r
    return r


def send_raw(h, raw, sender="a@example.org", options=("BODY=8BITMIME",)):
    with h.pabal.smtp() as s:
        s.ehlo()
        s.sendmail(sender, ["u@" + h.domain], raw, list(options))


@pytest.fixture(scope="class")
def impatient(shared_pabal):
    """The same instance with a short timeout."""
    shared_pabal.conf("smtp", "timeout", "1s")
    shared_pabal.reload()
    yield
    shared_pabal.pabal("conf", "unset", "smtp", "timeout")
    shared_pabal.reload()


def make_cert(folder, name, days=30):
    """A self-signed certificate for NAME; the paths of it and its key."""
    cert, key = (os.path.join(folder, name + e) for e in (".crt", ".pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj",
         f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout",
         key, "-out", cert], check=True, capture_output=True)
    return cert, key


def server_context(pabal):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(os.path.join(pabal.dir, "tls", "cert.pem"),
                      os.path.join(pabal.dir, "tls", "key.pem"))
    return c


TLS_CAPS = ("PIPELINING", "STARTTLS")


@contextlib.contextmanager
def settings(pabal, **values):
    """The shared instance under other settings of smtp for a while."""
    for name, value in values.items():
        pabal.conf("smtp", name, value)
    pabal.reload()
    try:
        yield
    finally:
        for name in values:
            pabal.pabal("conf", "unset", "smtp", name)
        pabal.reload()


def tlsa_data(cert):
    """Digests and forms of a certificate, for TLSA records."""
    def der(command):
        return subprocess.run(command, shell=True, check=True,
                              capture_output=True).stdout

    spki = der(f"openssl x509 -in {cert} -noout -pubkey | "
               "openssl pkey -pubin -outform DER")
    whole = der(f"openssl x509 -in {cert} -outform DER")
    return {"SPKI256": hashlib.sha256(spki).hexdigest(), "SPKI": spki.hex(),
            "CERT512": hashlib.sha512(whole).hexdigest(), "CERT": whole.hex(),
            "ZERO": "00" * 32}

# SPDX-License-Identifier: ISC
"""Mail that is believed: SPF, DKIM and DMARC pass for a message however large it
is, in memory that does not grow with it; and what was found is in its trace."""
import os
import re

import pytest

import filters
from dkimsign import Key
from dnsserver import DnsServer
from filters import Filter, at_end
from pabal import DOMAIN
from smtptalk import Talk

CLIENT = "192.0.2.1"


@pytest.fixture(scope="module")
def key():
    return Key("sends.test")


@pytest.fixture(scope="module")
def dns(key):
    with DnsServer({
            "sends.test": {"TXT": [f'"v=spf1 ip4:{CLIENT} -all"']},
            "s._domainkey.sends.test": {"TXT": [key.record]},
            "_dmarc.sends.test": {"TXT": ['"v=DMARC1; p=reject"']},
            "junk.test": {"TXT": [f'"v=spf1 ip4:{CLIENT} -all"']},
            "_dmarc.junk.test": {"TXT": ['"v=DMARC1; p=quarantine"']}}) as server:
        yield server


def start(make_pabal, dns, *more):
    return make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                      ("smtpd", "xclient_hosts", "127.0.0.1"), *more,
                      users=("alice",))


def bring(p, message, sender="a@sends.test"):
    """The reply to the message of a stranger."""
    with Talk(p) as t:
        assert t.say(f"XCLIENT ADDR={CLIENT}").startswith("220 ")
        assert t.say("EHLO host.test").startswith("250-")
        assert t.say(f"MAIL FROM:<{sender}>").startswith("250 ")
        assert t.say(f"RCPT TO:<alice@{DOMAIN}>").startswith("250 ")
        t.send(f"BDAT {len(message)} LAST\r\n".encode() + message)
        assert t.reply().startswith("250 ")


def peak_kib(p):
    """The most that each process of smtpd and policy has had."""
    peaks = {}
    for pid in p.pids("smtpd") + p.pids("policy"):
        with open(f"/proc/{pid}/status") as f:
            peaks[pid] = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
    return peaks


def signed(key, subject, lines):
    return key.sign([("From", "a@sends.test"), ("Subject", subject)],
                    (b"x" * 70 + b"\r\n") * lines)


def test_large_in_flat_memory(make_pabal, dns, key):
    p = start(make_pabal, dns, ("pabal", "message_size_limit", "100M"))
    bring(p, signed(key, "medium", 10000))
    p.wait_mail("alice", "medium")
    before = peak_kib(p)
    bring(p, signed(key, "large", (50 << 20) // 72))
    raw = p.wait_mail("alice", "large")
    results = raw[:raw.index(b"\nReceived:")]
    for method in (b"spf", b"dkim", b"dmarc"):
        assert method + b"=pass" in results, results
    assert len(raw) > 49 << 20
    after = peak_kib(p)
    assert after.keys() == before.keys()
    if "PABAL_SANITIZE" not in os.environ:
        grown = {pid: after[pid] - before[pid] for pid in after}
        assert max(grown.values()) < 2048, grown


def test_trace_tells_what_was_found(make_pabal, dns):
    """Of the session what was said of the sender, of the message the verdicts of
    rules and of filters, by its id and by its sender."""
    p = start(make_pabal, dns)
    f = Filter(at_end(b"qlooks odd\0"), actions=filters.ALL)
    try:
        p.conf("milter", "filters", f'"f0 {f.address}"')
        p.conf("smtpd", "milters", "f0")
        p.reload()
        bring(p, b"From: a@junk.test\r\nSubject: odd\r\n\r\nHello.\r\n",
              "a@sends.test")
        qid = p.wait_event("milter.verdict")["qid"]
        for words in ((qid,), ("a@sends.test",)):
            out = p.pabal("trace", *words)
            for told in (r"policy\.spf .*result=pass domain=sends\.test",
                         r"policy\.auth .*spf=pass dkim=none .*dmarc=fail "
                         r"author=junk\.test policy=quarantine",
                         r"policy\.verdict .*stage=rcpt rule=reverse action=",
                         r"policy\.verdict .*stage=message rule=dmarc "
                         r"action=quarantine mode=enforce",
                         r"milter\.verdict .*filter=f0 .*action=quarantine "
                         r'mode=enforce why="looks odd"'):
                assert re.search(told, out), (told, out)
    finally:
        f.close()

# SPDX-License-Identifier: ISC
"""policy's rules about clients: the table access, reverse DNS, HELO, DNS lists;
against a DNS of the test's own."""
import base64
import json
import os
import re

import pytest

from dnsserver import DnsServer
from mmdb import mmdb
from pabal import DOMAIN, PASSWORD, wait
from smtptalk import Talk

GOOD, BAD, SIX = "192.0.2.1", "192.0.2.66", "2001:db8::66"
SIX_NIBBLES = ".".join(reversed("20010db8" + "0" * 22 + "66"))
TO = f"alice@{DOMAIN}"
ZONE = {
    "1.2.0.192.in-addr.arpa": {"PTR": ["mail.good.test."]},
    "mail.good.test": {"A": [GOOD]},
    "200.2.0.192.in-addr.arpa": {"PTR": ["www.good.test."]},
    "www.good.test": {"A": ["192.0.2.200"]},
    "66.2.0.192.in-addr.arpa": {"PTR": ["mail.good.test."]},
    "7.2.0.192.in-addr.arpa": "SERVFAIL",
    "66.2.0.192.bl.test": {"A": ["127.0.0.2"], "TXT": ['"look at https://bl.test/66"']},
    f"{SIX_NIBBLES}.bl.test": {"A": ["127.0.0.2"]},
    "67.2.0.192.bl.test": {"A": ["127.255.255.254"]},
    "68.2.0.192.bl.test": {"A": ["127.0.0.9"]},
    "66.2.0.192.wl.test": {"A": ["127.0.5.1"]},
    "66.2.0.192.sold.test": {"A": ["198.51.100.7"]},
    "66.2.0.192.all.test": {"A": ["127.0.0.2"]},
    "1.0.0.127.all.test": {"A": ["127.0.0.2"]},
    "66.2.0.192.silent.test": "DROP",
    "66.2.0.192.abcdefghijklmnopqrstuvwxyz.key.test": {"A": ["127.0.0.2"]},
}


@pytest.fixture(scope="module")
def dns():
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture
def make(make_pabal, dns):
    def start(*more, users=("alice", "bob")):
        return make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                          ("smtpd", "xclient_hosts", "127.0.0.1"),
                          *more, users=users)
    return start


def stranger(p, ip=GOOD, helo="mail.good.test", **kw):
    """A connection of a client elsewhere, or (closed) why there is none."""
    t = Talk(p, **kw)
    addr = f"IPV6:{ip}" if ":" in ip else ip
    for command, code in ((f"XCLIENT ADDR={addr}", "220 "), (f"EHLO {helo}", "250-")):
        reply = t.say(command)
        if not reply.startswith(code):
            t.close()
            return reply
    return t


def rcpt(p, ip=GOOD, helo="mail.good.test", sender="a@good.test", to=TO):
    """The reply to RCPT, or the first one that refuses."""
    t = stranger(p, ip, helo)
    if isinstance(t, str):
        return t
    with t:
        reply = t.say(f"MAIL FROM:<{sender}>")
        return t.say(f"RCPT TO:<{to}>") if reply.startswith("250 ") else reply


def access(p, *lines):
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write("".join(line + "\n" for line in lines))
    p.pabal("map", "access")


def test_reverse(make):
    p = make(("policy", "reverse", "enforce"))
    assert rcpt(p).startswith("250 ")
    assert rcpt(p, BAD).startswith(
        f"550 5.7.25 The address {BAD} has the name mail.good.test, which has another")
    assert rcpt(p, SIX).startswith(f"550 5.7.25 The address {SIX} has no name")
    assert rcpt(p, "192.0.2.7").startswith("451 4.7.25 ")


def test_helo(make):
    p = make(*[("policy", f"helo_{name}", "enforce")
               for name in ("name", "own", "literal", "dns")])
    for helo, reply in (("mail.good.test", "250 "), (f"[{GOOD}]", "250 "),
                        ("localhost", "550 5.7.1 HELO: expected the full name"),
                        ("192.0.2.9", "550 5.7.1 HELO: expected the full name"),
                        (f"[{BAD}]", "550 5.7.1 HELO: that is not your address"),
                        (f"mail.{DOMAIN}", "550 5.7.1 HELO: that is the name of this"),
                        ("none.good.test", "550 5.7.1 HELO: the DNS does not know")):
        assert rcpt(p, helo=helo).startswith(reply), helo
    with Talk(p, greet="EHLO localhost") as t:  # no stranger
        assert t.say("MAIL FROM:<a@good.test>").startswith("250 ")
        assert t.say(f"RCPT TO:<{TO}>").startswith("250 ")


def test_warnings_once_for_a_message(make):
    """What is not enforced is logged for a message, not for each recipient."""
    p = make()
    with stranger(p, helo="localhost") as t:
        for _ in range(2):
            t.say("MAIL FROM:<a@good.test>")
            for _ in range(3):
                assert t.say(f"RCPT TO:<{TO}>").startswith("250 ")
            t.say("RSET")
    p.wait_event("policy.verdict")
    with stranger(p) as t:
        t.say("NOOP")
    assert len(p.events("policy.verdict", rule="helo_name")) == 2


@pytest.mark.allow("dnsbl-failed")
def test_dnsbl(make, dns):
    p = make(("policy", "dnsbl", "enforce"),
             ("policy", "dnsbl_sites", "bl.test=127.0.0.[2..8]"))
    assert rcpt(p).startswith("250 ")
    refused = f"550 5.7.1 The address {BAD} is listed by bl.test: look at https://bl.test/66"
    assert rcpt(p, BAD) == refused
    assert rcpt(p, SIX).startswith(f"550 5.7.1 The address {SIX} is listed by bl.test")
    assert rcpt(p, "192.0.2.68").startswith("250 "), "an answer that is filtered out"
    # an error of the list is no hit, and told once
    for _ in range(2):
        assert rcpt(p, "192.0.2.67").startswith("250 ")
    failed, = p.events("policy.dnsbl-failed")
    assert failed["site"] == "bl.test" and failed["answer"] == "127.255.255.254"
    # once for a connection
    with stranger(p, BAD) as t:
        for sender in ("a@good.test", "b@good.test"):
            t.say(f"MAIL FROM:<{sender}>")
            asked = len(dns.queries)
            assert t.say(f"RCPT TO:<{TO}>") == refused
            t.say("RSET")
        assert len(dns.queries) == asked


@pytest.mark.allow("dnsbl-failed")
@pytest.mark.parametrize("sites, reply, failed", (
    ("bl.test*2 wl.test*-3", "250 ", None),
    ("bl.test*2 wl.test*-1", "250 ", None),
    ("bl.test*3 wl.test*-1", "550 ", None),
    ("sold.test*9", "250 ", "sold.test"),
    ("all.test*9", "250 ", "all.test"),
    ("abcdefghijklmnopqrstuvwxyz.key.test*2", "550 ", None)))
def test_dnsbl_weights(make, sites, reply, failed):
    p = make(("policy", "dnsbl", "enforce"), ("policy", "dnsbl_sites", sites),
             ("policy", "dnsbl_threshold", "2"))
    said = rcpt(p, BAD)
    assert said.startswith(reply)
    assert "abcdefgh" not in said
    assert [e["site"] for e in p.events("policy.dnsbl-failed")] == [failed] * bool(failed)


@pytest.mark.allow("dnsbl-failed")
def test_dnsbl_is_silent(make):
    """A list that does not answer hides nothing that others say."""
    p = make(("policy", "dnsbl", "enforce"), ("policy", "dnsbl_timeout", "1s"),
             ("policy", "dnsbl_sites", "silent.test bl.test"))
    assert rcpt(p, BAD).startswith("550 5.7.1 ")
    assert p.events("policy.dnsbl-failed")[0]["site"] == "silent.test"
    p.conf("policy", "dnsbl_sites", "silent.test")
    p.reload()
    assert rcpt(p, BAD).startswith("250 ")


def test_dnsbl_sites_are_checked(make):
    p = make()
    p.conf("policy", "dnsbl_sites", "bl.test=127")
    assert "expected a filter" in p.pabal_fails("check")


def test_access(make):
    p = make(("policy", "access", "enforce"), ("policy", "helo_name", "enforce"))
    assert rcpt(p).startswith("250 "), "no table yet"
    access(p, "client=192.0.2.0/28 defer 4.7.77 not this net",
           "client=192.0.2.2 accept", "client=[2001:db8::]/32 refuse six",
           "helo=bad.helo.test refuse bad greeting", "sender=@.spam.test refuse 5.7.7 spam",
           "name=.good.test refuse by its name",
           "sender=good@ok.spam.test accept", "sender=<> warn empty",
           f"recipient=bob@{DOMAIN} refuse 5.1.6 moved",
           f"recipient=alice@{DOMAIN} accept", "login=@other.test refuse")
    wait(lambda: rcpt(p, "192.0.2.3").startswith("421 4.7.77 not this net"), "the table")
    far = "192.0.2.99"
    bob = f"bob@{DOMAIN}"
    for kw, reply in (
            ({"ip": "192.0.2.2"}, "250 "),
            ({"ip": SIX}, "554 5.7.1 six"),
            ({"ip": far, "helo": "bad.helo.test"}, "550 5.7.1 bad greeting"),
            ({"ip": far, "sender": "x@a.spam.test"}, "550 5.7.7 spam"),
            ({"ip": far, "sender": "good@ok.spam.test"}, "250 "),
            ({"ip": far, "sender": ""}, "250 "),
            ({"ip": "192.0.2.200"}, "550 5.7.1 by its name"),
            # who is accepted is no stranger to the other rules
            ({"ip": "192.0.2.2", "helo": "localhost", "to": f"postmaster@{DOMAIN}"}, "250 "),
            ({"ip": far, "helo": "localhost"}, "250 "),
            ({"ip": far, "helo": "localhost", "to": f"postmaster@{DOMAIN}"}, "550 5.7.1 HELO"),
            ({"ip": far, "helo": "localhost", "to": f"postmaster@{DOMAIN}",
              "sender": "good@ok.spam.test"}, "250 "),
            # but what is refused is refused
            ({"ip": "192.0.2.2", "to": bob}, "550 5.1.6 moved")):
        assert rcpt(p, **kw).startswith(reply), kw
    assert any(e["key"] == "sender=<>" and e["action"] == "warn" and e["why"] == "empty"
               for e in p.events("policy.access"))
    p.conf("policy", "access", "warn")
    p.reload()
    wait(lambda: rcpt(p, "192.0.2.3").startswith("250 "), "warn")
    assert rcpt(p, far, "localhost").startswith("550 5.7.1 HELO"), "no exception"


def test_check_mail_says_the_same(make, tmp_path):
    """For each client what it says without the message is what the rule that
    refuses says on the wire; what it cannot know it does not guess."""
    path = str(tmp_path / "message")
    with open(path, "w") as f:
        f.write("From: <a@good.test>\r\n\r\nHello.\r\n")
    rules = ("access", "reverse", "helo_name", "helo_own", "helo_literal",
             "helo_dns", "dnsbl")
    p = make(*[("policy", rule, "enforce") for rule in rules],
             ("policy", "dnsbl_sites", "bl.test=127.0.0.[2..8]"),
             ("policy", "greylist", "enforce"))
    access(p, "client=192.0.2.2 accept", "sender=@.spam.test refuse 5.7.7 spam",
           "recipient=postmaster@ accept", f"login=carol@{DOMAIN} defer later")

    def told(ip=GOOD, helo="mail.good.test", sender="a@good.test", to=TO, login=""):
        words = ["--client", ip, "--helo", helo, "--from", sender, "--rcpt", to]
        out = json.loads(p.pabal("check-mail", path, "--json", *words,
                                 *(["--login", login] if login else [])))
        return {r["rule"]: r for r in out["rules"]}

    def refusing(told):
        return [r for r in rules if told[r]["result"] in ("refuse", "defer")]
    wait(lambda: "spam" in rcpt(p, sender="x@a.spam.test"), "the table")
    for kw, rule in (
            ({}, None), ({"ip": BAD}, "reverse"), ({"ip": SIX}, "reverse"),
            ({"ip": "192.0.2.7"}, "reverse"), ({"helo": "localhost"}, "helo_name"),
            ({"helo": f"[{BAD}]"}, "helo_literal"),
            ({"helo": f"mail.{DOMAIN}"}, "helo_own"),
            ({"helo": "none.good.test"}, "helo_dns"),
            ({"sender": "x@a.spam.test"}, "access"),
            ({"ip": BAD, "to": f"postmaster@{DOMAIN}"}, None),
            ({"ip": "192.0.2.2", "helo": "localhost"}, None)):
        found, reply = told(**kw), rcpt(p, **kw)
        assert (refusing(found) or [None])[0] == rule, (kw, found)
        if rule is None:
            assert reply.startswith(("250 ", "451 4.7.1 Greylisted")), (kw, reply)
        else:
            assert reply.split(" ", 2)[2] == found[rule]["why"], (kw, reply)
            assert found[rule]["mode"] == "enforce"
    listed = told(BAD)
    assert listed["dnsbl"]["why"] == \
        f"The address {BAD} is listed by bl.test: look at https://bl.test/66"
    assert listed["greylist"]["result"] == listed["early_talker"]["result"] == \
        listed["rates"]["result"] == "not asked"
    assert "remembers" in listed["greylist"]["why"]
    assert "trusted_networks" in told("127.0.0.1")["reverse"]["why"]
    known = told(BAD, login=f"carol@{DOMAIN}")
    assert known["reverse"]["result"] == "not asked"
    assert "logged in" in known["reverse"]["why"]
    assert known["access"]["result"] == "defer" and known["access"]["why"] == "later"


def test_access_to_messages(make):
    """Junk, held, or delivered to nobody: by what is known at any stage, of the
    whole message; the heaviest counts."""
    p = make(("policy", "access", "enforce"))
    access(p, f"client={BAD} quarantine", "sender=@hold.test hold look at it",
           "helo=bin.helo.test discard", f"recipient=bob@{DOMAIN} hold",
           "sender=accepted@hold.test accept", "sender=@warn.test warn")

    def bring(subject, ip=GOOD, helo="mail.good.test", sender="a@good.test", to=(TO,)):
        with stranger(p, ip, helo) as t:
            t.say(f"MAIL FROM:<{sender}>")
            for one in to:
                assert t.say(f"RCPT TO:<{one}>").startswith("250 ")
            t.say("DATA")
            assert t.say(f"From: <a@good.test>\r\nSubject: {subject}\r\n\r\nx\r\n."
                         ).startswith("250 2.0.0 Ok: queued as ")

    wait(lambda: rcpt(p, helo="bin.helo.test") and p.events("policy.access"), "the table")
    bring("junk", BAD)
    wait(lambda: any(b"Subject: junk" in m for m in p.mails("alice", "Junk")), "Junk")
    bring("held by sender", sender="a@hold.test")
    bring("held by recipient", to=(TO, f"bob@{DOMAIN}"))
    wait(lambda: p.queue_count() == 2, "what is held")
    said = {e["why"]: e["qid"] for e in p.events("mail.held")}
    assert set(said) == {"rule access: sender=@hold.test",
                         f"rule access: recipient=bob@{DOMAIN}"}
    for why, qid in said.items():
        assert json.loads(p.pabal("queue", "show", "--json", qid))["held_by"] == why
        assert f"-- held by\n{why}\n" in p.pabal("queue", "show", qid)
        assert f"it is held: {why}; " in p.pabal("queue", "why", qid)
        assert f"it is held: {why}; " in p.pabal("queue", "why", "--json", qid)
    qid = said["rule access: sender=@hold.test"]
    p.pabal("queue", "release", qid)
    p.wait_mail("alice", "held by sender")
    wait(lambda: p.queue_count() == 1, "one that is held")
    bring("gone", BAD, helo="bin.helo.test", sender="b@hold.test")
    p.wait_event("mail.discarded")
    bring("accepted", sender="accepted@hold.test")
    bring("warned", sender="a@warn.test")
    p.wait_mail("alice", "accepted")
    p.wait_mail("alice", "warned")
    assert p.queue_count() == 1
    assert not p.find_mail("alice", "gone") and not p.find_mail("alice", "held by recipient")
    p.conf("policy", "access", "warn")
    p.reload()
    wait(lambda: p.events("proc.reloaded", daemon="policy"), "the reload")
    bring("only a warning", sender="a@hold.test")
    p.wait_mail("alice", "only a warning")


@pytest.mark.allow("country-file-invalid")
def test_access_by_country(make):
    """By a file in the MaxMind DB format, which is replaced while we run."""
    p = make(("policy", "access", "enforce"))
    path = os.path.join(p.dir, "etc", "geo.mmdb")

    def put(countries):
        with open(path + ".new", "wb") as f:
            f.write(mmdb(countries) if countries else b"nothing of it")
        os.rename(path + ".new", path)
    put({"192.0.2.0/24": "KR", "2001:db8::/32": "DE"})
    assert "has no entry" in p.pabal("check")
    access(p, "country=kr refuse not from there", "client=192.0.2.9 accept",
           "country=de defer later", "recipient=postmaster@ warn")
    assert "country_file" in p.pabal("check")
    p.conf("lookup", "country_file", "geo.mmdb")
    assert not re.search("country_file|has no entry", p.pabal("check"))
    p.reload()
    wait(lambda: rcpt(p).startswith("554 5.7.1 not from there"), "the table")
    assert rcpt(p, SIX).startswith("421 4.7.1 later")
    assert rcpt(p, "198.51.100.1").startswith("250 ")
    assert p.events("policy.access", key="country=kr")
    put({"198.51.100.0/24": "KR"})
    assert rcpt(p, "198.51.100.1").startswith("554 ")
    assert rcpt(p).startswith("250 ")
    put(None)
    assert rcpt(p, "198.51.100.1").startswith("554 "), "the one before"
    assert p.events("lookup.country-file-invalid")
    assert "country_file" in p.pabal_fails("conf", "check")


@pytest.mark.allow("entry-invalid", "table.failed")
def test_access_cannot_be_read(make):
    """Doubt is temporary."""
    p = make(("policy", "access", "enforce"), ("lookup", "access", "text:access"))
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write("sender=a@good.test nonsense\n")
    wait(lambda: rcpt(p).startswith("451 4.3.0 "), "the table")
    assert rcpt(p, sender="b@good.test").startswith("250 ")
    assert p.events("lookup.entry-invalid")[0]["key"] == "sender=a@good.test"


def test_access_of_users(make):
    """Logins are asked about as well, at any listener."""
    p = make(("policy", "access", "enforce"))
    access(p, f"login=alice@{DOMAIN} refuse 5.7.8 not today", "mechanism=login defer later")
    with Talk(p, "submissions", greet="EHLO x") as t:
        plain = base64.b64encode(f"\0alice@{DOMAIN}\0{PASSWORD}".encode()).decode()
        assert t.say(f"AUTH PLAIN {plain}").startswith("235 ")
        wait(lambda: mail_again(t).startswith("550 5.7.8 not today"), "the table")
    # who has not logged in is not meant
    with Talk(p, greet="EHLO x") as t:
        assert t.say(f"MAIL FROM:<{TO}>").startswith("250 ")


def mail_again(t):
    t.say("RSET")
    return t.say(f"MAIL FROM:<{TO}>")


def test_rates(make):
    """Each value by itself, all processes together; what is beyond counts not."""
    p = make(("policy", "rates", "enforce"), ("policy", "rate_limits",
             "client:messages=2/1h sender:recipients=3/1h/refuse "
             "recipient:recipients=6/1h net:failures=2/1h"))
    for n in range(4):
        reply = rcpt(p, "198.51.100.1", sender=f"{n}@good.test")
        assert reply.startswith("250 " if n < 2 else "451 4.7.1 "), n
    assert rcpt(p, "198.51.101.2", sender="x@good.test").startswith("250 ")
    for n in range(4):
        reply = rcpt(p, f"203.0.{n}.1", sender="y@good.test")
        assert reply.startswith("250 " if n < 3 else "550 5.7.1 "), n
    assert rcpt(p, "203.0.9.1", sender="z@good.test").startswith("451 4.7.1 "), "recipient"
    assert rcpt(p, "203.0.9.1", sender="z@good.test",
                to=f"bob@{DOMAIN}").startswith("250 ")
    for n in range(3):
        reply = rcpt(p, f"203.0.10.{n}", sender="y@good.test", to=f"bob@{DOMAIN}")
        assert reply.startswith("550 " if n < 2 else "421 4.7.1 "), n
    with Talk(p, greet="EHLO x") as t:  # no stranger
        for _ in range(4):
            assert t.say("MAIL FROM:<y@good.test>").startswith("250 ")
            assert t.say(f"RCPT TO:<{TO}>").startswith("250 ")
            t.say("RSET")


# ---- limits of other keys and counts


def login(p, name="alice", password=PASSWORD):
    """A connection of a user elsewhere, and the reply to AUTH."""
    t = Talk(p, "submissions", greet="EHLO x")
    plain = base64.b64encode(f"\0{name}@{DOMAIN}\0{password}".encode()).decode()
    return t, t.say(f"AUTH PLAIN {plain}")


def submit(t, to=("bob",), sender=TO, body="x"):
    """A message of a login; the last reply."""
    reply = t.say(f"MAIL FROM:<{sender}>")
    for name in to:
        if reply.startswith("250 "):
            reply = t.say(f"RCPT TO:<{name}@{DOMAIN}>")
    if reply.startswith("250 "):
        t.say("DATA")
        reply = t.say(f"From: <{sender}>\r\nSubject: s\r\n\r\n{body}\r\n.")
    t.say("RSET")
    return reply


def test_rates_of_logins(make):
    """By account, whoever the client is; strangers are not meant."""
    p = make(("policy", "rates", "enforce"), ("policy", "rate_limits",
             "login:messages=3/1h login:recipients=4/1h client:messages=2/1h"))
    t, reply = login(p)
    with t:
        assert reply.startswith("235 ")
        for n in range(4):
            assert submit(t).startswith("250 " if n < 3 else "451 4.7.1 "), n
    t, _ = login(p, "bob")
    with t:
        sender = f"bob@{DOMAIN}"
        for to, code in ((("alice",) * 3, "250 "), (("alice",) * 2, "451 "), (("alice",), "451 ")):
            assert submit(t, to, sender).startswith(code), to
    for n in range(3):
        assert rcpt(p, "198.51.100.1").startswith("250 " if n < 2 else "451 "), n


def test_rates_hold(make):
    """What is beyond it is accepted, and held."""
    p = make(("policy", "rates", "enforce"),
             ("policy", "rate_limits", "login:recipients=2/1d/hold"))
    t, _ = login(p)
    with t:
        assert submit(t, ("bob", "alice")).startswith("250 ")
        assert submit(t, ("bob", "alice")).startswith("250 ")
    wait(lambda: p.queue_count() == 1, "the message that is held")
    assert p.wait_event("mail.held")["why"].startswith("rule rates: login:recipients=")
    assert len(p.events("policy.verdict", action="hold")) == 1, "one notice"


def test_rates_of_bytes(make):
    p = make(("policy", "rates", "enforce"),
             ("policy", "rate_limits", "login:bytes=8K/1d sender:bytes=8K/1d"))
    t, _ = login(p)
    with t:
        assert submit(t, body="x" * 900).startswith("250 ")
        big = "\r\n".join(["x" * 900] * 8)
        assert submit(t, body=big).startswith("451 4.7.1 ")
        assert submit(t, body="x" * 900).startswith("250 "), "it counts not"
        # said in advance: not even DATA
        assert t.say(f"MAIL FROM:<{TO}> SIZE=9000").startswith("451 4.7.1 ")
    with stranger(p) as t:
        assert t.say("MAIL FROM:<a@good.test> SIZE=99999").startswith("250 "), \
            "alone it is let pass"


def test_rates_of_sessions(make):
    p = make(("policy", "rates", "enforce"), ("policy", "rate_limits",
             "client:sessions=2/1h net:sessions=3/1h/refuse"))
    said = [stranger(p, ip) for ip in (GOOD, GOOD, GOOD, BAD, BAD)]
    for t in said[:2] + said[3:4]:
        t.close()
    assert said[2].startswith("421 4.7.1 Too many connections")
    assert said[4].startswith("554 5.7.1 Too many connections")


@pytest.mark.parametrize("what", ("commands", "recipients", "logins"))
def test_rates_of_failures(make, what):
    """Whatever is refused with 5xx, by whoever."""
    p = make(("policy", "rates", "enforce"),
             ("policy", "rate_limits", "net:failures=3/1h"))
    for n in range(3):
        with stranger(p, f"198.51.100.{n}") as t:
            if what == "commands":
                assert t.say("NONSENSE").startswith("500 ")
            elif what == "recipients":
                t.say("MAIL FROM:<a@good.test>")
                assert t.say(f"RCPT TO:<nobody@{DOMAIN}>").startswith("550 ")
            else:
                t.starttls()
                t.say("EHLO mail.good.test")
                bad = base64.b64encode(f"\0{TO}\0wrong".encode()).decode()
                assert t.say(f"AUTH PLAIN {bad}").startswith("535 ")
    wait(lambda: isinstance(closed(stranger(p, "198.51.100.9")), str), "the limit")
    assert closed(stranger(p, "198.51.100.10")).startswith("421 4.7.1 Too many refused")
    with stranger(p) as t:
        t.say("NOOP")


def closed(t):
    if not isinstance(t, str):
        t.close()
    return t


# ---- early talkers

class Proxied:
    """Strangers, as a proxy brings them, who may speak at once."""

    def __init__(self, p, says=b""):
        self.p, self.tls = p, p.tls
        self.says = f"PROXY TCP4 {BAD} 192.0.2.1 4711 25\r\n".encode() + says

    def raw(self, service):
        s = self.p.raw(service)
        s.sendall(self.says)
        return s


EARLY = (("smtpd", "proxy_protocol_hosts", "127.0.0.1"), ("smtpd", "greeting_delay", "30s"))


def test_early_talker(make):
    """Who speaks is refused at once."""
    p = make(("policy", "early_talker", "enforce"), *EARLY)
    with Talk(Proxied(p, b"EHLO x\r\n")) as t:
        assert t.greeting == "554 5.5.0 SMTP: the server speaks first"
        assert t.all() == ""
    verdict, = p.events("policy.verdict", rule="early_talker")
    assert verdict["client"] == BAD and verdict["stage"] == "early"
    refused, = p.events("smtpd.client-refused")
    assert refused["why"] == "554 5.5.0 SMTP: the server speaks first"
    # those who log in are strangers at first
    with Talk(Proxied(p), "submission") as t:
        assert t.greeting.startswith("220 ")
    p.conf("smtpd", "greeting_delay", "100ms")
    p.reload()
    with Talk(Proxied(p)) as t:
        assert t.greeting.startswith("220 ")
        assert t.say("EHLO x").startswith("250-")
    # who is accepted by the table access may do as he likes
    p.conf("smtpd", "greeting_delay", "30s")
    p.conf("policy", "access", "enforce")
    access(p, f"client={BAD} accept")
    p.reload()
    def speaks():
        with Talk(Proxied(p, b"EHLO x\r\n")) as t:
            return t.greeting
    wait(lambda: speaks().startswith("220 "), "the table")


def test_early_talker_counts_as_failure(make):
    p = make(("policy", "early_talker", "enforce"), ("policy", "rates", "enforce"),
             ("policy", "rate_limits", "client:failures=1/1h"), *EARLY)
    with Talk(Proxied(p, b"EHLO x\r\n")) as t:
        assert t.greeting.startswith("554 5.5.0 ")
    p.conf("smtpd", "greeting_delay", "0s")
    p.reload()
    def greeting():
        with Talk(Proxied(p)) as t:
            return t.greeting
    wait(lambda: greeting().startswith("421 4.7.1 Too many refused"), "the limit")


def test_early_talker_warns(make):
    """It is served: no byte is lost."""
    p = make(*EARLY)
    with Talk(Proxied(p, b"EHLO x\r\n")) as t:
        assert t.greeting.startswith("220 ")
        assert t.reply().startswith("250-")
    verdict, = p.events("policy.verdict", rule="early_talker")
    assert verdict["mode"] == "warn"
    p.conf("policy", "early_talker", "off")
    p.reload()
    with Talk(Proxied(p)) as t:
        assert t.greeting.startswith("220 "), "nobody minds: nobody waits"


def test_early_talker_ends(make):
    """A client that goes while it waits, and a stop meanwhile, are the end of it."""
    p = make(*EARLY)
    s = Proxied(p).raw("smtp")
    start = p.wait_event("session.start", client=BAD)
    s.close()
    p.wait_event("session.end", sid=start["sid"])
    s = Proxied(p).raw("smtp")
    wait(lambda: len(p.events("session.start", client=BAD)) == 2, "the next one")
    p.stop()
    assert b"421 4.3.2" in s.recv(4096)
    s.close()

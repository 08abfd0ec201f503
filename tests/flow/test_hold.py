# SPDX-License-Identifier: ISC
"""What a stolen password may do: mail of a login beyond its limits is held, and
with it everything else, until somebody decides."""
import base64
import json
import os
import signal

import pytest

from mmdb import mmdb
from pabal import DOMAIN, PASSWORD, wait
from smtptalk import Talk

THIEF = f"alice@{DOMAIN}"
USERS = ("alice", "bob", "carol")
NOTICE = f"Mail of a login is held on mail.{DOMAIN}"


@pytest.fixture
def make(make_pabal):
    def start(limits, *more):
        return make_pabal(("policy", "rates", "enforce"),
                          ("policy", "rate_limits", limits),
                          ("smtpd", "xclient_hosts", "127.0.0.1"), *more, users=USERS)
    return start


def login(p, name="alice", ip="198.51.100.1"):
    t = Talk(p, "submissions", greet="EHLO x")
    assert t.say(f"XCLIENT ADDR={'IPV6:' * (':' in ip)}{ip}").startswith("220 ")
    t.say("EHLO x")
    plain = base64.b64encode(f"\0{name}@{DOMAIN}\0{PASSWORD}".encode()).decode()
    assert t.say(f"AUTH PLAIN {plain}").startswith("235 ")
    t.sender = f"{name}@{DOMAIN}"
    return t


def send(t, to=("bob",), n=1, subject="x"):
    """N messages, each in one write; all are accepted."""
    commands = [f"MAIL FROM:<{t.sender}>", *[f"RCPT TO:<{r}@{DOMAIN}>" for r in to], "DATA"]
    for _ in range(n):
        t.send("".join(c + "\r\n" for c in commands))
        for _ in commands[:-1]:
            assert t.reply().startswith("250 ")
        assert t.reply().startswith("354 ")
        assert t.say(f"Subject: {subject}\r\n\r\nx\r\n.").startswith("250 ")


def held(p):
    return {e["login"]: e for e in json.loads(p.pabal("hold", "list", "--json"))}


def notices(p):
    return [m for m in p.mails("postmaster") if f"Subject: {NOTICE}".encode() in m]


def test_stolen_password(make):
    """500 messages: 100 go out, the rest is held, also after a restart; one notice;
    what is decided is done to all of it."""
    p = make("login:messages=100/1d/hold")
    with login(p) as t:
        send(t, n=300)
    with login(p, ip="203.0.113.9") as t, login(p, "carol") as other:
        send(t, n=100)
        send(other, subject="of carol")
    wait(lambda: p.count_mails("bob") == 101, "what is within the limit")
    p.stop()
    p.start()
    with login(p, ip="203.0.113.10") as t:
        send(t, to=("bob", "carol"), n=100)
    assert p.queue_count() == 400
    why = {m["held"] for m in json.loads(p.pabal("queue", "list", "--json"))}
    assert len(why) == 2 and all("rates: " in w for w in why), why
    (entry,) = held(p).values()
    assert entry["login"] == THIEF and entry["held"] == "all"
    assert (entry["messages"], entry["recipients"]) == (400, 500)
    assert entry["limit"] == "login:messages=100/1d/hold"
    assert entry["clients"].split(",") == ["198.51.100.1", "203.0.113.9", "203.0.113.10"]
    wait(lambda: notices(p), "the notice")
    assert len(p.events("policy.login-held")) == 1
    assert len(p.events("queue.login-notice")) == 1
    (mail,) = notices(p)
    for word in (THIEF, "login:messages=100/1d/hold", "198.51.100.1",
                 f"pabal hold delete {THIEF}"):
        assert word.encode() in mail, word
    p.pabal("hold", "delete", THIEF, "--dry-run")
    assert p.queue_count() == 400 and held(p)
    assert "delete: 400 messages" in p.pabal("hold", "delete", THIEF)
    assert p.queue_count() == 0 and held(p) == {}
    assert p.count_mails("bob") == 101
    # what it sent counts on: held again, and nobody is told twice a day
    with login(p) as t:
        send(t, n=1)
    p.wait_event("policy.login-held", login=THIEF)
    assert len(p.events("policy.login-held")) == 2
    assert len(p.events("queue.login-notice")) == 1
    # (a login has no capital letters, whoever types it)
    assert "release: 1 message" in p.pabal("hold", "release", THIEF.upper())
    assert held(p) == {}
    # and after a release it does not
    wait(lambda: p.count_mails("bob") == 102, "what was released")
    with login(p) as t:
        send(t, n=50)
    wait(lambda: p.count_mails("bob") == 152, "what is within the limit again")
    assert held(p) == {}
    p.pabal_fails("hold", "release", THIEF)


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_killed(make):
    """The login is held by whatever process of policy comes next."""
    p = make("login:messages=1/1d/hold")
    with login(p) as t:
        send(t, n=2)
        p.wait_event("policy.login-held")
        (pid,) = p.pids("policy")
        os.kill(pid, signal.SIGKILL)
        wait(lambda: p.pids("policy") not in ([], [pid]), "another one")
        send(t)
    assert held(p)[THIEF]["messages"] == 2
    assert p.count_mails("bob") == 1


def test_counted_once(make):
    """A message is one, and a recipient one, however often it is spoken of."""
    p = make("login:messages=3/1d/hold login:recipients=6/1d/hold")
    with login(p) as t:
        for _ in range(20):  # never sent
            assert t.say(f"MAIL FROM:<{t.sender}>").startswith("250 ")
            assert t.say(f"RCPT TO:<bob@{DOMAIN}>").startswith("250 ")
            t.say("RSET")
        send(t, to=("bob", "carol"), n=2)
        for command in (f"MAIL FROM:<{t.sender}>", f"RCPT TO:<bob@{DOMAIN}>",
                        f"RCPT TO:<carol@{DOMAIN}>"):
            assert t.say(command).startswith("250 ")
        t.send("BDAT 14\r\nSubject: x\r\n\r\n")
        assert t.reply().startswith("250 ")
        t.send("BDAT 3 LAST\r\nx\r\n")
        assert t.reply().startswith("250 ")
        assert held(p) == {}
        send(t)
    assert held(p)[THIEF]["messages"] == 1
    with login(p, "carol") as t:
        send(t, to=("alice", "bob", "carol"), n=2)
        send(t)
    assert held(p)[f"carol@{DOMAIN}"]["limit"] == "login:recipients=6/1d/hold"


def test_inbound_is_not_held(make):
    p = make("login:messages=1/1d/hold", ("pabal", "trusted_networks", "192.0.2.0/24"))
    with Talk(p, greet="EHLO x") as t:
        t.sender = THIEF
        send(t, n=5)
    wait(lambda: p.count_mails("bob") == 5, "what strangers sent")
    with login(p) as t:
        send(t, n=2)
    with Talk(p, greet="EHLO x") as t:
        t.sender = THIEF
        send(t, n=5)
    wait(lambda: p.count_mails("bob") == 11, "what strangers sent")
    assert held(p)[THIEF]["messages"] == 1


def test_bytes(make):
    p = make("login:bytes=8K/1d/hold")
    with login(p) as t:
        send(t, subject="x" * 900)
        assert t.say(f"MAIL FROM:<{THIEF}>").startswith("250 ")
        t.say(f"RCPT TO:<bob@{DOMAIN}>")
        t.say("DATA")
        assert t.say("\r\n".join(["", *["x" * 900] * 10, "."])).startswith("250 ")
        send(t)
    assert held(p)[THIEF]["messages"] == 2
    assert p.count_mails("bob") == 1


def test_networks(make):
    """Each network counts once within its time; warn says so, hold holds."""
    p = make("login:networks=3/1h/warn")
    for n in range(5):
        for _ in range(2):
            with login(p, ip=f"203.0.{n}.{7 + n}") as t:
                send(t)
    with login(p, ip="2001:db8::1") as t:
        send(t)
    with login(p, ip="2001:db8::2") as t:  # the same /64
        send(t)
    said = p.events("policy.rate-exceeded")
    assert [(e["client"], e["count"]) for e in said] == [
        ("203.0.3.10", "4"), ("203.0.4.11", "5"), ("2001:db8::1", "6")]
    assert {e["login"] for e in said} == {THIEF}
    wait(lambda: p.count_mails("bob") == 12, "all of it")
    p.conf("policy", "rate_limits", "login:networks=2/1h/hold")
    p.reload()
    for n in range(3):
        with login(p, ip=f"203.0.{n}.1") as t:
            send(t)
    assert held(p)[THIEF]["messages"] == 1
    assert held(p)[THIEF]["clients"] == "203.0.2.1"


def test_countries(make):
    """Each country counts once within its time, in whatever networks; of an
    address that no file knows there is none.  Another client's session by XCLIENT
    is in its country."""
    p = make("login:countries=2/1d/warn")
    with open(os.path.join(p.dir, "etc", "geo.mmdb"), "wb") as f:
        f.write(mmdb({"203.0.113.0/24": "KR", "198.51.100.0/24": "KR", "192.0.2.0/24": "DE",
                      "2001:db8::/32": "FR", "100.64.0.0/24": "JP"}))
    with login(p, ip="192.0.2.1") as t:
        send(t)
    assert not p.events("policy.rate-exceeded"), "no file, no country"
    p.conf("lookup", "country_file", "geo.mmdb")
    p.reload()
    for ip in ("203.0.113.7", "198.51.100.7", "192.0.2.1", "10.1.2.3", "203.0.113.7"):
        with login(p, ip=ip) as t:
            send(t, n=2)
    assert not p.events("policy.rate-exceeded"), "two of them"
    with login(p, ip="2001:db8::1") as t:
        send(t, n=2)
    with login(p, ip="100.64.0.1") as t:
        send(t)
    said = p.events("policy.rate-exceeded")
    assert [(e["login"], e["client"], e["country"], e["count"]) for e in said] == [
        (THIEF, "2001:db8::1", "FR", "3"), (THIEF, "100.64.0.1", "JP", "4")]
    wait(lambda: p.count_mails("bob") == 14, "all of it")
    p.conf("policy", "rate_limits", "login:countries=1/1d/hold")
    p.reload()
    with login(p, ip="203.0.113.9") as t:
        send(t)
        assert t.say("XCLIENT ADDR=192.0.2.9").startswith("220 ")
    with login(p, ip="192.0.2.9") as t:
        send(t)
    assert held(p)[THIEF]["messages"] == 1
    assert "countries=1/1d/hold" in json.dumps(held(p)[THIEF])


def test_who_may_send_more(make):
    """The table access exempts; with warn nothing is held; nobody need be told."""
    p = make("login:messages=2/1d/hold", ("policy", "access", "enforce"),
             ("qmgr", "hold_notice_to", "bob@" + DOMAIN))
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write(f"login={THIEF} accept\n")
    p.pabal("map", "access")
    with login(p) as t, login(p, "carol") as other:
        send(t, n=5)
        send(other, n=3, to=("alice",))
    assert list(held(p)) == [f"carol@{DOMAIN}"]
    p.wait_mail("bob", NOTICE)
    p.pabal("hold", "release", f"carol@{DOMAIN}")
    p.conf("policy", "rates", "warn")
    p.reload()
    with login(p, "carol") as other:
        send(other, n=5, to=("alice",))
    assert held(p) == {}
    assert p.events("policy.verdict", mode="warn", action="hold")
    p.conf("qmgr", "hold_notice_to", "no address")
    assert "hold_notice_to" in p.pabal_fails("conf", "check")


def test_other_held_mail(make):
    """Messages of a login that are held for another reason are listed, and are
    no reason to hold the rest."""
    p = make("login:messages=100/1d/hold", ("policy", "access", "enforce"))
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write(f"sender={THIEF} hold\n")
    p.pabal("map", "access")
    with login(p) as t:
        send(t, n=3)
        t.sender = f"alice+x@{DOMAIN}"
        send(t)
    wait(lambda: p.count_mails("bob") == 1, "the message of another sender")
    entry = held(p)[THIEF]
    assert entry["held"] == "some" and entry["messages"] == 3
    assert entry["limit"] is None and entry["since"]
    assert "release: 3 messages" in p.pabal("hold", "release", THIEF)


def test_preset(make_pabal):
    """A host of mail is protected as it is installed; an instance to try is not."""
    p = make_pabal()
    assert p.pabal("conf", "get", "policy", "rates").strip() == "warn"
    p.pabal("conf", "unset", "policy", "rates")
    assert p.pabal("conf", "get", "policy", "rates").strip() == "enforce"
    limits = p.pabal("conf", "get", "policy", "rate_limits")
    assert "login:messages=1000/1d/hold" in limits
    assert "stolen password" not in p.pabal("check")
    p.conf("policy", "rate_limits", "net:failures=50/10m")
    assert "stolen password" in p.pabal("check")

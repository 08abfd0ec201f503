# SPDX-License-Identifier: ISC
"""Mail that is sent on goes from an address here that leads back to the sender
(SRS), and what comes back to it finds him."""
import base64
import contextlib
import hashlib
import hmac
import os
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time

import pytest

from pabal import DOMAIN, free_base, message, wait
from sink import Sink
from smtptalk import Talk
from test_sieve_delivery import script

SRS = "srs.example"
ANN = "ann@sender.example"
FAR = "u@far.example"


@pytest.fixture(scope="module")
def sink():
    with Sink() as s:
        yield s


def start(make_pabal, sink, *more):
    p = make_pabal(("pabal", "relayhost", sink.nexthop),
                   ("pabal", "srs_domain", SRS),
                   ("smtpd", "xclient_hosts", "127.0.0.1"),
                   ("qmgr", "retry_schedule", "1s"), *more)
    p.pabal("alias", "set", f"on@{DOMAIN}", FAR)
    return p


@pytest.fixture
def p(make_pabal, sink):
    return start(make_pabal, sink)


def at(sink, subject):
    return wait(lambda: sink.find(subject), f"{subject} at the sink")[0]


def path(text):
    """Of what was said at MAIL or RCPT."""
    return re.match("<(.*?)>", text)[1]


def rcpts(m):
    return sorted(path(r) for r in m.rcpts)


def sent_as(p, sink, subject, to=f"on@{DOMAIN}", sender=ANN):
    p.send(subject, to=to, sender=sender)
    return path(at(sink, subject).sender)


def secrets(p):
    return os.path.join(p.dir, "signing", "srs", "secrets")


def stamp(day):
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return digits[day >> 5 & 31] + digits[day & 31]


def made(p, local, domain, days_ago=0):
    """What an address is by the description of the scheme."""
    secret = open(secrets(p)).readline().strip()
    t = stamp(int(time.time()) // 86400 - days_ago)
    h = hmac.new(secret.encode(), (t + domain + local).lower().encode(),
                 hashlib.sha1).digest()
    return f"SRS0={base64.b64encode(h).decode()[:4]}={t}={domain}={local}@{SRS}"


def reply_to(p, address, sender=""):
    """What a stranger hears of it at RCPT."""
    t = Talk(p)
    t.say("EHLO c.example")
    t.say("XCLIENT ADDR=192.0.2.7 NAME=host.test")
    t.say("EHLO host.test")
    t.say(f"MAIL FROM:<{sender}>")
    answer = t.say(f"RCPT TO:<{address}>")
    t.close()
    return answer


def test_sent_on(p, sink):
    m = None
    for days in (1, 0):  # the day may end meanwhile
        m = sent_as(p, sink, f"alias{days}")
        if m == made(p, "ann", "sender.example"):
            break
    assert m == made(p, "ann", "sender.example")
    assert at(sink, "alias0" if days == 0 else "alias1").header("From") == ANN
    script(p, 'redirect "u@far.example";')
    assert sent_as(p, sink, "script", to=f"alice@{DOMAIN}").startswith("SRS0=")
    p.pabal("alias", "set", f"two@{DOMAIN}", f"on@{DOMAIN}")
    assert sent_as(p, sink, "two", to=f"two@{DOMAIN}").startswith("SRS0=")
    assert sent_as(p, sink, "second", sender="SRS0=abcd=EF=x.example=j@fwd.example"
                   ).startswith("SRS1=")
    e = p.wait_event("mail.forwarded", sender=ANN)
    assert e["as"].endswith("=ann@" + SRS)


def test_stays_as_it_is(p, sink):
    # Nobody sends it on, ...
    assert sent_as(p, sink, "direct", to=FAR) == ANN
    # ... it is from here, from nobody, or too long, ...
    assert sent_as(p, sink, "own", sender=f"bob@{DOMAIN}") == f"bob@{DOMAIN}"
    assert sent_as(p, sink, "bounce", sender="") == ""
    assert sent_as(p, sink, "srs", sender=f"x@{SRS}") == f"x@{SRS}"
    long = "a" * 50 + "@sender.example"
    assert sent_as(p, sink, "long", sender=long) == long
    p.wait_event("srs.unchanged", address=long)
    # ... or for a mailbox.
    p.pabal("alias", "set", f"al@{DOMAIN}", f"alice@{DOMAIN}")
    p.send("here", to=f"al@{DOMAIN}", sender=ANN)
    assert f"Return-Path: <{ANN}>".encode() in p.wait_mail("alice", "here")


def test_two_senders_of_one_message(p, sink):
    """Both go to one host, one of them is sent on."""
    p.send("both", to=[FAR, f"on@{DOMAIN}", "w@far.example"], sender=ANN)
    p.pabal("alias", "set", f"on@{DOMAIN}", "v@far.example")
    p.send("parted", to=[FAR, f"on@{DOMAIN}", "w@far.example"], sender=ANN)
    wait(lambda: len(sink.find("parted")) == 2, "two deliveries")
    by = {path(m.sender): rcpts(m) for m in sink.find("parted")}
    assert by.pop(ANN) == [FAR, "w@far.example"]
    assert list(by.values()) == [["v@far.example"]]
    p.wait_queue()


def test_comes_back(p, sink):
    address = sent_as(p, sink, "out")
    for i, a in enumerate((address, address.lower(), address.upper())):
        answer = reply_to(p, a)
        assert answer.startswith("250 "), answer
        p.send(f"report{i}", to=a, sender="")
        m = at(sink, f"report{i}")
        assert [r.lower() for r in rcpts(m)] == [ANN] and path(m.sender) == ""
    # Whoever writes there writes to the sender.
    assert reply_to(p, address, "who@else.example").startswith("250 ")
    assert sent_as(p, sink, "answer", to=address,
                   sender="who@else.example").startswith("SRS0=")
    second = sent_as(p, sink, "chain", sender="SRS0=abcd=EF=x.example=j@fwd.example")
    assert second.startswith("SRS1=") and "=fwd.example==" in second
    p.send("far report", to=second, sender="")
    assert rcpts(at(sink, "far report")) == ["SRS0=abcd=EF=x.example=j@fwd.example"]


def test_nobody_else_makes_them(p, sink):
    good = made(p, "ann", "sender.example", 20)
    assert reply_to(p, good).startswith("250 ")
    tag, h, rest = good.split("=", 2)
    wrong = "AAAA" if h != "AAAA" else "BBBB"
    for address, why in (
            (f"{tag}={wrong}={rest}", "not made here"),
            (good.replace("ann@", "eve@"), "not made here"),
            (good.replace("=sender.", "=other."), "not made here"),
            (f"SRS1={h}=sender.example={rest}", "not made here"),
            (made(p, "ann", "sender.example", 23), "expired")):
        answer = reply_to(p, address)
        assert answer.startswith("550 5.1.1 "), answer
        assert why in p.wait_event("srs.refused", address=address.lower())["why"]
    # No relay by what is no address of this kind, and none of another domain.
    assert reply_to(p, "x@" + SRS).startswith("550 5.1.1 ")
    assert reply_to(p, good.replace(SRS, "other.example")).startswith("554 5.7.1 ") \
        or reply_to(p, good.replace(SRS, "other.example")).startswith("550 5.7.1 ")


def test_secrets(p, sink):
    address = sent_as(p, sink, "before")
    for n in range(1, 4):
        out = p.pabal("srs", "rotate")
        assert f"{n} older" in out
        assert reply_to(p, address).startswith("250 ")
    assert sent_as(p, sink, "after") != address
    p.pabal("srs", "rotate")
    assert reply_to(p, address).startswith("550 5.1.1 ")
    assert os.stat(secrets(p)).st_mode & 0o777 == 0o600


@pytest.mark.allow("keys.srs-failed")
def test_no_secret(p, sink):
    os.unlink(secrets(p))
    assert "there is no secret" in p.pabal_fails("check")
    p.send("waits", to=f"on@{DOMAIN}", sender=ANN)
    p.wait_event("keys.srs-failed")
    assert reply_to(p, f"SRS0=abcd=EF=x.example=j@{SRS}").startswith("451 4.3.0 ")
    assert not sink.find("waits")
    p.pabal("srs", "rotate")
    assert at(sink, "waits").sender.startswith("<SRS0=")


@pytest.mark.allow("keys.srs-failed")
def test_no_secret_for_what_stays(p, sink):
    """An alias for somebody here needs none."""
    p.pabal("alias", "set", f"both@{DOMAIN}", f"alice@{DOMAIN}", FAR)
    os.unlink(secrets(p))
    p.send("stays", to=f"both@{DOMAIN}", sender=ANN)
    wait(lambda: p.mails("alice"), "what stays")
    r = p.wait_event("rcpt.unroutable", to=FAR)
    assert r["dsn"] == "4.3.0"
    p.pabal("srs", "rotate")
    assert at(sink, "stays").sender.startswith("<SRS0=")
    assert len(p.mails("alice")) == 1


def test_off(make_pabal, sink):
    p = make_pabal(("pabal", "relayhost", sink.nexthop))
    p.pabal("alias", "set", f"on@{DOMAIN}", FAR)
    assert sent_as(p, sink, "off") == ANN
    assert "srs_domain of pabal.conf is not set" in p.pabal("srs", "rotate")


@contextlib.contextmanager
def postsrsd(secret):
    path = shutil.which("postsrsd", path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        pytest.skip("postsrsd is not installed")
    base, lock = free_base()
    with open(secret) as f, tempfile.NamedTemporaryFile("w") as copy:
        copy.write(f.read())
        copy.flush()
        server = subprocess.Popen(
            [path, f"-f{base}", f"-r{base + 1}", f"-d{SRS}", "-4", f"-s{copy.name}"])

        def ask(offset, address):
            with socket.create_connection(("127.0.0.1", base + offset), 10) as s:
                s.sendall(f"get {address}\n".encode())
                return s.makefile().readline().strip()

        def up():
            with contextlib.suppress(OSError):
                return ask(0, "x@y.example")
        try:
            wait(up, "postsrsd")
            yield ask
        finally:
            server.terminate()
            server.wait()
            lock.close()


def test_postsrsd(p, sink):
    """It reads our secrets, and takes back what we have made; we what it has."""
    address = sent_as(p, sink, "ours")
    with postsrsd(secrets(p)) as ask:
        assert ask(1, address) == "200 " + ANN
        theirs = ask(0, "Joe@Other.example").removeprefix("200 ")
        assert theirs.startswith("SRS0=")
        p.send("theirs", to=theirs, sender="")
        assert rcpts(at(sink, "theirs")) == ["Joe@other.example"]


def test_a_domain_that_is_none(make_pabal, tmp_path):
    """Where hosts know nothing of SMTPUTF8."""
    p = make_pabal()
    path = str(tmp_path / "new")
    p.run_plain("init", "--dir", path, "--domain", "\u00fcn\u00ef.test")
    with open(os.path.join(path, "etc", "pabal.conf")) as f:
        assert "srs_domain = xn--n-nga1b.test\n" in f.read()
    for domain in ("not a domain", "\u00fcn\u00ef.test"):
        p.conf("pabal", "srs_domain", domain)
        assert "not a domain in ASCII" in p.pabal_fails("check")

# SPDX-License-Identifier: ISC
"""Own mail is rewritten: a sender or From that is not the login's, and addresses
by the tables canonical and masquerade; copies by the table bcc."""
import os
import re

import pytest

from pabal import DOMAIN, PASSWORD, message, wait
from sink import Sink
from test_chain import table
from test_srs import path, rcpts

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
HOST = f"laptop.{DOMAIN}"
FAR = "u@far.example"


@pytest.fixture(scope="module")
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def make(make_pabal, sink):
    return lambda *conf: make_pabal(("pabal", "relayhost", sink.nexthop),
                                    ("qmgr", "retry_schedule", "1s"), *conf)


def submit(p, subject, sender=ALICE, to=(BOB,), field=None, body=b"", options=()):
    """The reply that refuses it, or None."""
    raw = message(subject, sender=sender, to=to[0])
    if field is not None:
        raw = re.sub(rb"(?m)^From: .*\r\n", lambda _: field.encode(), raw)
    with p.smtp("submission") as s:
        s.ehlo()
        s.login(ALICE, PASSWORD)
        s.mail(sender, options)
        for rcpt in to:
            code, text = s.rcpt(rcpt)
            if code != 250:
                return f"{code} {text.decode()}"
        code, text = s.data(raw + body)
        return None if code == 250 else f"{code} {text.decode()}"


def head(mail):
    return re.sub(r"\r?\n[ \t]+", " ", re.split(rb"\r?\n\r?\n", mail)[0].decode())


def field(mail, name):
    return re.findall(rf"(?m)^{name}: *(.*?)\r?$", head(mail))


def test_somebody_elses_name(make):
    p = make(("smtpd", "sender_login", "rewrite"))
    since = p.mark()
    assert submit(p, "other", sender=BOB,
                  field=f'From: "Bob, B" <{BOB}> (x)\r\n') is None
    mail = p.wait_mail("bob", "other")
    assert field(mail, "From") == [f'"Bob, B" <{ALICE}> (x)']
    assert field(mail, "X-Original-From") == [f'"Bob, B" <{BOB}> (x)']
    assert field(mail, "Return-Path") == [f"<{ALICE}>"]
    [e] = p.events("mail.rewritten", since)
    assert (e["from"], e["was_from"], e["author"]) == (ALICE, BOB, "replaced")
    assert e["account"] == ALICE
    [a] = p.events("mail.accepted", since)
    assert a["from"] == ALICE and a["qid"] == e["qid"]
    assert "mail.rewritten" in p.pabal("trace", e["qid"])
    # His own is as it was.
    assert submit(p, "own", field=f"From: Alice <{ALICE}>\r\n") is None
    mail = p.wait_mail("bob", "own")
    assert field(mail, "From") == [f"Alice <{ALICE}>"]
    assert not field(mail, "X-Original-From")
    assert len(p.events("mail.rewritten", since)) == 1


def test_the_body_stays(make):
    """A large one, which is in a file, and a small one."""
    p = make(("smtpd", "sender_login", "rewrite"))
    for size in (1, 3000):
        body = b"From: x@y.example\r\n..dot \xc3\xbc\r\n" * 20 * size
        assert submit(p, f"body {size}", sender=BOB, body=body) is None
        mail = p.wait_mail("bob", f"body {size}")
        assert mail.replace(b"\r\n", b"\n").endswith(body.replace(b"\r\n", b"\n"))
        assert field(mail, "From") == [ALICE]
        assert len(field(mail, "Received")) == 1


def test_no_from(make):
    p = make(("smtpd", "sender_login", "rewrite"))
    assert submit(p, "none", sender=BOB, field="") is None
    assert field(p.wait_mail("bob", "none"), "From") == [f"<{ALICE}>"]


@pytest.mark.parametrize("bad", [
    f"From: {ALICE}\r\nFrom: {BOB}\r\n", f"From: <{BOB}\r\n", "From: alice\r\n",
    f"From: {BOB} x <{BOB}> {BOB}\r\n"])
def test_what_cannot_be_replaced_is_refused(make, bad):
    p = make(("smtpd", "sender_login", "rewrite"))
    assert submit(p, "bad", field=bad).startswith("550 5.7.1 ")


def test_hosts_are_hidden(make, sink):
    p = make()
    table(p, "masquerade", f"{DOMAIN}\nlab.{DOMAIN} keep\nroot@ keep\n")
    since = p.mark()
    assert submit(p, "hidden", sender=f"alice@{HOST}", to=[FAR],
                  field=f"From: Alice <alice@{HOST}>\r\nReply-To: x@a.lab.{DOMAIN},\r\n"
                        f" root@{HOST}\r\nCc: Bob <bob@{HOST}>\r\n") is None
    wait(lambda: sink.find("hidden"), "the message")
    m = sink.find("hidden")[0]
    assert path(m.sender) == ALICE
    assert m.header("From") == f"Alice <{ALICE}>"
    assert m.header("Cc") == f"Bob <{BOB}>"
    assert m.header("Reply-To") == f"x@a.lab.{DOMAIN}, root@{HOST}"
    assert m.header("X-Original-From") is None
    [e] = p.events("mail.rewritten", since)
    assert (e["addresses"], e["author"]) == ("2", "kept")


def test_canonical(make, sink):
    p = make()
    p.pabal("alias", "set", f"alice.smith@{DOMAIN}", ALICE)
    table(p, "canonical", f"sender=alice Alice.Smith@{DOMAIN}\n"
                          "recipient=@old.example @new.example\n"
                          f"nick {BOB}\n")
    assert submit(p, "mapped", sender=f"alice+d@{DOMAIN}", to=["u@old.example", f"nick@{DOMAIN}"],
                  field=f"From: A <{ALICE}>\r\nCc: {ALICE}, v@OLD.example\r\n") is None
    wait(lambda: sink.find("mapped"), "the message")
    m = sink.find("mapped")[0]
    assert path(m.sender) == f"Alice.Smith+d@{DOMAIN}"
    assert rcpts(m) == ["u@new.example"]
    assert m.header("From") == f"A <Alice.Smith@{DOMAIN}>"
    assert m.header("Cc") == f"{ALICE}, v@new.example"
    assert m.header("To") == "u@new.example"
    p.wait_mail("bob", "mapped")
    # Nobody's mail from outside.
    p.send("stranger", to=ALICE, sender="v@old.example")
    assert "old.example" in head(p.wait_mail("alice", "stranger"))

# SPDX-License-Identifier: ISC
"""Who has logged in sends in his own name: sender and From are his address, one
that leads to him, or one that he was given."""
import os
import re
import smtplib

import pytest

from pabal import DOMAIN, PASSWORD, message

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"


def prepare(p):
    p.pabal("alias", "set", f"info@{DOMAIN}", ALICE)
    p.pabal("alias", "set", f"both@{DOMAIN}", f"{BOB}, info@{DOMAIN}")
    p.pabal("alias", "set", f"round@{DOMAIN}", f"square@{DOMAIN}")
    p.pabal("alias", "set", f"square@{DOMAIN}", f"round@{DOMAIN}, {BOB}")
    p.pabal("alias", "set", f"far@{DOMAIN}", "alice@far.example")
    path = os.path.join(p.dir, "etc", "senders")
    with open(path, "w") as f:
        f.write(f"boss@other.example {BOB} {ALICE}\n"
                f"@given.example {ALICE}\n"
                f"sales@{DOMAIN} {BOB}\n")
    p.pabal("map", "senders")


def submit(p, sender, author, subject="x", field=None):
    """The reply that refuses it, or None."""
    raw = message(subject, sender="a@b.example", to=BOB)
    new = field if field is not None else f"From: {author}\r\n"
    raw = re.sub(rb"(?m)^From: .*\r\n", lambda _: new.encode(), raw)
    with p.smtp("submission") as s:
        s.ehlo()
        s.login(ALICE, PASSWORD)
        s.mail(sender, [] if (sender + new).isascii() else ["SMTPUTF8"])
        s.rcpt(BOB)
        code, text = s.data(raw)
        return None if code == 250 else f"{code} {text.decode()}"


@pytest.mark.parametrize("address", [
    ALICE, "ALICE@Pabal.TEST", f"alice+shop@{DOMAIN}", f"info@{DOMAIN}",
    f"both@{DOMAIN}", f"info+x@{DOMAIN}", "boss@other.example",
    "whoever@given.example"])
def test_his_own(pabal, address):
    assert submit(pabal, address, f"Alice <{address}>") is None
    assert submit(pabal, ALICE, f'"{BOB}" <{address}> (alice)') is None


@pytest.mark.parametrize("address", [
    BOB, f"alicex@{DOMAIN}", "alice@other.example", f"nobody@{DOMAIN}",
    f"round@{DOMAIN}", f"far@{DOMAIN}", f"sales@{DOMAIN}",
    "other@other.example", "x@sub.given.example", f"bob+alice@{DOMAIN}"])
def test_somebody_elses(pabal, address):
    for sender, author in ((address, ALICE), (ALICE, address)):
        reply = submit(pabal, sender, author)
        assert reply.startswith("550 5.7.1 ") and address in reply, reply
        assert "alice@pabal.test" in reply


@pytest.mark.parametrize("field", [
    f"From: {ALICE}\r\nFrom: {BOB}\r\n",
    f"From: {BOB}\r\nFROM : {ALICE}\r\n",
    f"From: {ALICE}, {BOB}\r\n",
    f"From: {BOB} <{ALICE}>, x@far.example\r\n",
    f"From: x@far.example <{ALICE}>\r\n",
    f"From: {ALICE} <x@far.example>\r\n",
    f"From: <{ALICE}\r\n",
    "From: alice\r\n",
    "From:\r\n x@far.example\r\n",
    f"From: friends: {ALICE}, x@far.example;\r\n",
    f"From: alice+ {BOB}\r\n",
    f"From: alice+\r\n {BOB}\r\n",
    f'From: "alice+" {BOB}\r\n',
    f'From: alice+"bob"@{DOMAIN}\r\n',
    f"From: alice+(x){BOB}\r\n",
    f"From: alice+. {BOB}\r\n",
    f"From: <alice+ {BOB}>\r\n",
    f"From: <@{BOB}:{ALICE}>\r\n",
])
def test_more_than_one_reading(pabal, field):
    """Whatever a reader might be shown must be his."""
    assert submit(pabal, ALICE, "", field=field).startswith("550 5.7.1 "), field


def test_what_needs_no_author(pabal):
    assert submit(pabal, "", ALICE) is None
    assert submit(pabal, ALICE, "", field="", subject="no from") is None
    assert f"From: <{ALICE}>".encode() in pabal.wait_mail("bob", "no from")


def test_long_headers(pabal):
    many = "".join(f"X-{n}: {'y' * 900}\r\n" for n in range(100))
    assert submit(pabal, ALICE, "", field=many + f"From: {ALICE}\r\n") is None
    assert "5.7.1" in submit(pabal, ALICE, "", field=many + f"From: {BOB}\r\n")
    assert submit(pabal, ALICE, "", field=many * 4 + f"From: {ALICE}\r\n") \
        .startswith("554 5.6.0 ")


def test_others_are_not_asked(pabal):
    """A host that is trusted, and nobody's mail from outside."""
    pabal.send("foreign", sender="x@far.example")
    pabal.wait_mail("alice", "foreign")


def test_log_and_no(make_pabal):
    p = make_pabal(("smtpd", "sender_login", "log"))
    assert submit(p, ALICE, BOB) is None
    [e] = p.events("mail.sender-mismatch")
    assert e["account"] == ALICE and BOB in e["why"]
    p.conf("smtpd", "sender_login", "no")
    p.reload()
    since = p.mark()
    assert submit(p, BOB, BOB, "quiet") is None
    p.wait_mail("bob", "quiet")
    assert not p.events("mail.sender-mismatch", since)


def test_table_is_checked(pabal):
    for line in ("not-an-address alice@x.test", "a@x.test", "a@x.test bob"):
        path = os.path.join(pabal.dir, "etc", "senders")
        with open(path) as f:
            was = f.read()
        with open(path, "a") as f:
            f.write(line + "\n")
        assert "expected" in pabal.pabal_fails("map", "senders")
        with open(path, "w") as f:
            f.write(was)


def test_client_is_hidden(make_pabal):
    p = make_pabal(("smtpd", "hide_client", "yes"))
    assert submit(p, ALICE, ALICE, "hidden") is None
    head = p.wait_mail("bob", "hidden").split(b"\n\n")[0]
    assert b"127.0.0.1" not in head and b"client.example" not in head
    assert b"from localhost (authenticated)" in head
    p.send("shown", to=BOB)
    assert b"127.0.0.1" in p.wait_mail("bob", "shown")
    with pytest.raises(smtplib.SMTPDataError):
        with p.smtp("submission") as s:
            s.login(ALICE, PASSWORD)
            s.sendmail(ALICE, [BOB], message("x", sender=BOB))


def test_login_is_told(make_pabal):
    """Authentication-Results of ours, on top, and none of the client's."""
    p = make_pabal(("smtpd", "auth_results", "yes"))
    forged = f"Authentication-Results: mail.{DOMAIN}; auth=pass smtp.auth=boss@{DOMAIN}\r\n".encode()

    def head(subject, **kw):
        with p.smtp("submission") as s:
            s.login(ALICE, PASSWORD)
            s.sendmail(ALICE, [BOB], forged + message(subject, sender=ALICE))
        lines = p.wait_mail("bob", subject).split(b"\n\n")[0].decode()
        return re.sub(r"\r?\n[ \t]+", " ", lines)

    told = head("told")
    assert re.findall("Authentication-Results: (.*)", told) == [
        f"mail.{DOMAIN}; auth=pass smtp.auth={ALICE}"]
    assert told.index("Authentication-Results") < told.index("Received")
    p.send("trusted", to=BOB)
    assert b"auth=pass" not in p.wait_mail("bob", "trusted")
    p.conf("smtpd", "hide_client", "yes")
    p.reload()
    assert re.findall("Authentication-Results: (.*)", head("hidden")) == [
        f"mail.{DOMAIN}; auth=pass"]

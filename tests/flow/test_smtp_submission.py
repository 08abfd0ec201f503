# SPDX-License-Identifier: ISC
"""TLS, AUTH, submission, LMTP and the socket of sendmail."""
import base64
import re

import pytest

from pabal import DOMAIN, PASSWORD
from smtptalk import ALICE, Talk

CONF = [("smtpd", "max_auth_failures", "3")]


def plain(user=ALICE, password=PASSWORD):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def b64(text):
    return base64.b64encode(text.encode()).decode()


# ---- TLS

def test_starttls_forgets(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert "STARTTLS" in t.ehlo
        assert t.say("MAIL FROM:<>").startswith("250 ")
        t.starttls()
        assert t.say(f"RCPT TO:<{ALICE}>").startswith("503 ")
        ehlo = t.say("EHLO c")
        assert "STARTTLS" not in ehlo and "AUTH PLAIN LOGIN" in ehlo
        assert t.say("STARTTLS").startswith("503 ")
        assert t.deliver("Subject: secret\r\n\r\n.\r\n").startswith("250 ")
    mail = pabal.wait_mail("alice", "secret").decode()
    assert " with ESMTPS id " in mail
    assert re.search(r"\(TLSv1\.[23], [A-Z0-9_-]+, \d+ bits\)", mail)


@pytest.mark.parametrize("behind", ["NOOP\r\n", "EHLO evil\r\nMAIL FROM:<>\r\n",
                                    "x", "\x16\x03\x01"])
def test_nothing_may_stand_behind_starttls(pabal, behind):
    with Talk(pabal, greet="EHLO c") as t:
        t.send("STARTTLS\r\n" + behind)
        said = t.all()
    assert said.startswith("421 4.7.0 ") and said.count("\r\n") == 1


def test_garbage_for_a_handshake(pabal):
    since = pabal.mark()
    with Talk(pabal, greet="EHLO c") as t:
        assert t.say("STARTTLS").startswith("220 ")
        t.send(b"GET / HTTP/1.0\r\n\r\n" + b"\0" * 1000)
        assert "250" not in t.all()
    pabal.wait_event("session.tls-failed", since)
    with Talk(pabal, greet="EHLO c") as t:
        assert t.say("STARTTLS x").startswith("501 ")


def test_tls_from_the_first_byte(pabal):
    with Talk(pabal, "submissions", greet="EHLO c") as t:
        assert "STARTTLS" not in t.ehlo
        assert t.say("AUTH PLAIN " + plain()).startswith("235 2.7.0")
        assert t.deliver("Subject: implicit\r\n\r\n.\r\n", sender=ALICE) \
            .startswith("250 ")
    assert b" with ESMTPSA id " in pabal.wait_mail("alice", "implicit")


# ---- AUTH and submission

def test_submission_wants_authentication(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        assert t.say(f"MAIL FROM:<{ALICE}>").startswith("530 5.7.0")
        assert t.say("AUTH PLAIN " + plain()).startswith("235 2.7.0")
        assert t.say("AUTH PLAIN " + plain()).startswith("503 5.5.1")
        assert t.say(f"MAIL FROM:<{ALICE}>").startswith("250 ")
        assert t.say("RCPT TO:<someone@elsewhere.example>").startswith("250 ")
        assert t.say("AUTH PLAIN " + plain()).startswith("503 5.5.1")


def test_auth_login(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        assert t.say("AUTH LOGIN") == "334 " + b64("Username:")
        assert t.say(b64(ALICE)) == "334 " + b64("Password:")
        assert t.say(b64(PASSWORD)).startswith("235 ")


def test_auth_plain_without_initial_response(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        assert t.say("AUTH PLAIN") == "334 "
        assert t.say(plain()).startswith("235 ")


def test_auth_mistakes(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        assert t.say("AUTH").startswith("501 ")
        assert t.say("AUTH CRAM-MD5").startswith("504 5.5.4")
        assert t.say("AUTH PLAIN !").startswith("501 5.5.2")
        assert t.say("AUTH PLAIN") == "334 "
        assert t.say("*").startswith("501 ")
        assert t.say("NOOP") == "250 2.0.0 Ok"


def test_guessing_has_an_end(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        for _ in range(3):
            assert t.say("AUTH PLAIN " + plain(password="guess")) \
                .startswith("535 5.7.8")
        assert t.reply().startswith("421 4.7.0")
    # Neither the account nor the address is locked out.
    with Talk(pabal, "submission", greet="EHLO c") as t:
        assert t.say("AUTH PLAIN " + plain()).startswith("235 ")


def test_no_password_in_the_clear(make_pabal):
    p = make_pabal(("pabal", "cleartext_login_networks", "192.0.2.0/24"))
    with Talk(p, "submission", greet="EHLO c") as t:
        assert "AUTH" not in t.ehlo
        assert t.say("AUTH PLAIN " + plain()).startswith("538 5.7.11")
        t.starttls()
        assert "AUTH PLAIN LOGIN" in t.say("EHLO c")
        assert t.say("AUTH PLAIN " + plain()).startswith("235 ")


def test_relaying_is_for_those_we_know(make_pabal):
    p = make_pabal(("pabal", "trusted_networks", "192.0.2.0/24"))
    with Talk(p, greet="EHLO c") as t:
        assert t.say("MAIL FROM:<a@example.org>").startswith("250 ")
        for to in ("x@elsewhere.example", f"x%{DOMAIN}@elsewhere.example",
                   f"@{DOMAIN}:x@elsewhere.example",
                   '"x@elsewhere.example"@elsewhere.example'):
            assert t.say(f"RCPT TO:<{to}>").startswith("550 5.7.1"), to
        assert t.say("RSET").startswith("250 ")
        assert t.say("AUTH PLAIN " + plain()).startswith("235 ")
        assert t.say("MAIL FROM:<a@example.org>").startswith("250 ")
        assert t.say("RCPT TO:<x@elsewhere.example>").startswith("250 ")


def test_submitted_mail_is_completed(pabal):
    with Talk(pabal, "submission", greet="EHLO c") as t:
        t.say("AUTH PLAIN " + plain())
        t.deliver("Subject: bare\r\n\r\nx\r\n.\r\n", sender=ALICE)
        t.deliver(f"Subject: whole\r\nDate: d\r\nFrom: {ALICE}\r\n"
                  "Message-ID: m\r\nBcc: b\r\n\r\nx\r\n.\r\n", sender=ALICE)
    bare = pabal.wait_mail("alice", "bare").decode()
    assert re.search(r"^Date: \w{3}, \d\d \w{3} \d{4} ", bare, re.M)
    assert re.search(r"^Message-ID: <\w+@mail\.pabal\.test>", bare, re.M)
    assert f"\nFrom: <{ALICE}>" in bare
    whole = pabal.wait_mail("alice", "whole").decode()
    for field in ("Date", "From", "Message-ID", "Bcc"):
        assert whole.count(f"\n{field}: ") == 1
    # Mail that only passes through is left alone.
    with Talk(pabal, greet="EHLO c") as t:
        t.deliver("Subject: foreign\r\n\r\nx\r\n.\r\n")
    assert b"\nDate:" not in pabal.wait_mail("alice", "foreign")


def test_bcc_is_stripped_when_wanted(make_pabal):
    p = make_pabal(("smtpd", "strip_bcc", "yes"))
    with Talk(p, "submission", greet="EHLO c") as t:
        t.say("AUTH PLAIN " + plain())
        t.deliver("Subject: blind\r\nBcc: x,\r\n y\r\nX-A: b\r\n\r\nBcc: z\r\n"
                  ".\r\n", sender=ALICE)
    mail = p.wait_mail("alice", "blind").replace(b"\r\n", b"\n")
    assert b"\nBcc: x" not in mail and b"\n y\n" not in mail
    assert b"\nX-A: b\n" in mail and b"\n\nBcc: z\n" in mail


# ---- LMTP, sendmail

def test_lmtp_answers_for_each_recipient(pabal):
    with Talk(pabal, "lmtp") as t:
        assert " LMTP " in t.greeting
        assert t.say("EHLO c").startswith("500 ")
        assert t.say("LHLO c").startswith("250-")
        t.send(f"MAIL FROM:<>\r\nRCPT TO:<{ALICE}>\r\n"
               f"RCPT TO:<nobody@{DOMAIN}>\r\nRCPT TO:<bob@{DOMAIN}>\r\n"
               "DATA\r\n")
        for want in ("250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5",
                     "354 "):
            assert t.reply().startswith(want)
        t.send("Subject: lmtp\r\n\r\n.\r\nNOOP\r\n")
        for user in ("alice", "bob"):
            assert t.reply().startswith(f"250 2.0.0 <{user}@{DOMAIN}> ")
        assert t.reply() == "250 2.0.0 Ok"
    for user in ("alice", "bob"):
        assert b" with LMTP id " in pabal.wait_mail(user, "lmtp")


def test_local_programs(pabal):
    with Talk(pabal, "local", greet="EHLO localhost") as t:
        assert "AUTH" not in t.ehlo and "STARTTLS" not in t.ehlo
        reply = t.deliver("Subject: cron\r\n\r\n.\r\n", sender="alice",
                          to=("alice", "someone@elsewhere.example"))
        assert reply.startswith("250 ")
    mail = pabal.wait_mail("alice", "cron").decode()
    assert f"\nFrom: <alice@{DOMAIN}>" in mail and "\nDate: " in mail

# SPDX-License-Identifier: ISC
"""Submission: who may send, as whom, and how guessing is slowed."""
import base64
import smtplib

import pytest

from pabal import DOMAIN, PASSWORD, message, wait

CONF = [("pabal", "trusted_networks", "192.0.2.0/24")]


def tls_session(p, service="submission"):
    s = p.smtp(service)
    s.starttls(context=tls(p))
    s.ehlo()
    return s


def tls(p):
    context = p.tls()
    context.check_hostname = False
    return context


def b64(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mechanisms_are_announced_under_tls(pabal, mechanism):
    with tls_session(pabal) as s:
        assert mechanism in s.esmtp_features["auth"].split()


def test_submission_without_login_is_refused(pabal):
    with tls_session(pabal) as s:
        code, text = s.mail("alice@" + DOMAIN)
        if code == 250:
            code, text = s.rcpt("bob@" + DOMAIN)
        assert (code, text[:5]) == (530, b"5.7.0")


@pytest.mark.parametrize("way", ["auth_plain", "auth_login"])
def test_login_and_send(pabal, way):
    with tls_session(pabal) as s:
        s.user, s.password = f"alice@{DOMAIN}", PASSWORD
        s.auth(way[5:].upper(), getattr(s, way))
        s.sendmail(f"alice@{DOMAIN}", [f"bob@{DOMAIN}"],
                   message(way, sender=f"alice@{DOMAIN}"))
    got = pabal.wait_mail("bob", way)
    assert b"ESMTPSA" in got


def test_plain_without_initial_response(pabal):
    with tls_session(pabal) as s:
        assert s.docmd("AUTH PLAIN")[0] == 334
        code, _ = s.docmd(b64(f"\0alice@{DOMAIN}\0{PASSWORD}"))
        assert code == 235
        assert s.docmd("AUTH PLAIN")[0] == 503


@pytest.mark.parametrize("lines, code", [
    (["AUTH PLAIN " + b64(f"\0alice@{DOMAIN}\0wrong")], 535),
    (["AUTH PLAIN " + b64(f"\0nobody@{DOMAIN}\0{PASSWORD}")], 535),
    (["AUTH PLAIN " + b64(f"bob@{DOMAIN}\0alice@{DOMAIN}\0{PASSWORD}")], 535),
    (["AUTH PLAIN " + b64("no zeros")], 501),
    (["AUTH PLAIN ***"], 501),
    (["AUTH PLAIN", "*"], 501),
    (["AUTH PLAIN", "A" * 20000], 500),
    (["AUTH NONSENSE"], 504),
    (["AUTH"], 501),
    (["AUTH LOGIN", b64(f"alice@{DOMAIN}"), b64("wrong")], 535),
])
def test_refused(pabal, lines, code):
    with tls_session(pabal) as s:
        for line in lines:
            got, text = s.docmd(line)
        assert got == code, text
        if code in (535, 504):
            assert s.docmd("NOOP")[0] == 250


def test_no_password_in_clear_from_elsewhere(make_pabal):
    p = make_pabal(("pabal", "cleartext_login_networks", "192.0.2.0/24"))
    with p.smtp("submission") as s:
        s.ehlo()
        assert "auth" not in s.esmtp_features
        code, text = s.docmd("AUTH PLAIN " +
                             b64(f"\0alice@{DOMAIN}\0{PASSWORD}"))
        assert code in (530, 538, 503) and text[:1] == b"5"


def test_relay_is_refused_without_login(pabal):
    with pabal.smtp() as s:
        s.ehlo()
        s.mail("s@example.org")
        code, text = s.rcpt("somebody@example.net")
        assert code in (550, 554) and text.startswith(b"5.7.1")


def test_account_without_login(make_pabal):
    p = make_pabal()
    p.pabal("user", "set", f"alice@{DOMAIN}", "login", "no")
    wait(lambda: refused(p), "the refusal of alice")


def refused(p):
    with tls_session(p) as s:
        try:
            s.login(f"alice@{DOMAIN}", PASSWORD)
        except smtplib.SMTPAuthenticationError:
            return True
    return False


def test_new_password_counts(make_pabal):
    p = make_pabal()
    p.pabal("user", "password", f"alice@{DOMAIN}", input="another one\n")
    wait(lambda: refused(p), "the refusal of the old password")
    with tls_session(p) as s:
        s.login(f"alice@{DOMAIN}", "another one")

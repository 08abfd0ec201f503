# SPDX-License-Identifier: ISC
"""SCRAM, tokens and app passwords, in IMAP, POP3 and submission alike."""
import json
import os
import subprocess
import time

import pytest

from pabal import DOMAIN, PASSWORD, Instance, wait
from saslclient import Issuer, Wire, b64, bearer, scram, xoauth2

ALICE = f"alice@{DOMAIN}"
SERVICES = ["imaps", "pop3s", "submissions"]


def plain(user, password):
    return f"\0{user}\0{password}".encode()


@pytest.fixture(scope="module")
def shared_host():
    """Alice's password is stored for SCRAM, bob's is not."""
    p = Instance()
    try:
        p.issuer = Issuer()
        keys(p, p.issuer)
        p.conf("pabal", "sasl_mechanisms",
               "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN")
        for name, value in (("oauth_keys", "issuer.jwks"),
                            ("oauth_issuer", "https://idp.test"),
                            ("oauth_audience", "mail"), ("penalty_free", "1000"),
                            ("penalty_free_address", "100000")):
            p.conf("auth", name, value)
        p.pabal("user", "password", ALICE, "--scheme", "scram-sha-256",
                input=PASSWORD + "\n")
        p.start()
        yield p
    finally:
        p.close()


@pytest.fixture
def host(shared_host):
    since = shared_host.mark()
    yield shared_host
    alarms = shared_host.alarms(since)
    assert not alarms, "\n".join(alarms)


def keys(p, *issuers):
    """As somebody replaces the file whole."""
    path = os.path.join(p.dir, "etc", "issuer.jwks")
    with open(path + ".new", "w") as f:
        json.dump({"keys": [i.jwk() for i in issuers]}, f)
    os.chmod(path + ".new", 0o644)
    os.rename(path + ".new", path)


def try_plain(p, user, password=PASSWORD, service="imaps"):
    with Wire(p, service) as w:
        return w.auth("PLAIN", plain(user, password))


# ---- what is announced

@pytest.mark.parametrize("service", SERVICES)
def test_announced_under_tls(host, service):
    with Wire(host, service) as w:
        assert w.capabilities() == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256",
                                    "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"]


def test_no_binding_without_tls(host):
    """Where clear text is allowed: there is no channel to bind to."""
    with Wire(host, "imap") as w:
        w.service = "imaps"
        assert "SCRAM-SHA-256" in w.capabilities()
        assert "SCRAM-SHA-256-PLUS" not in w.capabilities()
        assert scram(w, ALICE, PASSWORD, flag="y")


def test_only_what_is_configured(make_pabal):
    p = make_pabal(("pabal", "sasl_mechanisms", "PLAIN"))
    for service in SERVICES:
        with Wire(p, service) as w:
            assert w.capabilities() == ["PLAIN"]
            for mechanism in ("SCRAM-SHA-256", "XOAUTH2", "LOGIN"):
                assert not w.auth(mechanism, b"n,,n=a,r=x")
                assert w.told is None


@pytest.mark.parametrize("words", ["PLAIN CRAM-MD5", "SCRAM-SHA-256-PLUS",
                                   "OAUTHBEARER"])
def test_mechanisms_that_are_not_ours(pabal, words):
    pabal.conf("pabal", "sasl_mechanisms", words)
    try:
        assert "sasl_mechanisms" in pabal.pabal_fails("conf", "check")
    finally:
        pabal.pabal("conf", "unset", "pabal", "sasl_mechanisms")


# ---- SCRAM

@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("service", SERVICES)
def test_scram(host, service, initial):
    with Wire(host, service) as w:
        assert scram(w, ALICE, PASSWORD, initial=initial)
        assert w.iterations >= 4096


@pytest.mark.parametrize("service", SERVICES)
def test_scram_bound_to_the_certificate(host, service):
    with Wire(host, service) as w:
        assert scram(w, ALICE, PASSWORD, "p=tls-server-end-point", w.end_point())


@pytest.mark.parametrize("how", [[], ["--no-starttls", "--no-cb"]])
def test_gsasl(host, how):
    """GNU SASL over GnuTLS: bound by tls-exporter, and not bound."""
    mechanism = "SCRAM-SHA-256" + ("" if how else "-PLUS")
    since = host.mark()
    command = ["gsasl", "--imap", "-m", mechanism, "--authentication-id", ALICE,
               "--password", PASSWORD, "--x509-ca-file=", "--connect",
               f"127.0.0.1:{host.port('imap')}"] + how
    got = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                         capture_output=True, timeout=120)
    assert "server trusted" in got.stdout + got.stderr
    host.wait_event("auth.ok", since, account=ALICE, mechanism=mechanism)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("user, password, flag, bound", [
    (ALICE, "wrong", "n", b""),
    (f"nobody@{DOMAIN}", PASSWORD, "n", b""),
    (f"bob@{DOMAIN}", PASSWORD, "n", b""),     # not stored for it
    (ALICE, PASSWORD, "y", b""),               # somebody has cut PLUS out
    (ALICE, PASSWORD, "p=tls-server-end-point", b"another certificate"),
    (ALICE, PASSWORD, "p=tls-exporter", b"x" * 32),
    (ALICE, PASSWORD, "p=tls-unique", b"x" * 12),
])
def test_scram_refused(host, service, user, password, flag, bound):
    with Wire(host, service) as w:
        assert not scram(w, user, password, flag, bound)
        assert w.last.startswith({"imaps": "a NO [AUTHENTICATIONFAILED]",
                                  "pop3s": "-ERR [AUTH]",
                                  "submissions": "535 5.7.8"}[service])
        # the session goes on
        assert w.auth("PLAIN", plain(ALICE, PASSWORD))


def test_scram_as_somebody_else(host):
    with Wire(host, "imaps") as w:
        assert not scram(w, ALICE, PASSWORD, authzid=f"bob@{DOMAIN}")
        assert "[AUTHORIZATIONFAILED]" in w.last
        assert scram(w, ALICE, PASSWORD, authzid=ALICE)


@pytest.mark.parametrize("first", ["", "n,,n=alice", "p=tls-exporter,,n=a,r=x",
                                   "n,,m=x,n=a,r=x", "n,,n=a,r=\x01"])
def test_scram_malformed(host, first):
    with Wire(host, "imaps") as w:
        assert not w.auth("SCRAM-SHA-256", first.encode())
        assert w.last.startswith("a BAD")


def salt_of(p, user):
    with Wire(p, "imaps") as w:
        assert not scram(w, user, "wrong")
        return w.salt, w.iterations


def test_unknown_names_look_like_others(host):
    """The same salt each time, another one for each name, also when auth has
    begun anew."""
    nobody, other = f"nobody@{DOMAIN}", f"other@{DOMAIN}"
    before = [salt_of(host, u) for u in (nobody, other, ALICE)]
    assert len({s for s, _ in before}) == 3
    assert len({i for _, i in before}) == 1
    assert len({len(s) for s, _ in before}) == 1
    host.pabal("restart")
    assert [salt_of(host, u) for u in (nobody, other, ALICE)] == before


def test_left_in_the_middle(host):
    """An exchange costs nothing when its client is gone, or gives up."""
    with Wire(host, "imaps") as w:
        w.begin("SCRAM-SHA-256", b64(f"n,,n={ALICE},r=abc".encode()))
        assert w.challenge().startswith(b"r=abc")
        w.send("*")
        w.challenge()
        assert w.last.startswith("a BAD")
        assert scram(w, ALICE, PASSWORD)
    for _ in range(20):
        with Wire(host, "imaps") as w:
            w.begin("SCRAM-SHA-256", b64(f"n,,n={ALICE},r=abc".encode()))
            assert w.challenge() is not None
    assert try_plain(host, ALICE)


def test_guesses_cost_as_with_passwords(make_pabal):
    p = make_pabal(("pabal", "sasl_mechanisms", "SCRAM-SHA-256 PLAIN"),
                   ("auth", "penalty_free", "2"), ("auth", "penalty_delay", "1m"),
                   ("auth", "penalty_delay_max", "1m"))
    for _ in range(3):
        with Wire(p, "imaps") as w:
            scram(w, ALICE, "wrong")
    assert "[UNAVAILABLE]" in w.last
    with Wire(p, "imaps") as w:
        assert not w.auth("PLAIN", plain(ALICE, PASSWORD))
        assert "[UNAVAILABLE]" in w.last


def test_password_scheme(make_pabal):
    p = make_pabal(("auth", "password_scheme", "scram-sha-256"),
                   ("pabal", "sasl_mechanisms", "SCRAM-SHA-256"))
    p.add_user("carol", "caf\u00e9")
    with open(os.path.join(p.dir, "etc", "passwords")) as f:
        assert f"carol@{DOMAIN} SCRAM-SHA-256$" in f.read()
    with Wire(p, "imaps") as w:
        assert scram(w, f"carol@{DOMAIN}", "caf\u00e9")


# ---- tokens

@pytest.mark.parametrize("service", SERVICES)
def test_tokens(host, service):
    good = host.issuer.token(ALICE)
    for mechanism, message in (("OAUTHBEARER", bearer(good)),
                               ("OAUTHBEARER", bearer(good, ALICE)),
                               ("OAUTHBEARER", bearer(good, "alice")),
                               ("XOAUTH2", xoauth2(good, ALICE))):
        with Wire(host, service) as w:
            assert w.auth(mechanism, message), w.last


@pytest.mark.parametrize("service", SERVICES)
def test_tokens_refused(host, service):
    """The client is told why it is before it is over (RFC 7628 3.2.3)."""
    for message in (bearer(host.issuer.token(ALICE, exp=int(time.time()) - 600)),
                    bearer(host.issuer.token(ALICE, aud="calendar")),
                    bearer(host.issuer.token(ALICE), f"bob@{DOMAIN}"),
                    bearer(host.issuer.token(f"nobody@{DOMAIN}")),
                    bearer(Issuer().token(ALICE)), bearer("a.b.c")):
        with Wire(host, service) as w:
            assert not w.auth("OAUTHBEARER", message, b64(b"\1"))
            assert json.loads(w.told)["status"] == "invalid_token"
            assert w.auth("XOAUTH2", xoauth2(host.issuer.token(ALICE), ALICE))


def test_long_token(host):
    with Wire(host, "imaps") as w:
        assert w.auth("XOAUTH2", xoauth2(
            host.issuer.token(ALICE, roles="x" * 4000), ALICE)), w.last


@pytest.mark.parametrize("service", ["imap", "pop3"])
def test_curl(host, service):
    got = subprocess.run(
        ["curl", "-sS", "--cacert", host.cafile(), "-k", "--user", f"{ALICE}:",
         "--oauth2-bearer", host.issuer.token(ALICE),
         f"{service}s://localhost:{host.port(service + 's')}/"],
        capture_output=True, text=True, timeout=120)
    assert got.returncode == 0, got.stderr
    host.wait_event("auth.ok", account=ALICE, protocol=service,
                    mechanism="OAUTHBEARER")


def test_new_keys_count(host):
    """The issuer's file is replaced while we run; one that cannot be read leaves
    the keys of before."""
    other = Issuer("k2")

    def takes(issuer):
        with Wire(host, "imaps") as w:
            return w.auth("OAUTHBEARER", bearer(issuer.token(ALICE)))
    assert not takes(other)
    keys(host, host.issuer, other)
    assert takes(other) and takes(host.issuer)
    keys(host)
    assert takes(other)
    host.wait_event("auth.keys-invalid")
    keys(host, host.issuer)
    assert not takes(other) and takes(host.issuer)


# ---- app passwords

def app(p, name, *args):
    return p.pabal("user", "app", "add", ALICE, name, *args).strip()


def test_app_passwords(host):
    phone = app(host, "phone", "--protocols", "imap,smtp")
    here = app(host, "here", "--networks", "127.0.0.0/8")
    away = app(host, "away", "--networks", "192.0.2.0/24,[2001:db8::]/32")
    gone = app(host, "gone", "--expires", "2026-01-01")
    later = app(host, "later", "--expires", "2126-01-01T00:00:00Z")
    wait(lambda: try_plain(host, ALICE, later), "the app passwords")
    for service, good in (("imaps", True), ("pop3s", False),
                          ("submissions", True)):
        assert try_plain(host, ALICE, phone, service) == good
    assert try_plain(host, ALICE, here.replace("-", " ").upper())
    assert not try_plain(host, ALICE, away)
    assert not try_plain(host, ALICE, gone)
    assert not try_plain(host, f"bob@{DOMAIN}", here)
    assert try_plain(host, ALICE)
    host.wait_event("auth.ok", account=ALICE, app="phone", protocol="imap")
    rows = json.loads(host.pabal("user", "app", "list", ALICE, "--json"))
    assert [r["name"] for r in rows] == ["phone", "here", "away", "gone", "later"]
    assert rows[0]["protocols"] == "imap,smtp" and rows[1]["protocols"] is None
    host.pabal("user", "app", "del", ALICE, "here")
    wait(lambda: not try_plain(host, ALICE, here), "the password to be gone")
    assert try_plain(host, ALICE, phone)


def test_app_password_is_not_in_the_table(host):
    secret = app(host, "secret")
    with open(os.path.join(host.dir, "etc", "app_passwords")) as f:
        text = f.read()
    assert "name=secret" in text
    assert secret not in text and secret.replace("-", "") not in text


@pytest.mark.parametrize("args", [
    ("a/b",), ("x" * 65,), ("ok", "--protocols", "ftp"),
    ("ok", "--networks", "nowhere"), ("ok", "--expires", "tomorrow")])
def test_app_passwords_that_make_no_sense(host, args):
    host.pabal_fails("user", "app", "add", ALICE, *args)


def test_app_passwords_by_name(host):
    app(host, "twice")
    assert "already" in host.pabal_fails("user", "app", "add", ALICE, "twice")
    assert "no app password" in host.pabal_fails("user", "app", "del", ALICE,
                                                 "never")
    assert "no account" in host.pabal_fails("user", "app", "add",
                                            f"nobody@{DOMAIN}", "x")


def test_app_passwords_go_with_the_account(make_pabal):
    p = make_pabal()
    secret = app(p, "phone")
    wait(lambda: try_plain(p, ALICE, secret), "the app password")
    p.pabal("user", "del", ALICE)
    p.add_user("alice", "a new one")
    wait(lambda: try_plain(p, ALICE, "a new one"), "another alice")
    assert not try_plain(p, ALICE, secret)

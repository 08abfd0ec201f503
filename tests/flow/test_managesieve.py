# SPDX-License-Identifier: ISC
"""ManageSieve by the sections of RFC 5804, the files behind it, other programs
that know them (Pigeonhole), and real clients."""
import base64
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from dovecot import OWNER, USER, Dovecot
from pabal import DOMAIN, PASSWORD, PATIENCE, Instance, wait
from saslclient import Issuer, Wire, bearer, scram, xoauth2
from sieveclient import Closed, Sieve, plain, string
from test_full_disk import MOUNT, why_not

USERS = ("alice", "bob", "carol", "dave")
CONF = [("auth", "penalty_free", "100")]
ALICE = f"alice@{DOMAIN}"
KEEP = 'require "fileinto";\r\nfileinto "Junk";\r\n'


def path(p, *names, user="alice"):
    return os.path.join(p.maildir(user), *names)


def files(p, user="alice"):
    top = path(p, "sieve", user=user)
    return sorted(os.listdir(top)) if os.path.isdir(top) else []


def active(p, user="alice"):
    try:
        return os.readlink(path(p, ".dovecot.sieve", user=user))
    except FileNotFoundError:
        return None


@pytest.fixture
def alice(pabal):
    with Sieve(pabal) as c:
        c.clear()
        yield c


# ---- 1.2, 1.7: greeting and capabilities

def test_greeting(pabal):
    with Sieve(pabal, login=False, tls=False) as c:
        caps = c.capabilities(c.greeting)
        assert c.greeting.status == "OK"
        assert list(caps)[0] == "IMPLEMENTATION"
        assert caps["VERSION"] == "1.0" and caps["STARTTLS"] is None
        assert "PLAIN" in caps["SASL"].split()  # this host's own network
        assert caps["NOTIFY"] == "mailto" and int(caps["MAXREDIRECTS"]) > 0
        assert "OWNER" not in caps and "UNAUTHENTICATE" not in caps
        assert c.capabilities() == caps


def test_extensions_are_those_of_the_language(pabal, alice):
    """What is announced compiles, and what is not does not."""
    names = alice.capabilities()["SIEVE"].split()
    assert {"fileinto", "vacation", "include", "regex"} <= set(names)
    for name in names:
        alice.ok("CHECKSCRIPT",
                 f'require ["{name}", "foreverypart", "mime", "variables"];')
    alice.no("CHECKSCRIPT", 'require "vnd.example";')


def test_capabilities_after_login(pabal):
    with Sieve(pabal) as c:
        caps = c.capabilities()
        assert caps["OWNER"] == ALICE and "STARTTLS" not in caps
        assert caps["SASL"] == "" and "UNAUTHENTICATE" in caps
    with Sieve(pabal, tls=False) as c:
        caps = c.capabilities()
        assert "UNAUTHENTICATE" not in caps and "STARTTLS" not in caps


# ---- 2.1, 2.2: AUTHENTICATE, STARTTLS

def test_clear_text_is_refused(make_pabal):
    p = make_pabal(("pabal", "cleartext_login_networks", ""))
    with Sieve(p, login=False, tls=False) as c:
        assert c.capabilities()["SASL"] == ""
        c.no(f'AUTHENTICATE "PLAIN" "{plain(ALICE)}"', code="ENCRYPT-NEEDED")
        c.starttls()
        # Unasked, after TLS has begun (2.2).
        assert "PLAIN" in c.capabilities(c.greeting)["SASL"].split()
        assert "STARTTLS" not in c.capabilities(c.greeting)
        c.no("STARTTLS")
        c.login()


def test_too_weak(make_pabal):
    p = make_pabal(("pabal", "sasl_mechanisms", "SCRAM-SHA-256"))
    with Sieve(p, login=False) as c:
        c.no(f'AUTHENTICATE "PLAIN" "{plain(ALICE)}"', code="AUTH-TOO-WEAK")
        c.no('AUTHENTICATE "CRAM-MD5"')


def test_nothing_may_stand_behind_starttls(pabal):
    with Sieve(pabal, login=False, tls=False) as c:
        c.send("STARTTLS\r\nNOOP\r\n")
        c.reply()
        assert c.at_end()


def test_plain_in_all_forms(pabal):
    data = plain(ALICE)
    with Sieve(pabal, login=False) as c:  # a challenge, a quoted string
        c.send('AUTHENTICATE "PLAIN"\r\n')
        assert c.line() == [b""]
        c.send(f'"{data}"\r\n')
        assert c.reply().status == "OK"
    with Sieve(pabal, login=False) as c:  # literals
        c.send(f'authenticate {{5+}}\r\nPLAIN {{{len(data)}+}}\r\n{data}\r\n')
        assert c.reply().status == "OK"
    with Sieve(pabal, login=False) as c:  # cancelled, malformed, wrong
        for line in ('"*"', '"no base 64!"', "*", '""'):
            c.send('AUTHENTICATE "PLAIN"\r\n')
            assert c.line() == [b""]
            c.send(line + "\r\n")
            assert c.reply().status == "NO"
        c.no(f'AUTHENTICATE "PLAIN" "{plain(ALICE, "wrong")}"')
        c.no('AUTHENTICATE')
        c.no('AUTHENTICATE PLAIN')
        c.no('AUTHENTICATE "PLAIN" "" ""')
        c.login()
        c.no(f'AUTHENTICATE "PLAIN" "{data}"')


class SieveWire(Wire):
    """SASL in ManageSieve, for saslclient's mechanisms."""

    def __init__(self, p):  # pylint: disable=super-init-not-called
        self.session = Sieve(p, login=False)
        self.service = "managesieve"
        self.sock, self.file = self.session.sock, self.session.file
        self.over = False

    def send(self, text):
        if not self.over:
            self.sock.sendall(string(text) + b"\r\n")

    def begin(self, mechanism, initial=None):
        self.over = False
        self.sock.sendall(b" ".join(
            [b"AUTHENTICATE", string(mechanism)] +
            ([string(initial)] if initial is not None else [])) + b"\r\n")

    def challenge(self):
        if self.over:
            return None
        line = self.session.line()
        self.last = line[0]
        if isinstance(line[0], bytes):
            return base64.b64decode(line[0])
        self.over = True
        if line[1:3] == ["(", "SASL"]:  # 1.3: what it ends with
            return base64.b64decode(line[3])
        return None

    def ok(self):
        return self.last == "OK"


def test_sasl(make_pabal):
    """All mechanisms, and data in the OK where one has some (1.3)."""
    p = make_pabal(("auth", "penalty_free", "1000"))
    issuer = Issuer()
    with open(os.path.join(p.dir, "etc", "issuer.jwks"), "w", encoding="utf-8") as f:
        json.dump({"keys": [issuer.jwk()]}, f)
    os.chmod(f.name, 0o644)
    for name, value in (("oauth_keys", "issuer.jwks"), ("oauth_issuer", "https://idp.test"),
                        ("oauth_audience", "mail")):
        p.conf("auth", name, value)
    p.conf("pabal", "sasl_mechanisms", "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN")
    p.reload()
    p.pabal("user", "password", ALICE, "--scheme", "scram-sha-256", input=PASSWORD + "\n")
    for mechanism, message in (("OAUTHBEARER", bearer(issuer.token(ALICE))),
                               ("XOAUTH2", xoauth2(issuer.token(ALICE), ALICE))):
        with SieveWire(p) as w:
            assert w.auth(mechanism, message)
            assert w.session.capabilities()["OWNER"] == ALICE
        with SieveWire(p) as w:
            assert not w.auth(mechanism, message[:-9] + b"x\1\1")
            assert w.told is not None
    with SieveWire(p) as w:
        offered = w.session.capabilities()["SASL"].split()
        assert {"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN"} <= set(offered)
        assert not scram(w, ALICE, "wrong")
        assert scram(w, ALICE, PASSWORD)
        assert w.session.capabilities()["OWNER"] == ALICE
    with SieveWire(p) as w:
        assert scram(w, ALICE, PASSWORD, initial=False)
    with SieveWire(p) as w:
        assert scram(w, ALICE, PASSWORD, "p=tls-server-end-point", w.end_point())
    with SieveWire(p) as w:
        assert not scram(w, ALICE, PASSWORD, "p=tls-server-end-point", b"x" * 32)


# ---- 2.3 to 2.13: the rest

def test_noop(alice):
    assert alice.ok("NOOP").code is None
    assert alice.ok("NOOP", "sync-1").code == ("TAG", b"sync-1")
    assert alice.ok("NOOP", 'a"b\\c').code == ("TAG", b'a"b\\c')
    alice.no("NOOP x")


def test_noop_and_logout_before_login(pabal):
    with Sieve(pabal, login=False) as c:
        assert c.ok("NOOP", "x").code == ("TAG", b"x")
        for verb in ("LISTSCRIPTS", 'GETSCRIPT "a"', 'PUTSCRIPT "a" "keep;"', "", "X Y",
                     "UNAUTHENTICATE", '"NOOP"'):
            c.no(verb)
        c.logout()


def test_life_of_a_script(pabal, alice):
    alice.ok("PUTSCRIPT", "main", KEEP)
    assert alice.scripts() == {"main": False}
    assert alice.get("main") == KEEP
    with open(path(pabal, "sieve", "main.sieve"), newline="", encoding="utf-8") as f:
        assert f.read() == KEEP
    assert active(pabal) is None
    alice.ok("SETACTIVE", "main")
    assert active(pabal) == "sieve/main.sieve"
    alice.ok("PUTSCRIPT", "other", "keep;")
    assert alice.scripts() == {"main": True, "other": False}
    alice.no("DELETESCRIPT", "main", code="ACTIVE")
    alice.no("RENAMESCRIPT", "main", "other", code="ALREADYEXISTS")
    alice.no("RENAMESCRIPT", "main", "main", code="ALREADYEXISTS")
    alice.no("RENAMESCRIPT", "none", "x", code="NONEXISTENT")
    alice.no("RENAMESCRIPT", "main", "")
    alice.ok("RENAMESCRIPT", "main", "renamed")
    assert alice.scripts() == {"renamed": True, "other": False}
    assert active(pabal) == "sieve/renamed.sieve"
    alice.ok("SETACTIVE", "other")
    alice.ok("DELETESCRIPT", "renamed")
    for verb in "DELETESCRIPT", "GETSCRIPT", "SETACTIVE":
        alice.no(verb, "renamed", code="NONEXISTENT")
    alice.ok("SETACTIVE", "")
    alice.ok("SETACTIVE", "")
    assert active(pabal) is None
    assert alice.scripts() == {"other": False}
    st = os.stat(path(pabal, "sieve", "other.sieve"))
    assert stat.S_IMODE(st.st_mode) == 0o600
    assert st.st_uid == os.stat(path(pabal)).st_uid


def test_names(pabal, alice):
    """1.6: any characters but controls; 128 of them at least."""
    good = ["a", " ", "Urlaub & Büro", "한글 이름", "x.sieve", ".hidden", "..", "a/b",
            'say "hi"', "back\\slash", "\U0001F4E7" * 128, "x" * 512, "ＡＢ", "-", "~"]
    bad = ["", "a\tb", "a\x7f", "a\u0085", "a\u2028b", "a\u2029", "x" * 513]
    for name in good:
        alice.ok("PUTSCRIPT", name, "keep;")
        assert alice.scripts() == {name: False}
        assert alice.get(name) == "keep;"
        alice.ok("SETACTIVE", name)
        assert alice.scripts() == {name: True}
        alice.ok("SETACTIVE", "")
        alice.ok("DELETESCRIPT", name)
        assert files(pabal) == []
    for name in bad:
        alice.no("PUTSCRIPT", name, "keep;")
        alice.no("HAVESPACE", name, 1)
    alice.send(b'PUTSCRIPT "\xff" "keep;"\r\n')
    assert alice.reply().status == "NO"
    assert alice.scripts() == {}


def test_errors_have_lines(alice):
    """All of them, where an editor can find them; nothing is stored."""
    r = alice.no("PUTSCRIPT", "bad", 'require "fileinto";\r\nfoo;\r\n\r\nfileinto 3;\r\n')
    lines = r.text.splitlines()
    assert lines[0].startswith("bad: line 2: error: ") and "foo" in lines[0]
    assert lines[1].startswith("bad: line 4: error: ") and len(lines) == 2
    assert alice.scripts() == {}
    alice.ok("PUTSCRIPT", "bad", "keep;")
    alice.no("PUTSCRIPT", "bad", "nonsense")
    assert alice.get("bad") == "keep;"
    assert alice.no("CHECKSCRIPT", "if").text.startswith("script: line 1: error: ")


def test_warnings(alice):
    text = 'require "include"; include "later";'
    r = alice.ok("CHECKSCRIPT", text)
    assert r.code == "WARNINGS" and "line 1: warning:" in r.text
    assert alice.scripts() == {}
    assert alice.ok("PUTSCRIPT", "first", text).code == "WARNINGS"
    alice.ok("PUTSCRIPT", "later", "keep;")
    assert alice.ok("CHECKSCRIPT", text).code is None


def test_havespace(make_pabal):
    p = make_pabal(("pabal", "sieve_max_scripts", "3"),
                   ("pabal", "sieve_max_script_size", "2K"),
                   ("pabal", "sieve_max_storage", "5K"))
    with Sieve(p) as c:
        c.ok("HAVESPACE", "a", 2048)
        c.no("HAVESPACE", "a", 2049, code="QUOTA/MAXSIZE")
        c.no("HAVESPACE", "a", 4294967295, code="QUOTA/MAXSIZE")
        c.no("PUTSCRIPT", "a", "#" * 2049, code="QUOTA/MAXSIZE")
        c.no("PUTSCRIPT", "a", "#" * 500000, code="QUOTA/MAXSIZE")
        big = "#" + "x" * 2045 + "\r\n"
        for name in "ab":
            c.ok("PUTSCRIPT", name, big)
        c.no("HAVESPACE", "c", 2000, code="QUOTA")
        c.no("PUTSCRIPT", "c", big, code="QUOTA")
        c.ok("PUTSCRIPT", "b", big)
        c.ok("PUTSCRIPT", "c", "keep;")
        c.no("HAVESPACE", "d", 1, code="QUOTA/MAXSCRIPTS")
        c.no("PUTSCRIPT", "d", "keep;", code="QUOTA/MAXSCRIPTS")
        assert sorted(c.scripts()) == ["a", "b", "c"]
        p.conf("pabal", "sieve_max_scripts", "4")
        p.reload()
        c.ok("PUTSCRIPT", "d", "keep;")


def test_invalid_commands(alice):
    for text in (b"", b"FOO", b"PUTSCRIPT", b'PUTSCRIPT "a"', b'PUTSCRIPT "a" keep;',
                 b'PUTSCRIPT "a" "keep;" "x"', b'HAVESPACE "a"', b'HAVESPACE "a" -1',
                 b'HAVESPACE "a" 4294967296', b'HAVESPACE "a" "1"', b"LISTSCRIPTS x",
                 b'GETSCRIPT a', b'GETSCRIPT "a', b'GETSCRIPT "a\\b"', b"  NOOP"):
        alice.send(text + b"\r\n")
        assert alice.reply().status == "NO", text
        alice.ok("NOOP")
    # A literal in the server's form: what it announces is the next command.
    alice.send(b'PUTSCRIPT "a" {4}\r\nNOOP\r\n')
    assert [alice.reply().status, alice.reply().status] == ["NO", "OK"]


def test_too_many_errors(pabal, alice):
    for _ in range(19):
        alice.no("FOO")
    assert alice.ask("FOO").status == "BYE"
    assert alice.at_end()


def test_large_and_pipelined(pabal, alice):
    """Commands ahead of their replies, cut anywhere."""
    big = "".join(f"# {i}\r\n" for i in range(20000))
    alice.ok("PUTSCRIPT", "big", big)
    assert alice.get("big") == big
    stream = b"".join(b'PUTSCRIPT "n%d" %s\r\n' % (i, string("keep;\r\n"))
                      for i in range(20)) + b'GETSCRIPT "big"\r\n' * 100 + b"LISTSCRIPTS\r\n"
    for i in range(0, len(stream), 777):
        alice.send(stream[i:i + 777])
    for _ in range(20):
        assert alice.reply().status == "OK"
    for _ in range(100):
        assert alice.reply().lines[0][0].decode() == big
    assert len(alice.reply().lines) == 21


def test_unread_answers_stop_the_session_alone(pabal, alice):
    """Who asks and does not read is waited for, with bounds."""
    alice.ok("PUTSCRIPT", "big", "#" * 200000 + "\n")
    with Sieve(pabal) as other:
        other.send(b'GETSCRIPT "big"\r\n' * 2000)
        alice.ok("NOOP")
        for _ in range(2000):
            assert other.reply().status == "OK"


def test_too_large_literals(pabal, alice):
    alice.send(b'PUTSCRIPT "a" {99999999+}\r\n')
    assert alice.reply().status == "BYE"
    assert alice.at_end()
    with Sieve(pabal, login=False) as c:
        c.send(b'AUTHENTICATE "PLAIN" {100000+}\r\n')
        assert c.reply().status == "BYE"
        assert c.at_end()
    with Sieve(pabal, login=False) as c:
        c.send(b"x" * 50000)
        assert c.reply().status == "BYE"


# ---- 2.14: UNAUTHENTICATE

def test_unauthenticate(pabal):
    with Sieve(pabal, "bob") as b:
        b.clear()
        b.ok("PUTSCRIPT", "of-bob", "keep;")
    with Sieve(pabal, "carol") as c:
        for user, own in (("carol", {}), ("bob", {"of-bob": False})) * 2:
            assert c.scripts() == own
            c.ok("UNAUTHENTICATE")
            c.no("LISTSCRIPTS")
            assert "OWNER" not in c.capabilities()
            other = "bob" if user == "carol" else "carol"
            c.ok(f'AUTHENTICATE "PLAIN" "{plain(f"{other}@{DOMAIN}")}"')
        # With the next login behind it, however it is cut.
        text = f'UNAUTHENTICATE\r\nAUTHENTICATE "PLAIN" "{plain(ALICE)}"\r\nCAPABILITY\r\n'
        for cut in (3, 15, 16, 17, 40):
            c.send(text[:cut])
            time.sleep(0.01)
            c.send(text[cut:])
            assert [c.reply().status, c.reply().status] == ["OK", "OK"]
            assert c.capabilities(c.reply())["OWNER"] == ALICE
    with Sieve(pabal, tls=False) as c:
        c.no("UNAUTHENTICATE")
        c.ok("NOOP")


def test_unauthenticate_in_a_script(pabal, alice):
    """The word in a literal is no command."""
    text = "/*\r\nUNAUTHENTICATE\r\n*/ keep;\r\n"
    alice.ok("PUTSCRIPT", "word", text)
    assert alice.get("word") == text
    alice.logout()


# ---- sessions

def test_sessions_see_each_other(pabal, alice):
    with Sieve(pabal) as other:
        alice.ok("PUTSCRIPT", "new", "keep;")
        assert other.scripts() == {"new": False}
        other.ok("SETACTIVE", "new")
        alice.no("DELETESCRIPT", "new", code="ACTIVE")
    # and what administrators and other programs do
    pabal.pabal("sieve", "deactivate", ALICE)
    with open(path(pabal, "sieve", "more.sieve"), "w", encoding="utf-8") as f:
        f.write("keep;")
    os.chown(f.name, *os.stat(path(pabal))[4:6])
    assert alice.scripts() == {"more": False, "new": False}


def test_events(pabal):
    since = pabal.mark()
    with Sieve(pabal, "dave") as c:
        c.clear()
        c.ok("PUTSCRIPT", "s", "keep;")
        c.ok("SETACTIVE", "s")
        c.no("PUTSCRIPT", "s", "x")
        c.logout()
    assert pabal.wait_event("login.ok", since)["protocol"] == "managesieve"
    end = pabal.wait_event("sieved.session-end", since)
    assert end["why"] == "logout" and end["account"] == f"dave@{DOMAIN}"
    told = [(e["command"], e["script"]) for e in pabal.events("sieved.script-changed", since)]
    assert told[-2:] == [("PUTSCRIPT", "s"), ("SETACTIVE", "s")]


def test_idle_sessions_end(make_pabal):
    p = make_pabal(("sieved", "idle_timeout", "1s"))
    with Sieve(p, tls=False) as c:
        assert c.reply().status == "BYE"
        assert c.at_end()
    assert p.wait_event("sieved.session-end")["why"] == "timeout"


def test_a_stop_is_told(make_pabal):
    p = make_pabal()
    with Sieve(p) as c, Sieve(p, login=False) as d:
        p.stop()
        r = c.reply()
        assert (r.status, r.code) == ("BYE", "TRYLATER")
        assert d.reply().status == "BYE"


@pytest.mark.allow("sieved.session-refused", "login.handoff-failed")
def test_limit_of_sessions(make_pabal):
    p = make_pabal(("sieved", "session_limit", "2"))
    with Sieve(p) as c, Sieve(p), Sieve(p, login=False) as third, Sieve(p, "bob"):
        third.no(f'AUTHENTICATE "PLAIN" "{plain(ALICE)}"', code="TRYLATER")
        c.logout()
        wait(lambda: third.ask(f'AUTHENTICATE "PLAIN" "{plain(ALICE)}"').status == "OK",
             "a place")


def test_app_passwords(pabal):
    """Those for other protocols are none here."""
    mine, others = [pabal.pabal("user", "app", "add", ALICE, f"for-{what}", "--protocols",
                                what).strip().split("\n")[-1].split()[-1]
                    for what in ("managesieve", "imap")]
    with Sieve(pabal, login=False) as c:
        c.no(f'AUTHENTICATE "PLAIN" "{plain(ALICE, others)}"')
        c.login(mine)
    for what in "managesieve", "imap":
        pabal.pabal("user", "app", "del", ALICE, f"for-{what}")


# ---- what is on disk

@pytest.mark.allow("child.killed", "login.handoff-failed", "child.exited")
def test_kill(make_pabal):
    """Killed while scripts come in: each is old or new, the active one is there."""
    p = make_pabal()
    texts = ["# old\r\nkeep;\r\n" + "#\r\n" * 5000, "# new\r\nstop;\r\n" + "#\r\n" * 9000]
    with Sieve(p) as c:
        c.ok("PUTSCRIPT", "a", texts[0])
        c.ok("SETACTIVE", "a")
    for n in range(4):
        c = Sieve(p)
        try:
            c.send(b"".join(b"PUTSCRIPT \"a\" %s\r\nRENAMESCRIPT \"a\" \"b\"\r\n"
                            b"RENAMESCRIPT \"b\" \"a\"\r\n" % string(texts[i % 2])
                            for i in range(40)))
            for _ in range(1 + 15 * n):
                c.reply()
            for pid in p.pids("sieved"):
                os.kill(pid, signal.SIGKILL)
            with pytest.raises((Closed, ConnectionResetError, BrokenPipeError)):
                while True:
                    c.reply()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            c.close()
        with wait(lambda: log_in(p), "a new process") as c:
            scripts = c.scripts()
            assert [n for n, on in scripts.items() if on] in (["a"], ["b"]), scripts
            for name in scripts:
                assert c.get(name) in texts
            if "a" not in scripts:
                c.ok("RENAMESCRIPT", "b", "a")
            elif "b" in scripts:
                c.ok("SETACTIVE", "a")
                c.ok("DELETESCRIPT", "b")
    with Sieve(p) as c:
        c.ok("PUTSCRIPT", "a", "keep;")
        c.ok("SETACTIVE", "a")
    assert files(p) == ["a.sieve"]


def log_in(p):
    try:
        return Sieve(p)
    except (AssertionError, Closed, OSError):
        return None


@pytest.mark.allow("sieved.command-failed")
def test_full_disk():
    """Nothing is half written, and what was there stays."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    p = Instance()
    mail = os.path.join(p.dir, "mail")
    st = os.stat(mail)
    try:
        p.prefix = ["unshare", "-m", "sh", "-c", MOUNT, "sh",
                    f"size=1m,mode=0755,uid={st.st_uid},gid={st.st_gid}", mail]
        p.start()
        p.prefix = []
        top = f"/proc/{p.master_pid()}/root{mail}"
        text = "#" * 5000 + "\nkeep;\n"
        with Sieve(p) as c:
            c.ok("PUTSCRIPT", "a", text)
            c.ok("SETACTIVE", "a")
            with open(os.path.join(top, "filler"), "wb", buffering=0) as f:
                with contextlib.suppress(OSError):
                    while True:
                        f.write(bytes(4096))
            for _ in range(3):
                c.no("PUTSCRIPT", "b", text, code="TRYLATER")
                c.no("PUTSCRIPT", "a", text * 2, code="TRYLATER")
            assert c.scripts() == {"a": True} and c.get("a") == text
            os.unlink(f.name)
            c.ok("PUTSCRIPT", "b", text)
            c.ok("SETACTIVE", "b")
            left = os.listdir(os.path.join(top, DOMAIN, "alice", "sieve"))
            assert sorted(left) == ["a.sieve", "b.sieve"]
        assert not p.alarms()
    finally:
        p.prefix = []
        p.close()


# ---- Pigeonhole

def test_takes_over_pigeonholes_account(pabal):
    top = path(pabal, user="dave")
    shutil.rmtree(os.path.join(top, "sieve"), ignore_errors=True)
    os.makedirs(os.path.join(top, "sieve", "tmp"))
    for name, text in (("sieve/roundcube.sieve", KEEP), ("sieve/roundcube.svbin", "\1"),
                       ("sieve/old.sieve", "keep;")):
        with open(os.path.join(top, name), "w", newline="", encoding="utf-8") as f:
            f.write(text)
    link = os.path.join(top, ".dovecot.sieve")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(link)
    os.symlink("/var/vmail/dave/sieve/roundcube.sieve", link)
    subprocess.run(["chown", "-hR", ":".join(str(i) for i in os.stat(top)[4:6]), top],
                   check=True)
    with Sieve(pabal, "dave") as c:
        assert c.scripts() == {"old": False, "roundcube": True}
        assert c.get("roundcube") == KEEP
    # A file that was written with an editor.
    os.unlink(link)
    with open(link, "w", encoding="utf-8") as f:
        f.write("stop;")
    os.chown(link, *os.stat(top)[4:6])
    with Sieve(pabal, "dave") as c:
        assert c.scripts() == {"dovecot.orig": True, "old": False, "roundcube": False}
        assert c.get("dovecot.orig") == "stop;"
        c.clear()
        # A link to somebody else's file is none.
        os.symlink("/etc/passwd", os.path.join(top, "sieve", "x.sieve"))
        os.symlink("../../etc/passwd", link)
        assert c.scripts() == {}
        c.no("GETSCRIPT", "x", code="NONEXISTENT")
        c.no("SETACTIVE", "x", code="NONEXISTENT")
        c.ok("PUTSCRIPT", "x", "keep;")
        assert c.get("x") == "keep;"
    assert not os.path.islink(os.path.join(top, "sieve", "x.sieve"))


def test_pigeonhole_reads_ours(pabal):
    """The same directory under Debian's Dovecot, and back."""
    with Sieve(pabal, "carol") as c:
        c.clear()
        c.ok("PUTSCRIPT", "main", KEEP)
        c.ok("PUTSCRIPT", "한글", "keep;")
        c.ok("SETACTIVE", "main")
    owner = pwd.getpwnam(OWNER)
    assert os.stat(path(pabal, user="carol")).st_uid == owner.pw_uid
    for d in (pabal.dir, os.path.join(pabal.dir, "mail")):
        os.chmod(d, 0o755)
    with Dovecot("maildir:~", home=path(pabal, user="carol"), sieve=True) as d:
        wait(lambda: port_open(d.sieve_port), "managesieve")
        with Sieve(None, USER, port=d.sieve_port, tls=False) as c:
            assert c.scripts() == {"main": True, "한글": False}
            assert c.get("main") == KEEP
            c.ok("PUTSCRIPT", "theirs", "stop;")
            c.ok("SETACTIVE", "theirs")
            c.ok("DELETESCRIPT", "한글")
    with Sieve(pabal, "carol") as c:
        assert c.scripts() == {"main": False, "theirs": True}
        assert c.get("theirs") == "stop;"


def port_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


# ---- pabal sieve

def put(p, name, text, *args, user="alice"):
    return p.pabal("sieve", "put", f"{user}@{DOMAIN}", name, *args, input=text)


def test_commands(pabal, alice):
    put(pabal, "main", KEEP)
    assert alice.scripts() == {"main": False}
    put(pabal, "main", "keep;\n", "--activate")
    put(pabal, "b/c", 'require "include"; include "later";')
    assert alice.scripts() == {"main": True, "b/c": False}
    assert pabal.pabal("sieve", "show", ALICE, "main") == "keep;\n"
    assert [line.split() for line in pabal.pabal("sieve", "list", ALICE).splitlines()] == [
        ["SCRIPT", "BYTES", "ACTIVE"], ["b/c", "35", "no"], ["main", "6", "yes"]]
    assert ALICE in pabal.pabal("sieve", "list", DOMAIN)
    pabal.pabal("sieve", "activate", ALICE, "b/c")
    pabal.pabal("sieve", "rename", ALICE, "b/c", "d")
    assert alice.scripts() == {"main": False, "d": True}
    assert "active" in pabal.pabal_fails("sieve", "delete", ALICE, "d")
    pabal.pabal("sieve", "deactivate", ALICE)
    pabal.pabal("sieve", "delete", ALICE, "d")
    assert alice.scripts() == {"main": False}
    for args in (("show", "x"), ("activate", "x"), ("delete", "x"), ("rename", "x", "y")):
        assert "no script" in pabal.pabal_fails("sieve", args[0], ALICE, *args[1:])


def test_put_refuses_errors(pabal, alice):
    def fails(text, *args):
        return pabal.pabal_fails("sieve", "put", *args, input=text)
    assert "bad:2:1: error:" in fails("keep;\nfoo;\n", ALICE, "bad")
    assert "name" in fails("keep;\n", ALICE, "a\tb")
    assert "larger" in fails("#" * 2000000, ALICE, "a")
    assert "at most" in fails("#" * 300000, ALICE, "a")
    assert "nobody" in fails("keep;\n", f"nobody@{DOMAIN}", "a")
    assert "NAME@DOMAIN" in fails("keep;\n", "alice", "a")
    assert alice.scripts() == {}


def test_put_makes_the_account(make_pabal):
    p = make_pabal()
    p.add_user("erin")
    put(p, "a", "keep;", "--activate", user="erin")
    with Sieve(p, "erin") as c:
        assert c.scripts() == {"a": True}


# ---- real clients

def sieve_connect(p, *args):
    if shutil.which("sieve-connect") is None:
        pytest.skip("no sieve-connect")
    return subprocess.run(
        ["sieve-connect", "--server", "localhost", "--port", str(p.port("managesieve")),
         "--user", ALICE, "--passwordfd", "0", "--tlscafile", p.cafile(),
         "--authmech", "PLAIN", *args],
        input=PASSWORD + "\n", capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_sieve_connect(pabal, alice, tmp_path):
    local = tmp_path / "mine.sieve"
    local.write_text(KEEP)
    r = sieve_connect(pabal, "--upload", "--localsieve", str(local),
                      "--remotesieve", "mine")
    assert r.returncode == 0, r.stdout + r.stderr
    r = sieve_connect(pabal, "--activate", "--remotesieve", "mine")
    assert r.returncode == 0, r.stdout + r.stderr
    assert alice.scripts() == {"mine": True}
    r = sieve_connect(pabal, "--list")
    assert "mine" in r.stdout, r.stdout + r.stderr
    local.write_text("nonsense;\n")
    r = sieve_connect(pabal, "--upload", "--localsieve", str(local),
                      "--remotesieve", "bad")
    assert "line 1" in r.stdout + r.stderr
    assert alice.scripts() == {"mine": True}
    r = sieve_connect(pabal, "--deactivate")
    r = sieve_connect(pabal, "--delete", "--remotesieve", "mine")
    assert alice.scripts() == {}, r.stdout + r.stderr


class AddOn(Sieve):
    """Thunderbird's Sieve add-on: mechanisms and data in quotes, texts as
    literals that are not waited for, and all its commands in one piece; a bare
    NOOP keeps the connection."""

    def __init__(self, p, mechanism="PLAIN"):
        super().__init__(p, login=False, tls=False)
        assert "STARTTLS" in self.capabilities(self.greeting)
        self.starttls()
        # It asks, whether the server has told by itself or not.
        assert self.capabilities(self.greeting)["VERSION"] == "1.0"
        offered = self.capabilities()["SASL"].split()
        if mechanism == "PLAIN":
            assert self.quoted("AUTHENTICATE", "PLAIN", plain(self.user)).status == "OK"
        else:
            self.in_steps(offered)
        assert self.capabilities()["OWNER"] == ALICE

    def quoted(self, verb, *args):
        self.send(verb + "".join(f' "{a}"' for a in args) + "\r\n")
        return self.reply()

    def in_steps(self, offered):
        """LOGIN, as it does where that is first."""
        assert "LOGIN" in offered
        self.send('AUTHENTICATE "LOGIN"\r\n')
        for text in (self.user, PASSWORD):
            [prompt] = self.line()
            assert base64.b64decode(prompt).lower().startswith((b"user", b"pass"))
            self.send(f'"{base64.b64encode(text.encode()).decode()}"\r\n')
        assert self.reply().status == "OK"

    def text(self, verb, text, *args):
        data = text.encode()
        self.send(verb.encode() + b"".join(b' "%b"' % a.encode() for a in args) +
                  b" {%d+}\r\n%b\r\n" % (len(data), data))
        return self.reply()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_thunderbirds_add_on(pabal, alice, mechanism):
    """What it says when its user opens the list, edits, renames and goes."""
    with AddOn(pabal, mechanism) as c:
        assert c.scripts() == {}
        # A new script has nothing in it, and it is checked as it is typed.
        assert c.text("PUTSCRIPT", "", "work").status == "OK"
        r = c.text("CHECKSCRIPT", "#comment\r\nInvalidSieveCommand\r\n")
        assert r.status == "NO" and "script: line " in r.text
        assert c.text("CHECKSCRIPT", KEEP).status == "OK"
        assert c.text("PUTSCRIPT", KEEP, "work").status == "OK"
        assert c.quoted("SETACTIVE", "work").status == "OK"
        assert c.scripts() == {"work": True}
        assert c.quoted("NOOP").status == "OK"
        assert c.quoted("RENAMESCRIPT", "work", "arbeit: ü").status == "OK"
        assert c.quoted("RENAMESCRIPT", "gone", "x").code == "NONEXISTENT"
        assert c.get("arbeit: ü") == KEEP
        # To delete what is active it deactivates it first.
        assert c.quoted("DELETESCRIPT", "arbeit: ü").code == "ACTIVE"
        assert c.quoted("SETACTIVE", "").status == "OK"
        assert c.quoted("DELETESCRIPT", "arbeit: ü").status == "OK"
        # Windows do not wait for each other: requests are sent ahead.
        data = KEEP.encode()
        c.send(b'NOOP "a"\r\nLISTSCRIPTS\r\nCAPABILITY\r\n'
               b'PUTSCRIPT "a" {%d+}\r\n%b\r\nSETACTIVE "a"\r\nLISTSCRIPTS\r\n'
               b'CHECKSCRIPT {5+}\r\nfoo;\n\r\nNOOP "b"\r\n' % (len(data), data))
        replies = [c.reply() for _ in range(8)]
        assert [r.status for r in replies] == ["OK"] * 6 + ["NO", "OK"]
        assert replies[0].code == ("TAG", b"a") and replies[7].code == ("TAG", b"b")
        assert replies[1].lines == [] and replies[5].lines == [[b"a", "ACTIVE"]]
        c.logout()

# SPDX-License-Identifier: ISC
"""IMAP under its parameters and limits."""
import shutil
import subprocess

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN, PABAL, PASSWORD, PATIENCE

SIMPLE = b"Subject: x\r\n\r\nbody\r\n"


def test_quota(make_pabal):
    pabal = make_pabal(users=("alice",))
    pabal.pabal("user", "set", f"alice@{DOMAIN}", "quota", "100K")
    big = b"Subject: big\r\n\r\n" + b"x" * 60000 + b"\r\n"
    with Imap(pabal) as c:
        c.append(big)
        status, text, _ = c.cmd("APPEND INBOX %L", big)
        assert (status, text.split()[0]) == (b"NO", b"[OVERQUOTA]")
        c.ok("SELECT INBOX")
        status, text, _ = c.cmd("COPY 1 Sent")
        assert (status, text.split()[0]) == (b"NO", b"[OVERQUOTA]")
        c.ok("MOVE 1 Sent")  # needs no room
        c.append(SIMPLE)
        # RFC 9208: in units of 1,024, what is used rounded up
        used = -(-(len(big) + len(SIMPLE)) // 1024)
        quota = b'QUOTA "User quota" (STORAGE %d 100)' % used
        assert c.ok('GETQUOTA "User quota"') == [quota]
        assert c.ok("GETQUOTAROOT Sent") == [
            b'QUOTAROOT Sent "User quota"', quota]
        assert c.cmd("GETQUOTAROOT Nowhere")[0] == b"NO"
        assert c.cmd('GETQUOTA "other"')[0] == b"NO"
        status, text, _ = c.cmd('SETQUOTA "User quota" (STORAGE 900)')
        assert (status, text.split()[0]) == (b"NO", b"[NOPERM]")
        assert c.cmd('SETQUOTA "User quota" STORAGE')[0] == b"BAD"
        caps = c.ok("CAPABILITY")[0].split()
        assert b"QUOTA=RES-STORAGE" in caps and b"QUOTASET" not in caps
    pabal.pabal("user", "set", f"alice@{DOMAIN}", "quota", "0")
    with Imap(pabal) as c:
        assert c.ok("GETQUOTAROOT INBOX") == [b"QUOTAROOT INBOX"]
        assert c.cmd('GETQUOTA "User quota"')[0] == b"NO"


def test_silence_ends_a_session(make_pabal):
    pabal = make_pabal(("imapd", "idle_timeout", "1s"), users=("alice",))
    with Imap(pabal) as c:
        assert c.answer().startswith(b"* BYE ")
        with pytest.raises((Closed, ConnectionError)):
            c.answer()
    with Imap(pabal) as c:
        c.send(b"a IDLE\r\n")
        assert c.answer().startswith(b"+")
        assert c.answer().startswith(b"* BYE ")


def test_limits_and_delimiter(make_pabal):
    pabal = make_pabal(("imapd", "max_sessions_per_user", "2"),
                       ("imapd", "hierarchy_delimiter", "."),
                       ("imapd", "command_size_limit", "8K"),
                       ("imapd", "mime_parts_limit", "3"),
                       ("pabal", "message_size_limit", "64K"),
                       users=("alice", "bob"))
    with Imap(pabal) as a, Imap(pabal) as b:
        c = Imap(pabal, login=False)
        status, text, _ = c.cmd(f'LOGIN alice@{DOMAIN} "{PASSWORD}"')
        assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
        c.close()
        with Imap(pabal, "bob"):
            pass  # others are not counted
        b.ok("LOGOUT")
        assert a.ok("NAMESPACE") == [b'NAMESPACE (("" ".")) NIL NIL']
        a.ok("CREATE one.two")
        assert any(x.endswith(b'"." one.two') for x in a.ok('LIST "" *'))
        assert [x.split()[-1] for x in a.ok('LIST "" one.%')] == [b"one.two"]
        assert a.cmd("SELECT " + "x" * 9000)[1].startswith(b"[TOOBIG]")
        assert b"APPENDLIMIT=65536" in a.ok("CAPABILITY")[0]
        assert a.cmd("APPEND INBOX %L", b"x" * 65537)[1].startswith(b"[TOOBIG]")
        a.append(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" +
                 b"--x\r\n\r\none\r\n" * 5)
        a.ok("SELECT INBOX")
        assert a.ok("FETCH 1 BODY")[0].count(b'"text" "plain"') == 1
        assert b'"octet-stream"' in a.ok("FETCH 1 BODY")[0]


def test_input_behind_login(make_pabal):
    """A client that does not wait: all it sent reaches the session."""
    pabal = make_pabal(users=("alice",))
    with Imap(pabal, login=False) as c:
        lines = b"".join(b"n%d NOOP\r\n" % i for i in range(3000))
        c.send(f'a LOGIN alice@{DOMAIN} "{PASSWORD}"\r\n'.encode() + lines)
        assert c.finish(b"a")[0] == b"OK"
        for i in range(3000):
            assert c.finish(b"n%d" % i)[0] == b"OK"


def test_stop_says_bye(make_pabal):
    pabal = make_pabal(users=("alice",))
    with Imap(pabal) as a, Imap(pabal) as b:
        a.ok("SELECT INBOX")
        a.ok("APPEND INBOX %L", SIMPLE)
        a.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        b.ok("SELECT INBOX")
        b.send(b"x IDLE\r\n")
        assert b.answer().startswith(b"+")
        pabal.stop()
        for c in (a, b):
            assert c.answer().startswith(b"* BYE [UNAVAILABLE]")
    pabal.start()
    with Imap(pabal) as a:
        a.ok("SELECT INBOX")
        assert a.ok("FETCH 1 FLAGS") == [b"1 FETCH (FLAGS (\\Seen))"]


def test_stop_waits_for_the_command(make_pabal):
    """What a client is in the midst of is answered before it hears BYE."""
    pabal = make_pabal(users=("alice",))
    with Imap(pabal) as a, Imap(pabal) as b, Imap(pabal) as idle:
        idle.send(b"x IDLE\r\n")
        assert idle.answer().startswith(b"+")
        a.send(b"a APPEND INBOX {%d}\r\n" % len(SIMPLE))
        b.send(b"b STATUS {5}\r\n")
        for c in (a, b):
            assert c.answer().startswith(b"+")
        a.send(SIMPLE[:10])
        stop = subprocess.Popen([PABAL, "-d", pabal.dir, "stop"])
        assert idle.answer().startswith(b"* BYE [UNAVAILABLE]")
        a.send(SIMPLE[10:] + b"\r\n")
        assert a.finish(b"a")[0] == b"OK"
        b.send(b"INBOX (MESSAGES)\r\nc NOOP\r\n")
        assert b.finish(b"b")[0] == b"OK"
        for c in (a, b):
            assert c.answer().startswith(b"* BYE [UNAVAILABLE]")
            with pytest.raises(Closed):
                c.line()
        assert stop.wait(PATIENCE) == 0
    pabal.running = False
    pabal.start()
    with Imap(pabal) as c:
        assert b"1 EXISTS" in c.ok("SELECT INBOX")


def test_account_that_nobody_made(make_pabal):
    """An account of the tables whose Maildir is not there yet."""
    pabal = make_pabal(users=("alice",))
    shutil.rmtree(pabal.maildir("alice"))
    with Imap(pabal) as c:
        assert b"0 EXISTS" in c.ok("SELECT INBOX")


def test_account_that_cannot_be_opened(make_pabal):
    """The client hears that it is not its password, the log has the reason."""
    pabal = make_pabal(users=("alice",))
    shutil.rmtree(pabal.maildir("alice"))
    with open(pabal.maildir("alice"), "w"):
        pass
    with Imap(pabal, login=False) as c:
        status, text, _ = c.cmd(f'LOGIN alice@{DOMAIN} "{PASSWORD}"')
        assert (status, text.split()[0]) == (b"NO", b"[UNAVAILABLE]")
    event = pabal.wait_event("child.directory-failed")
    assert "Not a directory" in event["why"]

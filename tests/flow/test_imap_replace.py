# SPDX-License-Identifier: ISC
"""REPLACE and UID REPLACE (RFC 8508): one message for another, at once."""
import os
import re
import signal

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN

USERS = ("alice", "bob") + tuple(f"k{i}" for i in range(1, 10))


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        for name in ("drafts", "other"):
            c.cmd(f"DELETE {name}")
            c.ok(f"CREATE {name}")
        for i in range(3):
            c.append(b"Subject: %d\r\n\r\n" % i, "drafts")
        c.ok("SELECT drafts")
        yield c


def subjects(c, box="drafts"):
    with_box = c.ok(f"EXAMINE {box}")
    if b"0 EXISTS" in with_box:
        return []
    return [re.search(rb"Subject: (\S+)", a).group(1)
            for a in c.ok("FETCH 1:* BODY.PEEK[HEADER]")]


def new(i):
    return b"Subject: new%d\r\n\r\n" % i


def test_by_number(alice):
    """3.3: APPENDUID before EXPUNGE, both before the tagged OK."""
    status, text, untagged = alice.cmd("REPLACE 2 drafts (\\Draft) %L", new(1))
    assert status == b"OK"
    assert re.match(rb"OK \[APPENDUID \d+ 4\] ", untagged[0])
    assert untagged.index(b"2 EXPUNGE") > 0 and b"3 EXISTS" in untagged or (
        b"4 EXISTS" in untagged)
    assert subjects(alice) == [b"0", b"2", b"new1"]
    assert b"\\Draft" in alice.ok("FETCH 3 FLAGS")[0]


def test_by_uid_into_another(alice):
    """3.1: the mailbox need not be the selected one."""
    status, _, untagged = alice.cmd(
        'UID REPLACE 1 other "01-Jan-2001 00:00:00 +0000" %L', new(2))
    assert status == b"OK" and b"1 EXPUNGE" in untagged
    assert subjects(alice) == [b"1", b"2"]
    assert subjects(alice, "other") == [b"new2"]


def test_star(alice):
    assert alice.cmd("REPLACE * drafts %L", new(3))[0] == b"OK"
    assert subjects(alice) == [b"0", b"1", b"new3"]


def test_with_catenate(alice):
    """4.1: a draft with a changed header and the body that is there."""
    assert alice.cmd('REPLACE 1 drafts CATENATE (TEXT %L URL "/drafts/;UID=1")',
                     b"X: y\r\n")[0] == b"OK"
    assert subjects(alice) == [b"1", b"2", b"0"]
    assert b"X: y" in alice.ok("FETCH 3 BODY.PEEK[]")[0]


@pytest.mark.parametrize("command,status", [
    ("UID REPLACE 9 drafts {3+}\r\nabc", b"NO"),
    ("UID REPLACE 1 none {3+}\r\nabc", b"NO"),
    ("UID REPLACE 1 drafts {0+}\r\n", b"NO"),
    ('UID REPLACE 1 drafts CATENATE (URL "/none/;UID=3")', b"NO"),
    ("REPLACE 9 drafts {3+}\r\nabc", b"BAD"),
    ("REPLACE 0 drafts {3+}\r\nabc", b"BAD"),
    ("REPLACE 1:2 drafts {3+}\r\nabc", b"BAD"),
    ("REPLACE 1 drafts", b"BAD"),
    ("REPLACE 1 drafts {3+}\r\nabc {3+}\r\nabc", b"BAD"),
    ("REPLACE 1 drafts (\\Recent) {3+}\r\nabc", b"BAD"),
])
def test_refusals(alice, command, status):
    """Nothing has changed after a NO or BAD, and the next command is found."""
    tag, after = alice.tag(), alice.tag()
    alice.send(tag + b" " + command.encode() + b"\r\n" + after + b" NOOP\r\n")
    assert alice.finish(tag)[0] == status
    assert alice.finish(after)[0] == b"OK"
    assert subjects(alice) == [b"0", b"1", b"2"]
    assert subjects(alice, "other") == []


def test_read_only(alice):
    alice.ok("EXAMINE drafts")
    status, text, _ = alice.cmd("REPLACE 1 drafts %L", new(1))
    assert status == b"NO" and text.startswith(b"[READ-ONLY]")
    alice.ok("CLOSE")
    assert alice.cmd("REPLACE 1 drafts {3+}\r\nabc")[0] == b"BAD"


def test_others_see_it(pabal, alice):
    with Imap(pabal) as other:
        other.ok("SELECT drafts")
        alice.cmd("REPLACE 1 drafts %L", new(1))
        told = other.ok("NOOP")
        assert b"1 EXPUNGE" in told and any(b"EXISTS" in t for t in told)


def test_of_what_another_session_replaced(pabal, alice):
    """The second one is refused and leaves nothing (RFC 8508 3.1)."""
    with Imap(pabal) as other:
        other.ok("SELECT drafts")
        assert alice.cmd("REPLACE 1 drafts %L", new(1))[0] == b"OK"
        status, text, _ = other.cmd("UID REPLACE 1 drafts %L", new(2))
        assert (status, text.split()[0]) == (b"NO", b"[EXPUNGEISSUED]")
        assert subjects(other) == [b"1", b"2", b"new1"]


def test_full_disk_of_quota(pabal, alice):
    """Over quota: the old one stays."""
    pabal.pabal("user", "set", f"bob@{DOMAIN}", "quota", "2K")
    with Imap(pabal, "bob") as bob:
        bob.append(b"Subject: old\r\n\r\n" + b"x" * 1000)
        bob.ok("SELECT INBOX")
        status, text, _ = bob.cmd("REPLACE 1 INBOX %L",
                                  b"Subject: new\r\n\r\n" + b"x" * 3000)
        assert status == b"NO" and text.startswith(b"[OVERQUOTA]")
        assert len(bob.ok("FETCH 1:* FLAGS")) == 1
        # what goes makes room
        bob.ok("REPLACE 1 INBOX %L", b"Subject: new\r\n\r\n" + b"x" * 1500)
        assert bob.ok("SEARCH SUBJECT old") == [b"SEARCH"]
        pabal.pabal("user", "set", f"bob@{DOMAIN}", "quota", "1K")
    with Imap(pabal, "bob") as bob:
        bob.ok("SELECT INBOX")
        n = bob.ok("SEARCH SUBJECT new")[0].split()[1].decode()
        status, text, _ = bob.cmd(f"REPLACE {n} INBOX %L",
                                  b"Subject: new\r\n\r\n" + b"x" * 1501)
        assert status == b"NO" and text.startswith(b"[OVERQUOTA]")
        # less than before is let in though it is too much
        bob.ok(f"REPLACE {n} INBOX %L", b"Subject: less\r\n\r\n" + b"x" * 1400)
        assert bob.ok("SEARCH SUBJECT new") == [b"SEARCH"]
        assert bob.ok("SEARCH SUBJECT less") != [b"SEARCH"]


def holder(pabal):
    """The process that has the session begun last."""
    with open(os.path.join(pabal.dir, "log", "pabal.log"),
              encoding="utf-8") as f:
        return int(re.findall(r"imapd\[(\d+)\] info: imapd\.session-start",
                              f.read())[-1])


KILLS = {"k1": 0, "k2": 1, "k3": 3, "k4": 30, "k5": 100, "k6": 200, "k7": 400,
         "k8": 800, "k9": 1600}


@pytest.mark.allow("child.killed")
@pytest.mark.parametrize("name", KILLS)
def test_killed_at_any_time(pabal, name):
    """The old message or the new one, never none, whenever the end comes.  An
    account each: who dies again and again is started later."""
    since = pabal.mark()
    with Imap(pabal, name) as c:
        for i in range(3):
            c.append(b"Subject: %d\r\n\r\n" % i)
        c.ok("SELECT INBOX")
        pid = holder(pabal)
        c.send(b"a REPLACE 1 INBOX {16+}\r\nSubject: new\r\n\r\n\r\n")
        for _ in range(KILLS[name]):
            os.sched_yield()
        os.kill(pid, signal.SIGKILL)
        try:
            while True:
                c.line()
        except (Closed, OSError):
            pass
    # Who comes before master knows of the end is brought to the old process.
    pabal.wait_event("child.killed", since, pid=pid)
    with Imap(pabal, name) as c:
        found = subjects(c, "INBOX")
        assert set(found) & {b"0", b"new"}
        assert {b"1", b"2"} <= set(found) and len(found) <= 4

# SPDX-License-Identifier: ISC
"""Keywords as clients see them: more than file names have letters for, named
before they are used, kept through COPY, MOVE, APPEND and a lost index, and
free again when no message has them (RFC 9051 2.3.2, 7.3.5)."""
import os
import re
import shutil

import pytest

from imapraw import Imap
from pabal import wait

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")
MAIL = b"Subject: x\r\n\r\nx\r\n"


def names(prefix, n):
    return [f"{prefix}{i:02}" for i in range(n)]


def keywords(answers, seq=1):
    """The keywords of SEQ in the last FETCH answer that has its flags."""
    found = [re.match(rb"%d FETCH \(.*FLAGS \(([^)]*)\)" % seq, a)
             for a in answers]
    flags = [m for m in found if m][-1][1].decode().split()
    return sorted(f for f in flags if not f.startswith("\\"))


def listed(answers, what=b"FLAGS ("):
    """The words of the last FLAGS or PERMANENTFLAGS."""
    found = [a for a in answers if what in a and b"FETCH" not in a]
    return found[-1].split(b"(")[1].split(b")")[0].decode().split()


def named_before_use(answers, known):
    """Every keyword in a FETCH stands in a FLAGS before it."""
    for a in answers:
        if a.startswith(b"FLAGS "):
            known = set(listed([a]))
        elif b" FETCH " in a:
            assert set(keywords([a], int(a.split()[0]))) <= set(known), a


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path) as f:
        return f.read()


def lose_index(pabal, user):
    shutil.rmtree(os.path.join(pabal.maildir(user), "pabal.index"))


def test_fifty_in_two_sessions(pabal):
    words = names("word", 50)
    with Imap(pabal, "alice") as a, Imap(pabal, "alice") as b:
        for _ in range(3):
            a.append(MAIL)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        told = a.ok(f"STORE 1 +FLAGS ({' '.join(words)})")
        named_before_use(told, ())
        assert keywords(told) == words
        assert "\\*" in listed(told, b"PERMANENTFLAGS")
        told = b.ok("NOOP")
        named_before_use(told, ())
        assert keywords(told) == words
        b.ok("STORE 2 +FLAGS.SILENT (WORD49 word00)")
        told = a.ok("NOOP")
        assert keywords(told, 2) == ["word00", "word49"]
        b.ok("STORE 1 -FLAGS (word30 word10)")
        assert keywords(a.ok("NOOP")) == [
            w for w in words if w not in ("word30", "word10")]
        for c in (a, b):
            assert c.ok("SEARCH KEYWORD word49") == [b"SEARCH 1 2"]
            assert c.ok("SEARCH UNKEYWORD word49") == [b"SEARCH 3"]
            assert c.ok("SEARCH KEYWORD word30") == [b"SEARCH"]
        # the index goes under two open sessions
        more = os.path.join(pabal.maildir("alice"), "pabal-keywords")
        wait(lambda: "\n2 " in read(more) and "word30" not in
             read(more).splitlines()[-1], "pabal-keywords")
        lose_index(pabal, "alice")
        left = [w for w in words if w not in ("word30", "word10")]
        for c in (a, b):
            told = c.ok("FETCH 1:3 FLAGS")
            named_before_use(told, set(words))
            assert keywords(told, 1) == left
            assert keywords(told, 2) == ["word00", "word49"]
            assert keywords(told, 3) == []
            assert c.ok("SEARCH KEYWORD word49") == [b"SEARCH 1 2"]
    with Imap(pabal, "alice") as c:
        told = c.ok("SELECT INBOX")
        assert set(left) <= set(listed(told))
        assert "word30" not in listed(told)


def test_named_before_fetch(pabal):
    with Imap(pabal, "bob") as a, Imap(pabal, "bob") as b:
        a.append(MAIL)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        b.ok("STORE 1 +FLAGS (brandnew)")
        told = a.ok("FETCH 1 FLAGS")
        assert keywords(told) == ["brandnew"]
        named_before_use(told, ())
        b.ok("STORE 1 +FLAGS (another)")
        told = a.ok("FETCH 1 BODY[TEXT]")
        named_before_use([t for t in told if b"FLAGS" in t], {"brandnew"})


def test_copy_move_append(pabal):
    """Into a mailbox whose letters are all taken by others."""
    words, others = names("word", 40), names("other", 26)
    with Imap(pabal, "carol") as c:
        c.ok("CREATE z")
        c.append(MAIL, "z", f"({' '.join(others)}) ")
        c.append(MAIL, args=f"(\\Seen {' '.join(words)}) ")
        c.append(MAIL, args=f"({' '.join(names('x', 60))}) ")
        c.ok("SELECT INBOX")
        c.ok("COPY 1 z")
        c.ok("MOVE 2 z")
        for _ in range(2):
            c.ok("SELECT z")
            told = c.ok("FETCH 1:3 FLAGS")
            assert keywords(told, 1) == others
            assert keywords(told, 2) == words
            assert keywords(told, 3) == names("x", 60)
            c.ok("UNSELECT")
            lose_index(pabal, "carol")
        c.ok("RENAME z renamed")
        c.ok("SELECT renamed")
        assert keywords(c.ok("FETCH 3 FLAGS"), 3) == names("x", 60)


def test_freed_when_nobody_has_them(pabal):
    with Imap(pabal, "dave") as c:
        c.append(MAIL)
        c.ok("SELECT INBOX")
        assert c.ok("UID STORE 99 +FLAGS (x)") == []
        assert "x" not in listed(c.ok("SELECT INBOX"))
        c.ok(f"STORE 1 +FLAGS ({' '.join(names('tag', 400))})")
        told = c.ok("STORE 1 FLAGS ($Junk)")
        assert keywords(told) == ["$Junk"]
        cur = os.path.join(pabal.maildir("dave"), "cur")
        wait(lambda: os.listdir(cur)[0].endswith(":2,"), "no letters")
        assert [f for f in listed(c.ok("SELECT INBOX"))
                if not f.startswith("\\")] == ["$Junk"]
        # the letters are free again, and in the end there is no file
        c.ok("STORE 1 FLAGS ($Forwarded)")
        wait(lambda: os.listdir(cur)[0].endswith(":2,a"), "a letter")
        assert [f for f in listed(c.ok("SELECT INBOX"))
                if not f.startswith("\\")] == ["$Forwarded"]
        assert not os.path.exists(
            os.path.join(pabal.maildir("dave"), "pabal-keywords"))


def test_no_room(pabal):
    """\\* stands there as long as new ones can be made, and what is refused
    leaves nothing behind."""
    with Imap(pabal, "erin") as c:
        for i in range(5):
            c.append(MAIL)
        c.ok("SELECT INBOX")
        status, text, _ = c.cmd(
            f"STORE 1 +FLAGS ({' '.join(names('y', 513))})")
        assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
        assert not [f for f in listed(c.ok("SELECT INBOX")) if f[0] == "y"]
        for i in range(4):
            told = c.ok(f"STORE {i + 1} +FLAGS "
                        f"({' '.join(names('abcd'[i], 512))})")
        assert "\\*" not in listed(told, b"PERMANENTFLAGS")
        status, text, _ = c.cmd("STORE 5 +FLAGS (one-more)")
        assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
        status, text, _ = c.cmd("APPEND INBOX (one-more) %L", MAIL)
        assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
        c.ok("STORE 4 FLAGS ()")
        told = c.ok("STORE 5 +FLAGS (one-more)")
        assert keywords(told, 5) == ["one-more"]
        assert "\\*" in listed(told, b"PERMANENTFLAGS")


def test_every_append_of_forty_tags(pabal):
    with Imap(pabal, "frank") as c:
        for i in range(40):
            c.append(MAIL, args=f"(\\Seen TEST:FLAG{i}) ")
        c.ok("SELECT INBOX")
        told = c.ok("FETCH 1:* FLAGS")
        for i in range(40):
            assert keywords(told, i + 1) == [f"TEST:FLAG{i}"]


@pytest.mark.parametrize("date", [
    " 1-Jan-1970 00:00:00 +0000", "31-Dec-1969 23:59:59 +0000",
    "01-Jan-0001 00:00:00 +0000", "13-Dec-1901 20:45:51 +0000",
    "10-May-2446 22:38:56 +0000", "31-Dec-9999 23:59:59 +0000"])
def test_dates(pabal, date):
    with Imap(pabal, "grace") as c:
        uid = c.append(MAIL, args=f'"{date}" ')
        for _ in range(2):
            c.ok("SELECT INBOX")
            told = c.ok(f"UID FETCH {uid} INTERNALDATE")[0].decode()
            assert f'INTERNALDATE "{date.replace("01-Jan-0", " 1-Jan-0")}"' \
                in told
            c.ok("UNSELECT")
            lose_index(pabal, "grace")

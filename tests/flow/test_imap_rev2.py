# SPDX-License-Identifier: ISC
"""IMAP4rev2 (RFC 9051): what a client hears otherwise once it has enabled it."""
import re

import pytest
from imapraw import Imap

USERS = ("alice", "bob")


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        yield c


def fresh(c, name):
    c.cmd(f"DELETE {name}")
    c.ok(f"CREATE {name}")


def test_capability(alice):
    names = alice.ok("CAPABILITY")[0].split()[1:]
    assert {b"IMAP4rev1", b"IMAP4rev2", b"UTF8=ACCEPT"} <= set(names)
    assert len(names) == len(set(names))


def test_enable(alice):
    """RFC 5161 3.1: what was turned on is told, in any case, unknown passed over."""
    assert alice.enable("IMAP4rev2") == [b"ENABLED IMAP4rev2"]
    assert alice.ok("ENABLE utf8=accept X-NONE imap4REV1") == [
        b"ENABLED UTF8=ACCEPT"]


def test_select(alice):
    """6.3.2: LIST with the name, neither RECENT nor UNSEEN."""
    fresh(alice, "rev2")
    alice.append(b"Subject: x\r\n\r\n", "rev2")
    before = alice.ok("SELECT rev2")
    assert any(re.match(rb"\d+ RECENT$", a) for a in before)
    assert any(b"[UNSEEN 1]" in a for a in before)
    assert not any(a.startswith(b"LIST") for a in before)
    alice.enable("IMAP4rev2")
    after = alice.ok("SELECT rev2")
    assert not any(b"RECENT" in a or b"[UNSEEN" in a for a in after)
    assert b'LIST () "/" rev2' in after
    assert any(a.startswith(b"OK [UIDNEXT 2]") for a in after)
    assert b'LIST () "/" INBOX ("OLDNAME" (iNbOx))' in alice.ok("EXAMINE iNbOx")
    assert b'LIST () "/" INBOX' in alice.ok("EXAMINE INBOX")


def test_closed(alice):
    """7.1: CLOSED parts what is of the one mailbox from what is of the next."""
    fresh(alice, "one")
    assert not any(b"CLOSED" in a for a in alice.ok("SELECT INBOX"))
    assert alice.ok("SELECT one")[0].startswith(b"OK [CLOSED]")
    status, text, untagged = alice.cmd("SELECT none")
    assert (status, text[:13]) == (b"NO", b"[NONEXISTENT]")
    assert untagged[0].startswith(b"OK [CLOSED]")
    assert alice.cmd("CHECK")[0] == b"BAD"
    assert not any(b"CLOSED" in a for a in alice.ok("SELECT one"))


def test_no_recent(pabal, alice):
    """No \\Recent, and no RECENT with what is new."""
    fresh(alice, "recent")
    alice.enable("IMAP4rev2")
    alice.ok("SELECT recent")
    with Imap(pabal) as other:
        other.append(b"Subject: x\r\n\r\n", "recent")
    assert alice.ok("NOOP") == [b"1 EXISTS"]
    assert alice.ok("FETCH 1 FLAGS") == [b"1 FETCH (FLAGS ())"]
    with Imap(pabal) as rev1:
        rev1.append(b"Subject: x\r\n\r\n", "recent")
        assert b"2 RECENT" not in alice.ok("NOOP")
        assert any(b"RECENT" in a for a in rev1.ok("SELECT recent"))


NAMES = ["가을", "a&b", "&rADAIQ-", "ä/ö", 'q"u\\o', "日本語 メール"]


@pytest.mark.parametrize("what", ["IMAP4rev2", "UTF8=ACCEPT"])
@pytest.mark.parametrize("name", NAMES)
def test_names_in_utf8(pabal, what, name):
    """5.1: names are UTF-8 as they stand, in strings of any kind; who has not
    enabled it sees modified UTF-7."""
    wire = name.replace("\\", "\\\\").replace('"', '\\"').encode()
    with Imap(pabal, "bob") as c, Imap(pabal, "bob") as old:
        c.enable(what)
        status, text, _ = c.cmd(b'CREATE "%s"' % wire)
        assert status == b"OK", text
        told = c.ok(b'LIST "" "%s"' % wire)[0]
        assert told.endswith(b'"/" ' + (
            b'"%s"' % wire if not re.fullmatch(rb"[a-z&A-Z-]+", wire)
            else wire)), told
        assert c.ok(b"STATUS %L (MESSAGES)", name.encode())[0].endswith(
            b"(MESSAGES 0)")
        c.ok(b"SUBSCRIBE %L", name.encode())
        assert name.encode() in b"".join(
            c.ok('LIST (SUBSCRIBED) "" *')).replace(b"\\\\", b"\\").replace(
                b'\\"', b'"')
        lines = old.ok('LIST "" *')
        assert all(line.isascii() for line in lines)
        mutf7 = {"가을": b"&rADHRA-", "a&b": b"a&-b", "&rADAIQ-": b"&-rADAIQ-",
                 "ä/ö": b"&AOQ-/&APY-", 'q"u\\o': b'"q\\"u\\\\o"',
                 "日本語 メール": b'"&ZeVnLIqe- &MOEw,DDrjDw-"'}.get(name)
        if mutf7 is not None and "日" not in name:
            assert any(line.endswith(b" " + mutf7) for line in lines), lines
        c.ok(b"UNSUBSCRIBE %L", name.encode())
        c.ok(b"DELETE %L", name.encode())


@pytest.mark.parametrize("name", [b"\xff", b"a\xed\xa0\x80", b"\xc3"])
def test_names_that_are_no_utf8(pabal, name):
    with Imap(pabal, "bob") as c:
        c.enable("IMAP4rev2")
        status, text, _ = c.cmd(b"CREATE %L", name)
        assert (status, text[:8]) == (b"NO", b"[CANNOT]")


def test_nothing_before_enable(pabal):
    """A client of rev1 says UTF-7 where it means it, whatever others enabled."""
    with Imap(pabal, "bob") as c:
        c.ok("CREATE &AOQ-x")
        assert c.ok('LIST "" &AOQ-x')[0].endswith(b"&AOQ-x")
        with Imap(pabal, "bob") as other:
            other.enable("IMAP4rev2")
            assert other.ok('LIST "" %')[-1].isascii() is False
        c.ok("DELETE &AOQ-x")


def test_status_size_and_deleted(alice):
    """6.3.11: SIZE is the sum of RFC822.SIZE, DELETED counts \\Deleted."""
    fresh(alice, "sizes")
    for i in range(3):
        alice.append(b"Subject: %d\r\n\r\n%s\r\n" % (i, b"x" * i), "sizes")
    alice.ok("SELECT sizes")
    sizes = [int(re.search(rb"SIZE (\d+)", a).group(1))
             for a in alice.ok("FETCH 1:* RFC822.SIZE")]
    alice.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    assert alice.ok("STATUS sizes (SIZE DELETED MESSAGES)") == [
        b"STATUS sizes (MESSAGES 3 DELETED 1 SIZE %d)" % sum(sizes)]


def test_status_deleted_storage(alice):
    """RFC 9208 4.1.4: what an EXPUNGE would free, of many messages too."""
    want = "STATUS saved (DELETED-STORAGE DELETED)"
    fresh(alice, "saved")
    assert alice.ok(want) == [b"STATUS saved (DELETED 0 DELETED-STORAGE 0)"]
    alice.append(b"Subject: kept\r\n\r\nx\r\n", "saved")
    alice.append(b"Subject: not\n\ny\n", "saved", "(\\Deleted) ")
    alice.ok("SELECT saved")
    [size] = [int(re.search(rb"SIZE (\d+)", a).group(1))
              for a in alice.ok("FETCH 2 RFC822.SIZE")]
    assert size == len(b"Subject: not\r\n\r\ny\r\n")
    for _ in range(13):
        alice.ok("COPY 1:* saved")
        alice.ok("NOOP")
    n = 2 ** 13
    told = b"STATUS saved (DELETED %d DELETED-STORAGE %d)" % (n, n * size)
    assert alice.ok(want) == [told]
    assert told in alice.ok('LIST "" (saved sizes) RETURN ' + want.replace(
        "STATUS saved", "(STATUS") + ")")
    alice.ok("STORE 1:%d -FLAGS.SILENT (\\Deleted)" % n)
    assert alice.ok(want) == [b"STATUS saved (DELETED %d DELETED-STORAGE %d)"
                              % (n // 2, n // 2 * size)]
    alice.ok("EXPUNGE")
    assert alice.ok(want) == [b"STATUS saved (DELETED 0 DELETED-STORAGE 0)"]


@pytest.mark.parametrize("command,code", [
    ("SELECT none", b"NONEXISTENT"),
    ("DELETE none", b"NONEXISTENT"),
    ("RENAME none other", b"NONEXISTENT"),
    ("CREATE INBOX", b"ALREADYEXISTS"),
    ("RENAME Sent Trash", b"ALREADYEXISTS"),
    ("DELETE INBOX", b"CANNOT"),
    ("APPEND none {1+}\r\nx", b"TRYCREATE"),
])
def test_response_codes(alice, command, code):
    """7.1, RFC 5530"""
    status, text, _ = alice.cmd(command)
    assert status == b"NO" and text.startswith(b"[%s] " % code), text


def test_parents(alice):
    """6.3.4, 6.3.5: a mailbox that goes stays as \\Noselect while it has
    children; such a one cannot be deleted."""
    for name in ("p/q/r", "p"):
        alice.cmd(f"DELETE {name}")
    alice.ok("CREATE p")
    alice.ok("CREATE p/q/r")
    alice.ok("DELETE p")
    lines = alice.ok('LIST "" p*')
    assert lines[0] == b'LIST (\\HasChildren \\Noselect) "/" p'
    status, text, _ = alice.cmd("DELETE p")
    assert status == b"NO" and text.startswith(b"[HASCHILDREN]"), text
    assert alice.cmd("SELECT p")[0] == b"NO"
    alice.ok("DELETE p/q/r")
    assert alice.ok('LIST "" p*') == []


def test_rename_of_inbox(alice):
    """6.3.6: its messages go, it and its children stay."""
    alice.cmd("DELETE moved")
    alice.cmd("CREATE INBOX/child")
    alice.append(b"Subject: x\r\n\r\n")
    alice.ok("RENAME inbox moved")
    assert alice.ok("STATUS INBOX (MESSAGES)") == [b"STATUS INBOX (MESSAGES 0)"]
    assert alice.ok("STATUS moved (MESSAGES)") != [b"STATUS moved (MESSAGES 0)"]
    assert alice.ok('LIST "" INBOX/%')[0].endswith(b"INBOX/child")
    alice.ok("DELETE INBOX/child")

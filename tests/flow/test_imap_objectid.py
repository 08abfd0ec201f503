# SPDX-License-Identifier: ISC
"""OBJECTID (RFC 8474) and SAVEDATE (RFC 8514) of FETCH."""
import os
import re
import shutil

import pytest
from imapraw import Imap
from pabal import DOMAIN

USERS = ("alice",)


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        yield c


def ids(c, name, item):
    return [re.search(item.encode() + rb" (\([^)]*\)|NIL)", a).group(1)
            for a in c.ok(f"FETCH {name} {item}")]


def mailbox_id(c, name):
    return re.search(rb"MAILBOXID (\(\w+\))",
                     c.ok(f"STATUS {name} (MAILBOXID)")[0]).group(1)


def home(pabal):
    return os.path.join(pabal.dir, "mail", DOMAIN, "alice")


def fresh(c, *names):
    for name in names:
        c.cmd(f"DELETE {name}")
        c.ok(f"CREATE {name}")


def test_mailboxid(alice):
    """4: told by CREATE, SELECT and STATUS; stays at a rename, not at a new one."""
    alice.cmd("DELETE box")
    status, text, _ = alice.cmd("CREATE box")
    told = re.match(rb"\[MAILBOXID (\(\w{1,255}\))\] ", text).group(1)
    assert status == b"OK" and mailbox_id(alice, "box") == told
    for verb in ("SELECT", "EXAMINE"):
        assert any(b"[MAILBOXID %s]" % told in a for a in alice.ok(f"{verb} box"))
    alice.cmd("DELETE other")
    alice.ok("RENAME box other")
    assert mailbox_id(alice, "other") == told
    alice.ok("CREATE box")
    assert mailbox_id(alice, "box") != told
    assert mailbox_id(alice, "INBOX") not in (told, mailbox_id(alice, "box"))
    assert alice.ok('LIST "" other RETURN (STATUS (MAILBOXID))')[1] == (
        b"STATUS other (MAILBOXID %s)" % told)


def test_emailid(alice):
    """5.1: one for each message, the same in a copy and behind a move."""
    fresh(alice, "emails", "copies")
    for i in range(3):
        alice.append(b"Subject: same\r\n\r\n", "emails")
    alice.ok("SELECT emails")
    told = ids(alice, "1:*", "EMAILID")
    assert len(set(told)) == 3
    alice.ok("COPY 1 copies")
    alice.ok("MOVE 2 copies")
    assert ids(alice, "1:*", "EMAILID") == [told[0], told[2]]
    alice.ok("SELECT copies")
    assert ids(alice, "1:*", "EMAILID") == told[:2]


MAIL = [b"Message-ID: <a@x>\r\n\r\n",
        b"Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\n\r\n",
        b"Message-ID: <c@x>\r\nReferences: <a@x>\r\n <b@x>\r\n\r\n",
        b"Message-ID: <d@x>\r\n\r\n",
        b"Subject: none\r\n\r\n",
        b"Subject: none\r\n\r\n"]


def test_threadid(pabal, alice):
    """5.2: that of the root; the same in copies, and when the index is new."""
    fresh(alice, "threads", "copies")
    for m in MAIL:
        alice.append(m, "threads")
    alice.ok("SELECT threads")
    told = ids(alice, "1:*", "THREADID")
    assert told[0] == told[1] == told[2]
    assert len(set(told)) == 4
    alice.ok("COPY 2,5 copies")
    alice.ok("EXAMINE copies")
    assert ids(alice, "1:*", "THREADID") == [told[1], told[4]]
    alice.close()
    pabal.stop()
    shutil.rmtree(os.path.join(home(pabal), "pabal.index"))
    pabal.start()
    with Imap(pabal) as c:
        c.ok("EXAMINE threads")
        assert ids(c, "1:*", "THREADID") == told


def test_threadid_beside_the_file(alice):
    """5.2: never another one, whatever is asked for with it and known before."""
    for i, items in enumerate(("PREVIEW", "BODY.PEEK[1]", "BODY.PEEK[]", "BODY[]",
                               "ENVELOPE BODYSTRUCTURE PREVIEW BODY[TEXT]")):
        fresh(alice, "beside")
        alice.append(b"Subject: no id\r\n\r\nx\r\n", "beside")
        alice.append(b"Message-ID: <%d@x>\r\n\r\nx\r\n" % i, "beside")
        alice.ok("SELECT beside")
        first = [re.search(rb"THREADID \((\w+)\)", a).group(1)
                 for a in alice.ok(f"FETCH 1:* (THREADID {items})")]
        assert ids(alice, "1:*", "THREADID") == [b"(%b)" % a for a in first]
        assert alice.ok(f"SEARCH THREADID {first[0].decode()}") == [b"SEARCH 1"]


def test_search_threadid(pabal, alice):
    """5.3: whatever way a message came, and what has no message id."""
    fresh(alice, "searched")
    alice.append(b"Subject: no id\r\n\r\n", "searched")
    alice.append(b"Message-ID: <s@x>\r\n\r\n", "searched")
    alice.append(b"Message-ID: <t@x>\r\nIn-Reply-To: <s@x>\r\n\r\n", "searched")
    alice.append(b"Subject: long\r\n\r\n" + b"x\r\n" * 40000, "searched")
    pabal.send("delivered")
    pabal.wait_mail("alice", "delivered")
    for name, want in (("searched", [b"1", b"2 3", b"2 3", b"4"]), ("INBOX", [b"1"])):
        alice.ok(f"SELECT {name}")
        told = [t.decode().strip("()") for t in ids(alice, "1:*", "THREADID")]
        assert [alice.ok(f"SEARCH THREADID {t}") for t in told] == [
            [b"SEARCH " + w] for w in want]
        assert alice.ok(f"SEARCH NOT THREADID {told[0]} THREADID {told[0]}") == [
            b"SEARCH"]
        assert alice.ok("SEARCH OR THREADID T0000000000000001 THREADID NIL") == [
            b"SEARCH"]


def test_savedate(pabal, alice):
    """RFC 8514 4.3: when it came into this mailbox, whatever its date."""
    fresh(alice, "saved", "later")
    alice.append(b"Subject: x\r\n\r\n", "saved",
                 '"01-Jan-2001 00:00:00 +0000" ')
    alice.ok("SELECT saved")
    told = alice.ok("FETCH 1 SAVEDATE")[0]
    assert re.fullmatch(
        rb'1 FETCH \(SAVEDATE "[ 0-3]\d-\w{3}-20\d\d \d\d:\d\d:\d\d \+0000"\)',
        told) and b"2001" not in told
    alice.ok("COPY 1 later")
    alice.ok("SELECT later")
    assert b"2001" not in alice.ok("FETCH 1 SAVEDATE")[0]
    # put there by another program, which told nobody when
    path = os.path.join(home(pabal), ".later/cur/1000000000.x.host:2,")
    with open(path, "wb") as f:
        f.write(b"Subject: y\n\n")
    os.utime(path, (10**9, 10**9))
    alice.ok("SELECT later")
    assert alice.ok("FETCH 2 (SAVEDATE)")[0].startswith(b"2 FETCH (SAVEDATE ")

# SPDX-License-Identifier: ISC
"""UIDONLY (RFC 9586): no sequence numbers, in either direction."""
import re

import pytest
from imapraw import Imap

USERS = ("alice", "bob", "carol", "dave")
MAIL = b"Subject: x\r\n\r\nx\r\n"


def fill(c, n):
    """A mailbox that has N messages: their UIDs."""
    c.ok("SELECT INBOX")
    if c.ok("SEARCH ALL") != [b"SEARCH"]:
        c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    for _ in range(n):
        c.ok("APPEND INBOX %L", MAIL)
    c.ok("NOOP")
    return [int(u) for u in c.ok("UID SEARCH ALL")[0].split()[1:]]


@pytest.mark.parametrize("command", [
    "FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH ALL", "COPY 1 INBOX",
    "MOVE 1 INBOX", "UID SEARCH 1", "UID SEARCH NOT 1:*",
    "UID SEARCH OR UNSEEN (SEEN *)",
    "SELECT INBOX (QRESYNC (1 1 1 (1 1)))"])
def test_numbers_are_refused(pabal, command):
    with Imap(pabal) as c:
        fill(c, 1)
        assert b"UIDONLY" in c.ok("CAPABILITY")[0].split()
        assert c.ok("ENABLE UIDONLY") == [b"ENABLED UIDONLY"]
        c.ok("ENABLE QRESYNC")
        status, text, told = c.cmd(command)
        assert (status, told) == (b"BAD", [])
        assert text.startswith(b"[UIDREQUIRED]")


def test_answers_have_uids(pabal):
    with Imap(pabal, "bob") as c, Imap(pabal, "bob") as other:
        fill(c, 2)
        uid = fill(c, 3)
        other.ok("SELECT INBOX")
        c.ok("ENABLE UIDONLY")
        assert uid[0] > 1
        assert [x.split(b" (\\")[0] for x in
                c.ok(f"UID FETCH {uid[0]}:{uid[1]} FLAGS")] == [
            b"%d UIDFETCH (FLAGS" % u for u in uid[:2]]
        assert c.ok(f"UID FETCH {uid[2]} (UID)") == [
            b"%d UIDFETCH (UID %d)" % (uid[2], uid[2])]
        told = c.ok(f"UID STORE {uid[1]} +FLAGS (\\Flagged)")
        assert len(told) == 1 and told[0].startswith(
            b"%d UIDFETCH (FLAGS (\\Flagged" % uid[1])
        assert c.ok("UID SEARCH FLAGGED") == [b"SEARCH %d" % uid[1]]
        assert c.ok("UID SEARCH UID 1:*") == [
            b"SEARCH " + b" ".join(b"%d" % u for u in uid)]
        # what others do
        other.ok("STORE 3 +FLAGS (\\Answered)")
        told = c.ok("NOOP")
        assert len(told) == 1 and re.match(
            rb"%d UIDFETCH \(FLAGS \(\\Answered" % uid[2], told[0])
        other.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        assert other.ok("EXPUNGE") == [b"1 EXPUNGE", b"1 EXPUNGE"]
        told = c.ok("NOOP")
        assert told[-1] == b"VANISHED %d:%d" % (uid[0], uid[1])
        assert not any(b"EXPUNGE" in x or b" FETCH" in x for x in told)
        other.ok("APPEND INBOX %L", MAIL)
        assert b"2 EXISTS" in c.ok("NOOP")


def test_own_expunge_and_condition(pabal):
    with Imap(pabal, "carol") as c:
        uid = fill(c, 3)
        c.ok("ENABLE UIDONLY CONDSTORE")
        top = int(re.search(rb"HIGHESTMODSEQ (\d+)",
                            c.ok("STATUS INBOX (HIGHESTMODSEQ)")[0])[1])
        c.ok(f"UID STORE {uid[0]} +FLAGS (\\Deleted)")
        _, text, told = c.cmd(
            f"UID STORE 1:* (UNCHANGEDSINCE {top}) +FLAGS.SILENT (\\Seen)")
        assert text.startswith(b"[MODIFIED %d]" % uid[0])
        assert [x.split(b" (")[0] for x in told] == [
            b"%d UIDFETCH" % u for u in uid[1:]]
        status, text, told = c.cmd("EXPUNGE")
        assert told == [b"VANISHED %d" % uid[0]]
        assert text.startswith(b"[HIGHESTMODSEQ ")


def test_no_number_of_the_first_unseen(pabal):
    with Imap(pabal, "dave") as c:
        fill(c, 1)
        assert any(b"[UNSEEN 1]" in x for x in c.ok("SELECT INBOX"))
        c.ok("ENABLE UIDONLY")
        assert not any(b"UNSEEN" in x for x in c.ok("SELECT INBOX"))

# SPDX-License-Identifier: ISC
"""MESSAGELIMIT (RFC 9738): a command is carried out for the last messages that
it names, and its answer tells where to go on."""
import re

import pytest
from imapraw import Imap

CONF = [("imapd", "messages_per_command", "3")]
USERS = ("fetch", "search", "store", "copy", "move", "expunge", "all")
CODE = re.compile(rb"\[MESSAGELIMIT 3 (\d+)\]")
MAIL = b"Subject: x\r\n\r\nx\r\n"


def filled(pabal, user, n):
    c = Imap(pabal, user)
    for _ in range(n):
        c.ok("APPEND INBOX %L", MAIL)
    c.ok("SELECT INBOX")
    return c


def numbers(answers):
    return [int(a.split()[0]) for a in answers if b" FETCH (" in a]


def test_capability(pabal):
    with Imap(pabal, "fetch") as c:
        assert b"MESSAGELIMIT=3" in c.ok("CAPABILITY")[0].split()


def test_fetch_in_pieces(pabal):
    with filled(pabal, "fetch", 8) as c:
        c.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        seen, upto = [], "*"
        while True:
            _, text, told = c.cmd(f"UID FETCH 1:{upto} FLAGS")
            seen += [int(re.search(rb"UID (\d+)", a)[1]) for a in told
                     if b" FETCH (" in a]
            m = CODE.search(text)
            if m is None:
                break
            upto = int(m[1]) - 1
        assert sorted(seen) == [1, 3, 4, 5, 6, 7, 8]
        # as many as there may be, and a number in place of a UID
        assert CODE.search(c.cmd("FETCH 1:3 UID")[1]) is None
        _, text, told = c.cmd("FETCH 1:4 UID")
        assert numbers(told) == [2, 3, 4]
        assert CODE.search(text)[1] == b"3"


def test_search(pabal):
    with filled(pabal, "search", 7) as c:
        _, text, told = c.cmd("UID SEARCH ALL")
        assert told == [b"SEARCH 5 6 7"] and CODE.search(text)[1] == b"5"
        _, text, told = c.cmd("UID SEARCH UID 1:4 ALL")
        assert told == [b"SEARCH 2 3 4"] and CODE.search(text)[1] == b"2"
        _, text, told = c.cmd("UID SEARCH ALL UID 1")
        assert told == [b"SEARCH 1"] and CODE.search(text) is None


def test_store(pabal):
    with filled(pabal, "store", 5) as c:
        _, text, told = c.cmd("STORE 1:* +FLAGS (\\Seen)")
        assert numbers(told) == [3, 4, 5] and CODE.search(text)[1] == b"3"
        # beside another code
        _, text, told = c.cmd("STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\\Draft)")
        assert text.startswith(b"[MODIFIED 3:5]")
        assert sum(CODE.search(a) is not None for a in told) == 1
        assert c.ok("SEARCH 1:2 DRAFT") == [b"SEARCH"]


def test_copy_is_all_or_nothing(pabal):
    with filled(pabal, "copy", 5) as c:
        status, text, _ = c.cmd("COPY 1:* Trash")
        assert status == b"NO" and text.startswith(b"[MESSAGELIMIT 3]")
        assert b"MESSAGES 0" in c.ok("STATUS Trash (MESSAGES)")[0]
        c.ok("COPY 1:3 Trash")
        assert b"MESSAGES 3" in c.ok("STATUS Trash (MESSAGES)")[0]


def test_move(pabal):
    with filled(pabal, "move", 5) as c:
        _, _, told = c.cmd("UID MOVE 1:* Trash")
        assert told[0].startswith(b"OK [COPYUID ")
        assert [CODE.search(a)[1] for a in told if CODE.search(a)] == [b"3"]
        assert [a for a in told if b"EXPUNGE" in a] == [b"3 EXPUNGE"] * 3


@pytest.mark.parametrize("command, left", [
    ("UID EXPUNGE 1:*", b"SEARCH 1 2"), ("EXPUNGE", b"SEARCH")])
def test_expunge(pabal, command, left):
    """EXPUNGE names no messages, and is about all of them."""
    with filled(pabal, "expunge" if b"1" in left else "all", 5) as c:
        for one in ("1:3", "4:5"):
            c.ok(f"STORE {one} +FLAGS.SILENT (\\Deleted)")
        told = c.ok(command)
        assert any(CODE.search(a) for a in told) == (b"1" in left)
        assert c.cmd("UID SEARCH UID 1:3")[2] == [left]

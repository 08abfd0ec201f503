# SPDX-License-Identifier: ISC
"""Corners of RFC 3501 and 9051 in which servers err: NIL and what is empty, sets
with "*", dates without their zone, literals behind what is no command."""
import re

import pytest
from imapraw import Imap

USERS = ("alice", "bob", "carol", "dave")


@pytest.fixture
def empty(pabal, request):
    """A session of an account that no other test here has."""
    with Imap(pabal, request.param) as c:
        c.ok("SELECT INBOX")
        yield c


def of(user):
    return pytest.mark.parametrize("empty", [user], indirect=True)


@of("alice")
def test_nil_and_empty(empty):
    """RFC 9051 7.5.2: a line that is not there is NIL, one without text is "";
    addresses are a list or NIL; Sender and Reply-To are From's then."""
    where = b'(("A" NIL "a" "b.example"))'
    empty.append(b"From: A <a@b.example>\r\n\r\nx\r\n")
    empty.append(b"Date:\r\nSubject: \r\nFrom: A <a@b.example>\r\nSender:\r\n"
                 b"Reply-To: \r\nTo:\r\nCc: \r\nIn-Reply-To:\r\nMessage-ID: \r\n"
                 b"\r\nx\r\n")
    empty.append(b"To: nobody:;\r\n\r\n")
    told = [a.split(b"ENVELOPE ")[1] for a in
            empty.ok("FETCH 1:* ENVELOPE") if b"ENVELOPE " in a]
    three = b" ".join([where] * 3)
    assert told == [
        b"(NIL NIL " + three + b" NIL NIL NIL NIL NIL))",
        b'("" "" ' + three + b' NIL NIL NIL "" ""))',
        b'(NIL NIL NIL NIL NIL ((NIL NIL "nobody" NIL)(NIL NIL NIL NIL)) NIL'
        b" NIL NIL NIL))"]
    # 7.5.2: a section that is not there is "", a header without lines a line end
    told = empty.ok("FETCH 3 (BODY[TEXT] BODY[HEADER.FIELDS (Subject)])")[0]
    assert b'BODY[TEXT] ""' in told or b"BODY[TEXT] {0}" in told
    assert told.endswith(b"{2}\r\n\r\n)") or told.endswith(b'] "\r\n")')


@of("bob")
def test_stars(empty):
    """RFC 9051 9 (seq-range): "*" is the largest number in use, on either side,
    and what is beyond it meets it; in an empty mailbox it is nobody's."""
    for command in ("FETCH * FLAGS", "UID FETCH 5:* FLAGS", "STORE *:1 FLAGS ()"):
        status, _, told = empty.cmd(command)
        assert not [a for a in told if b"FETCH" in a], (command, status)
    assert empty.ok("UID SEARCH UID 1:*") == [b"SEARCH"]
    uids = [empty.append(b"Subject: %d\r\n\r\n" % i) for i in range(4)]
    empty.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    empty.ok("EXPUNGE")
    uids.pop(1)
    last = uids[-1]

    def seen(command):
        return [int(re.search(rb"UID (\d+)", a)[1]) for a in empty.ok(command)
                if b"FETCH" in a]
    assert seen("FETCH * UID") == seen("FETCH *:* UID") == [last]
    assert seen("FETCH *:2 UID") == seen("FETCH 2:* UID") == uids[1:]
    assert seen(f"UID FETCH {last + 1000}:* FLAGS") == [last]
    assert seen(f"UID FETCH *:{last + 1000} FLAGS") == [last]
    assert seen(f"UID FETCH {last + 1}:{last + 9} FLAGS") == []
    assert seen("UID FETCH 4294967295:1 FLAGS") == uids
    for key in (f"UID {last + 1000}:*", "*", "*:*"):
        assert empty.ok("UID SEARCH " + key) == [b"SEARCH %d" % last]


@of("carol")
def test_dates(empty):
    """RFC 9051 6.4.4: dates are compared without time and zone: SENT... those
    that the sender wrote, the others those that INTERNALDATE tells."""
    for when, sent in (("01-Jan-2026 23:30:00 -0500",
                        "Thu, 1 Jan 2026 23:30:00 -0500"),
                       ("02-Jan-2026 00:30:00 +0900",
                        "Fri, 2 Jan 2026 00:30:00 +0900")):
        empty.append(f"Date: {sent}\r\nSubject: x\r\n\r\n".encode(),
                     args=f'"{when}" ')
    empty.ok("NOOP")
    assert empty.ok("SEARCH SENTON 1-Jan-2026") == [b"SEARCH 1"]
    assert empty.ok("SEARCH SENTON 2-Jan-2026") == [b"SEARCH 2"]
    assert empty.ok("SEARCH SENTSINCE 2-Jan-2026") == [b"SEARCH 2"]
    assert empty.ok("SEARCH SENTBEFORE 2-Jan-2026") == [b"SEARCH 1"]
    for i, answer in enumerate(a for a in empty.ok("FETCH 1:* INTERNALDATE")
                               if b"INTERNALDATE" in a):
        day = re.search(rb'INTERNALDATE " ?(\d+-\w+-\d+) ', answer)[1].decode()
        assert b"%d" % (i + 1) in empty.ok(f"SEARCH ON {day}")[0].split()
        assert b"%d" % (i + 1) in empty.ok(f"SEARCH SINCE {day}")[0].split()
        assert b"%d" % (i + 1) not in empty.ok(f"SEARCH BEFORE {day}")[0].split()


@of("dave")
@pytest.mark.parametrize("bad", [
    b"XYZZY %b", b"SELECT %b %b", b"FETCH 1 %b", b"UID NOTHING %b",
    b"SEARCH CHARSET %b ALL)", b"ID (%b"])
def test_literal_behind_a_bad_command(empty, bad):
    """RFC 7888 4: what a literal has is no command, whatever stands before it:
    one BAD, and the next command is the next line."""
    inside = b"x9 LOGOUT\r\nx8 DELETE INBOX"
    literal = b"{%d+}\r\n%b" % (len(inside), inside)
    empty.send(b"x1 " + bad.replace(b"%b", literal) + b"\r\nx2 NOOP\r\n")
    assert empty.answer().startswith((b"x1 BAD", b"x1 NO"))
    assert empty.finish(b"x2") == (b"OK", b"NOOP completed", [])

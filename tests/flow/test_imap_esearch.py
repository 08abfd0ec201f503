# SPDX-License-Identifier: ISC
"""SEARCH with RETURN (RFC 9051 6.4.4, RFC 4731), saved results (RFC 5182), PARTIAL
(RFC 9394), search keys, ESEARCH over mailboxes (RFC 7377), INPROGRESS (RFC
9585)."""
import fcntl
import os
import shutil

import pytest
from imapraw import Imap

USERS = tuple(f"u{i}" for i in range(15))
taken = iter(USERS)


def message(subject="s", body="text\r\n"):
    return (f"From: a@b.example\r\nSubject: {subject}\r\n"
            f"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\n{body}").encode()


@pytest.fixture
def c(pabal):
    with Imap(pabal, user=next(taken)) as c:
        c.ok("SELECT INBOX")
        yield c


@pytest.fixture
def seven(c):
    """Seven messages with the UIDs 1 to 8 but 4; 2, 3 and 6 (7, 8) are seen."""
    for i in range(8):
        c.append(message(f"number {i}"))
    c.ok("NOOP")
    c.ok("STORE 4 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    c.ok("UID STORE 2,3,7,8 +FLAGS.SILENT (\\Seen)")
    return c


def esearch(c, command):
    """Of an ESEARCH answer what stands behind its tag."""
    found = [a for a in c.ok(command) if a.startswith(b"ESEARCH")]
    head = b'ESEARCH (TAG "t%d")' % c.count
    assert len(found) == 1 and found[0].startswith(head), found
    return found[0][len(head):].strip()


@pytest.mark.parametrize("options, want", [
    ("()", b"UID ALL 2:3,7:8"),
    ("(ALL)", b"UID ALL 2:3,7:8"),
    ("(MIN)", b"UID MIN 2"),
    ("(MAX)", b"UID MAX 8"),
    ("(COUNT)", b"UID COUNT 4"),
    ("(MIN MAX COUNT ALL)", b"UID MIN 2 MAX 8 COUNT 4 ALL 2:3,7:8"),
    ("(PARTIAL 1:2)", b"UID PARTIAL (1:2 2:3)"),
    ("(PARTIAL 2:3)", b"UID PARTIAL (2:3 3,7)"),
    ("(PARTIAL 3:2)", b"UID PARTIAL (3:2 3,7)"),
    ("(PARTIAL 3:9)", b"UID PARTIAL (3:9 7:8)"),
    ("(PARTIAL 5:9)", b"UID PARTIAL (5:9 NIL)"),
    ("(PARTIAL -1:-2)", b"UID PARTIAL (-1:-2 7:8)"),
    ("(PARTIAL -2:-3 COUNT)", b"UID COUNT 4 PARTIAL (-2:-3 3,7)"),
    ("(PARTIAL -9:-4)", b"UID PARTIAL (-9:-4 2)"),
    ("(CONTEXT COUNT)", b"UID COUNT 4"),
])
def test_returns(shared, options, want):
    assert esearch(shared, f"UID SEARCH RETURN {options} SEEN") == want
    numbers = {b"UID ALL 2:3,7:8": b"ALL 2:3,6:7"}
    if want in numbers:
        assert esearch(shared, f"SEARCH RETURN {options} SEEN") == numbers[want]


@pytest.fixture(scope="module")
def shared(shared_pabal):
    with Imap(shared_pabal, user=next(taken)) as c:
        c.ok("SELECT INBOX")
        for i in range(8):
            c.append(message(f"number {i}"))
        c.ok("NOOP")
        c.ok("STORE 4 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        c.ok("UID STORE 2,3,7,8 +FLAGS.SILENT (\\Seen)")
        yield c


@pytest.mark.parametrize("command", [
    "SEARCH RETURN ALL", "SEARCH RETURN (ALL)", "SEARCH RETURN (NONE) ALL",
    "SEARCH RETURN (PARTIAL 0:1) ALL", "SEARCH RETURN (PARTIAL 1:*) ALL",
    "SEARCH RETURN (PARTIAL 1) ALL", "SEARCH RETURN (PARTIAL -1:2) ALL",
    "SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
    "SEARCH RETURN (PARTIAL 1:2 ALL) ALL", "SEARCH RETURN (ALL ALL",
    "SEARCH $,1", "SEARCH 1,$", "FETCH $,1 FLAGS", "SEARCH EMAILID",
    "SEARCH SAVEDON yesterday", "CANCELUPDATE t1", "CANCELUPDATE",
    "ESEARCH IN () ALL", "ESEARCH IN (selected-delayed) ALL",
    "ESEARCH IN (personal) RETURN (SAVE) ALL", "ESEARCH RETURN (COUNT)",
])
def test_refusals(shared, command):
    assert shared.cmd(command)[0] == b"BAD"
    assert shared.ok("NOOP") == []


def test_nothing_found(seven):
    """RFC 4731 3.1: MIN, MAX and ALL are left out."""
    assert esearch(seven, "SEARCH RETURN (MIN MAX ALL COUNT) FLAGGED") == \
        b"COUNT 0"
    assert esearch(seven, "SEARCH RETURN () FLAGGED") == b""
    assert seven.ok("SEARCH FLAGGED") == [b"SEARCH"]


def test_rev2_answers_are_extended(pabal, c):
    """RFC 9051 6.4.4: once IMAP4rev2 is on, SEARCH alone is ESEARCH too."""
    caps = c.ok("CAPABILITY")[0].split()
    c.append(message())
    c.ok("NOOP")
    assert c.ok("SEARCH ALL") == [b"SEARCH 1"]
    if b"IMAP4rev2" not in caps:
        pytest.skip("no IMAP4rev2 here")
    c.ok("ENABLE IMAP4rev2")
    assert esearch(c, "UID SEARCH ALL") == b"UID ALL 1"
    assert c.ok("SORT (DATE) UTF-8 ALL") == [b"SORT 1"]


def test_saved_results(seven):
    """RFC 5182 2.1: "$" wherever a set may stand; no answer for SAVE alone."""
    assert seven.ok("SEARCH $") == [b"SEARCH"]
    assert seven.ok("FETCH $ (UID)") == []
    assert seven.ok("SEARCH RETURN (SAVE) SEEN") == []
    assert seven.ok("SEARCH $") == [b"SEARCH 2 3 6 7"]
    assert seven.ok("UID SEARCH UID $") == [b"SEARCH 2 3 7 8"]
    assert seven.ok("UID SEARCH NOT $") == [b"SEARCH 1 5 6"]
    assert seven.ok("FETCH $ (UID)") == [
        b"2 FETCH (UID 2)", b"3 FETCH (UID 3)", b"6 FETCH (UID 7)",
        b"7 FETCH (UID 8)"]
    assert len(seven.ok("UID FETCH $ (FLAGS)")) == 4
    assert len(seven.ok("STORE $ +FLAGS (\\Flagged)")) == 4
    assert b"COPYUID" in seven.cmd("COPY $ Trash")[1]
    assert b" 7:8 " in seven.cmd("UID MOVE 7,8 Trash")[2][0]
    # what is gone is not in it any more
    assert seven.ok("SEARCH $") == [b"SEARCH 2 3"]
    assert seven.ok("UID STORE $ +FLAGS.SILENT (\\Deleted)") == []
    assert seven.ok("UID EXPUNGE $") == [b"2 EXPUNGE", b"2 EXPUNGE"]
    assert seven.ok("SEARCH $") == [b"SEARCH"]


@pytest.mark.parametrize("options, want", [
    ("SAVE", b" 1 2 3 4 5"), ("SAVE ALL", b" 1 2 3 4 5"),
    ("SAVE COUNT", b" 1 2 3 4 5"), ("SAVE MIN", b" 1"), ("SAVE MAX", b" 5"),
    ("SAVE MIN MAX", b" 1 5"), ("SAVE MIN COUNT", b" 1 2 3 4 5"),
    ("SAVE PARTIAL 2:3", b" 2 3"), ("SAVE PARTIAL 2:3 MAX", b" 2 3 5"),
    ("SAVE PARTIAL -1:-2 MIN", b" 1 4 5"),
    ("SAVE PARTIAL 2:3 COUNT", b" 1 2 3 4 5"),
])
def test_what_is_saved(shared, options, want):
    """RFC 5182 2.4, RFC 9394 3.2"""
    shared.ok(f"SEARCH RETURN ({options}) 1:5")
    assert shared.ok("SEARCH $") == [b"SEARCH" + want]


def test_when_saved_results_go(seven):
    """RFC 5182 2.1: BAD changes nothing, NO empties, SELECT too."""
    seven.ok("SEARCH RETURN (SAVE) 1:3")
    assert seven.cmd("SEARCH RETURN (SAVE) NONSENSE")[0] == b"BAD"
    assert seven.ok("SEARCH $") == [b"SEARCH 1 2 3"]
    seven.ok("SEARCH RETURN (SAVE) $ 2:9")
    assert seven.ok("SEARCH $") == [b"SEARCH 2 3"]
    seven.ok("UID SORT RETURN (SAVE) (REVERSE ARRIVAL) UTF-8 1,3")
    assert seven.ok("SEARCH $") == [b"SEARCH 1 3"]
    assert seven.cmd("SEARCH RETURN (SAVE) CHARSET x-none ALL")[1].startswith(
        b"[BADCHARSET")
    assert seven.ok("SEARCH $") == [b"SEARCH"]
    seven.ok("SEARCH RETURN (SAVE) 1:3")
    seven.ok("SELECT INBOX")
    assert seven.ok("SEARCH $") == [b"SEARCH"]


def test_savedate_and_objectid(seven):
    """RFC 8514 4, RFC 8474 5: days of saving; ids of ours, and others."""
    assert seven.ok("SEARCH SAVEDATESUPPORTED") == [b"SEARCH 1 2 3 4 5 6 7"]
    assert seven.ok("SEARCH SAVEDSINCE 1-Jan-2020 1:2") == [b"SEARCH 1 2"]
    assert seven.ok("SEARCH SAVEDBEFORE 1-Jan-2020") == [b"SEARCH"]
    assert seven.ok("SEARCH SAVEDON 1-Jan-2020") == [b"SEARCH"]
    assert seven.ok("SEARCH EMAILID M0000000000000001") == [b"SEARCH"]
    assert seven.ok("SEARCH THREADID T0000000000000001") == [b"SEARCH"]
    assert seven.ok("SEARCH NOT EMAILID other 1") == [b"SEARCH 1"]


def test_partial_fetch(seven):
    """RFC 9394 3.3"""
    assert seven.ok("UID FETCH 1:* (UID) (PARTIAL -1:-2)") == [
        b"6 FETCH (UID 7)", b"7 FETCH (UID 8)"]
    assert seven.ok("UID FETCH 2:7 (UID) (PARTIAL 2:3)") == [
        b"3 FETCH (UID 3)", b"4 FETCH (UID 5)"]
    assert seven.ok("UID FETCH 1:* (UID) (PARTIAL 8:9)") == []
    for bad in ("UID FETCH 1:* (UID) (PARTIAL 0:1)", "UID FETCH 1 (UID) ()",
                "UID FETCH 1 (UID) (NONE 1)", "FETCH 1 (UID) (PARTIAL 1:2)"):
        assert seven.cmd(bad)[0] == b"BAD"


def test_mailboxes(pabal, c):
    """RFC 7377 2: sources, what names a mailbox, none without results."""
    for box in ("work", "work/a", "work/a/b", "leisure"):
        c.ok(f"CREATE {box}")
        c.append(message("find me"), box)
    c.append(message("find me"))
    c.append(message("another"))
    c.ok("SUBSCRIBE work/a")
    c.ok("UNSELECT")

    def found(command):
        answers = c.ok(command)
        tag = b'ESEARCH (TAG "t%d" MAILBOX ' % c.count
        assert all(a.startswith(tag) for a in answers), answers
        assert all(b" UIDVALIDITY " in a and b") UID " in a for a in answers)
        return [a[len(tag):].split(b" ")[0].decode() for a in answers]

    everywhere = ["INBOX", "leisure", "work", "work/a", "work/a/b"]
    assert sorted(found("ESEARCH IN (personal) SUBJECT find")) == everywhere
    assert found("ESEARCH IN (personal) SUBJECT another") == ["INBOX"]
    assert found("ESEARCH IN (inboxes) RETURN (COUNT) ALL") == ["INBOX"]
    assert found("ESEARCH IN (subscribed) ALL") == ["work/a"]
    assert found("ESEARCH IN (mailboxes leisure) ALL") == ["leisure"]
    assert found("ESEARCH IN (mailboxes (leisure none INBOX leisure)) "
                 "SUBJECT find") == ["INBOX", "leisure"]
    assert found("ESEARCH IN (subtree work) ALL") == [
        "work", "work/a", "work/a/b"]
    assert found("ESEARCH IN (subtree-one work mailboxes leisure) ALL") == [
        "leisure", "work", "work/a"]
    assert c.ok("ESEARCH IN (mailboxes INBOX) RETURN (MIN COUNT) ALL")[0] \
        .endswith(b") UID MIN 1 COUNT 2")
    assert c.cmd("ESEARCH ALL")[0] == b"BAD"
    assert c.cmd("ESEARCH IN (selected) ALL")[0] == b"BAD"
    c.ok("SELECT leisure")
    assert found("ESEARCH RETURN (ALL) ALL") == ["leisure"]
    assert found("ESEARCH IN (selected inboxes) SUBJECT find") == [
        "INBOX", "leisure"]


def test_mailbox_that_goes_meanwhile(pabal):
    """What is deleted while it is looked into has no messages; the others are
    told of."""
    user = next(taken)
    with Imap(pabal, user) as c, Imap(pabal, user) as other:
        c.append(message(body="absent but here\r\n"))
        for _ in range(3):
            c.ok("CREATE aside")
            for _ in range(20):
                c.append(message(body="no such word here\r\n" * 20000),
                         "aside")
            tag = c.tag()
            c.send(tag + b" ESEARCH IN (mailboxes (aside INBOX)) BODY absent"
                   b"\r\n")
            other.ok("DELETE aside")
            status, _, told = c.finish(tag)
            assert status == b"OK" and len(told) == 1
            assert b"MAILBOX INBOX " in told[0]


def while_another_builds(pabal):
    """A process has the lock, and the index is gone: whatever needs it waits,
    and is told so; the other session's commands that do not go on."""
    top = pabal.maildir("bob")
    with Imap(pabal, "bob") as c, Imap(pabal, "bob") as other, \
            open(os.path.join(top, "pabal.lock"), "r+b") as lock:
        uid = c.append(message())
        for command in (b"SELECT INBOX", b"FETCH 1 FLAGS", b"NOOP",
                        b"STATUS INBOX (MESSAGES)", b'LIST "" *', b"IDLE",
                        b"APPEND INBOX {6}"):
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(os.path.join(top, "pabal.index"))
            tag = c.tag()
            c.send(tag + b" " + command + b"\r\n")
            assert c.answer().startswith(
                b'* OK [INPROGRESS ("%s" NIL NIL)] ' % tag)
            other.ok("CAPABILITY")
            fcntl.flock(lock, fcntl.LOCK_UN)
            while command in (b"IDLE", b"APPEND INBOX {6}"):
                if c.answer().startswith(b"+"):
                    c.send(b"DONE\r\n" if command == b"IDLE" else b"A: b\r\n"
                           b"\r\n")
                    break
            status, text, told = c.finish(tag)
            assert status == b"OK", (command, text)
            if command == b"FETCH 1 FLAGS":
                assert any(b"FETCH (FLAGS" in a for a in told)
        last = text.split(b"]")[0].split(b" ")[-1]
        c.ok("NOOP")
        assert c.ok("UID SEARCH ALL") == [b"SEARCH %d %s" % (uid, last)]


def while_files_are_taken_in(pabal):
    """SELECT of a mailbox that another program has filled."""
    top, many = pabal.maildir("bob"), 3000
    owner = os.stat(top)
    with Imap(pabal, "bob") as c:
        for i in range(many):
            path = os.path.join(top, "cur", f"{1700000000 + i}.M{i}.other:2,")
            with open(path, "wb") as f:
                f.write(b"Subject: x\n\n")
            os.chown(path, owner.st_uid, owner.st_gid)
        told = c.ok("SELECT INBOX")
        assert told[0].startswith(b'OK [INPROGRESS ("t%d" NIL NIL)] ' % c.count)
        assert b"%d EXISTS" % (many + 2) in told


def test_progress(make_pabal):
    """RFC 9585: told between the parts of a long search, never inside an answer.
    """
    p = make_pabal(("imapd", "progress_notify", "1ms"))
    while_another_builds(p)
    while_files_are_taken_in(p)
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        for _ in range(40):
            c.append(message(body="no such word here\r\n" * 20000))
        c.ok("NOOP")
        answers = c.ok("SEARCH OR BODY absent TEXT number")
        told = [a for a in answers if b"INPROGRESS" in a]
        assert told and answers[-1] == b"SEARCH" and len(told) < len(answers)
        done = []
        for a in told:
            head = b'OK [INPROGRESS ("t%d" ' % c.count
            assert a.startswith(head)
            done.append(int(a[len(head):].split(b" ")[0]))
            assert a.split(b")")[0].endswith(b" 40")
        assert done == sorted(done) and done[-1] <= 40


@pytest.mark.parametrize("command", [
    # Roundcube 1.6: searches, unseen counts, sorted and threaded lists
    "UID SEARCH RETURN (ALL) ALL UNDELETED UNSEEN",
    "UID SEARCH RETURN (ALL COUNT) ALL UNDELETED UNSEEN",
    "UID SORT RETURN (ALL) (REVERSE ARRIVAL) UTF-8 ALL UNDELETED",
    'UID SORT RETURN (ALL) (SUBJECT) UTF-8 OR HEADER SUBJECT "x" '
    'HEADER FROM "x" ALL UNDELETED',
    "UID THREAD REFS UTF-8 ALL UNDELETED",
    "UID THREAD REFERENCES US-ASCII ALL UNDELETED",
    "SEARCH RETURN (MIN MAX COUNT) UNSEEN UNDELETED",
    "UID SORT (DISPLAYFROM) US-ASCII ALL",
    "UID SORT (DATE) US-ASCII UNSEEN TEXT x",
    # Thunderbird: quick filter, search folders
    'UID SEARCH (OR SUBJECT "x" FROM "x") UNDELETED',
    'uid search charset UTF-8 OR OR FROM "x" TO "x" CC "x"',
    "UID SEARCH UNDELETED SINCE 1-Jan-2024",
    "UID SEARCH RETURN (SAVE COUNT) UID 1:* NOT DELETED",
])
def test_commands_of_clients(shared, command):
    shared.ok(command)


def test_several_mailboxes_refuse_what_one_does(make_pabal):
    """Numbers under UIDONLY, CHARSET under UTF8=ACCEPT, and "$", which is of
    the selected mailbox."""
    with Imap(make_pabal(users=("alice",))) as c:
        c.ok("SELECT INBOX")
        c.ok("UID SEARCH RETURN (SAVE) ALL")
        assert c.cmd("ESEARCH IN (personal) RETURN (ALL) $")[0] == b"BAD"
        c.ok("ENABLE UTF8=ACCEPT UIDONLY")
        assert c.cmd("ESEARCH IN (personal) CHARSET UTF-8 ALL")[0] == b"BAD"
        for command in ("ESEARCH IN (personal) RETURN (ALL) 1:*",
                        "UID THREAD REFERENCES UTF-8 1:10"):
            status, text, _ = c.cmd(command)
            assert (status, text.split()[0]) == (b"BAD", b"[UIDREQUIRED]")
        c.ok("UID SEARCH $")

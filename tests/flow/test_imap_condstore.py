# SPDX-License-Identifier: ISC
"""CONDSTORE, by the sections of RFC 7162."""
import re

import pytest
from imapraw import Imap
from pabal import DOMAIN

USERS = ("s31", "s3121", "s3122", "s313", "s3132", "s3133", "s314", "s3142",
         "s315", "s316", "s317", "s318", "two", "seen", "big")
MODSEQ = re.compile(rb"MODSEQ \((\d+)\)")


def fill(c, n, box="INBOX"):
    for i in range(n):
        c.ok(f"APPEND {box} %L", b"Subject: %d\r\n\r\nx\r\n" % i)


def code(answers, name):
    """The argument of a response code in one of the untagged lines."""
    found = [m[1] for a in answers
             if (m := re.match(rb"OK \[" + name + rb"(?: ([^\]]*))?\]", a))]
    assert len(found) == 1, answers
    return found[0]


def highest(c, box="INBOX", how="SELECT"):
    return int(code(c.ok(f"{how} {box}"), b"HIGHESTMODSEQ"))


def modseqs(answers):
    """{number: MODSEQ} of FETCH answers."""
    return {int(a.split()[0]): int(MODSEQ.search(a)[1])
            for a in answers if b" FETCH (" in a and MODSEQ.search(a)}


# 3.1: what is announced, and what turns it on

def test_capability_and_enable(pabal):
    with Imap(pabal, "s31") as c:
        assert b"CONDSTORE" in c.ok("CAPABILITY")[0].split()
        assert c.ok("ENABLE CONDSTORE") == [b"ENABLED CONDSTORE"]


@pytest.mark.parametrize("command", [
    "ENABLE CONDSTORE", "STATUS INBOX (HIGHESTMODSEQ)", "FETCH 1 (MODSEQ)",
    "UID FETCH 1 (FLAGS) (CHANGEDSINCE 1)", "SEARCH MODSEQ 1",
    "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)",
    'LIST "" INBOX RETURN (STATUS (HIGHESTMODSEQ))'])
def test_what_enables_tells_the_highest(pabal, command):
    with Imap(pabal, "s31") as c, Imap(pabal, "s31") as other:
        fill(c, 1)
        top = highest(c)
        assert not any(b"MODSEQ" in a for a in c.ok("STORE 1 FLAGS (x)"))
        assert int(code(c.ok(command), b"HIGHESTMODSEQ")) > top
        # 3.1.1: from then on, whoever changed the flags
        assert 1 in modseqs(c.ok("STORE 1 FLAGS (y)"))
        other.ok("SELECT INBOX")
        other.ok("STORE 1 FLAGS (z)")
        assert 1 in modseqs(c.ok("NOOP"))
        # and once
        assert not any(b"HIGHESTMODSEQ" in a for a in c.ok("FETCH 1 MODSEQ"))


def test_select_with_condstore(pabal):
    with Imap(pabal, "s31") as c:
        fill(c, 1)
        assert any(b"HIGHESTMODSEQ" in a
                   for a in c.ok("EXAMINE INBOX (CONDSTORE)"))
        c.ok("SELECT INBOX")
        assert 1 in modseqs(c.ok("STORE 1 FLAGS (a)"))


@pytest.mark.parametrize("bad", [
    "SELECT INBOX CONDSTORE", "SELECT INBOX ()", "SELECT INBOX (NOTHING)",
    "SELECT INBOX (CONDSTORE", "SELECT INBOX (CONDSTORE) x",
    "FETCH 1 FLAGS (CHANGEDSINCE)",
    "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)", "FETCH 1 FLAGS ()",
    "FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", "FETCH 1 FLAGS (OTHER 1)",
    "STORE 1 (UNCHANGEDSINCE) FLAGS ()", "STORE 1 () FLAGS ()",
    "STORE 1 (UNCHANGEDSINCE -1) FLAGS ()", "STORE 1 (OTHER) FLAGS ()",
    "STORE 1 (UNCHANGEDSINCE 5)FLAGS ()", "SEARCH MODSEQ", "SEARCH MODSEQ x",
    'SEARCH MODSEQ "/flags/x" 1', 'SEARCH MODSEQ "/x/y" all 1',
    'SEARCH MODSEQ "/flags/x" none 1',
    "SEARCH MODSEQ 9223372036854775808"])
def test_bad(pabal, bad):
    with Imap(pabal, "s31") as c:
        fill(c, 1)
        c.ok("SELECT INBOX")
        assert c.cmd(bad)[0] == b"BAD"
        c.ok("NOOP")


# 3.1.2.1: HIGHESTMODSEQ

def test_highest_goes_up_with_each_change(pabal):
    with Imap(pabal, "s3121") as c:
        c.ok("CREATE box")
        at = [highest(c, "box")]
        assert at[0] > 0
        fill(c, 2, "box")
        at.append(highest(c, "box"))
        c.ok("STORE 1 +FLAGS (\\Flagged)")
        at.append(highest(c, "box"))
        c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        at.append(highest(c, "box"))
        c.ok("EXPUNGE")
        at.append(highest(c, "box"))
        assert at == sorted(set(at))
        # nothing happened, also not elsewhere
        fill(c, 1)
        assert highest(c, "box", "EXAMINE") == at[-1]


# 3.1.3: STORE UNCHANGEDSINCE

def test_unchangedsince(pabal):
    with Imap(pabal, "s313") as a, Imap(pabal, "s313") as b:
        fill(a, 4)
        first = highest(a)
        b.ok("SELECT INBOX")
        assert not any(b"MODIFIED" in x
                       for x in b.ok("STORE 2 +FLAGS (\\Flagged)"))
        # in one command, those that nobody changed meanwhile
        status, text, told = a.cmd(
            f"STORE 1:4 (UNCHANGEDSINCE {first}) +FLAGS (\\Seen)")
        assert (status, text.split(b"]")[0]) == (b"OK", b"[MODIFIED 2")
        assert sorted(modseqs(told)) == [1, 2, 3, 4]
        assert b"\\Seen" not in [x for x in told if x.startswith(b"2 F")][0]
        assert b"\\Flagged" in [x for x in told if x.startswith(b"2 F")][0]
        # by UID, by UID
        status, text, _ = a.cmd(
            f"UID STORE 2:3 (UNCHANGEDSINCE {first}) +FLAGS (\\Draft)")
        assert (status, text.split(b"]")[0]) == (b"OK", b"[MODIFIED 2:3")
        # with the numbers that are true now it goes
        now = modseqs(a.ok("FETCH 1:4 (MODSEQ)"))
        status, text, told = a.cmd(
            f"STORE 3 (UNCHANGEDSINCE {now[3]}) +FLAGS (\\Draft)")
        assert status == b"OK" and b"MODIFIED" not in text
        assert modseqs(told)[3] > now[3]


def test_silent_tells_the_modseq(pabal):
    with Imap(pabal, "s3132") as c:
        fill(c, 3)
        top = highest(c)
        told = c.ok(f"STORE 1,3 (UNCHANGEDSINCE {top}) "
                    "+FLAGS.SILENT (\\Deleted)")
        told = [x for x in told if b" FETCH (" in x]
        assert sorted(modseqs(told)) == [1, 3]
        assert not any(b"FLAGS" in x for x in told)
        # without a condition, too; nothing of what did not change
        told = c.ok("UID STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        assert len(told) == 1 and re.match(
            rb"2 FETCH \(UID 2 MODSEQ \(\d+\)\)$", told[0])
        assert c.ok("NOOP") == []


def test_zero_and_a_set_that_overlaps(pabal):
    with Imap(pabal, "s3133") as c:
        fill(c, 3)
        top = highest(c)
        _, text, _ = c.cmd("STORE 1:3 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)")
        assert text.startswith(b"[MODIFIED 1:3]")
        # each message once, so its own change is no obstacle
        _, text, told = c.cmd(
            f"STORE 1:2,2,1 (UNCHANGEDSINCE {top}) +FLAGS (\\Seen)")
        assert b"MODIFIED" not in text and sorted(modseqs(told)) == [1, 2]


def test_what_is_gone_is_modified(pabal):
    with Imap(pabal, "s3133") as a, Imap(pabal, "s3133") as b:
        a.ok("CREATE gone")
        fill(a, 3, "gone")
        top = highest(a, "gone")
        b.ok("SELECT gone")
        b.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        b.ok("EXPUNGE")
        _, text, _ = a.cmd(
            f"STORE 1:3 (UNCHANGEDSINCE {top}) +FLAGS.SILENT (\\Seen)")
        assert text.startswith(b"[MODIFIED 2]")


# 3.1.4: FETCH

def test_fetch_modseq_and_changedsince(pabal):
    with Imap(pabal, "s314") as c:
        fill(c, 50)
        top = highest(c)
        all_of_them = modseqs(c.ok("FETCH 1:* MODSEQ"))
        assert len(set(all_of_them.values())) == 50
        assert max(all_of_them.values()) <= top
        c.ok("STORE 7,21:23 +FLAGS.SILENT (\\Seen)")
        told = c.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {top})")
        assert sorted(modseqs(told)) == [7, 21, 22, 23]
        assert all(b"FLAGS (" in x for x in told)
        told = c.ok(f"UID FETCH 10:22 (UID) (CHANGEDSINCE {top})")
        assert sorted(modseqs(told)) == [21, 22]
        assert all(re.match(rb"\d+ FETCH \(UID \d+ MODSEQ", x) for x in told)
        # long ago, when it is cheaper to look at each of them
        assert sorted(modseqs(c.ok("FETCH 1:* FLAGS (CHANGEDSINCE 1)"))) == \
            list(range(1, 51))
        assert c.ok(f"FETCH 1:* FLAGS (CHANGEDSINCE {highest(c)})") == []
        # as Thunderbird does for a mailbox that it knows nothing of
        assert sorted(modseqs(c.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 0)"
                                   ))) == list(range(1, 51))


def test_fetch_that_sets_seen(pabal):
    with Imap(pabal, "seen") as c:
        fill(c, 1)
        top = highest(c)
        c.ok("ENABLE CONDSTORE")
        told, = c.ok("FETCH 1 BODY[TEXT]")
        assert b"FLAGS (\\Seen" in told and int(MODSEQ.search(told)[1]) > top
        assert c.ok("NOOP") == []


def test_others_changes(pabal):
    with Imap(pabal, "two") as a, Imap(pabal, "two") as b:
        fill(a, 2)
        a.ok("SELECT INBOX (CONDSTORE)")
        b.ok("SELECT INBOX")
        tag = a.tag()
        a.send(tag + b" IDLE\r\n")
        assert a.answer().startswith(b"+")
        b.ok("STORE 2 +FLAGS (\\Answered)")
        told = a.answer()[2:]
        assert modseqs([told]) == modseqs(b.ok("FETCH 2 MODSEQ"))
        a.send(b"DONE\r\n")
        assert a.finish(tag)[0] == b"OK"


# 3.1.5: SEARCH MODSEQ

def test_search(pabal):
    with Imap(pabal, "s315") as c:
        fill(c, 5)
        top = highest(c)
        c.ok("STORE 2,4 +FLAGS.SILENT (\\Seen)")
        now = max(modseqs(c.ok("FETCH 1:* MODSEQ")).values())
        assert c.ok(f"SEARCH MODSEQ {top + 1}") == [
            b"SEARCH 2 4 (MODSEQ %d)" % now]
        assert c.ok(f'UID SEARCH MODSEQ "/flags/\\\\draft" all {top + 1} NOT 2') \
            == [b"SEARCH 4 (MODSEQ %d)" % now]
        assert c.ok(f'SEARCH OR MODSEQ "/flags/x" shared {now} 1')[0].startswith(
            b"SEARCH 1 4 (MODSEQ ")
        assert c.ok(f"SEARCH MODSEQ {now + 1}") == [b"SEARCH"]
        assert c.ok("SEARCH MODSEQ 0 3")[0].startswith(b"SEARCH 3 (MODSEQ ")
        assert c.ok("SEARCH ALL") == [b"SEARCH 1 2 3 4 5"]


# 3.1.7: STATUS

def test_status(pabal):
    with Imap(pabal, "s317") as c:
        fill(c, 1)
        status, = c.ok("STATUS INBOX (HIGHESTMODSEQ MESSAGES)")
        assert int(re.search(rb"HIGHESTMODSEQ (\d+)", status)[1]) == highest(c)
        c.ok("CREATE empty")
        status, = c.ok("STATUS empty (HIGHESTMODSEQ)")
        assert int(re.search(rb"HIGHESTMODSEQ (\d+)", status)[1]) > 0


# 3.1.8, 3.2.11: a mailbox that is left by SELECT

def test_closed(pabal):
    with Imap(pabal, "s318") as c:
        c.ok("CREATE other")
        assert not any(b"[CLOSED]" in a for a in c.ok("SELECT INBOX"))
        assert c.ok("SELECT other")[0].startswith(b"OK [CLOSED]")
        status, _, told = c.cmd("EXAMINE nothing")
        assert status == b"NO" and told[0].startswith(b"OK [CLOSED]")
        assert not any(b"[CLOSED]" in a for a in c.ok("SELECT INBOX"))


def test_deliveries_have_one(pabal):
    with Imap(pabal, "s316") as c:
        c.ok("SELECT INBOX (CONDSTORE)")
        pabal.send("hello", to=f"s316@{DOMAIN}")
        pabal.wait_mail("s316", "hello")
        c.ok("NOOP")
        assert list(modseqs(c.ok("FETCH 1 MODSEQ"))) == [1]

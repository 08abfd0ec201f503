# SPDX-License-Identifier: ISC
"""QRESYNC, by the sections of RFC 7162, and the law that it is there for: a
client that catches up by it ends with exactly what there is."""
import os
import random
import re

import pytest
from imapraw import Imap
from pabal import DOMAIN
from resyncer import Resyncer, set_of, state
from test_store import drop, files

USERS = ("s32", "s324", "s3252", "s326", "s327", "s329", "s3210", "move",
         "idle", "rebuilt", "validity", "law", "other")
MAIL = b"Subject: x\r\n\r\nx\r\n"


def fill(c, n, box="INBOX"):
    for _ in range(n):
        c.ok(f"APPEND {box} %L", MAIL)


def number(answers, name):
    return int(Resyncer.code(answers, name))


def vanished(answers):
    return [a for a in answers if a.startswith(b"VANISHED")]


def enabled(pabal, user):
    c = Imap(pabal, user)
    assert c.ok("ENABLE QRESYNC") == [b"ENABLED QRESYNC"]
    return c


# 3.2.3, 3.2.4: what has to be enabled first

def test_enable(pabal):
    with Imap(pabal, "s32") as c:
        fill(c, 1)
        assert {b"QRESYNC", b"CONDSTORE"} <= set(c.ok("CAPABILITY")[0].split())
        for bad in ("SELECT INBOX (QRESYNC (1 1))",
                    "UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"):
            c.ok("EXAMINE INBOX")
            assert c.cmd(bad)[0] == b"BAD"
        # it turns CONDSTORE on as well
        assert c.ok("ENABLE QRESYNC")[0] == b"ENABLED QRESYNC"
        c.ok("SELECT INBOX")
        told = c.ok("STORE 1 FLAGS (\\Seen)")
        assert len(told) == 1 and re.match(
            rb"1 FETCH \(UID 1 FLAGS \(\\Seen[^)]*\) MODSEQ \(\d+\)\)$",
            told[0])


@pytest.mark.parametrize("bad", [
    "(QRESYNC)", "(QRESYNC 1 1)", "(QRESYNC (1))", "(QRESYNC (0 1))",
    "(QRESYNC (1 0))", "(QRESYNC (1 x))", "(QRESYNC (1 1 *))",
    "(QRESYNC (1 1 1:*))", "(QRESYNC (1 1 ()))", "(QRESYNC (1 1 (1)))",
    "(QRESYNC (1 1 1 (1 1:2)))", "(QRESYNC (1 1 1 (2,1 1:2)))",
    "(QRESYNC (1 1 1 (1 *)))", "(QRESYNC (1 1 1 (1 1)) (QRESYNC (1 1)))",
    "(QRESYNC (1 1) QRESYNC (1 1))", "(QRESYNC (1 9223372036854775808))",
    "(QRESYNC (1 1 1 (1 1) 1))", "(QRESYNC (1 1 $))",
    "(QRESYNC (1 1 1 ($ 1)))", "(QRESYNC (1 1 1 (1 $)))", "(QRESYNC (4294967296 1))"])
def test_bad_parameters(pabal, bad):
    with enabled(pabal, "s32") as c:
        assert c.cmd("SELECT INBOX " + bad)[0] == b"BAD"


def test_bad_modifiers(pabal):
    with enabled(pabal, "s32") as c:
        c.ok("SELECT INBOX")
        for bad in ("FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
                    "UID FETCH 1 FLAGS (VANISHED)",
                    "UID FETCH 1 FLAGS (VANISHED VANISHED CHANGEDSINCE 1)"):
            assert c.cmd(bad)[0] == b"BAD", bad


# 3.2.5: SELECT

def test_select(pabal):
    with enabled(pabal, "s324") as c, Imap(pabal, "s324") as other:
        fill(c, 10)
        first = c.ok("SELECT INBOX")
        validity = number(first, b"UIDVALIDITY")
        top = number(first, b"HIGHESTMODSEQ")
        other.ok("SELECT INBOX")
        other.ok("STORE 3:4,7,10 +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        other.ok("STORE 1,5 +FLAGS (\\Seen)")

        def told(parameters):
            c.ok("UNSELECT")
            return [a for a in c.ok(f"SELECT INBOX (QRESYNC ({parameters}))")
                    if a.startswith(b"VANISHED") or b" FETCH " in a]

        answers = told(f"{validity} {top}")
        assert answers[0] == b"VANISHED (EARLIER) 3:4,7,10"
        assert [a.split(b" FLAGS")[0] for a in answers[1:]] == [
            b"1 FETCH (UID 1", b"5 FETCH (UID 8"]
        # of what the client knows only
        answers = told(f"{validity} {top} 2:3,5:8")
        assert answers[0] == b"VANISHED (EARLIER) 3,7"
        assert [a.split(b" FLAGS")[0] for a in answers[1:]] == [
            b"5 FETCH (UID 8"]
        # all is known, and another mailbox is meant
        now = number(c.ok("SELECT INBOX"), b"HIGHESTMODSEQ")
        assert told(f"{validity} {now}") == []
        assert told(f"{validity + 1} {top}") == []
        # together with the other parameter
        c.ok("UNSELECT")
        assert vanished(c.ok(
            f"EXAMINE INBOX (CONDSTORE QRESYNC ({validity} {top} 10))")) == [
            b"VANISHED (EARLIER) 10"]
        # HIGHESTMODSEQ, VANISHED, FETCH in this order
        c.ok("UNSELECT")
        order = [re.match(rb"OK \[\w+|\w+", re.sub(rb"^\d+ ", b"", a))[0]
                 for a in c.ok(f"SELECT INBOX (QRESYNC ({validity} {top}))")]
        assert order.index(b"OK [HIGHESTMODSEQ") < order.index(b"VANISHED") \
            < order.index(b"FETCH")


# 3.2.5.2, and a log that does not reach back: after the index was built anew

def test_after_a_rebuild(pabal):
    with enabled(pabal, "rebuilt") as c:
        fill(c, 12)
        first = c.ok("SELECT INBOX")
        validity = number(first, b"UIDVALIDITY")
        top = number(first, b"HIGHESTMODSEQ")
        c.ok("STORE 2,9:10 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
    pabal.stop()
    os.unlink(os.path.join(pabal.maildir("rebuilt"), "pabal.index", "stamp"))
    pabal.start()
    with enabled(pabal, "rebuilt") as c:
        def told(known):
            return c.ok(f"SELECT INBOX (QRESYNC ({validity} {top}{known}))")

        first = told("")
        assert number(first, b"UIDVALIDITY") == validity
        assert number(first, b"HIGHESTMODSEQ") > top
        # UIDs that may have been given are gone, or so it seems
        gone, = vanished(first)
        assert gone.startswith(b"VANISHED (EARLIER) 2,9:10,13:")
        assert sum(b" FETCH " in a for a in first) == 9
        # what a client has is told exactly
        assert vanished(told(" 1:12")) == [b"VANISHED (EARLIER) 2,9:10"]
        assert vanished(told(" 1,3:8")) == []
        # and not at all what it can be seen to have no more
        assert vanished(told(" 1:12 (7 8)")) == [b"VANISHED (EARLIER) 9:10"]
        assert vanished(told(" 1:12 (1:9 1:9)")) == [
            b"VANISHED (EARLIER) 2,9:10"]
        assert vanished(told(" 1:12 (1:4,8:9 1,3:5,11:12)")) == []
        assert vanished(told(" (4294967295 4294967295)")) == vanished(first)
        # "*" of UID FETCH reaches to UIDNEXT - 1
        c.ok("SELECT INBOX")
        assert vanished(c.ok(
            f"UID FETCH 9:* FLAGS (CHANGEDSINCE {top} VANISHED)"))[0] \
            .startswith(b"VANISHED (EARLIER) 9:10,13:")
        # a number of the future: nothing is known
        far = 2 ** 62
        assert vanished(c.ok(
            f"UID FETCH 1:12 FLAGS (CHANGEDSINCE {far} VANISHED)")) == [
            b"VANISHED (EARLIER) 2,9:10"]


# 3.2.6: UID FETCH with VANISHED

def test_fetch_vanished(pabal):
    with enabled(pabal, "s326") as c, Imap(pabal, "s326") as other:
        fill(c, 8)
        top = number(c.ok("SELECT INBOX"), b"HIGHESTMODSEQ")
        c.ok("STORE 2,5,8 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        c.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        answers = c.ok(f"UID FETCH 1:* (UID) (CHANGEDSINCE {top} VANISHED)")
        assert answers[0] == b"VANISHED (EARLIER) 2,5,8"
        assert re.match(rb"1 FETCH \(UID 1 MODSEQ \(\d+\)\)$", answers[1])
        assert len(answers) == 2
        assert vanished(c.ok(
            f"UID FETCH 3:7 (UID) (CHANGEDSINCE {top} VANISHED)")) == [
            b"VANISHED (EARLIER) 5"]
        # what the client was not told of yet is no earlier one
        other.ok("SELECT INBOX")
        other.ok("UID STORE 3 +FLAGS.SILENT (\\Deleted)")
        other.ok("UID EXPUNGE 3")
        told = vanished(c.ok(f"UID FETCH 1:* (UID) "
                             f"(VANISHED CHANGEDSINCE {top})"))
        assert told == [b"VANISHED (EARLIER) 2,5,8", b"VANISHED 3"]


# 3.2.7, 3.2.9: EXPUNGE and UID EXPUNGE tell the new HIGHESTMODSEQ

def test_expunge(pabal):
    with enabled(pabal, "s327") as c:
        fill(c, 6)
        top = number(c.ok("SELECT INBOX"), b"HIGHESTMODSEQ")
        c.ok("STORE 1:2,4,6 +FLAGS.SILENT (\\Deleted)")
        status, text, told = c.cmd("UID EXPUNGE 2:4")
        assert (status, told) == (b"OK", [b"VANISHED 2,4"])
        at = int(re.match(rb"\[HIGHESTMODSEQ (\d+)\]", text)[1])
        assert at > top
        status, text, told = c.cmd("EXPUNGE")
        assert (status, told) == (b"OK", [b"VANISHED 1,6"])
        at = int(re.match(rb"\[HIGHESTMODSEQ (\d+)\]", text)[1])
        assert number(c.ok("SELECT INBOX"), b"HIGHESTMODSEQ") == at
    # for CONDSTORE alone, with EXPUNGE
    with Imap(pabal, "s327") as c:
        c.ok("SELECT INBOX (CONDSTORE)")
        c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        status, text, told = c.cmd("EXPUNGE")
        assert told == [b"1 EXPUNGE"] and text.startswith(b"[HIGHESTMODSEQ ")
    with Imap(pabal, "s327") as c:
        c.ok("SELECT INBOX")
        assert not c.cmd("EXPUNGE")[1].startswith(b"[")


# 3.2.8: CLOSE tells none

def test_close(pabal):
    with enabled(pabal, "s329") as c:
        fill(c, 2)
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        status, text, told = c.cmd("CLOSE")
        assert (status, told) == (b"OK", []) and b"MODSEQ" not in text


# 3.2.10: VANISHED where EXPUNGE would be, and not where it may not be

def test_vanished_of_others(pabal):
    with enabled(pabal, "s3210") as c, Imap(pabal, "s3210") as other:
        fill(c, 6)
        c.ok("SELECT INBOX")
        other.ok("SELECT INBOX")
        other.ok("STORE 2:3,6 +FLAGS.SILENT (\\Deleted)")
        assert other.ok("EXPUNGE") == [b"2 EXPUNGE", b"2 EXPUNGE", b"4 EXPUNGE"]
        for command in ("FETCH 1 UID", "STORE 1 +FLAGS (x)", "SEARCH ALL"):
            assert vanished(c.ok(command)) == []
        assert vanished(c.ok("UID SEARCH ALL")) == [b"VANISHED 2:3,6"]
        # the numbers are those after it
        assert c.ok("FETCH 3 UID") == [b"3 FETCH (UID 5)"]
        fill(other, 1)
        assert b"4 EXISTS" in c.ok("NOOP")


def test_move(pabal):
    with enabled(pabal, "move") as c, enabled(pabal, "move") as other:
        fill(c, 4)
        c.ok("CREATE to")
        c.ok("SELECT INBOX")
        other.ok("SELECT INBOX")
        status, text, told = c.cmd("UID MOVE 2:3 to")
        assert told[0].startswith(b"OK [COPYUID ")
        assert told[1:] == [b"VANISHED 2:3"]
        assert re.match(rb"\[HIGHESTMODSEQ \d+\]", text)
        assert vanished(other.ok("NOOP")) == [b"VANISHED 2:3"]
        # the copies are newer than anything the target had
        target = other.ok("SELECT to (QRESYNC (1 1))")
        assert number(target, b"HIGHESTMODSEQ") > 1


def test_idle(pabal):
    with enabled(pabal, "idle") as c, Imap(pabal, "idle") as other:
        fill(c, 3)
        c.ok("SELECT INBOX")
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+ ")
        other.ok("SELECT INBOX")
        other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        assert re.match(rb"\* 2 FETCH \(UID 2 FLAGS \(\\Deleted[^)]*\) "
                        rb"MODSEQ \(\d+\)\)$", c.answer())
        other.ok("EXPUNGE")
        assert c.answer() == b"* VANISHED 2"
        # a foreign program
        os.unlink(next(p for n, p in files(pabal, "idle").items()
                       if ",U=3" in n))
        assert c.answer() == b"* VANISHED 3"
        c.send(b"DONE\r\n")
        assert c.finish(tag)[0] == b"OK"


def test_another_uidvalidity(pabal):
    with enabled(pabal, "validity") as c:
        c.ok("CREATE box")
        fill(c, 2, "box")
        client = Resyncer("box")
        client.catch_up(pabal, "validity")
        assert set(client.flags) == {1, 2}
        c.ok("DELETE box")
        c.ok("CREATE box")
        fill(c, 1, "box")
        client.catch_up(pabal, "validity")
        assert client.flags == state(c, "box") and len(client.flags) == 1


# ---- the law ----

WORDS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "one", "two")


def deliver(pabal, rng, user, c):
    for _ in range(rng.randint(1, 3)):
        c.ok("APPEND INBOX %L", MAIL)


def by_lmtp(pabal, rng, user, c):
    name = f"law {rng.random()}"
    pabal.send(name, to=f"{user}@{DOMAIN}")
    pabal.wait_mail(user, name)


def chosen(rng, c, most):
    uids = [int(u) for u in c.ok("UID SEARCH ALL")[0].split()[1:]]
    return set_of(rng.sample(uids, min(len(uids), rng.randint(1, most))))


def store(pabal, rng, user, c):
    some = chosen(rng, c, 9)
    if some:
        c.ok(f"UID STORE {some} {rng.choice(['+', '-', ''])}FLAGS.SILENT "
             f"({rng.choice(WORDS)})")


def expunge(pabal, rng, user, c):
    some = chosen(rng, c, 6)
    if some:
        c.ok(f"UID STORE {some} +FLAGS.SILENT (\\Deleted)")
        c.ok(f"UID EXPUNGE {some}")


def move(pabal, rng, user, c):
    some = chosen(rng, c, 3)
    if some:
        c.ok(f"UID MOVE {some} Trash")


def foreign(pabal, rng, user, c):
    found = sorted(files(pabal, user).values())
    if not found:
        return
    path = rng.choice(found)
    what = rng.randrange(3)
    try:
        if what == 0:
            os.unlink(path)
        elif what == 1:
            name = os.path.basename(path).split(":2,")[0]
            os.rename(path, os.path.join(
                pabal.maildir(user), "cur",
                f"{name}:2,{rng.choice(['', 'S', 'F', 'FS'])}"))
        else:
            drop(pabal, user, f"new/{rng.getrandbits(60)}.f.x", b"A: b\n\nx\n")
    except FileNotFoundError:
        pass  # its name was just brought up to date
    c.ok("CHECK")


STEPS = (deliver, deliver, by_lmtp, store, store, store, expunge, expunge,
         move, foreign, foreign)


@pytest.mark.parametrize("seed", [
    int(s) for s in os.environ.get("PABAL_SEED", "1 2 3").split()])
def test_law(pabal, seed):
    rng = random.Random(seed)
    user = "law"
    clients = [(Resyncer(), k, m) for k in (True, False)
               for m in (True, False)]
    for _ in range(12):
        with Imap(pabal, user) as c:
            c.ok("SELECT INBOX")
            for _ in range(rng.randint(1, 8)):
                rng.choice(STEPS)(pabal, rng, user, c)
            c.ok("CHECK")
        if rng.random() < 0.15:
            # the log ends here
            pabal.stop()
            os.unlink(os.path.join(pabal.maildir(user), "pabal.index",
                                   "stamp"))
            pabal.start()
        for client, known, match in clients:
            # not all of them were there each time
            if rng.random() < 0.6:
                client.catch_up(pabal, user, known, match)
                with Imap(pabal, user) as c:
                    assert client.flags == state(c, "INBOX"), (seed, known)

# SPDX-License-Identifier: ISC
"""Sessions that idle are parked (lib/ipc/parking.def): no process of their
account is there meanwhile, and nothing that happens is missed or told twice."""
import os
import random
import signal

import pytest

from imapraw import Closed, Imap
from pabal import DOMAIN, message, wait
from test_imap_compress import Compressed, CompressedTls
from test_store import drop

USERS = ("alice", "bob", "carol", "dave")
CONF = [("imapd", "park_after", "20ms")]


def session(kind, packs):
    """Makes a session of KIND, compressed or not."""
    def make(p, user="alice"):
        c = kind(p, user)
        return c.compress() if packs else c
    return make


KINDS = [session(Imap, False), session(CompressedTls, False),
         session(Compressed, True), session(CompressedTls, True)]


def metric(p, name):
    return sum(int(line.split()[-1]) for line in p.pabal("metrics").splitlines()
               if line.startswith(name + "{"))


def held(p):
    return metric(p, "pabal_parking_sessions")


def active(p):
    return metric(p, "pabal_imapd_sessions")


def idle(c):
    tag = c.tag()
    c.send(tag + b" IDLE\r\n")
    assert c.answer().startswith(b"+")
    return tag


def parked(p, *sessions):
    """All of SESSIONS begin to idle; their tags when parking has them."""
    tags = [idle(c) for c in sessions]
    wait(lambda: held(p) == len(sessions) and active(p) == 0, "parked")
    return tags


def done(c, tag):
    c.send(b"DONE\r\n")
    status, _, told = c.finish(tag)
    assert status == b"OK"
    return told


def append(p, user, box="INBOX"):
    with Imap(p, user) as c:
        return c.append(message("another"), box)


def empty(p):
    wait(lambda: held(p) == 0, "none left")


@pytest.mark.parametrize("kind", KINDS)
def test_back_when_the_client_moves(pabal, kind):
    with kind(pabal) as c:
        c.ok("SELECT INBOX")
        [tag] = parked(pabal, c)
        assert done(c, tag) == []
        c.ok("NOOP")
        [tag] = parked(pabal, c)  # and once more
        done(c, tag)
    empty(pabal)


@pytest.mark.parametrize("kind", KINDS)
def test_back_when_mail_comes(pabal, kind):
    with kind(pabal, "bob") as c:
        before = int(next(a for a in c.ok("SELECT INBOX")
                          if a.endswith(b" EXISTS")).split()[0])
        [tag] = parked(pabal, c)
        for n in range(1, 4):
            pabal.send(f"news {n}", to=f"bob@{DOMAIN}")
            assert c.answer() == b"* %d EXISTS" % (before + n)
            assert c.answer().endswith(b" RECENT")
            wait(lambda: held(pabal) == 1, "parked again")
        assert done(c, tag) == []
    empty(pabal)


def test_what_other_sessions_do(pabal):
    with Imap(pabal, "carol") as c, Imap(pabal, "carol") as other:
        uids = [other.append(message(f"{n}")) for n in range(4)]
        c.ok("ENABLE CONDSTORE")
        c.ok("SELECT INBOX")
        other.ok("SELECT INBOX")
        tag = idle(c)
        wait(lambda: held(pabal) == 1, "parked")
        other.ok(f"UID STORE {uids[1]} +FLAGS (\\Flagged $Mine)")
        told = [c.answer() for _ in range(3)]
        assert told[0].startswith(b"* FLAGS ") and b"$Mine" in told[0]
        assert b"PERMANENTFLAGS" in told[1]
        assert told[2].startswith(b"* 2 FETCH (FLAGS (\\Flagged ")
        assert b"MODSEQ" in told[2]
        wait(lambda: held(pabal) == 1, "parked again")
        other.ok(f"UID STORE {uids[0]}:{uids[2]} +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        while c.answer() != b"* 1 EXPUNGE":
            pass
        assert [c.answer(), c.answer()] == [b"* 1 EXPUNGE"] * 2
        done(c, tag)
        assert c.ok("UID SEARCH ALL")[0] == b"SEARCH %d" % uids[3]
    empty(pabal)


def test_vanished_and_read_only(pabal):
    with Imap(pabal, "carol") as c:
        first = append(pabal, "carol")
        c.ok("ENABLE QRESYNC")
        c.ok("EXAMINE INBOX")
        [tag] = parked(pabal, c)
        with Imap(pabal, "carol") as other:
            other.ok("SELECT INBOX")
            other.ok(f"UID STORE {first} +FLAGS.SILENT (\\Deleted)")
            other.ok(f"UID EXPUNGE {first}")
        while c.answer() != b"* VANISHED %d" % first:
            pass  # that it was \\Deleted, perhaps
        done(c, tag)
        assert c.cmd("EXPUNGE")[0] == b"NO"  # it was EXAMINE
    empty(pabal)


def test_without_a_mailbox(pabal):
    with Imap(pabal, "carol") as c:
        [tag] = parked(pabal, c)
        append(pabal, "carol")
        assert done(c, tag) == []
        c.ok("SELECT INBOX")
    empty(pabal)


def test_files_of_other_programs(pabal):
    with Imap(pabal, "dave") as c:
        c.ok("SELECT INBOX")
        [tag] = parked(pabal, c)
        drop(pabal, "dave", "tmp/1700000000.M1P1.other", message("dropped"))
        top = pabal.maildir("dave")
        os.rename(top + "/tmp/1700000000.M1P1.other",
                  top + "/new/1700000000.M1P1.other")
        assert c.answer() == b"* 1 EXISTS"
        assert c.answer() == b"* 1 RECENT"
        done(c, tag)
    empty(pabal)


def test_the_mailbox_gets_another_name(pabal):
    with Imap(pabal, "dave") as c, Imap(pabal, "dave") as other:
        c.ok("CREATE before")
        c.ok("SELECT before")
        tag = idle(c)
        wait(lambda: held(pabal) == 1, "parked")
        other.ok("RENAME before after")
        other.append(message("x"), "after")
        assert c.answer() == b"* 1 EXISTS"
        c.answer()
        done(c, tag)
        assert c.ok("UID SEARCH ALL") == [b"SEARCH 1"]
    empty(pabal)


def test_the_mailbox_is_deleted(pabal):
    with Imap(pabal, "dave") as c, Imap(pabal, "dave") as other:
        c.ok("CREATE short")
        c.ok("SELECT short")
        idle(c)
        wait(lambda: held(pabal) == 1, "parked")
        other.ok("DELETE short")
        assert c.answer().startswith(b"* BYE ")
        with pytest.raises(Closed):
            c.answer()
    empty(pabal)


def test_the_client_leaves(pabal):
    since = pabal.mark()
    with Imap(pabal) as c:
        parked(pabal, c)
    pabal.wait_event("parking.session-end", since, why="eof",
                     account=f"alice@{DOMAIN}")
    empty(pabal)


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[2]])
def test_time_passes(make_pabal, kind):
    """Lines while nothing happens, then the end, all from parking."""
    p = make_pabal(("imapd", "idle_notify", "10s"),
                   ("imapd", "idle_timeout", "12s"), users=("alice",))
    with kind(p) as c:
        c.ok("SELECT INBOX")
        parked(p, c)
        assert c.answer() == b"* OK Still here"
        assert c.answer().startswith(b"* BYE ")
        with pytest.raises(Closed):
            c.answer()
    assert p.events("parking.session-end")[0]["why"] == "timeout"


@pytest.mark.parametrize("kind", KINDS)
def test_stop(make_pabal, kind):
    p = make_pabal(users=("alice",))
    with kind(p) as c:
        parked(p, c)
        p.stop()
        assert c.answer().startswith(b"* BYE [UNAVAILABLE] ")
        with pytest.raises((Closed, OSError)):
            c.answer()


def test_what_cannot_be_parked_stays(pabal):
    """NOTIFY and a saved result are this process's; all is told as before."""
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        c.ok("NOTIFY SET (selected (MessageNew MessageExpunge))")
        tag = idle(c)
        append(pabal, "alice")
        assert c.answer().endswith(b" EXISTS")
        assert held(pabal) == 0
        c.answer()
        done(c, tag)


def test_no_process_while_all_sleep(make_pabal):
    p = make_pabal(("master", "idle_timeout", "1s"), users=USERS)
    sessions = [Imap(p, u) for u in USERS for _ in range(5)]
    for c in sessions:
        c.ok("SELECT INBOX")
    tags = parked(p, *sessions)
    wait(lambda: len(p.pids("imapd")) <= 1, "only the nursery")
    for c, tag in zip(sessions, tags):
        done(c, tag)
        c.close()
    empty(p)


@pytest.mark.allow("child.exited", "child.killed", "imapd.park-failed")
def test_kill_parking(make_pabal):
    """Its sessions end, others go on, and the next ones are parked again."""
    p = make_pabal(users=("alice", "bob"))
    with Imap(p, "alice") as c, Imap(p, "bob") as other:
        other.ok("SELECT INBOX")
        idle(c)
        wait(lambda: held(p) == 1, "parked")
        os.kill(p.pids("parking")[0], signal.SIGKILL)
        with pytest.raises((Closed, OSError)):
            c.answer()
        other.ok("NOOP")

        def again():
            tag = idle(other)
            wait(lambda: p.pids("parking") != [], "another")
            return tag
        tag = again()
        wait(lambda: held(p) == 1, "parked")
        done(other, tag)


def test_random_walk(pabal):
    """Whatever is done to a mailbox while its sessions sleep and wake: each is
    told all of it exactly once, so that it ends with what there is."""
    rnd = random.Random(int(os.environ.get("PABAL_SEED", "1")))
    make = [rnd.choice(KINDS) for _ in range(6)]
    with Imap(pabal, "bob") as actor:
        actor.ok("CREATE walk")
        actor.ok("SELECT walk")
        sessions = [k(pabal, "bob") for k in make]
        pictures = []
        for c in sessions:
            c.ok("SELECT walk")
            pictures.append([])
        tags = [idle(c) for c in sessions]
        uids, flags = [], {}
        for _ in range(60):
            act(rnd, actor, uids, flags)
            if rnd.random() < .3:
                wait(lambda: held(pabal) == len(sessions), "parked")
        for c, tag, seen in zip(sessions, tags, pictures):
            c.send(b"DONE\r\n")
            _, _, told = c.finish(tag)
            follow(seen, told)
            assert len(seen) == len(uids)
            rows = c.ok("FETCH 1:* (UID FLAGS)") if uids else []
            assert [int(r.split(b"UID ")[1].split()[0]) for r in rows] == uids
            for have, uid in zip(seen, uids):
                assert have in (None, flags[uid])
            c.close()
        actor.ok("DELETE walk")
    empty(pabal)


def act(rnd, c, uids, flags):
    what = rnd.choice(("append", "append", "flag", "expunge"))
    if what == "append" or not uids:
        uids.append(c.append(message("x"), "walk"))
        flags[uids[-1]] = False
        return
    uid = rnd.choice(uids)
    if what == "flag":
        flags[uid] = not flags[uid]
        c.ok(f"UID STORE {uid} {'+-'[not flags[uid]]}FLAGS (\\Flagged)")
    else:
        c.ok(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        c.ok(f"UID EXPUNGE {uid}")
        uids.remove(uid)


def follow(seen, told):
    """SEEN, by sequence number: is a message \\Flagged (None: not told)."""
    for a in told:
        word = a.split()
        if word[1] == b"EXISTS":
            assert int(word[0]) > len(seen)
            seen += [None] * (int(word[0]) - len(seen))
        elif word[1] == b"EXPUNGE":
            del seen[int(word[0]) - 1]
        elif word[1] == b"FETCH":
            seen[int(word[0]) - 1] = b"\\Flagged" in a


def test_many_at_once(make_pabal):
    """As many of one process as want to: none is lost on the way."""
    p = make_pabal(users=("alice",))
    sessions = [Imap(p) for _ in range(100)]
    for c in sessions:
        c.ok("SELECT INBOX")
    tags = parked(p, *sessions)
    append(p, "alice")
    for c, tag in zip(sessions, tags):
        assert c.answer() == b"* 1 EXISTS"
        c.answer()
        done(c, tag)
        c.close()
    empty(p)


def test_news_of_who_leaves_at_once(pabal):
    """The account's last session ends in the turn of its change."""
    with Imap(pabal, "carol") as c:
        c.ok("CREATE words")
        words = " ".join(f"w{n}" for n in range(40))
        for n in range(2):
            Imap(pabal, "carol").append(message(f"{n}"), "words")
        c.ok("SELECT words")
        c.ok(f"STORE 1 +FLAGS.SILENT ({words})")
        [tag] = parked(pabal, c)
        with Imap(pabal, "carol") as other:
            other.ok("SELECT words")
            other.send(b"x STORE 2 +FLAGS.SILENT (w39)\r\ny LOGOUT\r\n")
            while not other.answer().startswith(b"y OK"):
                pass
        assert b"w39" in c.answer()
        done(c, tag)
        c.ok("CLOSE")
        c.ok("DELETE words")
    empty(pabal)

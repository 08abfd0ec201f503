# SPDX-License-Identifier: ISC
"""The full-text index: whatever becomes of it, SEARCH finds what it finds without
one."""
import json
import os
import random
import shutil
import signal
import sqlite3

import pytest
from imapraw import Closed, Imap

from pabal import DOMAIN, wait

SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))
USERS = ("alice", "bob", "carol", "dave")
WORDS = ("alpha Bravo Rechnung invoice GRÜSSE Straße café Ωμέγα Привет 안녕하세요 "
         "회의 보고서 회의록 한 日本語 東京 カタカナ a1b2c3d4e5 20261130221500 ab "
         "abab ㅋㅋㅋㅋ don't e-mail a@b.example x_y İstanbul zebra").split()
PAGE = 4096


def words(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n))


def message(rng, i):
    if rng.random() < .3:
        body = f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>{words(rng, 20)}</p>"
    else:
        body = ("Content-Type: text/plain; charset=utf-8\r\n\r\n"
                f"{words(rng, 30)}\r\n{rng.randbytes(24).hex()} {i}\r\n")
    return (f"From: {rng.choice(['ann', 'Bo'])} <p{i % 7}@example.org>\r\n"
            f"Subject: {words(rng, 4)}\r\nX-Id: {rng.randbytes(12).hex()}\r\n"
            f"{body}").encode()


def needles(rng):
    """Strings that are in some messages, and some that are in none."""
    for w in WORDS:
        yield w
        a = rng.randrange(len(w))
        yield w[a:a + rng.randint(1, 4)]
    for _ in range(20):
        yield words(rng, 2)
        yield words(rng, 3)[rng.randrange(3):-rng.randint(1, 3)]
    yield from ("ver", "의", "<p>", "1", "..", "notthere", "x", "회의x", "zebra alpha")


def answers(c, rng):
    """What SEARCH says of the same needles, in each way."""
    found = {}
    for n in needles(rng):
        for key in "TEXT", "BODY", "HEADER X-Id", "NOT TEXT", "HEADER Subject":
            [a] = [a for a in c.ok(f"SEARCH CHARSET UTF-8 {key} %L", n.encode())
                   if a.startswith(b"SEARCH")]
            found[key, n] = a
        [found["OR", n]] = c.ok("SEARCH CHARSET UTF-8 OR BODY %L (SEEN TEXT %L)",
                                n.encode(), "회의".encode())
    return found


def fill(c, rng, n, box="INBOX"):
    for i in range(n):
        c.append(message(rng, i), box, "(\\Seen) " if i % 3 == 0 else "")


def top(p, user):
    return os.path.join(p.maildir(user), "pabal.index")


def db(p, user):
    return os.path.join(top(p, user), "fulltext.db")


def ask_db(p, user, sql):
    """What its database says; None: nothing, now."""
    try:
        c = sqlite3.connect(f"file:{db(p, user)}?mode=ro", uri=True, timeout=0)
        try:
            return c.execute(sql).fetchall()
        finally:
            c.close()
    except sqlite3.Error:
        return None


def indexed(p, user):
    """Messages that are in it."""
    found = ask_db(p, user, "SELECT coalesce(sum(n), 0) FROM run")
    return found[0][0] if found else 0


def wait_indexed(p, c, user, n):
    """NOOP keeps the account open."""
    wait(lambda: c.ok("NOOP") is not None and indexed(p, user) >= n,
         f"{n} messages in the index")


@pytest.fixture
def without(make_pabal):
    """An instance whose sessions have no index, until told so."""
    p = make_pabal(users=USERS[:2])
    p.conf("imapd", "fulltext", "no")
    p.reload()
    return p


def test_the_same_with_and_without(without):
    p, rng = without, random.Random(SEED)
    print(f"seed {SEED}")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        fill(c, rng, 120)
        c.ok("NOOP")
        before = answers(c, random.Random(1))
        assert not os.path.exists(db(p, "alice"))
        p.conf("imapd", "fulltext", "searched")
        p.reload()
        c.ok("SEARCH TEXT nothing")
        wait_indexed(p, c, "alice", 120)
        assert answers(c, random.Random(1)) == before
        # What came since is found as well, and nothing else is lost.
        c.append(message(rng, 1).replace(b"Subject: ", b"Subject: latecomer "))
        c.ok("NOOP")
        assert c.ok("SEARCH TEXT latecomer") == [b"SEARCH 121"]
        wait_indexed(p, c, "alice", 121)
        assert c.ok("SEARCH TEXT latecomer") == [b"SEARCH 121"]


def overwrite(p, user, old, new):
    """In the files themselves, of which nobody is told."""
    for sub in "cur", "new":
        d = os.path.join(p.maildir(user), sub)
        for name in os.listdir(d):
            with open(os.path.join(d, name), "r+b") as f:
                data = f.read()
                f.seek(0)
                f.write(data.replace(old, new))


def test_no_file_is_read(pabal):
    """A word is found in files that do not have it any more: they were not
    looked at."""
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        for i in range(5):
            c.append(b"Subject: s\r\n\r\nhas pelican %d\r\n" % i)
        c.ok("NOOP")
        c.ok("SEARCH TEXT pelican")
        wait_indexed(pabal, c, "alice", 5)
        overwrite(pabal, "alice", b"pelican", b"ostrich")
        assert c.ok("SEARCH BODY pelican") == [b"SEARCH 1 2 3 4 5"]
        assert c.ok("SEARCH BODY pelic") == [b"SEARCH 1 2 3 4 5"]
        assert c.ok("SEARCH TEXT ostrich") == [b"SEARCH"]


def test_copies_and_what_is_gone(pabal):
    """A copy is no other document; mailboxes come, move and go."""
    with Imap(pabal, user="bob") as c:
        c.ok("SELECT INBOX")
        for i in range(20):
            c.append(b"Subject: s\r\n\r\nheron %d\r\n" % i)
        c.ok("CREATE other")
        c.ok("NOOP")
        c.ok("SEARCH TEXT heron")
        wait_indexed(pabal, c, "bob", 20)
        c.ok("COPY 1:10 other")
        c.ok("MOVE 11:12 other")
        wait_indexed(pabal, c, "bob", 32)
        assert ask_db(pabal, "bob", "SELECT doc FROM last") == [(20,)]
        c.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        [found] = c.ok("SEARCH RETURN (COUNT) BODY heron")
        assert found.endswith(b"COUNT 16")
        c.ok("RENAME other else")
        c.ok("SELECT else")
        overwrite(pabal, "bob", b"heron", b"stork")
        [found] = c.ok("SEARCH RETURN (COUNT) BODY heron")
        assert found.endswith(b"COUNT 12")
        [found] = c.ok("ESEARCH IN (personal) RETURN (COUNT) BODY \"heron 1\"")[:1]
        assert b"MAILBOX" in found


@pytest.mark.parametrize("isolation", ["account", "domain", "uid"])
def test_isolation(make_pabal, isolation):
    p = make_pabal(users=USERS[:2])
    p.conf("imapd", "isolation", isolation)
    p.conf("imapd", "fulltext", "always")
    p.reload()
    for user in USERS[:2]:
        with Imap(p, user=user) as c:
            c.ok("SELECT INBOX")
            c.append(b"Subject: s\r\n\r\n%s\r\n" % user.encode())
            c.ok("NOOP")
            wait_indexed(p, c, user, 1)
            overwrite(p, user, user.encode(), b"x" * len(user))
            assert c.ok("SEARCH TEXT alice") == [
                b"SEARCH 1" if user == "alice" else b"SEARCH"]


def serving(p, user):
    """The process that has the index of USER open."""
    for pid in p.pids("imapd"):
        try:
            fds = os.listdir(f"/proc/{pid}/fd")
            if any(os.readlink(f"/proc/{pid}/fd/{f}") == db(p, user) for f in fds):
                return pid
        except OSError:
            continue
    return None


def expected(n):
    return [b"SEARCH " + b" ".join(b"%d" % i for i in range(1, n + 1, 2))]


def put_birds(p, user, n):
    with Imap(p, user=user) as c:
        for i in range(n):
            c.append(b"Subject: s\r\n\r\n%s %s\r\n" % (
                b"wren" if i % 2 == 0 else b"robin", os.urandom(300).hex().encode()))


@pytest.mark.allow("child.killed")
def test_killed_while_it_is_made(make_pabal):
    p, n = make_pabal(users=USERS[:1]), 400
    p.allowed = ["child.killed"]
    put_birds(p, "alice", n)
    rng = random.Random(SEED)
    for _ in range(6):
        pid = None
        try:
            with Imap(p) as c:
                c.ok("SELECT INBOX")
                assert c.ok("SEARCH BODY wren") == expected(n)
                had = indexed(p, "alice")
                more = rng.randrange(0, 150)
                wait(lambda: c.ok("NOOP") is not None and
                     indexed(p, "alice") >= min(n, had + more), "some progress")
                assert c.ok("SEARCH BODY wren") == expected(n)
                pid = serving(p, "alice")
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    c.ok("NOOP")
        except (Closed, ConnectionError):
            pass
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        wait_indexed(p, c, "alice", n)
        assert c.ok("SEARCH BODY wren") == expected(n)
        overwrite(p, "alice", b"wren", b"crow")
        assert c.ok("SEARCH BODY wren") == expected(n)


@pytest.fixture(scope="module")
def finished(request, shared_pabal):
    """Of carol's index, when it is whole: its bytes."""
    p = shared_pabal
    put_birds(p, "carol", 60)
    with Imap(p, user="carol") as c:
        c.ok("SELECT INBOX")
        c.ok("SEARCH TEXT wren")
        wait_indexed(p, c, "carol", 60)
        wait(lambda: serving(p, "carol") is None or
             not os.path.exists(db(p, "carol") + "-journal") or
             os.path.getsize(db(p, "carol") + "-journal") == 0, "the end of it")
        end(p, "carol")
        with open(db(p, "carol"), "rb") as f:
            return f.read()


def end(p, user):
    """Whoever has it open closes it."""
    path = db(p, user)
    wait(lambda: serving(p, user) is None, f"{path} to be closed", 60)


def restore(p, user, data):
    path = db(p, user)
    owner = os.stat(top(p, user))
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    if data is not None:
        with open(path, "wb") as f:
            f.write(data)
        os.chown(path, owner.st_uid, owner.st_gid)


def test_each_page_damaged(pabal, finished):
    """By a byte, or another page in its place: never another answer."""
    p, pages = pabal, len(finished) // PAGE
    rng = random.Random(SEED)
    for page in range(pages):
        data = bytearray(finished)
        if rng.random() < .5:
            data[page * PAGE + rng.randrange(PAGE)] ^= 1 << rng.randrange(8)
        else:
            other = rng.randrange(pages)
            data[page * PAGE:(page + 1) * PAGE] = \
                finished[other * PAGE:(other + 1) * PAGE]
        restore(p, "carol", bytes(data))
        with Imap(p, user="carol") as c:
            c.ok("SELECT INBOX")
            for word, odd in ("wren", 1), ("robin", 0):
                assert c.ok(f"SEARCH BODY {word}") == [b"SEARCH " + b" ".join(
                    b"%d" % i for i in range(2 - odd, 61, 2))], page


def test_other_things_in_its_place(pabal, finished):
    p = pabal
    path = db(p, "carol")

    def directory():
        owner = os.stat(top(p, "carol"))
        os.mkdir(path)
        with open(os.path.join(path, "x"), "w"):
            pass
        os.chown(path, owner.st_uid, owner.st_gid)

    def link():
        os.symlink("/etc/passwd", path)

    for put in (directory, link, lambda: os.mkfifo(path),
                lambda: restore(p, "carol", b""),
                lambda: restore(p, "carol", b"no database" * 1000),
                lambda: restore(p, "carol", finished[:len(finished) // 2]),
                lambda: restore(p, "carol", finished[:100])):
        restore(p, "carol", None)
        put()
        with Imap(p, user="carol") as c:
            c.ok("SELECT INBOX")
            assert c.ok("SEARCH BODY wren") == [b"SEARCH " + b" ".join(
                b"%d" % i for i in range(1, 61, 2))]
            wait_indexed(p, c, "carol", 60)
    assert os.path.exists("/etc/passwd")


def test_taken_away_while_it_is_used(pabal):
    p = pabal
    put_birds(p, "dave", 10)
    with Imap(p, user="dave") as a, Imap(p, user="dave") as b:
        for c in a, b:
            c.ok("SELECT INBOX")
        a.ok("SEARCH TEXT wren")
        wait_indexed(p, a, "dave", 10)
        for i in range(5):
            restore(p, "dave", None)
            assert b.ok("SEARCH BODY wren") == expected(10)
            a.append(b"Subject: s\r\n\r\nraven\r\n")
            b.ok("NOOP")
            assert len(b.ok("SEARCH TEXT raven")[0].split()) == 2 + i
        wait_indexed(p, a, "dave", 15)


def index(p, *args):
    [row] = json.loads(p.pabal("--json", "mailbox", "index", *args))
    return row


def test_command(make_pabal):
    """pabal mailbox index: with sessions and without, and what it makes is what
    they use."""
    p = make_pabal(users=USERS[:1])
    put_birds(p, "alice", 30)
    who = f"alice@{DOMAIN}"
    row = index(p, who)
    assert (row["messages"], row["read"], row["gone"]) == (30, 30, 0)
    assert row["bytes"] == os.path.getsize(db(p, "alice"))
    overwrite(p, "alice", b"wren", b"crow")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        assert c.ok("SEARCH BODY wren") == expected(30)
        c.ok("CREATE other")
        c.ok("COPY 1:5 other")
        assert index(p, who, "other")["copies"] in (0, 5)
        row = index(p, who, "--rebuild")
        assert (row["messages"], row["read"], row["copies"]) == (30, 30, 5)
        c.append(b"Subject: s\r\n\r\nowl\r\n")
        c.ok("NOOP")
        assert c.ok("SEARCH BODY crow") == expected(30)
        assert c.ok("SEARCH BODY owl") == [b"SEARCH 31"]
    p.stop()
    assert index(p, who)["messages"] == 31
    with open(db(p, "alice"), "r+b") as f:
        f.seek(PAGE)
        f.write(bytes(PAGE))
    assert index(p, who, "--rebuild")["read"] == 31
    assert "no such mailbox" in p.pabal_fails("mailbox", "index", who, "nothing")

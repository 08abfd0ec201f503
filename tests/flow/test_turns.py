# SPDX-License-Identifier: ISC
"""No turn of a loop is long, whatever one account or one message asks for: by
the processor time that the loops measure themselves, which no load of the
machine adds to."""
import contextlib
import json
import os
import shutil

from imapraw import Imap
from pabal import PATIENCE, wait

USERS = ("alice", "bob")
MANY = 100000
# Sanitizers cost a factor of their own.
LIMIT = "1.0" if os.environ.get("PABAL_SANITIZE") else "0.2"


def turns(pabal):
    """{(daemon, process): {bucket: turns}} by processor time."""
    found = {}
    for s in json.loads(pabal.pabal("--json", "metrics")):
        if s["name"] == "pabal_loop_turn_cpu_seconds_bucket":
            at = found.setdefault((s["daemon"], s["process"]), {})
            at[s["le"]] = s["value"]
    return found


def slow(pabal):
    """{(daemon, process): turns beyond the limit}."""
    return {k: v["+Inf"] - v[LIMIT] for k, v in turns(pabal).items()}


@contextlib.contextmanager
def bounded(pabal):
    """No turn of any daemon is beyond the limit meanwhile.  Work is done in
    pieces that are counted, and take a tenth of it; so no machine is too slow
    for this."""
    since = pabal.mark()
    before = slow(pabal)
    yield
    after = {k: v - before.get(k, 0) for k, v in slow(pabal).items()}
    assert not any(after.values()), (after, pabal.events("loop.slow", since))


def owner(pabal, path, user):
    s = os.stat(pabal.maildir(user))
    os.chown(path, s.st_uid, s.st_gid)


def fill(pabal, user, n, folder="", text=b"Subject: x\n\nx\n", base="1700000000"):
    """N messages put into a folder by another program."""
    top = os.path.join(pabal.maildir(user), folder)
    for d in ("", "cur", "new", "tmp"):
        os.makedirs(os.path.join(top, d), exist_ok=True)
        owner(pabal, os.path.join(top, d), user)
    first = os.path.join(top, "tmp", f"{base}.first.host")
    with open(first, "wb") as f:
        f.write(text)
    owner(pabal, first, user)
    for i in range(n):
        path = os.path.join(top, "cur", f"{base}.M{i:06}.host:2,S")
        if i % 60000 == 0 or n < 100:
            shutil.copyfile(first, path)
            owner(pabal, path, user)
        else:
            os.link(first, path)
    os.unlink(first)


def settle(c, n):
    """Until all of the N messages that others put there are seen."""
    def all_there():
        c.ok("NOOP")
        return int(c.ok("STATUS INBOX (MESSAGES)")[0].split()[-1][:-1]) >= n
    wait(all_there, f"{n} messages")


def test_take_over_of_files(pabal):
    fill(pabal, "alice", MANY)
    with bounded(pabal), Imap(pabal, "alice") as c:
        c.ok("SELECT INBOX")
        settle(c, MANY)


def test_take_over_of_a_folder(pabal):
    fill(pabal, "alice", MANY, ".Old")
    with Imap(pabal, "alice") as c, bounded(pabal):
        c.ok("SELECT Old")
        assert b"%d EXISTS" % MANY in c.ok("SELECT Old")


def test_take_over_of_a_list(pabal):
    """With the UIDs that another server gave."""
    fill(pabal, "alice", MANY, ".Listed")
    path = os.path.join(pabal.maildir("alice"), ".Listed", "dovecot-uidlist")
    with open(path, "w") as f:
        f.write(f"3 V1500000000 N{3 * MANY} G{'0' * 31}1\n")
        for i in range(MANY):
            f.write(f"{3 * (MANY - i)} :1700000000.M{i:06}.host\n")
    owner(pabal, path, "alice")
    with Imap(pabal, "alice") as c, bounded(pabal):
        c.ok("SELECT Listed")
        assert c.ok("UID SEARCH UID 1:9") == [b"SEARCH 3 6 9"]


def test_names_changed_by_another_program(pabal):
    with Imap(pabal, "alice") as c:
        c.ok("SELECT Listed")
        cur = os.path.join(pabal.maildir("alice"), ".Listed", "cur")
        # Names follow records for a while after it was taken over.
        wait(lambda: all(",U=" in name for name in os.listdir(cur)),
             "names with UIDs", 4 * PATIENCE)
        for i, name in enumerate(sorted(os.listdir(cur))):
            path = os.path.join(cur, name)
            if i % 3 == 0:
                os.unlink(path)
            elif i % 3 == 1:
                os.rename(path, path + "T")
        gone = (MANY + 2) // 3
        with bounded(pabal):
            told = c.ok("NOOP")
            assert sum(t.endswith(b" EXPUNGE") for t in told) == gone
            c.ok("CLOSE")
            c.ok("SELECT Listed")
        assert c.ok("STATUS Listed (MESSAGES)") == \
            [b"STATUS Listed (MESSAGES %d)" % (MANY - gone - MANY // 3)]


def test_changes_in_many_sessions(pabal):
    with contextlib.ExitStack() as held:
        c = held.enter_context(Imap(pabal, "alice"))
        c.ok("SELECT INBOX")
        others = []
        for i in range(20):
            o = held.enter_context(Imap(pabal, "alice"))
            o.ok("SELECT INBOX")
            others.append(o)
        with bounded(pabal):
            c.ok("STORE 1:* +FLAGS.SILENT (\\Flagged)")
            for o in others:
                o.send(b"n1 NOOP\r\n")
            for o in others:
                # Two million answers, whose grammar others look at.
                while not (line := o.line()).startswith(b"n1 "):
                    pass
                assert line.startswith(b"n1 OK "), line


def test_copy(pabal):
    with Imap(pabal, "alice") as c, bounded(pabal):
        c.ok("SELECT INBOX")
        c.ok("CREATE Copies")
        c.ok("COPY 1:* Copies")


def test_expunge(pabal):
    with Imap(pabal, "alice") as c, Imap(pabal, "alice") as other, \
            bounded(pabal):
        c.ok("SELECT INBOX")
        other.ok("SELECT INBOX")
        c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        told = other.ok("NOOP")
        assert sum(t.endswith(b" EXPUNGE") for t in told) == MANY


def test_rename_of_inbox(pabal):
    fill(pabal, "bob", 20000)
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        settle(c, 20000)
        with bounded(pabal):
            c.ok("RENAME INBOX Moved")
        for name, n in (("INBOX", 0), ("Moved", 20000)):
            told = c.ok(f"STATUS {name} (MESSAGES)")[0].split()[-1]
            assert int(told[:-1]) == n
        c.ok("DELETE Moved")


def test_delete_of_a_folder(pabal):
    with Imap(pabal, "alice") as c, bounded(pabal):
        c.ok("DELETE Copies")


def test_rebuild(pabal):
    pabal.stop()
    shutil.rmtree(os.path.join(pabal.maildir("alice"), "pabal.index"))
    pabal.start()
    with bounded(pabal):
        with Imap(pabal, "alice") as c:
            c.ok("SELECT Old")


def test_search(pabal):
    header = b"a: x\n" * 50000 + b"To: " + b",\n ".join(
        b"a%d@x.org" % i for i in range(5000)) + b"\n\nx\n"
    fill(pabal, "bob", 10, text=header)
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        settle(c, 10)
        with bounded(pabal):
            c.ok("SEARCH " + " ".join(["NOT HEADER a y"] * 60))
            c.ok("SEARCH " + " ".join(["NOT TO y"] * 60))
            names = " ".join("n%d" % i for i in range(199))
            c.ok(f"FETCH 1:* (BODY.PEEK[HEADER.FIELDS ({names})])")
            c.ok("FETCH 1:* (" + " ".join(
                "BODY.PEEK[HEADER.FIELDS (n%d)]" % i
                for i in range(199)) + ")")


def test_structure_of_large_messages(pabal):
    fill(pabal, "bob", 20, ".Large", b"Subject: x\n\n" + b"a\n" * 5000000)
    with Imap(pabal, "bob") as c, bounded(pabal):
        c.ok("SELECT Large")
        c.ok("FETCH 1:* BODYSTRUCTURE")


def test_structure_of_many_parts(pabal):
    part = b"--b\nContent-Type: text/plain; charset=utf-8\n\nx\n"
    fill(pabal, "bob", 5, ".Parts",
         b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 10000 +
         b"--b--\n")
    with Imap(pabal, "bob") as c, bounded(pabal):
        c.ok("SELECT Parts")
        for item in ("BODYSTRUCTURE", "BODYSTRUCTURE", "BODY.PEEK[7.MIME]"):
            c.ok(f"FETCH 1:* {item}")


def test_many_files_set_aside(pabal):
    pabal.stop()
    bad = os.path.join(pabal.dir, "spool", "bad")
    s = os.stat(bad)
    names = [f"{i:05}.damaged" for i in range(10000)]
    for name in names:
        path = os.path.join(bad, name)
        with open(path, "w") as f:
            f.write("x\n")
        os.chown(path, s.st_uid, s.st_gid)
    since = pabal.mark()
    pabal.start()
    try:
        pabal.wait_event("spool.postmaster-notified", since)
        assert pabal.pabal("queue", "bad").count(".damaged") == len(names)
        assert not any(slow(pabal).values()), pabal.events("loop.slow", since)
    finally:
        for name in names:
            for path in (name, name + ".why"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(bad, path))

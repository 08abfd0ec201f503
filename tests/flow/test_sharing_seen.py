# SPDX-License-Identifier: ISC
"""Guests who have a \\Seen of their own (sharing_seen = own)."""
import glob
import os
import re
import shutil
import signal

import pytest
from imapraw import Closed, Imap
from test_sharing import box

USERS = ("alice", "bob", "carol")
MAIL = b"Subject: one\r\n\r\ntext\r\n"


@pytest.fixture(scope="module", params=("account", "uid"))
def isolation(request):
    return request.param


@pytest.fixture(scope="module")
def shared_pabal(request, isolation):
    from conftest import begin
    instance = begin(request, ("pabal", "sharing", "domain"),
                     ("pabal", "sharing_seen", "own"),
                     ("imapd", "isolation", isolation), users=USERS)
    yield instance
    instance.close()


count = 0


def folder(a, n, rights="lrswi", users=("bob", "carol")):
    global count
    count += 1
    name = f"seen{count}"
    a.ok(f"CREATE {name}")
    for user in users:
        a.ok(f"SETACL {name} {user} {rights}")
    for _ in range(n):
        a.append(MAIL, name)
    return name


def seen(c, name):
    """Of each message in it, is it seen?"""
    c.ok(f"EXAMINE {name}")
    found = [b"\\Seen" in a for a in c.ok("FETCH 1:* FLAGS")]
    c.ok("UNSELECT")
    return found


def status(c, name, item):
    answer = c.ok(f"STATUS {name} ({item})")[0]
    return int(re.search(rb"%s (\d+)\)" % item.encode(), answer).group(1))


def files(pabal, name):
    return [os.path.basename(f) for f in sorted(glob.glob(os.path.join(
        pabal.maildir("alice"), f".{name}", "pabal-seen.*")))]


def test_each_has_his_own(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "carol") as c:
        name = folder(a, 4)
        shared = box("alice", name)
        for x, n in ((a, name), (b, shared), (c, shared)):
            assert status(x, n, "UNSEEN") == 4
            assert seen(x, n) == [False] * 4
        b.ok(f"SELECT {shared}")
        assert b"1 FETCH (FLAGS (\\Seen" in b.ok("STORE 1 +FLAGS (\\Seen)")[0]
        assert any(b"FLAGS (\\Seen" in x for x in b.ok("FETCH 3 BODY[]"))
        assert b.ok("SEARCH SEEN") == [b"SEARCH 1 3"]
        assert b.ok("SEARCH UNSEEN") == [b"SEARCH 2 4"]
        assert b.ok("UID SEARCH NOT SEEN") == [b"SEARCH 2 4"]
        a.ok(f"SELECT {name}")
        a.ok("STORE 2 +FLAGS (\\Seen \\Flagged)")
        # other flags are everybody's, and what changed is told
        told = b.ok("NOOP")
        assert any(b"2 FETCH" in x and b"\\Flagged" in x and b"\\Seen" not in x
                   for x in told), told
        assert status(b, shared, "UNSEEN") == 2
        assert status(c, shared, "UNSEEN") == 4
        assert status(a, name, "UNSEEN") == 3
        assert seen(c, shared) == [False] * 4
        b.ok("STORE 1:2 FLAGS (\\Seen)")
        assert not any(b"\\Flagged" in x for x in a.ok("FETCH 1:* FLAGS"))
        assert seen(a, name) == [False, True, False, False]
        assert seen(b, shared) == [True, True, True, False]
        b.ok(f"SELECT {shared}")
        b.ok("STORE 3 -FLAGS.SILENT (\\Seen)")
        assert seen(b, shared) == [True, True, False, False]
        answers = b.ok(f"SELECT {shared}")
        assert any(x.startswith(b"OK [UNSEEN 3]") for x in answers), answers
        assert any(b"UNSEEN 2" in x for x in b.ok(
            f'LIST "" {shared} RETURN (STATUS (UNSEEN))'))


def test_two_sessions_and_modseq(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "bob") as d:
        name = folder(a, 3)
        shared = box("alice", name)
        b.enable("CONDSTORE")
        b.ok(f"SELECT {shared}")
        d.ok(f"SELECT {shared}")
        before = status(b, shared, "HIGHESTMODSEQ")
        d.ok("STORE 2 +FLAGS (\\Seen)")
        told = b.ok("NOOP")
        assert any(b"2 FETCH" in x and b"\\Seen" in x and b"MODSEQ" in x
                   for x in told), told
        assert status(b, shared, "HIGHESTMODSEQ") > before
        changed = b.ok(f"FETCH 1:* FLAGS (CHANGEDSINCE {before})")
        assert len(changed) == 1 and b"2 FETCH" in changed[0]
        # whoever knew an older state is told so
        st, text, _ = b.cmd(f"STORE 2 (UNCHANGEDSINCE {before}) "
                            "-FLAGS.SILENT (\\Seen)")
        assert (st, text[:12]) == (b"OK", b"[MODIFIED 2]"), text
        assert d.ok("FETCH 2 FLAGS")[0].count(b"\\Seen") == 1
        # IDLE hears of it
        d.send(b"i1 IDLE\r\n")
        assert d.answer().startswith(b"+")
        b.ok("STORE 3 +FLAGS.SILENT (\\Seen)")
        while not (b"3 FETCH" in (x := d.answer()) and b"\\Seen" in x):
            pass
        d.send(b"DONE\r\n")
        d.finish(b"i1")


def test_expunged_and_new(pabal):
    """UNSEEN stays exact when messages go and come."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        name = folder(a, 6)
        shared = box("alice", name)
        b.ok(f"SELECT {shared}")
        b.ok("STORE 1:4 +FLAGS (\\Seen)")
        assert status(b, shared, "UNSEEN") == 2
        a.ok(f"SELECT {name}")
        a.ok("STORE 2,5 +FLAGS (\\Deleted)")
        a.ok("EXPUNGE")
        assert status(b, shared, "UNSEEN") == 1
        a.append(MAIL, name)
        assert status(b, shared, "UNSEEN") == 2
        b.ok("NOOP")
        b.ok("STORE 5 +FLAGS (\\Seen)")
        a.ok("STORE 1 +FLAGS (\\Deleted)")
        a.ok("EXPUNGE")
        assert status(b, shared, "UNSEEN") == 1
        assert seen(b, shared) == [True, True, False, True]


def test_brought_and_copied(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "carol") as c:
        name, other = folder(a, 2), folder(a, 0)
        shared, to = box("alice", name), box("alice", other)
        b.append(MAIL, shared, "(\\Seen) ")
        assert seen(b, shared) == [False, False, True]
        assert seen(a, name) == seen(c, shared) == [False] * 3
        b.ok(f"SELECT {shared}")
        b.ok("STORE 1 +FLAGS (\\Seen)")
        b.ok(f"COPY 1:3 {to}")
        assert seen(b, to) == [True, False, True]
        assert seen(a, other) == [False] * 3
        # into his own account: as he has it
        b.ok("CREATE mine")
        b.ok(f"SELECT {shared}")
        b.ok("COPY 1:3 mine")
        assert seen(b, "mine") == [True, False, True]
        # and back
        b.ok("SELECT mine")
        b.ok(f"COPY 1 {to}")
        assert seen(b, to) == [True, False, True, True]
        assert seen(a, other) == [False] * 4


@pytest.mark.allow("child.killed", "index.rebuilt", "index.*")
def test_survives(pabal, isolation):
    """The end of the process, and the loss of the index."""
    if isolation != "account":
        pytest.skip("the process serves all")
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        name = folder(a, 5)
        shared = box("alice", name)
        b.ok(f"SELECT {shared}")
        b.ok("STORE 1,3:4 +FLAGS (\\Seen)")
        b.ok("STORE 3 -FLAGS (\\Seen)")
    for lose in (False, True):
        pid = re.findall(r"imapd\[(\d+)\] info: imapd\.visit-start .*"
                         r"account=alice@", pabal.log())[-1]
        os.kill(int(pid), signal.SIGKILL)
        if lose:
            shutil.rmtree(os.path.join(pabal.maildir("alice"), "pabal.index"))
        for _ in range(50):
            try:
                with Imap(pabal, "bob") as b:
                    assert seen(b, shared) == [True, False, False, True, False]
                    assert status(b, shared, "UNSEEN") == 3
                break
            except (Closed, ConnectionError, AssertionError):
                if _ == 49:
                    raise


def test_rights_lost(pabal):
    """Who may not read it any more is forgotten, and begins anew."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "carol") as c:
        name = folder(a, 2)
        shared = box("alice", name)
        for x in (b, c):
            x.ok(f"SELECT {shared}")
            x.ok("STORE 1 +FLAGS (\\Seen)")
        assert files(pabal, name) == ["pabal-seen.bob@pabal.test",
                                      "pabal-seen.carol@pabal.test"]
        a.ok(f"SETACL {name} bob -r")
        assert files(pabal, name) == ["pabal-seen.carol@pabal.test"]
        a.ok(f"SETACL {name} bob lrs")
        with Imap(pabal, "bob") as b2:
            assert seen(b2, shared) == [False, False]
        assert seen(c, shared) == [True, False]
        a.ok(f"DELETEACL {name} carol")
        assert files(pabal, name) == []


def test_without_the_right(pabal):
    """Without "s" nothing of it is kept."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        name = folder(a, 1, "lr", ("bob",))
        shared = box("alice", name)
        b.ok(f"SELECT {shared}")
        st, text, _ = b.cmd("STORE 1 +FLAGS (\\Seen)")
        assert st == b"NO", text
        b.ok("FETCH 1 BODY[]")
        assert seen(b, shared) == [False]
        assert files(pabal, name) == []


def test_inbox(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.append(MAIL)
        a.ok("SETACL INBOX bob lrs")
        shared = box("alice")
        n = status(a, "INBOX", "UNSEEN")
        b.ok(f"SELECT {shared}")
        b.ok("STORE 1 +FLAGS (\\Seen)")
        assert status(b, shared, "UNSEEN") == n - 1
        assert status(a, "INBOX", "UNSEEN") == n
        assert [x for x in a.ok('LIST "" "*"') if b"seen.bob" in x] == []


def test_shared_by_default(make_pabal):
    p = make_pabal(("pabal", "sharing", "domain"), users=USERS)
    with Imap(p) as a, Imap(p, "bob") as b:
        name = folder(a, 2)
        shared = box("alice", name)
        b.ok(f"SELECT {shared}")
        b.ok("STORE 1 +FLAGS (\\Seen)")
        assert seen(a, name) == [True, False]
        assert files(p, name) == []

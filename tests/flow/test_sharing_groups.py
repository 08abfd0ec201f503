# SPDX-License-Identifier: ISC
"""Groups in ACLs (RFC 4314): the table groups says who is in them."""
import contextlib
import json
import os
import select
import signal

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN
from test_sharing import MAIL, SPACE, box, idle, refused
from test_sharing_admin import register

USERS = ("alice", "bob", "carol", "dave")
ALICE = f"alice@{DOMAIN}"


@pytest.fixture(scope="module", params=("account", "domain"))
def shared_pabal(request):
    from conftest import begin
    instance = begin(request, ("pabal", "sharing", "domain"),
                     ("imapd", "isolation", request.param), users=USERS)
    yield instance
    instance.close()


def groups(p, **of):
    with open(os.path.join(p.dir, "etc", "groups"), "w") as f:
        for user, text in of.items():
            f.write(f"{user}@{DOMAIN}  {text}\n")
    p.pabal("map", "groups")


def rights(c, name):
    return c.ok(f"MYRIGHTS {box('alice', name)}")[0].split(b" ")[-1]


def test_groups(pabal):
    """Who is in a group has what it was given, is told of the owner, and
    nobody else is."""
    groups(pabal, bob="staff, night shift", carol=f"Staff@{DOMAIN}",
           dave="staff@other.example, stuff")
    with Imap(pabal) as a, Imap(pabal, "bob") as b, \
            Imap(pabal, "carol") as c, Imap(pabal, "dave") as d:
        a.ok("CREATE team")
        a.append(MAIL, "team")
        for one in (b, c, d):
            assert one.ok(f'LIST "" "{SPACE}/*"') == []
        a.ok("SETACL team $staff lrs")
        a.ok('SETACL team "$night shift" lri')
        assert sorted(a.ok("GETACL team")[0].split(b" ")[1:]) == sorted(
            [b"team", ALICE.encode(), b"lrswipkxteacd", b"$staff", b"lrs",
             b'"$night', b'shift"', b"lri"])
        assert rights(b, "team") == b"lrsi"
        assert rights(c, "team") == b"lrs"
        for one in (b, c):
            assert any(b"alice/team" in x
                       for x in one.ok(f'LIST "" "{SPACE}/*"'))
            one.ok(f"SELECT {box('alice', 'team')}")
            one.ok("UNSELECT")
        assert d.ok(f'LIST "" "{SPACE}/*"') == []
        refused(d, f"SELECT {box('alice', 'team')}", b"NONEXISTENT")
        # a user's own entry counts for more, and $group before all
        a.ok("SETACL team carol l")
        assert rights(c, "team") == b"l"
        a.ok("SETACL team !$staff lrw")
        assert rights(c, "team") == b"lrw"
        assert rights(b, "team") == b"lrw"
        a.ok("DELETEACL team !$staff")
        a.ok("SETACL team -$staff r")
        assert rights(b, "team") == b"lsi"
        a.ok("DELETEACL team -$staff")
        a.ok("DELETEACL team carol")
        told = {r["identifier"]: r["rights"] for r in json.loads(pabal.pabal(
            "--json", "mailbox", "acl", ALICE, "team", "bob"))}
        assert told == {f"bob@{DOMAIN}": "lrsi"}
        a.ok(f"DELETEACL team $STAFF@{DOMAIN}")
        assert rights(b, "team") == b"lri"
        refused(c, f"SELECT {box('alice', 'team')}", b"NONEXISTENT")
        assert c.ok(f'LIST "" "{SPACE}/*"') == []


def test_register(pabal):
    """What was taken away is noted no more, and what is left is."""
    groups(pabal, bob="board", carol="board")
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        for name in ("r1", "r2"):
            a.ok(f"CREATE {name}")
        before = register(pabal)
        a.ok("SETACL r1 $board lr")
        a.ok("SETACL r2 $board lr")
        a.ok("SETACL r2 dave lr")
        a.ok("SETACL r2 anyone l")
        noted = {(f"group=board@{DOMAIN}", ALICE), (f"dave@{DOMAIN}", ALICE),
                 (f"anyone={DOMAIN}", ALICE)}
        assert register(pabal) - before == noted
        a.ok("DELETEACL r1 $board")
        a.ok("SETACL r2 dave -lr")
        assert register(pabal) - before == noted - {(f"dave@{DOMAIN}", ALICE)}
        assert rights(b, "r2") == b"lr"
        a.ok("SETACL r2 anyone \"\"")
        a.ok("DELETE r2")
        assert register(pabal) - before == set()
        refused(b, f"SELECT {box('alice', 'r2')}", b"NONEXISTENT")
        # by the command, too
        pabal.pabal("mailbox", "acl", ALICE, "r1", "$board", "lr")
        assert rights(b, "r1") == b"lr"
        assert register(pabal) - before == {(f"group=board@{DOMAIN}", ALICE)}


def test_without_domain(pabal):
    """An entry of Dovecot's that lacks the domain is the same one."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.ok("CREATE plain")
        path = os.path.join(pabal.maildir("alice"), ".plain", "dovecot-acl")
        with open(path, "w") as f:
            f.write("user=bob lr\nuser=carol l\n")
        owner = os.stat(pabal.maildir("alice"))
        os.chown(path, owner.st_uid, owner.st_gid)
        pabal.pabal("mailbox", "shares", ALICE)
        assert rights(b, "plain") == b"lr"
        a.ok("SETACL plain bob +s")
        assert rights(b, "plain") == b"lrs"
        a.ok(f"DELETEACL plain bob@{DOMAIN}")
        refused(b, f"SELECT {box('alice', 'plain')}", b"NONEXISTENT")
        with open(path) as f:
            assert f.read() == "user=carol l\n"


@contextlib.contextmanager
def halted(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_given_meanwhile(pabal):
    """Who is given something while something else is taken away is told of it,
    whatever master hears last."""
    with Imap(pabal) as a, Imap(pabal) as other, Imap(pabal, "dave") as d:
        for name in ("m1", "m2"):
            a.ok(f"CREATE {name}")
        a.ok("SETACL m2 carol lr")
        with halted(pabal.master_pid()):
            grant, tag = a.tag(), other.tag()
            a.send(grant + b" SETACL m1 dave lr\r\n")
            other.ok("NOOP")
            other.send(tag + b" DELETEACL m2 carol\r\n")
            # Nothing is told now, so this waits for nobody.
            select.select([other.sock], [], [], 5)
        assert a.finish(grant)[0] == b"OK"
        assert other.finish(tag)[0] == b"OK"
        assert rights(d, "m1") == b"lr"
        a.ok("SETACL m2 carol lr")
        a.ok("DELETEACL m1 dave")
        # by the command, behind the reading
        with halted(pabal.master_pid()):
            other.send(tag + b" DELETEACL m2 carol\r\n")
            assert not select.select([other.sock], [], [], 0.2)[0]
            pabal.pabal("mailbox", "acl", ALICE, "m1", "dave", "lr")
        assert other.finish(tag)[0] == b"OK"
        assert rights(d, "m1") == b"lr"


def test_left(pabal):
    """Who is in a group no more is shut out at the next visit, and at a
    reload from the one under way."""
    groups(pabal, bob="left, stays", carol="left")
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "carol") as c:
        a.ok("CREATE left")
        a.ok("SETACL left $left lr")
        b.ok(f"EXAMINE {box('alice', 'left')}")
        c.ok(f"EXAMINE {box('alice', 'left')}")
        c.ok("CLOSE")
        idle(b)
        groups(pabal, bob="stays")
        with Imap(pabal, "bob") as again:
            refused(again, f"SELECT {box('alice', 'left')}", b"NONEXISTENT")
            assert not any(b"alice/left" in x
                           for x in again.ok(f'LIST "" "{SPACE}/*"'))
        pabal.pabal("reload")
        with pytest.raises(Closed):
            while True:
                b.answer()
        # nothing is selected: he does not notice
        refused(c, f"SELECT {box('alice', 'left')}", b"NONEXISTENT")


def test_table(pabal):
    """What makes no sense is refused; what is broken lets nobody in."""
    path = os.path.join(pabal.dir, "etc", "groups")
    with open(path, "w") as f:
        f.write(f"bob@{DOMAIN}  $staff\n")
    assert "$staff" in pabal.pabal_fails("map", "groups")
    groups(pabal, bob="staff")
    pabal.pabal("user", "add", f"eve@{DOMAIN}", input="secret\n")
    groups(pabal, bob="staff", eve="staff")
    pabal.pabal("user", "del", f"eve@{DOMAIN}")
    pabal.pabal("map", "groups")
    with open(path) as f:
        assert "eve" not in f.read()

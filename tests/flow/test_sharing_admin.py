# SPDX-License-Identifier: ISC
"""pabal mailbox acl and shares: what an administrator does about sharing."""
import json
import os

import pytest
from imapraw import Imap
from pabal import DOMAIN
from test_sharing import SPACE, box, refused

ALICE = f"alice@{DOMAIN}"
BOB = f"bob@{DOMAIN}"


@pytest.fixture
def p(make_pabal):
    return make_pabal(("pabal", "sharing", "domain"),
                      users=("alice", "bob", "carol"))


def acl(p, *args):
    return {r["identifier"]: r["rights"] for r in json.loads(
        p.pabal("--json", "mailbox", "acl", ALICE, *args))}


def register(p):
    top = os.path.join(p.dir, "state", "shares")
    return {(d, f) for d in os.listdir(top) if "owner=" not in d
            for f in os.listdir(os.path.join(top, d))} \
        if os.path.isdir(top) else set()


def age(p):
    """All of it was noted long ago."""
    for d, _, files in os.walk(os.path.join(p.dir, "state", "shares")):
        for f in files:
            os.utime(os.path.join(d, f), (1000000000, 1000000000))


def owners(c):
    return {x.split(b"/")[-1].rstrip(b'"')
            for x in c.ok(f'LIST "" "{SPACE}/%"')} - {SPACE.encode()}


def test_acl(p):
    with Imap(p) as a, Imap(p, "bob") as b:
        a.ok("CREATE Work")
        assert acl(p, "Work") == {"owner": "lrswipkxtea"}
        refused(b, f"SELECT {box('alice', 'Work')}", b"NONEXISTENT")
        p.pabal("mailbox", "acl", ALICE, "Work", "bob", "lr")
        assert acl(p, "Work") == {"owner": "lrswipkxtea", BOB: "lr"}
        b.ok(f"SELECT {box('alice', 'Work')}")
        b.ok("UNSELECT")
        p.pabal("mailbox", "acl", ALICE, "Work", BOB, "+st")
        assert acl(p, "Work", "bob") == {BOB: "lrst"}
        p.pabal("mailbox", "acl", ALICE, "Work", "anyone", "l")
        p.pabal("mailbox", "acl", ALICE, "Work", "-bob", "s")
        assert acl(p, "Work", BOB) == {BOB: "lrt"}
        assert acl(p, "Work", f"carol@{DOMAIN}") == {f"carol@{DOMAIN}": "l"}
        assert acl(p, "Work", "anyone") == {"anyone": "l"}
        assert acl(p, "Work", "-bob") == {"-" + BOB: "s"}
        assert b.ok(f"MYRIGHTS {box('alice', 'Work')}")[0].endswith(b" lrtd")
        p.pabal("mailbox", "acl", ALICE, "Work", "owner", "lr")
        assert acl(p, "Work", ALICE) == {ALICE: "lra"}
        p.pabal("mailbox", "acl", ALICE, "Work", "bob", "--remove")
        p.pabal("mailbox", "acl", ALICE, "Work", "anyone", "--remove")
        refused(b, f"STATUS {box('alice', 'Work')} (MESSAGES)",
                b"NONEXISTENT")
        assert acl(p, "Work") == {"owner": "lr", "-" + BOB: "s"}
    for args in (("Nothing",), ("Sent", "bob", "lr"), ("Work", "bob", "q"),
                 ("Work", "$"), ("Work", "--remove")):
        p.pabal_fails("mailbox", "acl", ALICE, *args)
    p.pabal_fails("mailbox", "acl", f"nobody@{DOMAIN}", "INBOX", "bob", "lr")
    assert not os.path.exists(os.path.join(p.maildir("alice"), ".Sent"))
    assert (BOB, f"nobody@{DOMAIN}") not in register(p)


def test_register(p):
    """What the folders say is noted, and nothing else stays."""
    with Imap(p) as a, Imap(p, "bob") as b:
        a.ok("CREATE Work")
        a.ok("CREATE Play")
        with open(os.path.join(p.maildir("alice"), ".Work", "dovecot-acl"),
                  "w") as f:
            f.write(f"user={BOB} lr\nuser=carol@other.example lr\n"
                    "-user=dave lr\n")
        owner = os.stat(p.maildir("alice"))
        os.chown(f.name, owner.st_uid, owner.st_gid)
        assert owners(b) == set()
        p.pabal("mailbox", "shares", ALICE)
        assert owners(b) == {b"alice"}
        assert register(p) == {(BOB, ALICE), ("carol@other.example", ALICE)}
        b.ok(f"STATUS {box('alice', 'Work')} (MESSAGES)")
        a.ok("SETACL Play carol lr")
        a.ok("SETACL Work carol@other.example \"\"")
        # another program takes it away
        with open(f.name, "w") as f:
            f.write("-user=dave lr\n")
        # it might be about to be given again
        p.pabal("mailbox", "shares", "--all")
        assert (BOB, ALICE) in register(p)
        age(p)
        p.pabal("mailbox", "shares", DOMAIN)
        assert register(p) == {(f"carol@{DOMAIN}", ALICE)}
        assert owners(b) == set()
        # all of it is lost
        a.ok("SETACL Play anyone l")
        for top, dirs, files in os.walk(os.path.join(p.dir, "state",
                                                     "shares"),
                                        topdown=False):
            for name in files:
                os.unlink(os.path.join(top, name))
            for name in dirs:
                os.rmdir(os.path.join(top, name))
        assert owners(b) == set()
        p.pabal("mailbox", "shares", "--all")
        assert owners(b) == {b"alice"}
        assert register(p) == {(f"carol@{DOMAIN}", ALICE),
                               (f"anyone={DOMAIN}", ALICE)}

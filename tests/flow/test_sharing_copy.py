# SPDX-License-Identifier: ISC
"""COPY and MOVE between accounts: each side's process does its part."""
import os
import re
import signal

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN
from test_sharing import box, owner_pids, refused

USERS = ("alice", "bob", "carol", "dave")
MAIL = b"Subject: %s\r\nDate: Tue, 1 Dec 2026 10:00:00 +0000\r\n\r\ntext\r\n"


@pytest.fixture(scope="module", params=("account", "domain", "uid"))
def isolation(request):
    return request.param


@pytest.fixture(scope="module")
def shared_pabal(request, isolation):
    from conftest import begin
    instance = begin(request, ("pabal", "sharing", "domain"),
                     ("imapd", "isolation", isolation), users=USERS)
    yield instance
    instance.close()


count = 0


def folder(c, rights="", user="bob", mails=(), flags=""):
    """A new one of C's, with RIGHTS for USER and MAILS in it."""
    global count
    count += 1
    name = f"f{count}"
    c.ok(f"CREATE {name}")
    if rights:
        c.ok(f"SETACL {name} {user} {rights}")
    for mail in mails:
        c.append(mail, name, f'({flags}) "02-Jan-2020 03:04:05 +0000" ')
    return name


def mails(*names):
    return [MAIL % n.encode() for n in names]


def content(c, name):
    """What is in it: of each message flags, date and text."""
    found = []
    c.ok(f"EXAMINE {name}")
    for a in c.ok("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"):
        if a.endswith(b" EXPUNGE"):  # what is taken back meanwhile
            continue
        m = re.match(rb'\d+ FETCH \(UID \d+ FLAGS \(([^)]*)\) INTERNALDATE '
                     rb'"([^"]*)" .*BODY\[\] \{\d+\}\r\n(.*)\)$', a, re.S)
        assert m, a
        found.append((set(m.group(1).split()) - {b"\\Recent"}, m.group(2),
                      m.group(3)))
    c.ok("UNSELECT")
    return found


def copyuid(text):
    m = re.search(rb"\[COPYUID (\d+) (\S+) (\S+)\]", text)
    assert m, text
    return m.groups()


@pytest.mark.parametrize("enabled", ((), ("CONDSTORE",), ("QRESYNC",),
                                     ("IMAP4rev2",), ("UIDONLY",)))
def test_copy_from_another(pabal, enabled):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        if enabled:
            b.enable(*enabled)
        uid = "UID " if "UIDONLY" in enabled else ""
        name = folder(a, "lr", mails=mails("one", "two", "three"),
                      flags="\\Flagged \\Seen kw1 $Forwarded")
        to = folder(b)
        b.ok(f"SELECT {box('alice', name)}")
        status, text, told = b.cmd(f"{uid}COPY 1,3 {to}")
        assert status == b"OK", text
        assert copyuid(text)[1:] == (b"1,3", b"1:2")
        assert not told
        assert b.ok("NOOP") == []
        got = content(b, to) if not uid else content(Imap(pabal, "bob"), to)
        assert [x[2] for x in got] == mails("one", "three")
        assert got[0][0] == {b"\\Flagged", b"\\Seen", b"kw1", b"$Forwarded"}
        assert got[0][1] == b" 2-Jan-2020 03:04:05 +0000"
        assert len(content(a, name)) == 3


def test_copy_to_another(pabal):
    """What he may not set is left out."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        flags = "\\Flagged \\Seen \\Deleted kw2"
        name = folder(b, mails=mails("one", "two"), flags=flags)
        for rights, kept in (("i", set()), ("is", {b"\\Seen"}),
                             ("iw", {b"\\Flagged", b"kw2"}),
                             ("it", {b"\\Deleted"}),
                             ("istw", set(flags.encode().split()))):
            to = folder(a, rights)
            b.ok(f"SELECT {name}")
            status, text, _ = b.cmd(f"UID COPY 1:* {box('alice', to)}")
            assert status == b"OK", text
            assert copyuid(text)[1:] == (b"1:2", b"1:2")
            got = content(a, to)
            assert [x[2] for x in got] == mails("one", "two")
            assert got[0][0] == kept, rights
        assert b.ok("FETCH 1:* FLAGS")
        b.ok("SEARCH RETURN (SAVE) ALL")
        status, text, _ = b.cmd(f"COPY $ {box('alice', to)}")
        assert copyuid(text)[1:] == (b"1:2", b"3:4")


def test_between_two_others(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b, Imap(pabal, "carol") as c:
        name = folder(a, "lrte", mails=mails("one", "two"))
        to = folder(c, "i")
        b.ok(f"SELECT {box('alice', name)}")
        status, text, _ = b.cmd(f"COPY 2 {box('carol', to)}")
        assert copyuid(text)[1:] == (b"2", b"1"), text
        status, text, told = b.cmd(f"MOVE 1 {box('carol', to)}")
        assert status == b"OK", text
        assert copyuid(told[0])[1:] == (b"1", b"2")
        assert told[1:] == [b"1 EXPUNGE"]
        assert [x[2] for x in content(c, to)] == mails("two", "one")
        assert [x[2] for x in content(a, name)] == mails("two")
        assert b.ok("FETCH 1 UID") == [b"1 FETCH (UID 2)"]


@pytest.mark.parametrize("enabled", ((), ("QRESYNC",)))
def test_move_from_another(pabal, enabled):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        if enabled:
            b.enable(*enabled)
        name = folder(a, "lrte", mails=mails("one", "two", "three"))
        to = folder(b)
        b.ok(f"SELECT {box('alice', name)}")
        status, text, told = b.cmd(f"MOVE 2:3 {to}")
        assert status == b"OK", text
        assert copyuid(told[0])[1:] == (b"2:3", b"1:2")
        if enabled:
            assert told[1:] == [b"VANISHED 2:3"]
            assert text.startswith(b"[HIGHESTMODSEQ "), text
        else:
            assert told[1:] == [b"3 EXPUNGE", b"2 EXPUNGE"] or \
                told[1:] == [b"2 EXPUNGE", b"2 EXPUNGE"]
        assert [x[2] for x in content(b, to)] == mails("two", "three")
        assert [x[2] for x in content(a, name)] == mails("one")


@pytest.mark.parametrize("enabled", ((), ("QRESYNC",)))
def test_move_to_another(pabal, enabled):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        if enabled:
            b.enable(*enabled)
        name = folder(b, mails=mails("one", "two", "three"))
        to = folder(a, "i")
        b.ok(f"SELECT {name}")
        status, text, told = b.cmd(f"UID MOVE 2:3 {box('alice', to)}")
        assert status == b"OK", text
        assert copyuid(told[0])[1:] == (b"2:3", b"1:2")
        assert len(told) == (2 if enabled else 3)
        assert [x[2] for x in content(a, to)] == mails("two", "three")
        assert [x[2] for x in content(b, name)] == mails("one")


def test_rights(pabal):
    """Nothing is copied where a right is missing, on either side."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        own = folder(b, mails=mails("mine"))
        to = folder(a, "lrswtekxa")
        b.ok(f"SELECT {own}")
        refused(b, f"COPY 1 {box('alice', to)}", b"NOPERM")
        refused(b, f"MOVE 1 {box('alice', to)}", b"NOPERM")
        refused(b, f"COPY 1 {box('alice', 'nothing')}", b"TRYCREATE")
        refused(b, f"COPY 1 {box('nobody')}", b"TRYCREATE")
        refused(b, f"COPY 1 {box('dave')}", b"TRYCREATE")
        assert content(a, to) == []
        for rights in ("lrt", "lre", "lr", "lrswi"):
            name = folder(a, rights, mails=mails("hers"))
            b.ok(f"SELECT {box('alice', name)}")
            refused(b, f"MOVE 1 {own}", b"NOPERM")
            refused(b, f"UID MOVE 1 {own}", b"NOPERM")
            assert b.cmd("EXPUNGE")[0] == (
                b"OK" if "e" in rights else b"NO")
        name = folder(a, "lrte", mails=mails("hers"))
        b.ok(f"EXAMINE {box('alice', name)}")
        refused(b, f"MOVE 1 {own}", b"READ-ONLY")
        assert b.cmd(f"COPY 7 {own}")[0] == b"BAD"
        b.ok(f"UID COPY 7 {own}")
        b.ok(f"EXAMINE {own}")
        refused(b, f"MOVE 1 {box('alice', name)}", b"READ-ONLY")
        assert b.cmd(f"COPY 7 {box('alice', name)}")[0] == b"BAD"
        b.ok(f"UID COPY 7 {box('alice', name)}")
        assert [x[2] for x in content(b, own)] == mails("mine")
        assert [x[2] for x in content(a, name)] == mails("hers")
        # nobody gives these but the other process
        for command in "XCANMOVE", "UID XREMOVE 1":
            assert b.cmd(command)[0] == b"BAD"
            b.ok(f"SELECT {box('alice', name)}")
            assert b.cmd(command)[0] == b"BAD"


def test_source_gone(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        name = folder(a, "lrte", mails=mails("one", "two"))
        to = folder(b)
        b.ok(f"SELECT {box('alice', name)}")
        a.ok(f"SELECT {name}")
        a.ok("STORE 1 +FLAGS (\\Deleted)")
        a.ok("EXPUNGE")
        status, text, _ = b.cmd(f"UID COPY 1:2 {to}")
        assert copyuid(text)[1:] == (b"2", b"1")
        b.ok("UID COPY 1 " + to)
        assert [x[2] for x in content(b, to)] == mails("two")


def test_big_and_many(pabal):
    """More than what waits in memory at once; MOVE in batches."""
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n"
    big += b"y" * 998 + b"\r\n"
    big *= 4000
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        name = folder(a, "lrte", mails=[big])
        small = mails(*(f"n{i}" for i in range(1100)))
        for i in range(0, len(small), 100):
            part = small[i:i + 100]
            a.ok(f"APPEND {name}" + " %L" * len(part), *part)
        to = folder(b)
        b.ok(f"SELECT {box('alice', name)}")
        status, text, told = b.cmd(f"COPY 1:* {to}")
        assert status == b"OK", text
        assert copyuid(text)[1:] == (b"1:1101", b"1:1101")
        assert not told
        assert [x[2] for x in content(b, to)] == [big] + small
        to = folder(b)
        b.ok(f"SELECT {box('alice', name)}")
        status, text, told = b.cmd(f"MOVE 1:* {to}")
        assert status == b"OK", text
        codes = [copyuid(x) for x in told if b"COPYUID" in x]
        assert [x[1:] for x in codes] == [(b"1:1000", b"1:1000"),
                                          (b"1001:1101", b"1001:1101")]
        assert len([x for x in told if x.endswith(b"EXPUNGE")]) == 1101
        got = [x[2] for x in content(b, to)]
        assert got == [big] + small
        assert content(a, name) == []
        # and back, of the own one
        b.ok(f"SELECT {to}")
        back = folder(a, "i")
        status, text, told = b.cmd(f"COPY 1:* {box('alice', back)}")
        assert copyuid(text)[1:] == (b"1:1101", b"1:1101"), text
        assert [x[2] for x in content(a, back)] == [big] + small
        back = folder(a, "i")
        b.ok(f"MOVE 1:* {box('alice', back)}")
        assert [x[2] for x in content(a, back)] == [big] + small
        assert content(b, to) == []


def test_names(pabal):
    """Whatever they are called, in both forms."""
    odd = "&AOk-t&AOk- \\\"x\\\""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.ok(f'CREATE "{odd}"')
        a.ok(f'SETACL "{odd}" bob lri')
        b.ok(f'CREATE "{odd}"')
        b.append(mails("one")[0], f'"{odd}"')
        b.ok(f'SELECT "{odd}"')
        assert b"COPYUID" in b.cmd(f"COPY 1 {box('alice', odd)}")[1]
        b.enable("IMAP4rev2")
        odd = "été \\\"x\\\""
        b.ok(f'SELECT "{odd}"')
        assert b"COPYUID" in b.cmd(f"COPY 1 {box('alice', odd)}")[1]
        b.ok(f"SELECT {box('alice', odd)}")
        assert b"COPYUID" in b.cmd(f'COPY 1 "{odd}"')[1]


def test_quota(make_pabal):
    """Of whose mailbox it goes to; nothing of it stays."""
    p = make_pabal(("pabal", "sharing", "domain"), users=("alice", "bob"))
    p.pabal("user", "set", f"alice@{DOMAIN}", "quota", "8K")
    large = b"Subject: x\r\n\r\n" + (b"z" * 70 + b"\r\n") * 50
    with Imap(p) as a, Imap(p, "bob") as b:
        to = folder(a, "i")
        name = folder(b, mails=[large] * 4)
        b.ok(f"SELECT {name}")
        refused(b, f"COPY 1:4 {box('alice', to)}", b"OVERQUOTA")
        refused(b, f"MOVE 1:4 {box('alice', to)}", b"OVERQUOTA")
        assert content(a, to) == []
        assert len(content(b, name)) == 4
        b.ok(f"SELECT {name}")
        b.ok(f"COPY 1 {box('alice', to)}")
        assert [x[2] for x in content(a, to)] == [large]


def fill(c, name, n):
    texts = mails(*(f"n{i}" for i in range(n)))
    for i in range(0, n, 100):
        part = texts[i:i + 100]
        c.ok(f"APPEND {name}" + " %L" * len(part), *part)
    return texts


def test_over_quota_in_a_later_batch(make_pabal):
    """All or nothing is copied; what others put in meanwhile stays."""
    p = make_pabal(("pabal", "sharing", "domain"), users=("alice", "bob"))
    p.pabal("user", "set", f"alice@{DOMAIN}", "quota", "75K")
    with Imap(p) as a, Imap(p, "bob") as b:
        to = folder(a, "i", mails=mails("before"))
        name = folder(b)
        texts = fill(b, name, 1300)
        b.ok(f"SELECT {name}")
        refused(b, f"COPY 1:* {box('alice', to)}", b"OVERQUOTA")
        assert [x[2] for x in content(a, to)] == mails("before")
        # the same session goes on
        b.ok(f"SELECT {name}")
        status, text, _ = b.cmd(f"COPY 1:100 {box('alice', to)}")
        assert status == b"OK", text
        assert [x[2] for x in content(a, to)] == mails("before") + texts[:100]
        p.pabal("user", "set", f"alice@{DOMAIN}", "quota", "0")
    with Imap(p) as a, Imap(p, "bob") as b:
        b.ok(f"SELECT {name}")
        status, text, _ = b.cmd(f"COPY 1:* {box('alice', to)}")
        assert status == b"OK", text
        assert [x[2] for x in content(a, to)][101:] == texts


def found(p, user, *names):
    """What is in USER's mailboxes, those that there are, as soon as the next
    process serves him."""
    for _ in range(50):
        try:
            with Imap(p, user) as c:
                return [content(c, n) if c.cmd(f"STATUS {n} (MESSAGES)")[0] ==
                        b"OK" else None for n in names]
        except (Closed, ConnectionError):
            continue
    raise AssertionError("no session")


@pytest.mark.allow("child.killed")
@pytest.mark.parametrize("other,user", (("source", "carol"),
                                        ("target", "dave")))
def test_process_of_the_other_ends(pabal, isolation, other, user):
    """What was not answered may be there twice, and never nowhere."""
    if isolation != "account":
        pytest.skip("it may be the visitor's own")
    many = mails(*(f"k{i}" for i in range(300)))
    for turn in range(2):
        with Imap(pabal, user) as d, Imap(pabal, "bob") as b:
            if other == "source":
                name, to = folder(d, "lrte"), folder(b)
                first, a_box, to_box = d, box(user, name), to
            else:
                name, to = folder(b), folder(d, "i")
                first, a_box, to_box = b, name, box(user, to)
            for i in range(0, len(many), 100):
                first.ok(f"APPEND {name}" + " %L" * 100, *many[i:i + 100])
            b.ok(f"SELECT {a_box}")
            tag = b.tag()
            b.send(tag + f" MOVE 1:* {to_box}\r\n".encode())
            if turn % 2:  # while they are removed here
                while not b.answer().endswith(b" EXPUNGE"):
                    pass
            for pid in owner_pids(pabal, user):
                os.kill(pid, signal.SIGKILL)
            try:
                b.finish(tag)
            except (Closed, ConnectionError):
                pass
        theirs, mine = (found(pabal, u, name, to) for u in (user, "bob"))
        there, here = (theirs[0], mine[1]) if other == "source" else (
            mine[0], theirs[1])
        texts = {x[2] for x in there} | {x[2] for x in here}
        assert texts == set(many)
        if other == "source":  # the target's lives on: all or nothing
            assert len(here) in (0, len(many))
        assert len(here) <= len(many)


def settled(p, user, name, most):
    """What is in it, when nothing is taken back any more."""
    n = -1
    for _ in range(2000):
        try:
            with Imap(p, user) as c:
                while n not in (0, most):
                    n = int(re.search(rb"MESSAGES (\d+)", c.ok(
                        f"STATUS {name} (MESSAGES)")[0]).group(1))
            return found(p, user, name)[0]
        except (Closed, ConnectionError):
            continue
    raise AssertionError(n)


@pytest.mark.allow("child.killed")
@pytest.mark.parametrize("ends", ("visitor", "source", "target"))
def test_killed_within_a_long_copy(pabal, isolation, ends):
    """The source has all; the target has all or nothing, unless its own process
    was killed, of which the client is told."""
    if isolation != "account":
        pytest.skip("there is one process")
    source, target = ("carol", "bob") if ends == "source" else ("bob", "dave")
    with Imap(pabal, source) as c, Imap(pabal, target) as d:
        name = folder(c, "" if source == "bob" else "lr")
        to = folder(d, "" if target == "bob" else "i")
        texts = fill(c, name, 1900)
        with Imap(pabal, "bob") as b:
            b.ok(f"SELECT {name if source == 'bob' else box(source, name)}")
            tag = b.tag()
            a_box = to if target == "bob" else box(target, to)
            b.send(tag + f" COPY 1:* {a_box}\r\n".encode())
            d.ok(f"SELECT {to}")
            while not any(x.endswith(b" EXISTS") for x in d.ok("NOOP")):
                pass
            for pid in owner_pids(pabal, {"visitor": "bob", "source": "carol",
                                          "target": "dave"}[ends]):
                os.kill(pid, signal.SIGKILL)
            try:
                status, text, _ = b.finish(tag)
            except (Closed, ConnectionError):
                status = None
    if status == b"OK":
        got = found(pabal, target, to)[0]
        assert [x[2] for x in got] == texts
    elif ends == "target":
        assert b"may have got some" in text, text
    else:
        assert settled(pabal, target, to, len(texts)) == []
    assert [x[2] for x in found(pabal, source, name)[0]] == texts

# SPDX-License-Identifier: ISC
"""Other users' mailboxes (RFC 2342, RFC 4314): through the process of their
owner, in all modes of isolation."""
import os
import re
import signal

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN

USERS = ("alice", "bob", "carol", "dave")
MAIL = b"Subject: one\r\n\r\ntext\r\n"
SPACE = "Other Users"


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


def box(owner, name="INBOX"):
    return f'"{SPACE}/{owner}/{name}"'


def refused(c, command, code):
    status, why, _ = c.cmd(command)
    assert (status, why[:len(code) + 2]) == (b"NO", b"[" + code + b"]"), \
        (command, status, why)
    return why


def test_namespace(pabal):
    with Imap(pabal) as c:
        assert c.ok("NAMESPACE") == [
            b'NAMESPACE (("" "/")) (("Other Users/" "/")) NIL']


def test_read_and_write(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.append(MAIL)
        a.append(MAIL, "INBOX", "(\\Flagged) ")
        a.ok("SETACL INBOX bob lrs")
        assert b.ok(f"STATUS {box('alice')} (MESSAGES)") == [
            b'STATUS "Other Users/alice/INBOX" (MESSAGES 2)']
        assert b.ok(f"MYRIGHTS {box('alice')}") == [
            b'MYRIGHTS "Other Users/alice/INBOX" lrs']
        answers = b.ok(f"SELECT {box('alice')}")
        assert b"2 EXISTS" in answers
        assert any(x.startswith(b"OK [PERMANENTFLAGS (\\Seen)]")
                   for x in answers)
        assert b.ok("FETCH 1 BODY.PEEK[]")[0].endswith(
            b"BODY[] {%d}\r\n%b)" % (len(MAIL), MAIL))
        assert b.ok("SEARCH FLAGGED") == [b"SEARCH 2"]
        assert b.ok("STORE 1 +FLAGS (\\Seen)")
        refused(b, "STORE 1 +FLAGS (\\Deleted)", b"NOPERM")
        refused(b, "EXPUNGE", b"NOPERM")
        # what the owner does is told
        a.ok("SELECT INBOX")
        a.ok("STORE 2 +FLAGS (\\Answered)")
        assert any(b"2 FETCH" in x and b"Answered" in x
                   for x in b.ok("NOOP"))
        b.ok("UNSELECT")
        assert b.cmd("FETCH 1 FLAGS")[0] == b"BAD"
        a.ok("DELETEACL INBOX bob")
        refused(b, f"SELECT {box('alice')}", b"NONEXISTENT")


def test_idle(pabal):
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.ok("SETACL INBOX bob lr")
        b.ok(f"EXAMINE {box('alice')}")
        tag = b.tag()
        b.send(tag + b" IDLE\r\n")
        assert b.answer() == b"+ idling"
        a.append(MAIL)
        while b"EXISTS" not in b.answer():
            pass
        b.send(b"DONE\r\n")
        assert b.finish(tag)[0] == b"OK"
        b.ok("CLOSE")


def idle(c):
    tag = c.tag()
    c.send(tag + b" IDLE\r\n")
    assert c.answer() == b"+ idling"


def test_idle_revoked(pabal):
    """Who may read no more is told nothing more, and at once."""
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.ok("CREATE revoked")
        a.ok("SETACL revoked bob lr")
        b.ok(f"EXAMINE {box('alice', 'revoked')}")
        idle(b)
        a.ok("SETACL revoked bob -r")
        a.append(MAIL, "revoked")
        heard = []
        with pytest.raises(Closed):
            while True:
                heard.append(b.answer())
        assert not any(b"EXISTS" in x for x in heard), heard


@pytest.mark.parametrize("literal", (b"{%d}", b"{%d+}"))
def test_append(pabal, literal):
    big = b"Subject: big\r\n\r\n" + b"x" * 500000 + b"\r\n"
    with Imap(pabal) as a, Imap(pabal, "bob") as b:
        a.cmd("CREATE in")
        a.ok("SETACL in bob lri")

        def append(name, *mails):
            tag = b.tag()
            b.send(tag + b" APPEND " + name.encode())
            for mail in mails:
                b.send(b" " + literal % len(mail) + b"\r\n")
                if b"+" not in literal:
                    line = b.answer()
                    if not line.startswith(b"+"):
                        assert line.startswith(tag)
                        return line.split(b" ", 2)[1:]
                b.send(mail)
            b.send(b"\r\n")
            return b.finish(tag)[:2]

        before = a.ok("STATUS in (MESSAGES)")
        status, why = append(box("alice", "in"), MAIL, big)
        assert status == b"OK" and b"APPENDUID" in why, why
        assert a.ok("STATUS in (MESSAGES)") != before
        assert b.cmd(f"STATUS {box('alice', 'in')} (UIDNEXT)")[0] == b"OK"
        status, why = append(box("alice"), MAIL)
        assert status == b"NO"
        status, why = append(box("carol"), MAIL)
        assert (status, why) == (b"NO", b"[TRYCREATE] no such mailbox")
        status, why = append(box("nobody"), MAIL)
        assert (status, why) == (b"NO", b"[TRYCREATE] no such mailbox")
        b.ok("NOOP")


def test_list(pabal):
    with Imap(pabal, "carol") as a, Imap(pabal, "bob") as b:
        for name in "Open", "Closed", "Closed/Below", "Closed/Hidden":
            a.ok(f"CREATE {name}")
        a.ok("SETACL Open anyone lr")
        a.ok("SETACL Closed/Below bob l")
        got = b.ok(f'LIST "" "{SPACE}/carol/*" RETURN (MYRIGHTS)')
        assert got == [
            b'LIST (\\HasChildren \\Noselect) "/" "Other Users/carol/Closed"',
            b'LIST (\\HasNoChildren) "/" "Other Users/carol/Closed/Below"',
            b'MYRIGHTS "Other Users/carol/Closed/Below" l',
            b'LIST (\\HasNoChildren) "/" "Other Users/carol/Open"',
            b'MYRIGHTS "Other Users/carol/Open" lr']
        names = [x.split(b'"/" ')[1] for x in b.ok(f'LIST "" "{SPACE}/%"')]
        assert b'"Other Users/carol"' in names
        assert b'"Other Users/dave"' not in names
        assert not [x for x in b.ok('LIST "" *') if SPACE.encode() in x]
        # what is not shared and what is not there look the same
        answers = {refused(b, f"SELECT {x}", b"NONEXISTENT") for x in (
            box("carol", "Closed/Hidden"), box("carol", "none"),
            box("carol", "Closed"), box("dave"), box("nobody"),
            box("carol"), f'"{SPACE}/carol"', f'"{SPACE}"')}
        assert answers == {b"[NONEXISTENT] no such mailbox"}
        refused(b, f"STATUS {box('carol', 'Closed/Below')} (MESSAGES)",
                b"NOPERM")
        for command in ("GETACL", "SETACL %s bob lr", "DELETE"):
            command = command if "%s" in command else command + " %s"
            refused(b, command % box("carol", "Closed/Hidden"),
                    b"NONEXISTENT")


def test_hidden_names(pabal):
    """What is hidden and what is not there look the same, also to who makes
    mailboxes."""
    with Imap(pabal, "carol") as a, Imap(pabal, "bob") as b:
        for name in "Pub", "Pub/Mine", "Secret", "Work", "Work/Secret":
            a.ok(f"CREATE {name}")
        a.ok("SETACL Pub bob lrxk")
        a.ok("SETACL Pub/Mine bob lrx")
        a.ok("SETACL Work bob l")
        a.ok('SETACL Work/Secret bob ""')
        names = [box("carol", n) for n in ("Secret/x", "Nothing/x",
                                           "Work/Secret/x", "Work/Nothing/x")]
        assert len({refused(b, f"CREATE {n}", b"NOPERM") for n in names}) == 1
        assert len({refused(b, f"RENAME {box('carol', 'Pub/Mine')} {n}",
                            b"NOPERM") for n in names}) == 1


def test_rename_takes_nothing_hidden(pabal):
    with Imap(pabal, "carol") as a, Imap(pabal, "bob") as b:
        for name in "To", "W", "W/Open", "W/Sec":
            a.ok(f"CREATE {name}")
        a.ok("SETACL To bob lrk")
        a.ok("SETACL W bob lrx")
        a.ok("SETACL W/Open bob lrx")
        a.ok('SETACL W/Sec bob ""')
        rename = f"RENAME {box('carol', 'W')} {box('carol', 'To/W')}"
        refused(b, rename, b"NOPERM")
        assert a.ok("STATUS W/Sec (MESSAGES)")
        a.ok("SETACL W/Sec bob x")
        b.ok(rename)
        assert a.ok("STATUS To/W/Sec (MESSAGES)")


def test_subscribed(pabal):
    """By name, as one's own: what is there the owner's process knows."""
    with Imap(pabal, "bob") as b:
        b.ok(f"SUBSCRIBE {box('carol', 'Open')}")
        assert b.ok('LIST (SUBSCRIBED) "" "Other Users/*"') == [
            b'LIST (\\HasNoChildren \\Subscribed) "/" '
            b'"Other Users/carol/Open"']
        b.ok(f"UNSUBSCRIBE {box('carol', 'Open')}")


def test_between_accounts(pabal):
    with Imap(pabal, "carol") as a, Imap(pabal, "bob") as b:
        a.cmd("CREATE x")
        a.cmd("CREATE y")
        a.append(MAIL, "x")
        a.ok("SETACL x bob lr")
        a.ok("SETACL y bob lri")
        b.ok(f"SELECT {box('carol', 'x')}")
        assert b"COPYUID" in b.cmd(f"COPY 1 {box('carol', 'y')}")[1]
        refused(b, f"RENAME {box('carol', 'x')} mine", b"CANNOT")
        answers = b.ok("SELECT INBOX")
        assert any(x.startswith(b"OK [CLOSED]") for x in answers)
        answers = b.ok(f"SELECT {box('carol', 'x')}")
        assert any(x.startswith(b"OK [CLOSED]") for x in answers)
        b.ok("FETCH 1 FLAGS")


def test_revoked(pabal):
    with Imap(pabal, "carol") as a, Imap(pabal, "bob") as b:
        a.cmd("CREATE gone")
        a.append(MAIL, "gone")
        a.ok("SETACL gone bob lr")
        b.ok(f"SELECT {box('carol', 'gone')}")
        a.ok("DELETEACL gone bob")
        with pytest.raises(Closed):
            b.cmd("FETCH 1 BODY[]")


@pytest.mark.allow("child.killed")
def test_process_of_the_owner_ends(pabal, isolation):
    """Nothing wrong is told: who has its mailbox selected hears BYE, who has
    not is served by the next one."""
    if isolation != "account":
        pytest.skip("it may be the visitor's own")
    with Imap(pabal, "dave") as a, Imap(pabal, "bob") as b, \
            Imap(pabal, "carol") as c:
        a.append(MAIL)
        a.ok("SETACL INBOX anyone lr")
        b.ok(f"SELECT {box('dave')}")
        c.ok(f"STATUS {box('dave')} (MESSAGES)")
        for pid in owner_pids(pabal, "dave"):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(Closed):
            while True:
                b.cmd("FETCH 1 BODY[]")
        for _ in range(50):
            status, why, _ = c.cmd(f"STATUS {box('dave')} (MESSAGES)")
            if status == b"OK":
                break
            assert why.startswith(b"[UNAVAILABLE]"), why
        assert status == b"OK"


def owner_pids(pabal, user):
    """The process that has the sessions of USER."""
    found = re.findall(rf"imapd\[(\d+)\] info: imapd.session-start .*"
                       rf"account={user}@", pabal.log())
    assert found
    return [int(found[-1])]


def test_off(make_pabal):
    p = make_pabal(users=("alice", "bob"))
    with Imap(p) as a, Imap(p, "bob") as b:
        a.ok("SETACL INBOX bob lr")
        refused(b, f"SELECT {box('alice')}", b"NONEXISTENT")
        assert b.ok("NAMESPACE") == [b'NAMESPACE (("" "/")) NIL NIL']
        assert not os.path.exists(os.path.join(p.dir, "state", "shares"))


def test_turned_off(make_pabal):
    """A reload ends visits: who has another's mailbox selected hears BYE."""
    p = make_pabal(("pabal", "sharing", "domain"), users=("alice", "bob"))
    with Imap(p) as a, Imap(p, "bob") as b, Imap(p, "bob") as other, \
            Imap(p, "bob") as waits:
        a.append(MAIL)
        a.ok("SETACL INBOX bob lr")
        b.ok(f"SELECT {box('alice')}")
        other.ok(f"STATUS {box('alice')} (MESSAGES)")
        waits.ok(f"EXAMINE {box('alice')}")
        idle(waits)
        p.conf("pabal", "sharing", "no")
        p.reload()
        with pytest.raises(Closed):
            b.cmd("FETCH 1 BODY[]")
        with pytest.raises(Closed):
            while True:
                waits.answer()
        refused(other, f"STATUS {box('alice')} (MESSAGES)", b"NONEXISTENT")
        assert other.ok("NAMESPACE") == [b'NAMESPACE (("" "/")) NIL NIL']


def test_one_called_anyone(make_pabal):
    """He is one, and what is shared with him alone nobody else hears of."""
    p = make_pabal(("pabal", "sharing", "domain"),
                   users=("alice", "bob", "anyone", "carol"))
    with Imap(p) as a, Imap(p, "bob") as b:
        a.ok(f"SETACL INBOX anyone@{DOMAIN} lr")
        assert not b.ok(f'LIST "" "{SPACE}/%"')
        a.ok("SETACL INBOX carol lr")
    # The next one of that name has no part in it.
    shares = os.path.join(p.dir, "state", "shares")
    assert os.path.exists(os.path.join(shares, f"carol@{DOMAIN}"))
    p.pabal("user", "del", f"carol@{DOMAIN}")
    assert not os.path.exists(os.path.join(shares, f"carol@{DOMAIN}"))
    assert os.path.exists(os.path.join(shares, f"owner=alice@{DOMAIN}"))
    p.pabal("user", "del", f"alice@{DOMAIN}")
    assert os.listdir(shares) == []


def test_many_owners(make_pabal):
    """More than a message holds: all are told."""
    p = make_pabal(("pabal", "sharing", "domain"), users=("alice", "bob"))
    with Imap(p) as a:
        a.ok("SETACL INBOX anyone lr")
    shares = os.path.join(p.dir, "state", "shares", f"anyone={DOMAIN}")
    for i in range(3000):
        with open(os.path.join(shares, f"someone-{i:05}@{DOMAIN}"), "w"):
            pass
    with Imap(p, "bob") as b:
        got = b.ok(f'LIST "" "{SPACE}/%"')
        assert len([x for x in got if b"someone-" in x]) == 3000
        assert any(x.endswith(b'"Other Users/alice"') for x in got)


def test_not_a_daemons_own(make_pabal):
    p = make_pabal(users=("alice",))
    assert "pabal.conf" in p.pabal_fails("conf", "set", "imapd", "sharing", "domain")

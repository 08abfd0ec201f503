# SPDX-License-Identifier: ISC
"""UNAUTHENTICATE (RFC 8437): from a session of the account back to login, with
TLS alone, and with nothing of the session that was."""
import base64
import ssl

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN, PASSWORD
from test_imap_compress import CompressedTls

USERS = ("alice", "bob")
CONF = [("auth", "penalty_free", "20")]


def login(user):
    return f'LOGIN {user}@{DOMAIN} "{PASSWORD}"'


def plain(user):
    return base64.b64encode(f"\0{user}@{DOMAIN}\0{PASSWORD}".encode()).decode()


class Tls(Imap):
    """By STARTTLS, not logged in yet."""

    def __init__(self, instance):
        super().__init__(instance, login=False)
        self.ok("STARTTLS")
        self.file.close()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")

    def capabilities(self):
        [line] = self.ok("CAPABILITY")
        return set(line.split()[1:])


def who(c):
    """The mailboxes there are: each user has one of his own name."""
    return {line.split(b" ")[-1] for line in c.ok('LIST "" own-*')}


@pytest.fixture(scope="module", autouse=True)
def own(shared_pabal):
    for user in USERS:
        with Imap(shared_pabal, user) as c:
            c.ok(f"CREATE own-{user}")


def test_capability(pabal):
    """RFC 8437 3: told where it works, which is behind TLS and a login."""
    with Tls(pabal) as c:
        assert b"UNAUTHENTICATE" not in c.capabilities()
        assert c.cmd("UNAUTHENTICATE")[0] == b"BAD"
        status, text, _ = c.cmd(login("alice"))
        assert status == b"OK" and b" UNAUTHENTICATE " in text
        assert b"UNAUTHENTICATE" in c.capabilities()
        assert b"STARTTLS" not in c.capabilities()
        assert c.cmd("UNAUTHENTICATE now")[0] == b"BAD"
        assert c.cmd("STARTTLS")[0] == b"BAD"
        c.ok("UNAUTHENTICATE")
        caps = c.capabilities()
        assert {b"AUTH=PLAIN", b"SASL-IR"} <= caps
        assert not caps & {b"STARTTLS", b"UNAUTHENTICATE", b"LOGINDISABLED"}
    with Imap(pabal) as c:
        assert b"UNAUTHENTICATE" not in c.ok("CAPABILITY")[0]
        assert c.cmd("UNAUTHENTICATE")[0] == b"BAD"
        c.ok("NOOP")


def test_another_user(pabal):
    with Tls(pabal) as c:
        for user in USERS * 2:
            c.ok(login(user))
            assert who(c) == {b"own-%s" % user.encode()}
            c.ok("SELECT INBOX")
            c.ok("UNAUTHENTICATE")
            assert c.cmd("SELECT INBOX")[0] == b"BAD"
            assert c.cmd("UNSELECT")[0] == b"BAD"
        c.ok("LOGOUT")
        with pytest.raises(Closed):
            c.line()


def test_nothing_stays(pabal):
    """RFC 8437 4.1: what was enabled, saved, wanted to be heard of; nothing is
    expunged."""
    with Tls(pabal) as c:
        c.ok(login("alice"))
        c.enable("QRESYNC", "UTF8=ACCEPT")
        c.ok("APPEND INBOX %L", b"Subject: x\r\n\r\nx\r\n")
        c.ok("NOTIFY SET (personal (MailboxName))")
        c.ok("SELECT INBOX")
        c.ok("UID SEARCH RETURN (SAVE UPDATE) ALL")
        c.ok("STORE 1 +FLAGS (\\Deleted)")
        assert c.ok("UNAUTHENTICATE") == []
        c.utf8 = False
        c.ok(login("alice"))
        with Imap(pabal) as other:
            other.ok("CREATE made")
            other.ok("DELETE made")
        assert c.ok("NOOP") == []
        told = b" ".join(c.ok("SELECT INBOX"))
        assert b"1 EXISTS" in told
        assert c.ok("SEARCH $") == [b"SEARCH"]
        assert b"UID" not in c.ok("STORE 1 -FLAGS (\\Deleted)")[0]


def test_pipelined(pabal):
    """RFC 8437 3: with an AUTHENTICATE behind it, in one round trip; however
    the octets come."""
    command = f"a UNAUTHENTICATE\r\nb AUTHENTICATE PLAIN {plain('bob')}\r\n" \
              "c LIST \"\" own-*\r\n"
    for cuts in ((), (5,), (16,), (17,), (18,), (30,), (19, 40), (3, 18, 60)):
        with Tls(pabal) as c:
            c.ok(login("alice"))
            at = (0,) + cuts + (len(command),)
            for i, k in zip(at, at[1:]):
                c.send(command[i:k])
            assert c.answer().startswith(b"a OK")
            assert c.finish(b"b")[0] == b"OK"
            assert c.finish(b"c")[2][0].endswith(b" own-bob")


def test_pipelined_behind_the_login(pabal):
    """The same where the whole came with the login before it, which goes along
    to the session."""
    with Tls(pabal) as c:
        c.send(f"a {login('alice')}\r\nb NOOP\r\nc UNAUTHENTICATE\r\n"
               f"d {login('bob')}\r\ne LIST \"\" own-*\r\n")
        for tag in b"abcd":
            assert c.finish(b"%c" % tag)[0] == b"OK"
        assert c.finish(b"e")[2][0].endswith(b" own-bob")


def test_word_in_a_message(pabal):
    """It is a command only where a session takes it for one."""
    with Tls(pabal) as c:
        c.ok(login("alice"))
        for size in (10, 10000):
            c.ok("APPEND own-alice %L",
                 b"Subject: x\r\n\r\na UNAUTHENTICATE\r\n" + b"b NOOP\r\n" *
                 size)
        assert who(c) == {b"own-alice"}
        c.ok("UNAUTHENTICATE")
        c.ok("CAPABILITY")
        c.ok(login("bob"))
        assert who(c) == {b"own-bob"}


def test_compressed(pabal):
    """RFC 8437 4.1: compression ends with the answer."""
    with CompressedTls(pabal) as c:
        c.compress()
        c.ok("NOOP")
        c.ok("UNAUTHENTICATE")
        assert c.inflated.rest == b""
        del c.send
        c.file = c.sock.makefile("rb")
        c.ok(login("bob"))
        assert who(c) == {b"own-bob"}


def test_end_without_it(pabal):
    """A session that ends any other way ends the connection."""
    with Tls(pabal) as c:
        c.ok(login("alice"))
        c.ok("LOGOUT")
        with pytest.raises(Closed):
            c.line()
    assert len(pabal.events("login.unauthenticated")) > 0


# The last one: who guessed waits longer for each login.

def test_guesses_count(pabal):
    """What was failed before the login and after it, in one connection."""
    with Tls(pabal) as c:
        for _ in range(2):
            assert c.cmd(f"LOGIN bob@{DOMAIN} wrong")[0] == b"NO"
        c.ok(login("alice"))
        c.ok("UNAUTHENTICATE")
        for _ in range(2):
            assert c.cmd(f"LOGIN bob@{DOMAIN} wrong")[0] == b"NO"
        tag = c.tag()
        c.send(tag + f" LOGIN bob@{DOMAIN} wrong\r\n".encode())
        assert c.answer().startswith(tag + b" NO")
        assert c.answer().startswith(b"* BYE ")

# SPDX-License-Identifier: ISC
"""What is no IMAP: refused with a text, in bounded memory, and nobody else
notices."""
import os
import re

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN, PASSWORD

BIG = b"x" * (1 << 20)


def rss_kib(pabal, name):
    """Memory of a daemon's processes; sanitizers keep what was freed."""
    if os.environ.get("PABAL_SANITIZE"):
        return 0
    total = 0
    for pid in pabal.pids(name):
        with open(f"/proc/{pid}/status") as f:
            total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return total


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        yield c


@pytest.mark.parametrize("line", [
    b"", b" ", b"a", b"+ NOOP", b"* NOOP", b"a+ NOOP", b"a  NOOP", b"a NOOP x",
    b"a NONSENSE", b"a UID", b"a UID NOOP", b"a FETCH 1 UID", b"a SELECT",
    b"a SELECT a b", b"a SELECT \"a", b"a SELECT (", b"a SELECT \"a\\x\"",
    b"a LIST", b"a LIST a", b"a LIST \"\" (", b"a STATUS INBOX",
    b"a STATUS INBOX ()", b"a STATUS INBOX (NOTHING)", b"a APPEND INBOX x",
    b"a APPEND INBOX", b"a RENAME a", b"a CREATE", b"a ID", b"a ID (x)",
    b"a ENABLE", b"a CREATE x (USE (Nothing))", b"\x00", b"\xff\xfe NOOP",
    b"a \x00NOOP", b"a SELECT {5", b"a SELECT {5}x", b"a IDLE x",
    b"a LOGIN a b", b"a AUTHENTICATE PLAIN", b"a STARTTLS",
    b"a LOGOUT now", b"a NAMESPACE x", b"a CAPABILITY x", b"a STATUS",
    b"a STATUS \"\" MESSAGES", b"a LSUB", b"a SUBSCRIBE", b"a DELETE",
    b"a APPEND INBOX (\\Nothing) {1}", b"a APPEND INBOX \"now\" {1}",
])
def test_bad_lines(alice, line):
    alice.send(line + b"\r\nok NOOP\r\n")
    a = alice.answer()
    assert a.split()[1] == b"BAD", a
    assert len(a.split(b" ", 2)[2]) > 3  # it says why
    assert alice.finish(b"ok")[0] == b"OK"


@pytest.mark.parametrize("command", [
    "FETCH 0 UID", "FETCH 1:0 UID", "FETCH 5 UID", "FETCH * UID",
    "FETCH 4294967296 UID", "FETCH 1, UID", "FETCH 1 ()", "FETCH 1 NOTHING",
    "FETCH 1 BODY[0]", "FETCH 1 BODY[1", "FETCH 1 BODY[]<5>",
    "STORE 1 FLAGS", "STORE 1 FLAGS (\\Nothing)", "STORE 1 XFLAGS ()",
    "SEARCH", "SEARCH (", "SEARCH NOT", "SEARCH BEFORE x",
    "COPY 1", "COPY x INBOX", "MOVE 1 INBOX", "UID EXPUNGE x", "EXPUNGE 1",
    "CLOSE now", "UNSELECT now", "CHECK now", "NOOP now", "IDLE now",
])
def test_bad_commands_in_a_mailbox(alice, command):
    alice.ok("SELECT INBOX")  # which is empty
    assert alice.cmd(command)[0] == b"BAD"
    assert alice.cmd("NOOP")[0] == b"OK"


@pytest.mark.parametrize("command,code", [
    ("CREATE x (USE (\\Nothing))", b"[USEATTR]"),
    ("CREATE x (USE (\\Sent \\Nothing))", b"[USEATTR]"),
    ("SEARCH CHARSET X-NONE ALL", b"[BADCHARSET"),
    ("SEARCH CHARSET X-NONE SUBJECT x", b"[BADCHARSET"),
])
def test_refusals(alice, command, code):
    """Understood, and not done: NO with the code that says why."""
    alice.ok("SELECT INBOX")
    status, text, _ = alice.cmd(command)
    assert (status, text.split()[0]) == (b"NO", code)
    assert alice.cmd("STATUS x (MESSAGES)")[0] == b"NO"


@pytest.mark.parametrize("arguments", [
    b"(\\Recent)", b'"32-Jan-2020 00:00:00 +0000"', b"(\\Seen", b"x",
])
def test_append_is_refused_before_it_is_sent(alice, arguments):
    alice.send(b"a APPEND INBOX " + arguments + b" {100000}\r\nok NOOP\r\n")
    assert alice.answer().startswith(b"a BAD ")
    assert alice.finish(b"ok")[0] == b"OK"
    # one that comes unasked is read to its end
    alice.send(b"b APPEND INBOX " + arguments + b" {3+}\r\nabc\r\nok NOOP\r\n")
    assert alice.answer().startswith(b"b BAD ")
    assert alice.finish(b"ok")[0] == b"OK"


def test_id_of_the_largest_size(pabal):
    """RFC 2971 3.3: 30 pairs, names of 30 octets, values of 1024."""
    pairs = b" ".join(b'"%030d" "%s"' % (i, b"v" * 1024) for i in range(30))
    with Imap(pabal, login=False) as c:
        assert c.ok(b"ID (" + pairs + b")") == [b'ID ("name" "pabal")']
        c.ok(f'LOGIN alice@{DOMAIN} "{PASSWORD}"')
        assert c.ok(b"ID (" + pairs + b")") == [b'ID ("name" "pabal")']


def test_too_much(pabal, alice):
    before = rss_kib(pabal, "imapd")
    # a line without end, in pieces
    alice.send(b"a SELECT ")
    for _ in range(20):
        alice.send(BIG)
    alice.send(b"\r\nok NOOP\r\n")
    a = alice.answer()
    assert a.startswith(b"a BAD [TOOBIG]")
    assert alice.finish(b"ok")[0] == b"OK"
    # literals that nobody asked for
    alice.send(b"b SELECT {10485760+}\r\n")
    for _ in range(10):
        alice.send(BIG)
    alice.send(b" {3+}\r\nabc\r\nok NOOP\r\n")
    assert alice.answer().startswith(b"b BAD [TOOBIG]")
    assert alice.finish(b"ok")[0] == b"OK"
    # one that is asked for first
    alice.send(b"c SELECT {18446744073709551616}\r\n")
    assert alice.answer().startswith(b"c BAD [TOOBIG]")
    assert rss_kib(pabal, "imapd") < before + 8192
    # and one that cannot even be passed over
    alice.send(b"d SELECT {18446744073709551615+}\r\n")
    assert alice.answer().startswith(b"* BYE [TOOBIG]")
    with pytest.raises((Closed, ConnectionError)):
        alice.answer()


def test_not_an_imap_client(alice):
    alice.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
    answers = []
    with pytest.raises((Closed, ConnectionError)):
        while True:
            answers.append(alice.answer())
    assert answers[-1].startswith(b"* BYE")
    assert len(answers) <= 21


def test_pipelined_without_reading(pabal, alice):
    """100,000 commands from a client that reads nothing: it is held up, others
    are not, and it gets all its answers."""
    alice.sock.settimeout(1)
    sent = 0
    data = b"".join(b"p%d NOOP\r\n" % i for i in range(100000))
    try:
        while sent < len(data):
            sent += alice.sock.send(data[sent:sent + 65536])
    except TimeoutError:
        pass
    with Imap(pabal, "bob") as b:
        for _ in range(20):
            assert b.cmd("NOOP")[0] == b"OK"
    assert rss_kib(pabal, "imapd") < 200000
    alice.sock.setblocking(True)
    whole = data[:sent].rindex(b"\n") + 1
    for i in range(data[:whole].count(b"\n")):
        assert alice.answer().startswith(b"p%d OK" % i)


def test_client_gone_amid_everything(pabal):
    """The connection breaks in each state; the process and others live on."""
    halves = [b"a SEL", b"a SELECT {3}\r\n", b"a SELECT {5+}\r\nIN",
              b"a APPEND INBOX {100}\r\n", b"a APPEND INBOX {100+}\r\nSubject",
              b"a IDLE\r\n", b"a SELECT INBOX\r\nb IDLE\r\n",
              b"a SELECT INBOX\r\nb FETCH 1:* BODY[]\r\n",
              b"a SEARCH BODY x\r\n", b"a LOGOUT\r\n", b""]
    pids = set(pabal.pids("imapd"))
    for half in halves:
        c = Imap(pabal)
        c.send(half)
        if half:
            c.close()
        else:
            c.sock.shutdown(1)
            with pytest.raises((Closed, ConnectionError)):
                while True:
                    c.answer()
    with Imap(pabal) as c:
        # no half of a message was taken
        assert b"0 EXISTS" in c.ok("SELECT INBOX")
        assert pids <= set(pabal.pids("imapd"))


def test_monsters(pabal):
    """Messages made to hurt: answered, quickly, and the session lives on."""
    boundary = b"b" * 70
    monsters = [
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" +
        b"--x\r\n\r\nhi\r\n" * 100000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n"
                 b"--b%05d\r\n" % (i, i) for i in range(10000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 10000,
        b"To: " + b",\r\n ".join(b"user%d@host.example" % i
                                 for i in range(200000)) + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=\"" + b"a" * (1 << 20) +
        b"\"\r\n\r\n--" + b"a" * (1 << 20) + b"\r\n\r\nx\r\n",
        b"Content-Type: multipart/mixed; boundary=" + boundary +
        b"\r\n\r\n" + (b"--" + boundary[:-1] + b"\r\n") * 300000,
        b"Subject: " + b"=?utf-8?q?=" * 50000 + b"\r\n\r\n",
        b"X: " + b"y" * (10 << 20) + b"\r\n\r\n",
    ]
    with Imap(pabal, "bob") as c:
        for m in monsters:
            c.append(m)
        c.ok("SELECT INBOX")
        for i, m in enumerate(monsters, 1):
            a = c.ok(f"FETCH {i} (ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
            assert b"RFC822.SIZE %d" % len(m) in a[0]
            a = c.ok(f"FETCH {i} (BODY.PEEK[1.1.1] BODY.PEEK[99999] "
                     f"BODY.PEEK[HEADER.FIELDS (Subject To)])")
            assert len(a) == 1
        c.ok("SEARCH OR SUBJECT nothing BODY nothing")
        body = c.ok("FETCH 1 BODY.PEEK[]")[0]
        assert monsters[0] in body
    assert rss_kib(pabal, "imapd") < 300000

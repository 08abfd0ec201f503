# SPDX-License-Identifier: ISC
"""CATENATE (RFC 4469): messages put together from text and from what there is."""
import re

import pytest
from imapraw import Imap
from pabal import DOMAIN

USERS = ("alice", "bob")

PART = (b"Content-Type: text/plain\r\nSubject: first\r\n\r\nhello\r\nworld\r\n")
MAIL = (b"Subject: source\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n" + PART +
        b"--B\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--B--\r\n")


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        for name in ("source", "target"):
            c.cmd(f"DELETE {name}")
            c.ok(f"CREATE {name}")
        c.uid = c.append(MAIL, "source")
        c.validity = int(c.ok("STATUS source (UIDVALIDITY)")[0].split()[-1][:-1])
        yield c


def last(c, box="target"):
    c.ok(f"EXAMINE {box}")
    a = c.ok("FETCH * BODY.PEEK[]")[0]
    return re.search(rb"\{\d+\}\r\n(.*)\)$", a, re.DOTALL).group(1)


def catenate(c, parts, *literals):
    return c.cmd(f"APPEND target (\\Seen) CATENATE ({parts})", *literals)


def test_text_alone(alice):
    status, text, _ = catenate(alice, "TEXT %L TEXT %L", b"Subject: x\r\n",
                               b"\r\nbody\r\n")
    assert status == b"OK" and text.startswith(b"[APPENDUID ")
    assert last(alice) == b"Subject: x\r\n\r\nbody\r\n"
    assert b"\\Seen" in alice.ok("FETCH * FLAGS")[0]


def test_url_alone(alice):
    """No literal in the whole command."""
    assert catenate(alice, f'URL "/source/;UID={alice.uid}"')[0] == b"OK"
    assert last(alice) == MAIL


@pytest.mark.parametrize("section,want", [
    ("", MAIL),
    ("/;SECTION=HEADER", MAIL[:MAIL.index(b"\r\n\r\n") + 4]),
    ("/;SECTION=TEXT", MAIL[MAIL.index(b"\r\n\r\n") + 4:]),
    ("/;SECTION=1", b"hello\r\nworld"),
    ("/;SECTION=1.MIME", b"Content-Type: text/plain\r\nSubject: first\r\n\r\n"),
    ("/;section=HEADER.FIELDS%20(Subject)", b"Subject: source\r\n\r\n"),
    ("/;SECTION=1/;PARTIAL=2.3", b"llo"),
    ("/;SECTION=1/;PARTIAL=7", b"world"),
    ("/;PARTIAL=0.15", b"Subject: source"),
])
def test_sections(alice, section, want):
    """RFC 5092: what FETCH would tell, between two texts."""
    for url in (f"/source/;UID={alice.uid}{section}",
                f"/source;UIDVALIDITY={alice.validity}/;uid={alice.uid}{section}",
                f"imap://alice%40{DOMAIN};AUTH=*@mail.{DOMAIN}:143/source/;UID="
                f"{alice.uid}{section}"):
        status, text, _ = catenate(alice, f'TEXT %L URL "{url}" TEXT %L',
                                   b"A: b\r\n\r\n<", b">")
        assert status == b"OK", (url, text)
        assert last(alice) == b"A: b\r\n\r\n<" + want + b">"


def test_url_of_the_selected_mailbox(alice):
    assert catenate(alice, f'URL ";UID={alice.uid}"')[0] == b"NO"
    alice.ok("EXAMINE source")
    assert catenate(alice, f'URL ";UID={alice.uid}/;SECTION=HEADER"')[0] == b"OK"
    assert last(alice).endswith(b"boundary=B\r\n\r\n")


def test_url_as_a_literal(alice):
    url = f"/source/;UID={alice.uid}/;SECTION=1".encode()
    assert catenate(alice, "URL %L TEXT %L URL %L", url, b"--", url)[0] == b"OK"
    assert last(alice) == b"hello\r\nworld--hello\r\nworld"


def test_names_in_utf8(alice):
    alice.cmd(b"DELETE &rADAIQ-")
    alice.ok(b"CREATE &rADAIQ-")
    alice.append(b"Subject: k\r\n\r\n", "&rADAIQ-")
    name = "".join(f"%{b:02X}" for b in "가쀡".encode())
    listed = alice.ok('LIST "" &rADAIQ-')[0]
    assert listed.endswith(b"&rADAIQ-")
    from_wire = "".join(f"%{b:02x}" for b in
                        b"\xea\xb0\x80\xec\x80\xa1")
    assert catenate(alice, f'URL "/{from_wire}/;UID=1"')[0] == b"OK", name
    assert last(alice) == b"Subject: k\r\n\r\n"


def test_several_messages(alice):
    """With MULTIAPPEND: all or none."""
    status, text, _ = alice.cmd(
        f'APPEND target %L (\\Flagged) CATENATE (URL "/source/;UID={alice.uid}") '
        '"01-Jan-2001 00:00:00 +0000" %L', b"Subject: a\r\n\r\n",
        b"Subject: c\r\n\r\n")
    assert status == b"OK" and re.match(rb"\[APPENDUID \d+ \d+:\d+\]", text)
    alice.ok("EXAMINE target")
    assert len(alice.ok("FETCH 1:* FLAGS")) == 3
    status, text, _ = alice.cmd(
        'APPEND target {14+}\r\nSubject: a\r\n\r\n CATENATE (URL "/none/;UID=1")')
    assert status == b"NO" and text.startswith(b"[BADURL /none/;UID=1] ")
    assert len(alice.ok("FETCH 1:* FLAGS")) == 3


@pytest.mark.parametrize("url", [
    "/source/;UID=999", "/none/;UID=1", "/source;UIDVALIDITY=1/;UID={uid}",
    "/source/;UID={uid}/;SECTION=9", "/source/;UID={uid}/;SECTION=HEADERS",
    "imap://elsewhere.example/source/;UID={uid}",
    "imap://bob%40" + DOMAIN + "@mail." + DOMAIN + "/source/;UID={uid}",
    "/source", "/source/;UID=0", "http://x/", "/source/;UID={uid}%00",
    "/source/;UID={uid};URLAUTH=anonymous", "/sou[rce]/;UID=1",
])
def test_bad_urls(alice, url):
    """BADURL names it, before anything more is asked for; nothing goes in."""
    url = url.format(uid=alice.uid)
    tag = alice.tag()
    alice.send(tag + f' APPEND target CATENATE (TEXT {{2+}}\r\na: URL "{url}" '
               'TEXT {4}\r\n'.encode())
    status, text, _ = alice.finish(tag)
    assert status == b"NO"
    assert text.startswith(b"[BADURL " + url.replace("]", "%5D").encode() + b"] ")
    assert alice.ok("STATUS target (MESSAGES)") == [b"STATUS target (MESSAGES 0)"]


def test_no_waiting(alice):
    """All of it at once, a wrong URL among it: what comes is passed over."""
    t1, t2 = alice.tag(), alice.tag()
    alice.send(t1 + b' APPEND target CATENATE (URL "/none/;UID=1" TEXT {5+}\r\n'
               b'hello URL {4+}\r\n/x/y TEXT {3+}\r\nabc)\r\n' + t2 + b" NOOP\r\n")
    assert alice.finish(t1)[0] == b"NO"
    assert alice.finish(t2)[0] == b"OK"


@pytest.mark.parametrize("parts", [
    "", "TEXT", 'URL ""', "TEXT abc", "URL", 'TEXT {1+}\r\na)(', 'URL "/x/;UID=1" ',
    'URL "/x/;UID=1" X', 'TEXT {1+}\r\na TEXT', 'TEXT {1+}\r\naURL "x"',
    'TEXT  {1+}\r\na',
])
def test_syntax(alice, parts):
    tag, after = alice.tag(), alice.tag()
    alice.send(tag + f" APPEND target CATENATE ({parts})\r\n".encode() + after +
               b" NOOP\r\n")
    assert alice.finish(tag)[0] == b"BAD"
    assert alice.finish(after)[0] == b"OK"
    assert alice.ok("STATUS target (MESSAGES)") == [b"STATUS target (MESSAGES 0)"]


def test_too_big(pabal, alice):
    """TOOBIG counts all parts, also those from URLs (RFC 4469 4)."""
    limit = int(re.search(rb"APPENDLIMIT=(\d+)",
                          alice.ok("CAPABILITY")[0]).group(1))
    half = b"Subject: x\r\n\r\n" + b"x" * (limit // 2)
    uid = alice.append(half, "source")
    status, text, _ = catenate(
        alice, f'URL "/source/;UID={uid}" URL "/source/;UID={uid}"')
    assert status == b"NO" and text.startswith(b"[TOOBIG] ")
    assert alice.ok("STATUS target (MESSAGES)") == [b"STATUS target (MESSAGES 0)"]
    alice.ok("SELECT source")
    alice.ok(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
    alice.ok("EXPUNGE")


def test_over_mailboxes_of_others(pabal, alice):
    """What another account has cannot be named."""
    with Imap(pabal, "bob") as bob:
        bob.append(b"Subject: secret\r\n\r\n")
    for url in ("/../bob/INBOX/;UID=1", "/bob/INBOX/;UID=1", "//INBOX/;UID=1",
                "/%2e%2e%2fbob/;UID=1"):
        assert catenate(alice, f'URL "{url}"')[0] == b"NO"

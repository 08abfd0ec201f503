# SPDX-License-Identifier: ISC
"""BINARY (RFC 3516, RFC 9051 6.4.5): parts decoded, their sizes, pieces of them;
and messages with binary parts taken."""
import base64
import quopri
import re

import pytest
from imapraw import Imap

USERS = ("alice", "bob")

NUL = bytes(range(256)) * 40
TEXT = "가나다 é\r\nzwei\r\n".encode()
MAIL = (b"Subject: parts\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
        b"=EA=B0=80=EB=82=98=EB=8B=A4 =C3=A9\r\nzw=\r\nei\r\n\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" +
        base64.encodebytes(NUL).replace(b"\n", b"\r\n") + b"\r\n"
        b"--B\r\nContent-Type: text/plain\r\n"
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin\r\n"
        b"--B\r\nContent-Type: text/plain\r\n\r\nplain\r\nlines\r\n"
        b"--B--\r\n")


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        c.cmd("DELETE bin")
        c.ok("CREATE bin")
        c.append(MAIL, "bin")
        c.ok("SELECT bin")
        yield c


def content(c, item):
    """The octets behind ITEM, and whether it is a literal8."""
    a = c.ok(f"FETCH 1 BINARY.PEEK{item}")[0]
    m = re.match(rb"1 FETCH \(BINARY(\S+) (~?)\{(\d+)\}\r\n", a)
    assert len(a) == m.end() + int(m.group(3)) + 1
    return a[m.end():-1], m.group(2) == b"~"


def test_parts(alice):
    assert content(alice, "[1]") == (TEXT, False)
    assert content(alice, "[2]") == (NUL, True)
    assert content(alice, "[4]") == (b"plain\r\nlines", False)


def test_sizes(alice):
    assert alice.ok("FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[4])") == [
        b"1 FETCH (BINARY.SIZE[1] %d BINARY.SIZE[2] %d BINARY.SIZE[4] 12)"
        % (len(TEXT), len(NUL))]


@pytest.mark.parametrize("off,n", [
    (0, 1), (0, 256), (5, 250), (255, 1000), (10239, 5), (10240, 5), (99999, 1)])
def test_partial(alice, off, n):
    """The part is cut when it is decoded (RFC 3516 4.2)."""
    a = alice.ok(f"FETCH 1 BINARY.PEEK[2]<{off}.{n}>")[0]
    want = NUL[off:off + n]
    m = re.match(rb"1 FETCH \(BINARY\[2\]<(\d+)> (~?)\{(\d+)\}\r\n", a)
    assert int(m.group(1)) == off and a[m.end():-1] == want
    assert (m.group(2) == b"~") == (b"\0" in want)


def test_partial_one_after_the_other(alice):
    got = b""
    for off in range(0, len(NUL), 1000):
        got += content(alice, f"[2]<{off}.1000>")[0]
    assert got == NUL


def test_no_such_part(alice):
    assert alice.ok("FETCH 1 (BINARY.PEEK[9] BINARY.SIZE[9])") == [
        b"1 FETCH (BINARY[9] NIL BINARY.SIZE[9] 0)"]


def test_unknown_encoding(alice):
    """RFC 3516 4.3: NO, and nothing of that message."""
    for item in ("BINARY[3]", "BINARY.PEEK[3]<0.5>", "BINARY.SIZE[3]"):
        status, text, untagged = alice.cmd(f"FETCH 1 (FLAGS {item})")
        assert status == b"NO" and text.startswith(b"[UNKNOWN-CTE] ")
        assert untagged == []
    assert alice.ok("FETCH 1 BODY.PEEK[3]") == [
        b"1 FETCH (BODY[3] {5}\r\nbegin)"]


def test_sets_seen(alice):
    alice.ok("FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])")
    assert b"\\Seen" not in alice.ok("FETCH 1 FLAGS")[0]
    assert alice.ok("FETCH 1 BINARY[4]")[0].startswith(
        b"1 FETCH (FLAGS (\\Seen \\Recent) BINARY[4] {")


def test_what_is_no_leaf(alice):
    """A multipart and the message are what they are on the wire."""
    whole = re.search(rb"\{\d+\}\r\n(.*)\)$", alice.ok("FETCH 1 BODY.PEEK[]")[0],
                      re.DOTALL).group(1)
    assert content(alice, "[]") == (whole, False)


def test_large(alice):
    """In steps: a part of many pieces, by base 64 and quoted-printable."""
    data = bytes((i * i) % 251 for i in range(3_000_000))
    text = b"".join(b"line %d \xc3\xa9 =\r\n" % i for i in range(60_000))
    quoted = quopri.encodestring(text.replace(b"\r\n", b"\n")).replace(
        b"\n", b"\r\n")
    for encoding, body, want in (
            (b"base64", base64.encodebytes(data).replace(b"\n", b"\r\n"), data),
            (b"quoted-printable", quoted, text)):
        alice.cmd("DELETE large")
        alice.ok("CREATE large")
        alice.append(b"Content-Type: application/x-a\r\n"
                     b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" +
                     body, "large")
        alice.ok("SELECT large")
        assert content(alice, "[1]")[0] == want
        assert alice.ok("FETCH 1 BINARY.SIZE[1]") == [
            b"1 FETCH (BINARY.SIZE[1] %d)" % len(want)]


BINARY = (b"Subject: binary\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"
          b"--B\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
          b"--B\r\nContent-Type: application/octet-stream\r\n"
          b"Content-Transfer-Encoding: binary\r\n\r\n" + NUL + b"\r\n"
          b"--B--\r\n")


def append8(c, data, args="", box="bin8"):
    tag = c.tag()
    c.send(tag + f" APPEND {box} {args}~{{{len(data)}}}\r\n".encode())
    a = c.answer()
    if not a.startswith(b"+"):
        return a.split(b" ", 2)[1:]
    c.send(data + b"\r\n")
    return c.finish(tag)[:2]


def test_append_of_literal8(alice):
    """RFC 3516 4.4: kept octet for octet, in a form that any client reads."""
    alice.cmd("DELETE bin8")
    alice.ok("CREATE bin8")
    status, text = append8(alice, BINARY, "(\\Seen) ")
    assert status == b"OK" and text.startswith(b"[APPENDUID "), text
    alice.ok("SELECT bin8")
    assert content(alice, "[2]") == (NUL, True)
    assert content(alice, "[1]") == (b"hello", False)
    whole = alice.ok("FETCH 1 BODY.PEEK[]")[0]
    assert b"\0" not in whole and b"base64" in whole


def test_append_of_nul_elsewhere(alice):
    alice.cmd("CREATE bin8")
    before = alice.ok("STATUS bin8 (MESSAGES)")
    status, text = append8(alice, b"Subject: a\0b\r\n\r\nx\r\n")
    assert status == b"NO" and text.startswith(b"[UNKNOWN-CTE] ")
    assert alice.ok("STATUS bin8 (MESSAGES)") == before


def test_append_in_pieces(alice):
    """However the octets come."""
    alice.cmd("DELETE bin8")
    alice.ok("CREATE bin8")
    tag = alice.tag()
    data = b"%s APPEND bin8 ~{%d+}\r\n%s\r\n" % (tag, len(BINARY), BINARY)
    for i in range(0, len(data), 701):
        alice.send(data[i:i + 701])
    assert alice.finish(tag)[0] == b"OK"
    alice.ok("SELECT bin8")
    assert content(alice, "[2]") == (NUL, True)


@pytest.mark.parametrize("command", [
    b"SEARCH SUBJECT ~{3+}\r\nabc", b"CREATE ~{3+}\r\nabc",
    b"APPEND bin UTF8 (~{3+}\r\nabc)", b"APPEND bin CATENATE (TEXT ~{3+}\r\nabc)",
])
def test_literal8_elsewhere(alice, command):
    assert alice.cmd(command)[0] == b"BAD"
    alice.ok("NOOP")

# SPDX-License-Identifier: ISC
"""Mail as hosts and clients really write it, from bug reports of other servers:
taken, told as what it is, found."""
import base64

import pytest
from imapraw import Imap

USERS = ("alice", "bob", "carol")


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        yield c


def fresh(c, name):
    """The mailbox NAME, new and empty, selected."""
    c.cmd(f"DELETE {name}")
    c.ok(f"CREATE {name}")
    c.ok(f"SELECT {name}")


def put(c, name, message):
    fresh(c, name)
    assert c.cmd(f"APPEND {name} %L", message)[0] == b"OK"


@pytest.mark.parametrize("date,told", [
    # Apple Mail, Outlook for Android, imapflow
    (b"3-Feb-2025 18:28:47 +0000", b" 3-Feb-2025 18:28:47 +0000"),
    (b" 3-Feb-2025 18:28:47 +0000", b" 3-Feb-2025 18:28:47 +0000"),
    (b"03-Feb-2025 8:28:47 +0900", b" 2-Feb-2025 23:28:47 +0000"),
    (b"03-Feb-2025 18:28:47 GMT", b" 3-Feb-2025 18:28:47 +0000"),
    # no date is too early or too late
    (b" 1-Jan-1970 00:00:00 +0000", b" 1-Jan-1970 00:00:00 +0000"),
    (b"31-Dec-1969 23:59:59 +0000", b"31-Dec-1969 23:59:59 +0000"),
    (b"01-Jan-1800 00:00:00 +0000", b" 1-Jan-1800 00:00:00 +0000"),
    (b"31-Dec-9999 23:59:59 +0000", b"31-Dec-9999 23:59:59 +0000"),
])
def test_dates(alice, date, told):
    fresh(alice, "dates")
    assert alice.cmd(b'APPEND dates (\\Seen) "%s" %%L' % date,
                     b"Subject: x\r\n\r\n")[0] == b"OK"
    assert alice.ok("FETCH 1 INTERNALDATE") == [
        b'1 FETCH (INTERNALDATE "%s")' % told]


PART = b"Content-Type: text/plain\r\n\r\nhello\r\n"


@pytest.mark.parametrize("boundary", [
    b"boundary*0*=us-ascii''%3D_7ea0b; boundary*1*=-x_%3D",
    b"boundary*=us-ascii''%3D_7ea0b-x_%3D",
    b'boundary*0*=us-ascii\'\'%3D_7ea0b; boundary*1="-x_="',
    b'boundary*0="=_7ea0b"; boundary*1*=-x_%3D',
])
def test_boundary_of_rfc2231(alice, boundary):
    put(alice, "boundary",
        b"Content-Type: multipart/alternative; " + boundary +
        b"\r\n\r\n--=_7ea0b-x_=\r\n" + PART + b"--=_7ea0b-x_=\r\n" + PART +
        b"--=_7ea0b-x_=--\r\n")
    assert alice.ok("FETCH 1 BODY")[0].count(b'"plain"') == 2
    assert alice.ok("FETCH 1 BODY.PEEK[2]") == [
        b"1 FETCH (BODY[2] {5}\r\nhello)"]


def test_charset_of_rfc2231(alice):
    put(alice, "charset",
        b"Content-Type: text/plain; charset*=us-ascii''euc%2Dkr\r\n\r\n"
        b"\xb0\xa1\r\n")
    assert alice.ok("SEARCH CHARSET UTF-8 BODY %L", "가".encode()) == [
        b"SEARCH 1"]


# circled one of NEC's row 13, then "Nihon"
NEC = b"\x1b$B-!F|K\\\x1b(B"


@pytest.mark.parametrize("key,message", [
    ("BODY", b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n%s\r\n" %
     NEC),
    ("SUBJECT", b"Subject: =?ISO-2022-JP?B?%s?=\r\n\r\nx\r\n" %
     base64.b64encode(NEC)),
    # nobody told what it is
    ("BODY", "Content-Type: text/plain; charset=x-none\r\n\r\n①日本\r\n".encode()),
    ("BODY", "Content-Type: text/plain\r\n\r\n①日本\r\n".encode()),
])
def test_characters_beside_the_charset(alice, key, message):
    put(alice, "nec", message)
    for text in ("日本", "①"):
        assert alice.ok(f"SEARCH CHARSET UTF-8 {key} %L", text.encode()) == [
            b"SEARCH 1"]


def test_latin1_that_nobody_told(alice):
    put(alice, "latin1", b"Subject: caf\xe9\r\n\r\nna\xefve \x80 5\r\n")
    for key, text in (("SUBJECT", "café"), ("BODY", "naïve € 5")):
        assert alice.ok(f"SEARCH CHARSET UTF-8 {key} %L", text.encode()) == [
            b"SEARCH 1"]


def test_multipart_without_a_boundary(alice):
    """Text, as RFC 2045 5.2 has it, so that it can be read."""
    put(alice, "noboundary", b"Content-Type: multipart/mixed\r\n\r\nread me\r\n")
    assert alice.ok("FETCH 1 (BODYSTRUCTURE BODY.PEEK[1])") == [
        b'1 FETCH (BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL '
        b'NIL "7bit" 9 1 NIL NIL NIL NIL) BODY[1] {9}\r\nread me\r\n)']


@pytest.mark.parametrize("body", [b"no boundary here\r\n", b"--x--\r\n", b""])
def test_multipart_without_parts(alice, body):
    """What BODYSTRUCTURE tells can be fetched."""
    put(alice, "noparts",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + body)
    assert alice.ok("FETCH 1 BODY") == [
        b'1 FETCH (BODY (("text" "plain" ("charset" "us-ascii") NIL NIL '
        b'"7bit" 0 0) "mixed"))']
    assert alice.ok("FETCH 1 (BODY.PEEK[1] BODY.PEEK[1.MIME])") == [
        b"1 FETCH (BODY[1] {0}\r\n BODY[1.MIME] {0}\r\n)"]

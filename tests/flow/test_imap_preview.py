# SPDX-License-Identifier: ISC
"""PREVIEW (RFC 8970): the beginning of what a reader would see, in UTF-8."""
import base64
import re

import pytest
from imapraw import Imap

USERS = ("alice",)


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        c.cmd("DELETE previews")
        c.ok("CREATE previews")
        yield c


def preview(c, message, item="PREVIEW"):
    c.append(message, "previews")
    c.ok("EXAMINE previews")
    a = c.ok(f"FETCH * {item}")[0]
    m = re.fullmatch(rb'\d+ FETCH \(PREVIEW (?:"(.*)"|\{\d+\}\r\n(.*))\)', a,
                     re.DOTALL)
    return (m.group(1) or m.group(2) or b"").decode()


@pytest.mark.parametrize("header,body,want", [
    ("", b"hello\r\n\r\n world\r\n", "hello world"),
    ("Content-Type: text/html; charset=utf-8", "<p>é</p><p>b".encode(), "é b"),
    ("Content-Type: text/plain; charset=euc-kr", "가나다".encode("euc-kr"), "가나다"),
    ("Content-Type: text/plain; charset=iso-8859-1\r\n"
     "Content-Transfer-Encoding: quoted-printable", b"caf=E9 =\r\nau lait",
     "café au lait"),
    ("Content-Type: text/plain; charset=utf-8\r\n"
     "Content-Transfer-Encoding: base64", base64.encodebytes(
         "日本語".encode()).replace(b"\n", b"\r\n"), "日本語"),
    ("Content-Type: application/pdf", b"%PDF", ""),
])
def test_text(alice, header, body, want):
    m = (header.encode() + b"\r\n" if header else b"") + b"Subject: x\r\n\r\n" + body
    assert preview(alice, m) == want
    assert preview(alice, m, "PREVIEW (LAZY)") == want


def test_256_characters(alice):
    text = preview(alice, "Content-Type: text/plain; charset=utf-8\r\n\r\n".encode()
                   + "가".encode() * 5000)
    assert text == "가" * 256


def test_leaves_unseen(alice):
    alice.append(b"Subject: x\r\n\r\nx\r\n", "previews")
    alice.ok("SELECT previews")
    alice.ok("FETCH 1 (PREVIEW (LAZY) UID)")
    assert b"\\Seen" not in alice.ok("FETCH 1 FLAGS")[0]


@pytest.mark.parametrize("item", ["PREVIEW (FUZZY)", "PREVIEW ()", "(PREVIEW (LAZY)"])
def test_syntax(alice, item):
    alice.ok("SELECT previews")
    assert alice.cmd(f"FETCH 1:* {item}")[0] == b"BAD"

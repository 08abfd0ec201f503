# SPDX-License-Identifier: ISC
"""What SEARCH finds in messages as they come: what a reader sees of them."""
import re

import pytest
from imapraw import Imap

USERS = ("alice",)

KOREAN = "안녕".encode("euc-kr")

HTML = (b"Subject: html\r\nContent-Type: text/html; charset=euc-kr\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n"
        b"<style>.sheet { }</style><p>para</p>graph <!-- said -->w<b>ho</b>le "
        b"&lt;" + KOREAN + b"&gt; &#48152;&#xac11;\r\n"
        b"<script>var scripted = '<p>';</script><a href='http://link/'>shown</a>\r\n")
FLOWED = (b"Subject: flowed\r\n"
          b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
          b"> quo \r\n> ted soft\r\n> hard\r\n")
NAMED = (b"Subject: named\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
         b"--b\r\nContent-Type: application/pdf; name*0=pie; name*1=ces.pdf\r\n"
         b"Content-Disposition: attachment;\r\n filename*0*=euc-kr''%BE%C8;\r\n"
         b" filename*1*=%b3%e7.pdf\r\n\r\nx\r\n--b--\r\n")
RAW = (b"Subject: " + KOREAN + b"\r\nTo: " + KOREAN + b" <a@example.org>\r\n"
       b"X-Raw: " + KOREAN + b"\r\n"
       b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
       b"--b\r\nContent-Type: text/plain; charset=euc-kr\r\n\r\n" + KOREAN +
       b"\r\n--b--\r\n")
BROKEN = (b"Subject: broken\r\nContent-Type: text/plain; charset=utf-8\r\n"
          b"Content-Transfer-Encoding: base64\r\n\r\n"
          b"b25l!IHR3*\r\nbyB0 aHJlZQ\r\n")
QUOTED = (b"Subject: quoted\r\nContent-Transfer-Encoding: quoted-printable\r\n"
          b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
          b"four=  \r\nteen =zz =c3=A9t=\r\n")
SHIFTED = (b"Subject: \x1b$)C\x0eH8@G\x0f\r\n"
           b"Keywords: \x1b$)C\x0e>H3g\x0f\r\n"
           b"Content-Type: text/plain; charset=iso-2022-kr\r\n\r\nx\r\n")
GREEK = (b"Subject: greek\r\nContent-Type: text/plain; charset=cp737\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n\r\n" +
         "καλημέρα".encode("cp737") + b"\r\n")
ALL = (HTML, FLOWED, NAMED, RAW, BROKEN, QUOTED, SHIFTED, GREEK)


@pytest.fixture(scope="module")
def filled(shared_pabal):
    with Imap(shared_pabal) as c:
        for m in ALL:
            c.append(m)
        yield


def test_charsets_that_are_there(pabal):
    """Each that BADCHARSET tells of can be searched in, from within the walls
    that the daemon is in."""
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        status, why, _ = c.cmd("SEARCH CHARSET X-NONE ALL")
        assert status == b"NO"
        names = re.match(rb"\[BADCHARSET \((.*?)\)\] ", why).group(1).split()
        assert {b"UTF-8", b"EUC-KR", b"ISO-8859-1", b"IBM866"} <= set(names)
        for name in names:
            c.ok(b"SEARCH CHARSET " + name + b" ALL")


def test_in_the_charset_of_the_client(pabal, filled):
    """RFC 3501 6.4.4: the string is in CHARSET, the message in its own."""
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        for charset in ("cp737", "iso-8859-7", "windows-1253", "utf-8"):
            [found] = c.ok(f"SEARCH CHARSET {charset} BODY %L",
                           "καλημέρα".encode(charset))
            assert found == b"SEARCH %d" % (ALL.index(GREEK) + 1), charset


@pytest.mark.parametrize("key,text,found", [
    ("BODY", "para graph", HTML), ("BODY", "paragraph", None),
    ("BODY", "whole <안녕> 반갑", HTML), ("BODY", "sheet", None),
    ("BODY", "said", None), ("BODY", "scripted", None),
    ("BODY", "//link", None), ("TEXT", "SHOWN", HTML),
    ("BODY", "quoted soft", FLOWED), ("TEXT", "quo ted", None),
    ("BODY", "pieces.pdf", NAMED), ("TEXT", "안녕.pdf", NAMED),
    ("SUBJECT", "안녕", RAW), ("TO", "안녕 <a@", RAW),
    ("HEADER X-Raw", "안녕", RAW), ("TEXT", "x-raw: 안녕", RAW),
    ("HEADER Keywords", "안녕", SHIFTED), ("SUBJECT", "회의", SHIFTED),
    ("BODY", "one two three", BROKEN),
    ("BODY", "fourteen =zz ét", QUOTED),
])
def test_found(pabal, filled, key, text, found):
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        a = c.ok(f"SEARCH CHARSET UTF-8 {key} %L", text.encode())
        want = [] if found is None else [b"%d" % (ALL.index(found) + 1)]
        assert a == [b" ".join([b"SEARCH"] + want)]

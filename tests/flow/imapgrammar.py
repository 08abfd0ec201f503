# SPDX-License-Identifier: ISC
"""What an IMAP server may write (RFC 3501 9, RFC 9051 9): strings, lists, atoms
and the items of FETCH, to the letter.  Every answer that imapraw.Imap reads goes
through here."""
import re

WORD = re.compile(rb"\\\*|\\?[!#-'*+,\-./0-9:;<=>?@A-Z^_`a-z|}~$%&]+")
LITERAL = re.compile(rb"(~?)\{(\d+)\}\r\n")
DATE = re.compile(rb"[ 0-3]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}$")
CODE = re.compile(rb"\[[A-Z][A-Z0-9-]*( [^\]\r\n]+)?\] ")


class Malformed(AssertionError):
    pass


class Literal8(bytes):
    pass


class Quoted(bytes):
    pass


class Reader:
    def __init__(self, data, utf8):
        self.data, self.at, self.utf8 = data, 0, utf8

    def fail(self, why):
        raise Malformed(f"{why} at {self.at}: {self.data!r}")

    def peek(self):
        return self.data[self.at:self.at + 1]

    def take(self, text):
        if not self.data.startswith(text, self.at):
            self.fail(f"expected {text!r}")
        self.at += len(text)

    def quoted(self):
        self.take(b'"')
        text = b""
        while (c := self.peek()) != b'"':
            if c in (b"", b"\r", b"\n", b"\0"):
                self.fail("no quoted string")
            if c == b"\\":
                self.at += 1
                c = self.peek()
                if c not in (b'"', b"\\"):
                    self.fail("wrong escape")
            text += c
            self.at += 1
        self.at += 1
        if not text.isascii():
            if not self.utf8:
                self.fail("8 bits in a quoted string")
            text.decode("utf-8")
        return Quoted(text)

    def literal(self):
        m = LITERAL.match(self.data, self.at)
        if m is None:
            self.fail("no literal")
        self.at = m.end() + int(m.group(2))
        text = self.data[m.end():self.at]
        if len(text) != int(m.group(2)):
            self.fail("a short literal")
        if m.group(1):
            return Literal8(text)
        if b"\0" in text:
            self.fail("NUL in a literal")
        return text

    def word(self):
        m = WORD.match(self.data, self.at)
        if m is None:
            self.fail("no word")
        self.at = m.end()
        word = m.group().decode()
        if self.peek() == b"[":      # BODY[1.HEADER.FIELDS (a b)]<0>
            start = self.at
            self.at += 1
            while self.peek() != b"]":
                if self.peek() == b" ":
                    self.at += 1
                else:
                    self.value()
            self.at += 1
            if (m := re.compile(rb"<\d+>").match(self.data, self.at)):
                self.at = m.end()
            word += self.data[start:self.at].decode()
        return word

    def list(self):
        self.take(b"(")
        items = []
        while self.peek() != b")":
            # only the parts of a multipart stand without a space
            if items and not (self.peek() == b"(" and
                              isinstance(items[-1], list)):
                self.take(b" ")
            items.append(self.value())
        self.at += 1
        return items

    def value(self):
        c = self.peek()
        if c == b"(":
            return self.list()
        if c == b'"':
            return self.quoted()
        if c == b"{" or self.data.startswith(b"~{", self.at):
            return self.literal()
        return self.word()

    def values(self):
        items = [self.value()]
        while self.at < len(self.data):
            self.take(b" ")
            items.append(self.value())
        return items


def is_number(v):
    return isinstance(v, str) and v.isdigit()


def is_string(v):
    return isinstance(v, bytes) and not isinstance(v, Literal8)


def is_nstring(v):
    return v == "NIL" or is_string(v)


def is_id(v):
    return (isinstance(v, list) and len(v) == 1 and isinstance(v[0], str) and
            re.fullmatch(r"[A-Za-z0-9_-]{1,255}", v[0]) is not None)


def is_date(v):
    return isinstance(v, Quoted) and DATE.match(v) is not None


def is_address(v):
    return isinstance(v, list) and len(v) == 4 and all(map(is_nstring, v))


def is_envelope(v):
    if not isinstance(v, list) or len(v) != 10:
        return False
    lists = v[2:8]
    return (all(map(is_nstring, v[:2] + v[8:])) and
            all(x == "NIL" or (isinstance(x, list) and x and
                               all(map(is_address, x))) for x in lists))


def is_flags(v):
    return isinstance(v, list) and all(isinstance(f, str) for f in v)


def is_body(v):
    return isinstance(v, list) and len(v) >= 2


ITEMS = [
    (r"UID|RFC822\.SIZE|BINARY\.SIZE\[[\d.]*\]", is_number),
    (r"FLAGS", is_flags),
    (r"INTERNALDATE", is_date),
    (r"SAVEDATE", lambda v: v == "NIL" or is_date(v)),
    (r"EMAILID", is_id),
    (r"THREADID", lambda v: v == "NIL" or is_id(v)),
    (r"MODSEQ", lambda v: isinstance(v, list) and is_number(v[0])),
    (r"ENVELOPE", is_envelope),
    (r"BODY|BODYSTRUCTURE", is_body),
    (r"PREVIEW|RFC822|RFC822\.HEADER|RFC822\.TEXT", is_nstring),
    (r"BODY\[.*\](<\d+>)?", is_nstring),
    (r"BINARY\[[\d.]*\](<\d+>)?",
     lambda v: is_nstring(v) or isinstance(v, Literal8)),
]


def check_fetch(items):
    if len(items) % 2 or not items:
        raise Malformed(items)
    for name, value in zip(items[::2], items[1::2]):
        rule = next((r for pattern, r in ITEMS
                     if re.fullmatch(pattern, str(name))), None)
        if rule is None or not rule(value):
            raise Malformed((name, value))


def check_text(text, utf8):
    """resp-text"""
    if text.startswith(b"[") and not CODE.match(text):
        raise Malformed(text)
    if not text or re.search(rb"[\0\r\n]", text):
        raise Malformed(text)
    if not text.isascii():
        if not utf8:
            raise Malformed(text)
        text.decode("utf-8")


def check_threads(text):
    """thread-list of RFC 5256 5: lists without blanks between them."""
    depth, last = 0, b"("
    for token in re.findall(rb"\d+|.", text):
        depth += {b"(": 1, b")": -1}.get(token, 0)
        if depth < 0 or (token == b")" and last in (b"(", b" ")) or \
                (token not in (b"(", b")", b" ") and not token.isdigit()) or \
                (depth == 0 and token != b")"):
            raise Malformed(text)
        last = token
    if depth:
        raise Malformed(text)


def check(answer, utf8=False):
    """ANSWER, a line with its literals and without its last CRLF, is one that a
    server may send; what is behind "* " as values where it is no status."""
    if answer.startswith(b"+"):
        return None
    tag, _, rest = answer.partition(b" ")
    kind, _, text = rest.partition(b" ")
    if kind in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
        check_text(text, utf8)
        return None
    if tag != b"*":
        raise Malformed(answer)
    if kind == b"THREAD":
        check_threads(text)
        return None
    values = Reader(rest, utf8).values()
    if len(values) == 3 and values[1] == "FETCH":
        check_fetch(values[2])
    return values

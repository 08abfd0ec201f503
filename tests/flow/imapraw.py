# SPDX-License-Identifier: ISC
"""An IMAP client that hides nothing: every answer as the bytes that came."""
import re

import imapgrammar
from pabal import DOMAIN, PASSWORD, PATIENCE

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class Closed(Exception):
    pass


class Imap:
    def __init__(self, instance, user="alice", login=True, timeout=PATIENCE):
        self.sock = instance.raw("imap", timeout)
        self.file = self.sock.makefile("rb")
        self.count = 0
        self.utf8 = False  # was it enabled?
        self.greeting = self.answer()
        if login:
            status, _, _ = self.cmd(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')
            assert status == b"OK"

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise Closed(line)
        assert line.endswith(b"\r\n"), line
        return line

    def answer(self):
        """One answer with its literals in place, without its last CRLF."""
        data = self.line()
        while (m := LITERAL.search(data)):
            data += self.file.read(int(m.group(1)))
            data += self.line()
        imapgrammar.check(data[:-2], self.utf8)
        return data[:-2]

    def tag(self):
        self.count += 1
        return b"t%d" % self.count

    def finish(self, tag):
        """(status, text, untagged answers) of the command TAG."""
        untagged = []
        while True:
            a = self.answer()
            if a.startswith(tag + b" "):
                status, _, text = a[len(tag) + 1:].partition(b" ")
                return status, text, untagged
            assert a.startswith((b"* ", b"+")), a
            untagged.append(a[2:] if a.startswith(b"* ") else a)

    def cmd(self, text, *literals):
        """Run a command; for each literal TEXT has a "%" in its place."""
        text = text.encode() if isinstance(text, str) else text
        tag = self.tag()
        pieces = text.split(b"%L") if literals else [text]
        self.send(tag + b" " + pieces[0])
        for literal, rest in zip(literals, pieces[1:]):
            self.send(b"{%d}\r\n" % len(literal))
            a = self.answer()
            if not a.startswith(b"+"):
                assert a.startswith(tag + b" "), a
                status, _, why = a[len(tag) + 1:].partition(b" ")
                return status, why, []
            self.send(literal + rest)
        self.send(b"\r\n")
        return self.finish(tag)

    def ok(self, text, *literals):
        """The same for a command that has to succeed: its untagged answers."""
        status, why, untagged = self.cmd(text, *literals)
        assert status == b"OK", (text, status, why)
        return untagged

    def enable(self, *names):
        self.utf8 = self.utf8 or any(n in ("IMAP4rev2", "UTF8=ACCEPT")
                                     for n in names)
        return self.ok("ENABLE " + " ".join(names))

    def append(self, message, box="INBOX", args=""):
        status, text, _ = self.cmd(f"APPEND {box} {args}%L", message)
        assert status == b"OK", text
        return int(re.search(rb"APPENDUID \d+ (\d+)", text).group(1))

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()

# SPDX-License-Identifier: ISC
"""ManageSieve (RFC 5804) as a client that sees the wire."""
import base64
import contextlib
import re
import socket
import ssl

from pabal import DOMAIN, PASSWORD, PATIENCE, at_once


class Closed(Exception):
    """The server has ended the connection."""


class Reply:
    """STATUS (OK, NO, BYE), CODE without its parentheses or None, TEXT; LINES:
    what came before, each a list of its strings (bytes) and words (str)."""

    def __init__(self, status, code, text, lines):
        self.status, self.code, self.text, self.lines = status, code, text, lines

    def __repr__(self):
        return f"{self.status} ({self.code}) {self.text!r} {self.lines!r}"


def string(s):
    """S as a client writes it: a literal where it cannot be quoted."""
    s = s if isinstance(s, bytes) else s.encode()
    if len(s) > 1000 or re.search(rb"[\r\n\0]", s):
        return b"{%d+}\r\n%s" % (len(s), s)
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", s) + b'"'


def plain(user, password=PASSWORD, authzid=""):
    return base64.b64encode(f"{authzid}\0{user}\0{password}".encode()).decode()


class Sieve:
    """A session of USER, under TLS (STARTTLS) unless told otherwise."""

    def __init__(self, p, user="alice", login=True, tls=True, port=None, sock=None):
        self.sock = sock or at_once(socket.create_connection(
            ("127.0.0.1", port or p.port("managesieve")), PATIENCE))
        self.file = self.sock.makefile("rb")
        self.user = user if "@" in user else f"{user}@{DOMAIN}"
        self.greeting = self.reply()
        if tls:
            self.starttls()
        if login:
            self.login()

    def starttls(self):
        self.ok("STARTTLS")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.file.close()
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply()

    def login(self, password=PASSWORD):
        return self.ok(f'AUTHENTICATE "PLAIN" "{plain(self.user, password)}"')

    # ---- the wire

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """The strings and words of a line; literals are part of it."""
        parts = []
        while True:
            raw = self.file.readline()
            if not raw.endswith(b"\r\n"):
                raise Closed
            raw, literal = raw[:-2], re.search(rb"\{(\d+)\}$", raw[:-2])
            text = raw[:literal.start()] if literal else raw
            for q, w in re.findall(rb'"((?:[^"\\]|\\.)*)"|([^\s"()]+|[()])', text):
                parts.append(w.decode() if w else re.sub(rb"\\(.)", rb"\1", q))
            if not literal:
                return parts
            parts.append(self.file.read(int(literal[1])))

    def reply(self):
        lines = []
        while True:
            line = self.line()
            if line and line[0] in ("OK", "NO", "BYE"):
                code, rest = None, line[1:]
                if rest and rest[0] == "(":
                    end = rest.index(")")
                    code, rest = rest[1:end], rest[end + 1:]
                    code = code[0] if len(code) == 1 else tuple(code)
                return Reply(line[0], code, rest[0].decode() if rest else "", lines)
            lines.append(line)

    def ask(self, verb, *args):
        """ARGS are strings, numbers go as they are."""
        self.send(b" ".join([verb.encode()] + [
            str(a).encode() if isinstance(a, int) else string(a) for a in args]) + b"\r\n")
        return self.reply()

    def ok(self, verb, *args):
        r = self.ask(verb, *args)
        assert r.status == "OK", r
        return r

    def no(self, verb, *args, code=None):
        r = self.ask(verb, *args)
        assert (r.status, r.code) == ("NO", code), r
        return r

    # ---- what tests want

    def capabilities(self, reply=None):
        return {line[0].decode(): line[1].decode() if len(line) > 1 else None
                for line in (reply or self.ok("CAPABILITY")).lines}

    def scripts(self):
        """{name: active}"""
        return {line[0].decode(): line[1:] == ["ACTIVE"]
                for line in self.ok("LISTSCRIPTS").lines}

    def get(self, name):
        [[text]] = [line for line in self.ok("GETSCRIPT", name).lines if line]
        return text.decode()

    def clear(self):
        self.ok("SETACTIVE", "")
        for name in self.scripts():
            self.ok("DELETESCRIPT", name)

    def at_end(self):
        try:
            return self.file.read() == b""
        except (ConnectionResetError, ssl.SSLError):
            return True

    def logout(self):
        self.ok("LOGOUT")
        assert self.at_end()
        self.close()

    def close(self):
        self.file.close()
        with contextlib.suppress(OSError):
            self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

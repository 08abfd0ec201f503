# SPDX-License-Identifier: ISC
"""An IMAP server that says what a test wants it to say."""
import re
import socket
import threading

LITERAL = b"Subject: %d\r\n\r\nhello\r\n"


def fetched(uid, text, flags=b""):
    return b"* 1 FETCH (UID %d FLAGS (%s) INTERNALDATE \"01-Jan-2001 00:00:00 " \
        b"+0000\" BODY[] {%d}\r\n%s)\r\n" % (uid, flags, len(text), text)


class BadImap:
    """Answers like a server with messages 1 to 3 in INBOX, but where SAYS has
    something for a command: bytes, or a function of connection and tag.  A key
    is a regular expression for the command without its tag."""

    GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n"
    USUAL = [
        (rb"AUTHENTICATE", b""),
        (rb"CAPABILITY", b"* CAPABILITY IMAP4rev1\r\n"),
        (rb"LIST", b'* LIST () "/" INBOX\r\n'),
        (rb"LSUB", b'* LSUB () "/" INBOX\r\n'),
        (rb"EXAMINE", b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"
                      b"* OK [UIDNEXT 4] x\r\n"),
        (rb"UID FETCH \d+:\* ", b"".join(
            b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, n) for n in (1, 2, 3))),
    ]

    def __init__(self, says=(), greeting=GREETING):
        self.says = list(dict(says).items()) + self.USUAL
        self.greeting = greeting
        self.commands = []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.ended = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self):
        return f"imap://x@127.0.0.1:{self.port}"

    def accept(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,),
                             daemon=True).start()

    def serve(self, conn):
        try:
            with conn, conn.makefile("rb") as lines:
                conn.sendall(self.greeting)
                for line in lines:
                    tag, command = line.rstrip(b"\r\n").split(b" ", 1)
                    self.commands.append(command)
                    self.answer(conn, tag, command)
        except OSError:
            pass  # the client is gone

    def answer(self, conn, tag, command):
        for pattern, what in self.says:
            if re.match(pattern, command):
                break
        else:
            what = b"".join(fetched(u, LITERAL % u) for u in uids(command)) \
                if command.startswith(b"UID FETCH") else b""
        if callable(what):
            what(conn, tag)
            return
        conn.sendall(what + b"%s OK done\r\n" % tag)

    def close(self):
        self.ended.set()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def uids(command):
    found = []
    for one in command.split()[2].split(b","):
        first, _, last = one.partition(b":")
        found += range(int(first), int(last or first) + 1)
    return found

# SPDX-License-Identifier: ISC
"""A client of SMTP and LMTP that says what it is told to, right or wrong."""
import os
import re
import socket
import ssl

from pabal import DOMAIN, PATIENCE

ALICE = "alice@" + DOMAIN


class Talk:
    """A connection; say() gives the reply as one string of its lines."""

    def __init__(self, pabal, service="smtp", greet=None):
        self.pabal = pabal
        if service == "local":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(PATIENCE)
            self.sock.connect(
                os.path.join(pabal.dir, "run", "public", "smtpd"))
        else:
            self.sock = pabal.raw(service)
        if service == "submissions":
            self.wrap()
        self.buf = b""
        self.greeting = self.reply()
        if greet:
            self.ehlo = self.say(greet)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        self.sock.close()

    def wrap(self):
        """TLS from here on."""
        self.sock = self.pabal.tls().wrap_socket(
            self.sock, server_hostname="mail." + DOMAIN)
        self.buf = b""

    def starttls(self):
        assert self.say("STARTTLS").startswith("220 ")
        self.wrap()

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        while b"\n" not in self.buf:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError(self.buf)
            self.buf += more
        line, self.buf = self.buf.split(b"\n", 1)
        assert line.endswith(b"\r"), line
        return line[:-1].decode()

    def reply(self):
        lines = [self.line()]
        while re.match(r"\d\d\d-", lines[-1]):
            lines.append(self.line())
        return "\n".join(lines)

    def say(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def all(self):
        """Everything up to the end of the connection."""
        try:
            while True:
                more = self.sock.recv(65536)
                if not more:
                    break
                self.buf += more
        except (ConnectionError, ssl.SSLError):
            pass
        return self.buf.decode()

    def begin(self, to=(ALICE,), sender="sender@example.org", params=""):
        """MAIL, RCPT, DATA, all of which must be accepted."""
        assert self.say(f"MAIL FROM:<{sender}>{params}").startswith("250 ")
        for rcpt in to:
            reply = self.say(f"RCPT TO:<{rcpt}>")
            assert reply.startswith("250 "), reply
        assert self.say("DATA").startswith("354 ")

    def deliver(self, data, **kw):
        """Send DATA (dots and end included); the reply."""
        self.begin(**kw)
        self.send(data)
        return self.reply()

# SPDX-License-Identifier: ISC
"""POP3 on large maildrops beside Dovecot: the same files, in the same order.

retr: every message is fetched, by a session on files that no server has seen
(first) and by the next one (again).  list: STAT, UIDL and LIST of MANY messages,
with and without sizes in their names, and again with the index there is.
"""
import os
import socket
import statistics
import time

from measure import cpu_s, settle
from peers import DOMAIN, PASSWORD, USERS, Dovecot, Pabal, free_port

FETCHED, LISTED = 5000, 100000
TEXT = (b"From: Hong <hong@example.org>\r\nTo: you@example.net\r\n"
        b"Subject: message %08d\r\nMessage-ID: <%08d@example.org>\r\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0900\r\n\r\n" +
        b"A line of sixty-two bytes that stands for what people write.\r\n" *
        40).replace(b"\r\n", b"\n")
LF = TEXT.count(b"\n")


class Pop3Dovecot(Dovecot):
    """With the names of sizes that its manual recommends for Maildir."""

    def conf(self):
        self.pop3_port = free_port()
        return super().conf().replace(
            "protocols = imap lmtp", "protocols = imap pop3 lmtp") + f"""
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
protocol pop3 {{
  pop3_no_flag_updates = no
}}
maildir_very_dirty_syncs = yes
"""

    def maildir(self, user):
        return os.path.join(self.mail, DOMAIN, user)


class Pop3Pabal(Pabal):
    def __init__(self):
        super().__init__()
        self.pop3_port = self.p.port("pop3")

    def maildir(self, user):
        return self.p.maildir(user)


def fill(top, n, sizes):
    """N messages as another server left them, read, in cur/."""
    for sub in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, sub), exist_ok=True)
    owner = os.stat(os.path.dirname(top))
    for i in range(n):
        text = TEXT % (i, i)
        name = f"{1700000000 + i}.M{i:06}P77.other"
        if sizes:
            name += f",S={len(text)},W={len(text) + LF}"
        path = os.path.join(top, "cur", name + ":2,S")
        with open(path, "wb") as f:
            f.write(text)
        os.chown(path, owner.st_uid, owner.st_gid)
    for path in (top, *(os.path.join(top, s) for s in ("cur", "new", "tmp"))):
        os.chown(path, owner.st_uid, owner.st_gid)
    os.sync()


class Client:
    def __init__(self, server, user):
        self.sock = socket.create_connection(("127.0.0.1", server.pop3_port),
                                             600)
        self.file = self.sock.makefile("rb", 1 << 18)
        self.line()
        self.ask(f"USER {user}@{DOMAIN}")
        self.ask(f"PASS {PASSWORD}")

    def line(self):
        line = self.file.readline()
        assert line.startswith(b"+OK"), line
        return line

    def ask(self, command):
        self.sock.sendall(command.encode() + b"\r\n")
        return self.line()

    def rest(self):
        n = 0
        while (line := self.file.readline()) != b".\r\n":
            assert line
            n += 1
        return n

    def end(self):
        self.ask("QUIT")
        self.file.close()
        self.sock.close()


def fetch_all(server, user, n, window=100):
    """Messages a second over one session, with WINDOW commands sent ahead."""
    c = Client(server, user)
    begin = time.monotonic()
    for first in range(1, n + 1, window):
        last = min(first + window, n + 1)
        c.sock.sendall(b"".join(b"RETR %d\r\n" % i for i in range(first, last)))
        for _ in range(first, last):
            c.line()
            c.rest()
    took = time.monotonic() - begin
    c.end()
    return n / took


def list_all(server, user, n):
    """Seconds of login, STAT, UIDL and LIST."""
    begin = time.monotonic()
    c = Client(server, user)
    login = time.monotonic() - begin
    assert int(c.ask("STAT").split()[1]) == n
    for command in ("UIDL", "LIST"):
        c.ask(command)
        assert c.rest() == n
    took = time.monotonic() - begin
    c.end()
    return took, login


def of_one(kind):
    server = kind()
    figures = {}
    try:
        a, b, c = USERS[:3]
        fill(server.maildir(a), FETCHED, True)
        fill(server.maildir(b), LISTED, False)
        fill(server.maildir(c), LISTED, True)
        cpu = cpu_s(server.pid)
        figures["first"] = fetch_all(server, a, FETCHED)
        figures["again"] = fetch_all(server, a, FETCHED)
        figures["fetch_cpu"] = cpu_s(server.pid) - cpu
        figures["plain"], figures["plain_login"] = list_all(server, b, LISTED)
        settle(server.pid)
        figures["sized"], figures["sized_login"] = list_all(server, c, LISTED)
        figures["names"] = settle(server.pid)
        figures["warm"], figures["warm_login"] = list_all(server, c, LISTED)
    finally:
        server.close()
    return figures


def measure(runs):
    """{name: {figure: median}}, the servers by turns."""
    results = {kind: [] for kind in (Pop3Pabal, Pop3Dovecot)}
    for _ in range(runs):
        for kind, of in results.items():
            of.append(of_one(kind))
    return {kind.name: {key: statistics.median(r[key] for r in of)
                        for key in of[0]} for kind, of in results.items()}


ROWS = (("first", "RETR of files never read before, messages/s"),
        ("again", "RETR again, messages/s"),
        ("fetch_cpu", "CPU seconds of both"),
        ("plain", f"login, STAT, UIDL, LIST of {LISTED:,}, s"),
        ("sized", "the same with sizes in the names, s"),
        ("names", "what is done of it behind the answer, s"),
        ("warm", "the same again, s"),
        ("plain_login", "of the first, until the login was answered, s"))


def table(figures, cell):
    names = list(figures)
    lines = ["## POP3", "", f"| | {' | '.join(names)} | ratio |",
             "|---|---|---|---|"]
    for key, text in ROWS:
        ours, theirs = (figures[name][key] for name in names)
        lines.append(f"| {text} | {cell(ours)} | {cell(theirs)} | "
                     f"{ours / theirs:.2f} |")
    return lines + [""]

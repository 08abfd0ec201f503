# SPDX-License-Identifier: ISC
"""A mailbox of a hundred thousand messages beside Dovecot's: what FETCH costs
with nothing kept, and again.

Both have the same files (hard links), a session of their own for each figure,
and the page cache warm.  "Cold" is behind the first SELECT of an account whose
index was removed: UIDs, sizes in names and flags are there, and nothing that
was read in messages.
"""
import contextlib
import glob
import os
import random
import shutil
import socket
import statistics
import tempfile
import threading
import time

from measure import PeakMemory
from peers import DOMAIN, PASSWORD, USERS, Dovecot, Pabal, wait

SOME = 10000  # BODYSTRUCTURE is asked of so many
SIX = "BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT CONTENT-TYPE REFERENCES)]"
CLIENTS, MIXED_S = 50, 10
CLIENT_THREADS = 4
BORN_S = 1700000000


# ---- the messages

WORDS = ("report meeting draft invoice schedule budget review release notes "
         "question answer holiday lunch project contract patch").split()
HOPS = 3


def some_text(r, n):
    lines = (" ".join(r.choice(WORDS) for _ in range(11)) for _ in range(n))
    return "\n".join(lines)


def make_message(i):
    """About 4 KiB: the header of a list's mail, and text, or text and HTML."""
    r = random.Random(i)
    who = f"{r.choice(WORDS)}.{r.randrange(300)}"
    day = time.strftime("%a, %d %b %Y %H:%M:%S +0900",
                        time.gmtime(BORN_S + i * 60))
    head = [f"Received: from mx{h}.example.net (mx{h}.example.net [192.0.2.{h}])\n"
            f"\tby mail.example.org with ESMTPS id {r.getrandbits(60):x}\n"
            f"\tfor <{USERS[0]}@{DOMAIN}>; {day}" for h in range(1, HOPS + 1)]
    head += [
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net;\n"
        f"\ts=mail; h=from:to:subject:date; bh={r.getrandbits(250):x};\n"
        f"\tb={r.getrandbits(1024):x}",
        f"Date: {day}", f"From: {who.title()} <{who}@example.net>",
        f"To: {USERS[0]}@{DOMAIN}, team{i % 7}@example.org",
        f"Subject: {some_text(r, 1)[:60]} {i}",
        f"Message-ID: <{i}.{r.getrandbits(64):x}@example.net>",
        "MIME-Version: 1.0"]
    if i % 3:
        head.append("References: " + "\n ".join(
            f"<{i - k}.{r.getrandbits(64):x}@example.net>"
            for k in range(1, 2 + i % 3)))
    if i % 2:
        head.append("Content-Type: text/plain; charset=utf-8")
        body = some_text(r, 40)
    else:
        b = f"part{r.getrandbits(64):x}"
        head.append(f'Content-Type: multipart/alternative; boundary="{b}"')
        body = (f"--{b}\nContent-Type: text/plain; charset=utf-8\n\n"
                f"{some_text(r, 14)}\n--{b}\nContent-Type: text/html;"
                f" charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<p>"
                f"{some_text(r, 22)}</p>\n--{b}--")
    return ("\n".join(head) + "\n\n" + body + "\n").encode()


def make_maildir(n):
    top = tempfile.mkdtemp(prefix="bench-maildir-")
    for i in range(n):
        text = make_message(i)
        name = (f"{BORN_S + i}.M{i}P1.host,S={len(text)},"
                f"W={len(text) + text.count(10)}:2,{'S' if i % 5 else ''}")
        with open(os.path.join(top, name), "wb") as f:
            f.write(text)
    return top


def fill(directory, maildir, owner):
    """MAILDIR's messages into DIRECTORY/cur, as further names of the files."""
    cur = os.path.join(directory, "cur")
    for name in os.listdir(maildir):
        path = os.path.join(maildir, name)
        os.chown(path, owner.st_uid, owner.st_gid)
        os.link(path, os.path.join(cur, name))


# ---- a client

class Client:
    def __init__(self, port, user=USERS[0]):
        self.s = socket.create_connection(("127.0.0.1", port), 600)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.room = memoryview(bytearray(1 << 20))
        self.n, self.bytes = 0, 0
        self.until(b"* OK")
        self.ask(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')

    def until(self, mark):
        """Read to the line that begins with MARK; the last bytes."""
        tail = b"\n"
        while True:
            n = self.s.recv_into(self.room)
            if n == 0:
                raise RuntimeError("closed")
            self.bytes += n
            tail = (tail + bytes(self.room[max(0, n - 600):n]))[-700:]
            if tail.endswith(b"\n") and b"\n" + mark in tail:
                return tail

    def ask(self, command):
        """Send COMMAND; the seconds until its answer was read."""
        self.n += 1
        tag = f"a{self.n}"
        begin = time.monotonic()
        self.s.sendall(f"{tag} {command}\r\n".encode())
        self.tail = self.until(f"{tag} ".encode())
        seconds = time.monotonic() - begin
        if f"\n{tag} OK".encode() not in self.tail:
            raise RuntimeError(f"{command}: {self.tail[-200:]!r}")
        return seconds

    def close(self):
        self.s.close()


class Box:
    """The large mailbox at one server."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory

    def session(self):
        c = Client(self.server.imap_port)
        c.ask("SELECT INBOX")
        return c

    def forget(self):
        """Remove the index and what of it a process may hold."""
        raise NotImplementedError


class PabalBox(Box):
    def forget(self):
        self.server.p.pabal("stop")
        shutil.rmtree(os.path.join(self.directory, "pabal.index"))
        self.server.p.pabal("start")
        self.server.pid = self.server.p.master_pid()


class DovecotBox(Box):
    def forget(self):
        wait(lambda: not self.busy(), "dovecot's imap to end", 60)
        for path in glob.glob(os.path.join(self.directory, "dovecot.index*")):
            os.unlink(path)

    def busy(self):
        for comm in glob.glob("/proc/[0-9]*/cmdline"):
            with contextlib.suppress(OSError), open(comm, "rb") as f:
                if f.read().startswith(b"dovecot/imap\0"):
                    return True
        return False


def boxes(messages):
    maildir = make_maildir(messages)
    made = []
    try:
        pabal, dovecot = Pabal(), Dovecot()
        made += [pabal, dovecot]
        owner = os.stat(os.path.join(pabal.p.dir, "mail", DOMAIN, USERS[0]))
        at = (os.path.join(pabal.p.dir, "mail", DOMAIN, USERS[0]),
              os.path.join(dovecot.mail, DOMAIN, USERS[0]))
        for directory in at:
            fill(directory, maildir, owner)
        out = [PabalBox(pabal, at[0]), DovecotBox(dovecot, at[1])]
        for b in out:  # UIDs are given once
            b.session().close()
        return out, made
    except BaseException:
        for s in made:
            s.close()
        raise
    finally:
        shutil.rmtree(maildir)


# ---- the figures: key, what, unit's factor

ROWS = (
    ("select_cold", "SELECT without an index, ms", 1000),
    ("select", "SELECT, ms", 1000),
    ("fast_cold", "FETCH UID FLAGS INTERNALDATE RFC822.SIZE first, s", 1),
    ("fast", "the same again, s", 1),
    ("envelope_cold", "FETCH ENVELOPE first, s", 1),
    ("envelope", "FETCH ENVELOPE again, s", 1),
    ("structure_cold", f"BODYSTRUCTURE of {SOME:,} first, ms", 1000),
    ("structure", f"BODYSTRUCTURE of {SOME:,} again, ms", 1000),
    ("fields_cold", "six header fields first, s", 1),
    ("fields", "six header fields again, s", 1),
)
FAST = "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"
ENVELOPE = "FETCH 1:* ENVELOPE"
STRUCTURE = f"FETCH 1:{SOME} BODYSTRUCTURE"
FIELDS = f"FETCH 1:* {SIX}"
COLD = (("fast", FAST), ("envelope", ENVELOPE), ("structure", STRUCTURE),
        ("fields", FIELDS))


def measure_box(box, what):
    got = {}
    for key, command in COLD:
        if key not in what:
            continue
        box.forget()
        c = Client(box.server.imap_port)
        seconds = c.ask("SELECT INBOX")
        if key == "fast":
            got["select_cold"] = seconds
        got[key + "_cold"] = c.ask(command)
        c.close()
        c = box.session()
        got[key] = min(c.ask(command) for _ in range(2))
        if key == "fast":
            got["select"] = statistics.median(
                c.ask("SELECT INBOX") for _ in range(21))
        c.close()
    return got


def measure(messages, runs, what=tuple(key for key, _ in COLD)):
    pair, made = boxes(messages)
    try:
        found = {b.server.name: [] for b in pair}
        peak = {}
        for _ in range(runs):
            for b in pair:
                found[b.server.name].append(measure_box(b, what))
        for b in pair:
            b.forget()
            with PeakMemory(b.server.pid) as seen:
                c = b.session()
                for command in (ENVELOPE, FIELDS, FAST):
                    c.ask(command)
                c.close()
            peak[b.server.name] = seen.peak / 1024
        return {name: {key: statistics.median(g[key] for g in got)
                       for key in got[0]} | {"peak": peak[name]}
                for name, got in found.items()}
    finally:
        for s in made:
            s.close()


# ---- many clients, small mailboxes

def one_turn(r):
    """What mail programs do to a mailbox they have open."""
    n = r.randrange(1, 400)
    return ("NOOP", f"FETCH {n}:{n + 20} (UID FLAGS ENVELOPE)",
            f"FETCH {n}:{n + 50} (UID FLAGS RFC822.SIZE {SIX})",
            f"FETCH {n} BODY.PEEK[]", f"STORE {n} +FLAGS (\\Flagged)",
            f"STORE {n} -FLAGS (\\Flagged)", "SEARCH UNSEEN",
            f"FETCH {n}:{n + 5} BODYSTRUCTURE",
            "STATUS Sent (MESSAGES UNSEEN)")


def mixed_rate(server):
    """Commands a second of CLIENTS sessions, spread over the users."""
    clients = [Client(server.imap_port, USERS[i % len(USERS)])
               for i in range(CLIENTS)]
    for c in clients:
        c.ask("SELECT INBOX")
    done, end = [0] * CLIENT_THREADS, time.monotonic() + MIXED_S

    def work(which):
        r = random.Random(which)
        mine = clients[which::CLIENT_THREADS]
        while time.monotonic() < end:
            turns = [one_turn(r) for _ in mine]
            for k in range(len(turns[0])):
                for c, turn in zip(mine, turns):
                    c.n += 1
                    c.s.sendall(f"a{c.n} {turn[k]}\r\n".encode())
                for c in mine:
                    if b" OK" not in c.until(f"a{c.n} ".encode()):
                        raise RuntimeError(turn[k])
                done[which] += len(mine)

    threads = [threading.Thread(target=work, args=(i,))
               for i in range(CLIENT_THREADS)]
    begin = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    rate = sum(done) / (time.monotonic() - begin)
    for c in clients:
        c.close()
    return rate


def mixed(runs, messages=500):
    maildir = make_maildir(messages)
    made = []
    try:
        made = [Pabal(), Dovecot()]
        owner = os.stat(os.path.join(made[0].p.dir, "mail", DOMAIN, USERS[0]))
        tops = (os.path.join(made[0].p.dir, "mail", DOMAIN),
                os.path.join(made[1].mail, DOMAIN))
        for top in tops:
            for user in USERS:
                fill(os.path.join(top, user), maildir, owner)
        for s in made:
            for user in USERS:
                c = Client(s.imap_port, user)
                with contextlib.suppress(RuntimeError):
                    c.ask("CREATE Sent")
                c.ask("SELECT INBOX")
                c.ask(FIELDS)
                c.close()
        rates = {s.name: [] for s in made}
        for _ in range(runs):
            for s in made:
                rates[s.name].append(mixed_rate(s))
        return {name: statistics.median(v) for name, v in rates.items()}
    finally:
        for s in made:
            s.close()
        shutil.rmtree(maildir)


def table(found, rates, messages, cell):
    names = list(found)
    lines = [f"## IMAP, a mailbox of {messages:,} messages", "",
             f"| | {' | '.join(names)} | ratio |", "|---|---|---|---|"]
    rows = [(text, [found[n][key] * factor for n in names])
            for key, text, factor in ROWS if key in found[names[0]]]
    rows.append(("peak memory, MiB (PSS), ENVELOPE, header fields and FLAGS",
                 [found[n]["peak"] for n in names]))
    if rates is not None:
        rows.append((f"{CLIENTS} clients, ten mailboxes of 500: commands/s",
                     [rates[n] for n in names]))
    for text, (a, b) in rows:
        lines.append(f"| {text} | {fine(a, cell)} | {fine(b, cell)} | "
                     f"{a / b:.2f} |")
    return lines + [""]


def fine(value, cell):
    return f"{value:.3f}" if value < 1 else cell(value)

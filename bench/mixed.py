# SPDX-License-Identifier: ISC
"""Fifty IMAP sessions at once, each with its next command when the last was
answered, spread over ten mailboxes.  Two processes make the load: each waits
for all of its sessions at once and looks at the last line of an answer only.
"""
import contextlib
import multiprocessing
import os
import random
import select
import statistics
import time

from imap import FIELDS, SIX
from imapbox import Client, boxes, messages, servers
from measure import cpu_s
from peers import USERS

CLIENTS, PROCESSES, SECONDS, MESSAGES = 50, 2, 10, 500
TURNS = 100


def one_turn(r):
    """What mail programs do to a mailbox they have open."""
    n = r.randrange(1, MESSAGES - 50)
    return ("NOOP", f"FETCH {n}:{n + 20} (UID FLAGS ENVELOPE)",
            f"FETCH {n}:{n + 50} (UID FLAGS RFC822.SIZE {SIX})",
            f"FETCH {n} BODY.PEEK[]", f"STORE {n} +FLAGS (\\Flagged)",
            f"STORE {n} -FLAGS (\\Flagged)", "SEARCH UNSEEN",
            f"FETCH {n}:{n + 5} BODYSTRUCTURE",
            "STATUS Sent (MESSAGES UNSEEN)")


class Talker:
    """A session that always has a command under way."""

    def __init__(self, port, which):
        r = random.Random(which)
        self.client = Client(port, USERS[which % len(USERS)])
        self.client.ask("SELECT INBOX")
        self.commands = [(c + "\r\n").encode() for _ in range(TURNS)
                         for c in one_turn(r)]
        self.at, self.tail = which % len(self.commands), b""
        self.done = 0

    def send(self):
        self.at = (self.at + 1) % len(self.commands)
        self.tail = b""
        self.client.s.sendall(b"z " + self.commands[self.at])

    def read(self):
        n = self.client.s.recv_into(self.client.room)
        if n == 0:
            raise RuntimeError("closed")
        self.tail = (self.tail + bytes(
            self.client.room[max(0, n - 200):n]))[-200:]
        last = self.tail.rfind(b"\n", 0, -1) + 1
        if not self.tail.endswith(b"\n") or \
                not self.tail.startswith(b"z ", last):
            return
        if not self.tail.startswith(b"z OK", last):
            raise RuntimeError(
                f"{self.commands[self.at]}: {self.tail[last:]!r}")
        self.done += 1
        self.send()


def talk(port, which, ready, go, out):
    talkers = {}
    poll = select.epoll()
    for i in range(which, CLIENTS, PROCESSES):
        t = Talker(port, i)
        talkers[t.client.s.fileno()] = t
        poll.register(t.client.s.fileno(), select.EPOLLIN)
    ready.release()
    go.wait()
    begin, cpu = time.monotonic(), time.process_time()
    for t in talkers.values():
        t.send()
    while time.monotonic() - begin < SECONDS:
        for fd, _ in poll.poll(1):
            talkers[fd].read()
    out.put((sum(t.done for t in talkers.values()) /
             (time.monotonic() - begin), time.process_time() - cpu))


def rate(server):
    """commands/s, CPU ms of the server for a command, and of the clients"""
    context = multiprocessing.get_context("fork")
    ready, go = context.Semaphore(0), context.Event()
    out = context.Queue()
    made = [context.Process(target=talk, daemon=True,
                            args=(server.imap_port, i, ready, go, out))
            for i in range(PROCESSES)]
    for p in made:
        p.start()
    for _ in made:
        if not ready.acquire(timeout=60):
            raise RuntimeError(f"{server.name}: sessions were refused")
    before = cpu_s(server.pid)
    go.set()
    got = [out.get(timeout=SECONDS + 60) for _ in made]
    used = cpu_s(server.pid) - before
    for p in made:
        p.join()
    commands = sum(g[0] for g in got)
    return {"rate": commands, "cpu": used * 1000 / (commands * SECONDS),
            "client": sum(g[1] for g in got) * 1000 / (commands * SECONDS)}


def prepare(made):
    maildir = messages(MESSAGES, boxes(made, USERS[0])[0].directory)
    for user in USERS:
        for box in boxes(made, user):
            box.fill(maildir)
            c = box.client()
            with contextlib.suppress(RuntimeError):  # is there
                c.ask("CREATE Sent")
            c.ask("SELECT INBOX")
            c.ask(FIELDS)
            c.close()
    os.sync()


def measure(runs):
    with servers(USERS) as made:
        prepare(made)
        found = {s.name: [] for s in made}
        for _ in range(runs):
            for s in made:
                found[s.name].append(rate(s))
    return {name: {key: statistics.median(g[key] for g in got)
                   for key in got[0]} for name, got in found.items()}


ROWS = (("rate", "commands/s"),
        ("cpu", "CPU ms of the server for a command"),
        ("client", "CPU ms of the load for a command"))


def table(found, cell):
    names = list(found)
    lines = [f"## {CLIENTS} IMAP sessions at work, ten mailboxes of {MESSAGES}",
             "", f"| | {' | '.join(names)} | ratio |", "|---|---|---|---|"]
    for key, text in ROWS:
        a, b = (found[name][key] for name in names)
        lines.append(f"| {text} | {cell(a)} | {cell(b)} | {a / b:.2f} |")
    return lines + [""]

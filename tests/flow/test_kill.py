# SPDX-License-Identifier: ISC
"""kill -9 of any process under load: what was acknowledged arrives.

Messages go in over several sessions, by turns to a mailbox, to another host and
through a command, and by IMAP's APPEND; again and again a process chosen at
random dies, master included.  A client that gets no 250 sends again under a new
name, as a real one would.

Afterwards every message with a 250, and every one that APPEND said OK to, has
arrived.  A second copy is allowed only where a reply was in flight: when a
process on its way (qmgr, local, smtp, pipe, master) was killed between the two
arrivals.

  PABAL_KILLS   how many (default 40), with twenty messages for each
  PABAL_SEED    who is killed, and when
"""
import collections
import glob
import imaplib
import itertools
import os
import random
import re
import signal
import smtplib
import socket
import threading
import time

import pytest

from pabal import DOMAIN, Failed, PATIENCE, alive, message, wait
from sink import Sink

KILLS = int(os.environ.get("PABAL_KILLS", 40))
MESSAGES = 20 * KILLS
SENDERS = 8
APPENDED = 1000000  # the numbers of what came by IMAP
SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))
VICTIMS = ("smtpd", "qmgr", "local", "smtp", "pipe", "lookup", "auth", "keys",
           "login", "imapd", "logger", "master")
ON_THE_WAY = ("qmgr", "local", "smtp", "pipe", "master")
TO = (f"alice@{DOMAIN}", "x@example.net", f"command@{DOMAIN}")
# A kill leaves traces that would be alarms elsewhere.
ALLOWED = ("child.killed", "ipc.dropped")


class Load:
    """Sends message after message; knows which names were acknowledged."""

    def __init__(self, p):
        self.p, self.lock = p, threading.Lock()
        self.todo = collections.deque(range(MESSAGES))
        self.acked, self.unsure, self.broken = set(), set(), []
        self.threads = [threading.Thread(target=self.work)
                        for _ in range(SENDERS)]
        self.threads.append(threading.Thread(target=self.append))
        for t in self.threads:
            t.start()

    def work(self):
        try:
            session = None
            while True:
                with self.lock:
                    if not self.todo:
                        return
                    n = self.todo.popleft()
                session = self.until_acked(session, n)
        except Exception as e:  # told by the test, not lost in a thread
            self.broken.append(e)

    def append(self):
        """By IMAP, as long as there are messages to send."""
        for n in itertools.count(APPENDED):
            with self.lock:
                if not self.todo:
                    return
            name = f"kill {n}.0"
            try:
                with self.p.imap() as c:
                    ok = c.append("INBOX", None, None, message(name))[0] == "OK"
            except (OSError, imaplib.IMAP4.error):
                ok = False
                threading.Event().wait(0.05)
            with self.lock:
                (self.acked if ok else self.unsure).add(name)

    def until_acked(self, session, n):
        end = time.monotonic() + 4 * PATIENCE
        attempt = 0
        while time.monotonic() < end:
            name = f"kill {n}.{attempt}"
            attempt += 1
            to = TO[n % len(TO)]
            try:
                if session is None:
                    session = self.p.smtp(timeout=PATIENCE)
                    session.ehlo()
                session.sendmail("s@example.org", [to], message(name))
                with self.lock:
                    self.acked.add(name)
                return session
            except (OSError, smtplib.SMTPException, socket.timeout) as e:
                with self.lock:
                    self.unsure.add(name)
                if isinstance(e, smtplib.SMTPResponseException) and \
                        e.smtp_code >= 500:
                    raise
                if session is not None:
                    session.close()
                session = None
                threading.Event().wait(0.05)
        raise Failed(f"message {n} was not taken")

    def count(self):
        with self.lock:
            return len(self.acked)

    def join(self):
        for t in self.threads:
            t.join(8 * PATIENCE)
            assert not t.is_alive(), "a sender hangs"
        assert not self.broken, self.broken


def kill_one(p, rng, kills):
    """kill -9 one process; master is started again at once."""
    try:
        running = p.processes()
    except (OSError, ValueError):
        return False
    by_name = collections.defaultdict(list)
    for pid, name in running.items():
        by_name[name.split("/")[0]].append(pid)
    names = [v for v in VICTIMS if by_name[v]]
    name = rng.choice(names)
    pid = rng.choice(sorted(by_name[name]))
    kills.append((time.time(), name))
    os.kill(pid, signal.SIGKILL)
    if name == "master":
        wait(lambda: not alive(pid), "the end of master")
        for other in running:
            wait(lambda o=other: not alive(o), "the end of its children")
        p.start()
    else:
        wait(lambda: not alive(pid), f"the end of {name}")
    return True


def begin_command(p):
    """An alias that is a command, which keeps what it got whole: when pipe is
    killed a command sees the end of its input."""
    top = os.path.join(p.dir, "command")
    os.mkdir(top)
    os.chmod(top, 0o777)
    with open(os.path.join(p.dir, "etc", "aliases"), "a") as f:
        f.write(f'command: "|f=$(mktemp {top}/tmp.XXXXXXXX) && cat >$f && '
                f'grep -q ^Hello $f && mv $f {top}/new.${{f##*.}}"\n')
    p.pabal("map", "aliases")
    return top


def arrivals(p, sink_times, command):
    """{name: [time of each copy]} in the mailbox, at the other host and with
    the command."""
    found = collections.defaultdict(list)
    top = p.maildir("alice")
    for path in glob.glob(f"{top}/new/*") + glob.glob(f"{top}/cur/*") + \
            glob.glob(f"{command}/new.*"):
        with open(path, "rb") as f:
            m = re.search(rb"(?m)^Subject: (kill \d+\.\d+)\r?$", f.read())
        assert m, f"a message that nobody sent, or half of one: {path}"
        found[m[1].decode()].append(os.stat(path).st_mtime)
    for name, at in sink_times:
        found[name].append(at)
    return found


class TimedSink(Sink):
    def __init__(self, **kw):
        self.times = []
        super().__init__(**kw)

    def take(self, m):
        self.times.append((m.header("Subject"), time.time()))
        super().take(m)


def test_kill(make_pabal):
    print(f"PABAL_SEED={SEED}")
    rng = random.Random(SEED)
    kills = []
    with TimedSink() as sink:
        p = make_pabal(("qmgr", "retry_schedule", "1s"),
                       ("pabal", "relayhost", sink.nexthop), disk=True)
        command = begin_command(p)
        p.allowed = list(ALLOWED)
        load = Load(p)
        for i in range(1, KILLS + 1):
            due = MESSAGES * i // (KILLS + 1)
            wait(lambda: load.count() >= due or load.broken,
                 f"{due} messages taken, at {load.count()}", 4 * PATIENCE)
            if load.broken:
                break
            kill_one(p, rng, kills)
        load.join()
        wait(lambda: queue_empty(p), "an empty queue", 4 * PATIENCE)
        found = arrivals(p, sink.times, command)
    killed = collections.Counter(name for _, name in kills)
    lost = sorted(load.acked - set(found))
    foreign = sorted(set(found) - load.acked - load.unsure)
    twice = {n: sorted(t) for n, t in found.items() if len(t) > 1}
    print(f"{len(kills)} kills {dict(killed)}, {len(load.acked)} acknowledged,"
          f" {len(lost)} lost, {len(load.unsure)} without a reply, of which "
          f"{len(load.unsure & set(found))} arrived, {len(twice)} arrived "
          "twice")
    assert not lost, f"lost {len(lost)}: {lost[:10]}"
    assert not foreign
    for name, times in twice.items():
        for first, second in zip(times, times[1:]):
            assert any(victim in ON_THE_WAY and first - 2 <= at <= second + 0.1
                       for at, victim in kills), \
                f"{name} arrived twice and nothing was killed in between"
    assert len(kills) == KILLS


def queue_empty(p):
    try:
        return p.queue_count() == 0
    except Failed:
        return False


@pytest.mark.parametrize("victim", ["qmgr", "local", "smtpd"])
def test_kill_at_rest(make_pabal, victim):
    """A message in the queue survives the death of each process."""
    with Sink(RCPT=["450 4.2.1 later"]) as sink:
        p = make_pabal(("qmgr", "retry_schedule", "1h"),
                       ("pabal", "relayhost", sink.nexthop))
        p.allowed = list(ALLOWED)
        since = p.mark()
        p.send("wakes local")
        p.wait_mail("alice", "wakes local")
        p.send("at rest", to="x@example.net")
        p.wait_event("mail.deferred", since)
        for pid in p.pids(victim):
            os.kill(pid, signal.SIGKILL)
        wait(lambda: count_or_none(p) == 1, "the message in the queue")
        assert "at rest" in p.pabal(
            "queue", "show", p.events("mail.deferred", since)[-1]["qid"],
            "--message")
        p.pabal("queue", "flush")
        wait(lambda: sink.find("at rest"), "the message")
        p.wait_queue(0)


def count_or_none(p):
    try:
        return p.queue_count()
    except Failed:
        return None

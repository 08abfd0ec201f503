# SPDX-License-Identifier: ISC
"""A session on its way to parking and back, and the end (kill -9) of each
process that has a hand in that, at each step: its client is told all of it
once, or sees its connection closed, and the account goes on.

The daemons are those of build/probe, which stop where they are told to
(tests/probe_halt.c).

  PABAL_KILLS   set: twice as many"""
import contextlib
import os
import signal
import threading

import pytest

from imapraw import Closed, Imap
from pabal import BUILD, DOMAIN, Instance, wait
from test_kill import alive
from test_parking import held, idle

GOING = ("imapd before master_park", "imapd after master_park",
         "imapd before parking_session", "imapd after parking_session",
         "parking before parking_held", "parking after parking_held")
COMING = ("parking before imapd_wanted", "imapd before imapd_there",
          "parking before imapd_unpark", "parking after imapd_unpark",
          "parking before parking_done")
VICTIMS = ("imapd", "parking", "master")
# For its client and for mail at each step, instead of one of them.
ALL = "PABAL_KILLS" in os.environ


@pytest.fixture
def halting(request):
    """An instance whose daemons stop at the step REQUEST.param."""
    p = Instance(users=[f"{v}{n}" for v in VICTIMS for n in (0, 1)],
                 command=os.path.join(BUILD, "probe", "pabal"))
    try:
        p.conf("imapd", "park_after", "20ms")
        with open(os.path.join(p.dir, "etc", "pabal.conf"), "a") as f:
            f.write(f"# halts: {request.param}\n")
        p.step = request.param
        p.start()
        yield p
    finally:
        with Resumed(p):
            p.close()


def state_of(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    return None


def stopped(pids):
    return [pid for pid in pids if state_of(pid) == "T"]


def go_on(pids):
    for pid in stopped(pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


class Resumed:
    """Nobody stays stopped meanwhile."""

    def __init__(self, p):
        self.p, self.over = p, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.05):
            with contextlib.suppress(OSError, ValueError):
                go_on(self.p.processes())

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *why):
        self.over.set()
        self.thread.join()


def kill(p, name):
    """kill -9; of imapd not the nursery, which is the oldest."""
    running = p.processes()
    pids = [p.master_pid()] if name == "master" else p.pids(name)
    for pid in sorted(pids)[name == "imapd":]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        go_on(running)
        wait(lambda i=pid: not alive(i), f"the end of {name}")
    go_on(running)
    if name == "master":
        for pid in running:
            wait(lambda i=pid: not alive(i), "the end of its children")
        p.start()


def end(c, tag, known, there):
    """What C is told until IDLE ends, and behind it, is that THERE messages are
    there, once; or it is closed."""
    def take(answer):
        nonlocal known
        if answer.endswith(b" EXISTS"):
            assert int(answer.split()[0]) > known, "told twice"
            known = int(answer.split()[0])
    try:
        while True:
            a = c.answer()
            if a.startswith(b"* BYE"):
                return
            if a.startswith(tag + b" "):
                assert a.startswith(tag + b" OK"), a
                break
            assert a.startswith(b"* "), a
            take(a[2:])
        for a in c.ok("NOOP"):
            take(a)
        assert known == there
        assert len(c.ok("UID SEARCH ALL")[0].split()) - 1 == there
    except (Closed, ConnectionError):
        return
    finally:
        c.close()


def log_in(p, user):
    with contextlib.suppress(Closed, OSError, AssertionError):
        return Imap(p, user)
    return None


def goes_on(p, user, there):
    """The account is served, parked and woken as before."""
    with Resumed(p):
        c = wait(lambda: log_in(p, user), "a login")
        c.ok("SELECT INBOX")
        tag = idle(c)
        wait(lambda: held(p) >= 1, "a parked session")
        c.send(b"DONE\r\n")
        assert c.finish(tag)[0] == b"OK"
        assert len(c.ok("UID SEARCH ALL")[0].split()) - 1 == there
        c.close()
        wait(lambda: held(p) == 0, "none parked")


def one(p, victim, user, mail):
    """USER's session is under way for the client, or for MAIL, and VICTIM ends
    at the step."""
    with Resumed(p):
        c = wait(lambda: log_in(p, user), "a login")
        c.ok("SELECT INBOX")
    tag = idle(c)
    if p.step in COMING:
        with Resumed(p):
            wait(lambda: held(p) == 1, "a parked session")
    else:
        wait(lambda: stopped(p.processes()), p.step)
    if mail:
        p.send(victim, to=f"{user}@{DOMAIN}")
        wait(lambda: p.count_mails(user) == 1, "the mail")
    else:
        c.send(b"DONE\r\n")
    if p.step in COMING:
        wait(lambda: stopped(p.processes()), p.step)
    kill(p, victim)
    if mail:
        with contextlib.suppress(OSError):
            c.send(b"DONE\r\n")
    with Resumed(p):
        end(c, tag, 0, mail)
    goes_on(p, user, mail)


@pytest.mark.parametrize("halting", GOING + COMING, indirect=True)
def test_killed_on_the_way(halting):
    first = (GOING + COMING).index(halting.step)
    for n, victim in enumerate(VICTIMS):
        for mail in (0, 1) if ALL else ((first + n) % 2,):
            one(halting, victim, f"{victim}{mail}", mail)

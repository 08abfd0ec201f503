# SPDX-License-Identifier: ISC
"""How many sessions are parked, what they cost, and what becomes of those that
find no room, no process or no time."""
import contextlib
import glob
import os
import signal

import pytest

from imapraw import Closed, Imap
from pabal import DOMAIN, PASSWORD, message, wait
from test_parking import CONF, active, append, done, held, idle, metric, parked
from test_store import drop

__all__ = ["CONF"]


def counted(p, name):
    """The samples of NAME, by what stands in their braces beside the process."""
    found = {}
    for line in p.pabal("metrics").splitlines():
        if line.startswith(name + "{"):
            why = line.split('why="')[1].split('"')[0] if "why=" in line else ""
            found[why] = int(line.split()[-1])
    return found


def login(p, user="alice"):
    c = Imap(p, login=False)
    status, text, _ = c.cmd(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')
    if status == b"OK":
        return c
    c.close()
    assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
    return None


@pytest.mark.parametrize("isolation", ["account", "uid"])
def test_they_count_as_sessions(make_pabal, isolation):
    """max_sessions_per_user is of all, wherever they are."""
    p = make_pabal(("imapd", "max_sessions_per_user", "3"),
                   ("imapd", "isolation", isolation),
                   ("master", "idle_timeout", "1s"))
    a, b = Imap(p), Imap(p)
    tags = parked(p, a, b)
    c = login(p)
    assert c is not None and login(p) is None
    with Imap(p, "bob"):
        pass  # others are not counted
    idle(c)
    wait(lambda: held(p) == 3, "three of them")
    assert login(p) is None
    done(a, tags[0])
    a.ok("LOGOUT")
    d = wait(lambda: login(p), "room again")
    for s in (a, b, c, d):
        s.close()


def test_no_room(make_pabal):
    """Those beyond max_sessions stay where they are, and no one is moved to and
    fro."""
    p = make_pabal(("parking", "max_sessions", "9"), users=("alice",))
    sessions = [Imap(p) for _ in range(12)]
    for c in sessions:
        c.ok("SELECT INBOX")
    tags = [idle(c) for c in sessions]
    # A process leaves a ninth for others: eight of nine.
    wait(lambda: held(p) == 8, "as many as there is room for")
    with Imap(p) as other:
        for _ in range(50):
            other.ok("NOOP")
    assert held(p) == 8 and active(p) == 4
    assert counted(p, "pabal_parking_parked_total") == {"": 8}
    assert counted(p, "pabal_parking_woken_total") == {"client": 0, "changed": 0}
    append(p, "alice")
    for c, tag in zip(sessions, tags):
        assert c.answer() == b"* 1 EXISTS"
        c.answer()
        done(c, tag)
        c.close()
    wait(lambda: held(p) == 0, "none left")


def test_figures(make_pabal):
    p = make_pabal(users=("alice",))
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        [tag] = parked(p, c)
        assert "(1-parked)" in p.status()
        assert 50 < metric(p, "pabal_parking_state_bytes") < 1000
        done(c, tag)
        wait(lambda: active(p) == 1, "it to be back")
        [tag] = parked(p, c)
        append(p, "alice")
        assert c.answer() == b"* 1 EXISTS"
        c.answer()
        wait(lambda: held(p) == 1, "parked again")
    wait(lambda: counted(p, "pabal_parking_ended_total") == {"": 1}, "the end")
    # What is taken in for the first time gets other names, which is news, too.
    woken = counted(p, "pabal_parking_woken_total")
    assert woken["client"] == 1 and woken["changed"] >= 1
    assert counted(p, "pabal_parking_parked_total")[""] == \
        sum(woken.values()) + 1
    assert metric(p, "pabal_parking_state_bytes") == 0


def watchers(p):
    """Who of P has an inotify instance; lookup watches its tables."""
    found = []
    for pid, name in p.processes().items():
        for fd in glob.glob(f"/proc/{pid}/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(fd) == "anon_inode:inotify" and name != "lookup":
                    found.append(name)
    return found


def test_one_instance_of_inotify(make_pabal):
    """However many accounts and mailboxes are watched; each is told of its own
    files, by whatever program they were changed."""
    users = [f"u{n}" for n in range(8)]
    p = make_pabal(users=users)
    sessions = [Imap(p, u) for u in users for _ in range(2)]
    for n, c in enumerate(sessions):
        if n % 2 == 1:
            c.ok("CREATE sub")
        c.ok(f"SELECT {'sub' if n % 2 == 1 else 'INBOX'}")
    tags = parked(p, *sessions)
    wait(lambda: watchers(p) == ["master"], "one for all")
    for n, c in enumerate(sessions):
        top = p.maildir(users[n // 2]) + ("/.sub" if n % 2 == 1 else "")
        name = f"1700000000.M{n}P1.other"
        drop(p, users[n // 2], f"tmp/{name}", message("dropped"))
        os.rename(f"{p.maildir(users[n // 2])}/tmp/{name}", f"{top}/new/{name}")
        assert c.answer() == b"* 1 EXISTS"
        c.answer()
        wait(lambda: held(p) == len(sessions), "parked again")
    for c, tag in zip(sessions, tags):
        assert done(c, tag) == []
        c.close()


@pytest.mark.allow("child.start-timeout", "child.killed")
def test_time_runs_while_there_is_no_process(make_pabal):
    """A session that is to go on and cannot ends when its time is up."""
    p = make_pabal(("imapd", "idle_timeout", "3s"),
                   ("master", "idle_timeout", "1s"), users=("alice",))
    with Imap(p) as c:
        parked(p, c)
        wait(lambda: len(p.pids("imapd")) == 1, "the nursery alone")
        [nursery] = p.pids("imapd")
        os.kill(nursery, signal.SIGSTOP)
        try:
            c.send(b"DONE\r\n")
            assert c.answer().startswith(b"* BYE Autologout")
            with pytest.raises((Closed, OSError)):
                c.answer()
        finally:
            os.kill(nursery, signal.SIGCONT)
    assert p.events("parking.session-end")[0]["why"] == "timeout"


def test_no_process_can_be_had(make_pabal):
    """It is asked for again."""
    p = make_pabal(("master", "idle_timeout", "1s"), users=("alice",))
    home = p.maildir("alice")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        [tag] = parked(p, c)
        wait(lambda: len(p.pids("imapd")) == 1, "the nursery alone")
        os.rename(home, home + ".away")
        with open(home, "w"):
            pass
        since = p.mark()
        c.send(b"DONE\r\n")
        try:
            p.wait_event("parking.wake-failed", since)
        finally:
            os.remove(home)
            os.rename(home + ".away", home)
        assert c.finish(tag)[0] == b"OK"


def test_a_mailbox_that_cannot_be_opened_is_not_deleted(make_pabal):
    p = make_pabal(("master", "idle_timeout", "1s"), users=("alice",))
    path = p.maildir("alice") + "/.sub"
    with Imap(p) as c:
        c.ok("CREATE sub")
        c.ok("SELECT sub")
        parked(p, c)
        wait(lambda: len(p.pids("imapd")) == 1, "the nursery alone")
        os.chmod(path, 0)
        try:
            c.send(b"DONE\r\n")
            assert c.answer().startswith(b"* BYE [UNAVAILABLE] ")
        finally:
            os.chmod(path, 0o700)


def test_quota_of_today(make_pabal):
    """What was the quota when a session was parked does not come back with it."""
    p = make_pabal(("master", "idle_timeout", "1s"), users=("alice",))
    root = f"alice@{DOMAIN}"
    p.pabal("user", "set", root, "quota", "20K")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        [tag] = parked(p, c)
        p.pabal("user", "set", root, "quota", "50K")
        with Imap(p) as other:
            assert other.ok("GETQUOTAROOT INBOX")[-1].endswith(b" 50)")
            done(c, tag)
            assert other.ok("GETQUOTAROOT INBOX")[-1].endswith(b" 50)")
        assert c.ok("GETQUOTAROOT INBOX")[-1].endswith(b" 50)")
        [tag] = parked(p, c)
        p.pabal("user", "set", root, "quota", "70K")
        with Imap(p) as other:
            other.ok("LOGOUT")
        wait(lambda: len(p.pids("imapd")) == 1, "the nursery alone")
        done(c, tag)  # into a process that knows the ticket's alone
        assert c.ok("GETQUOTAROOT INBOX")[-1].endswith(b" 70)")

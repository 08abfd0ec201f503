# SPDX-License-Identifier: ISC
"""A daemon that was taken over ends the listening socket that it shares with
others; and a user whose mailbox process dies again and again."""
import ctypes
import os
import signal
import socket

import pytest

from pabal import wait

# The numbers are the same on every architecture.
PIDFD_OPEN, PIDFD_GETFD = 434, 438
libc = ctypes.CDLL(None, use_errno=True)


def listeners(pid):
    """The listening sockets that process PID has, as sockets of ours."""
    pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
    if pidfd == -1:
        pytest.skip(f"pidfd_open: {os.strerror(ctypes.get_errno())}")
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                continue
        except FileNotFoundError:
            continue
        fd = libc.syscall(PIDFD_GETFD, pidfd, int(name), 0)
        if fd == -1:
            os.close(pidfd)
            pytest.skip(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
        s = socket.socket(fileno=fd)
        if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.append(s)
        else:
            s.close()
    os.close(pidfd)
    return found


def test_ended_listeners_are_bound_anew(make_pabal):
    """Every one but master's own, by TCP and in the file system."""
    p = make_pabal()
    victims = set(p.pids("smtpd") + p.pids("login"))
    for s in listeners(p.master_pid()):
        if "master.sock" not in str(s.getsockname()):
            s.shutdown(socket.SHUT_RD)
        s.close()
    for service in ("smtp", "submission", "lmtp", "imap", "pop3"):
        p.wait_event("listen.rebound", service=service)
    p.wait_event("listen.rebound", service="sendmail")
    wait(lambda: not victims & set(p.processes()), "other processes")

    def served():
        try:
            p.send("served again")
            p.imap().logout()
            p.pop().quit()
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(os.path.join(p.dir, "run", "public", "smtpd"))
                return s.recv(100).startswith(b"220")
        except OSError:
            return False

    wait(served, "every service")
    p.wait_mail("alice", "served again")


def test_shared_processes_come_back_soon(make_pabal):
    """However often they die: the logins of others than those whose processes
    they were do not wait ever longer."""
    users = [f"user{i}" for i in range(5)]
    p = make_pabal(users=users)
    p.allowed.append("child.killed service=imapd")
    for user in users:
        p.imap(user).logout()
        pids = p.pids("imapd")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait(lambda old=pids: p.pids("imapd") and
             not set(old) & set(p.pids("imapd")), "a new imapd")
    delays = [int(e["restart_ms"])
              for e in p.events("child.killed", service="imapd")]
    assert len(delays) >= 5
    assert max(delays) <= 1000, delays

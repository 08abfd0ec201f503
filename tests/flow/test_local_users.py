# SPDX-License-Identifier: ISC
"""What the users of the host may do to pabal: nothing that others feel.  Each
attack is made small, against limits that are as low."""
import contextlib
import glob
import os
import re
import socket
import struct
import subprocess

import pytest

from pabal import DOMAIN, PABAL, PATIENCE, ROOT, Instance, wait

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="other users are needed: only root can become "
    "them")

MAX_USER = 3


@pytest.fixture(scope="module")
def host():
    p = Instance()
    try:
        p.conf("smtpd", "max_sessions_per_user", str(MAX_USER))
        path = os.path.join(p.dir, "etc", "master.conf")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("listen = unix:public/smtpd\n",
                                 "listen = unix:public/smtpd\n"
                                 "max_sessions = 20\n"))
        p.start()
        yield p
    finally:
        p.close()


def message_types():
    """{name: number}, counted as the compiler does."""
    top = os.path.join(ROOT, "lib", "ipc")
    names = ["none"]
    with open(os.path.join(top, "all.def")) as f:
        for part in re.findall(r'#include "ipc/(\w+\.def)"', f.read()):
            with open(os.path.join(top, part)) as g:
                names += re.findall(r"^(?:MSG|REPLY)\((\w+),", g.read(), re.M)
    return {name: i for i, name in enumerate(names)}


def roles():
    with open(os.path.join(ROOT, "lib", "conf", "roles.def")) as f:
        return {name: i for i, name in
                enumerate(re.findall(r'^ROLE\(\w+, +"(\w+)"', f.read(), re.M))}


def connect_frame(i, role):
    return struct.pack("<HQIIII", message_types()["master_connect"], i,
                       roles()[role], 0, 0, 0)


def master_sock(p):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(PATIENCE)
    s.connect(os.path.join(p.dir, "run", "master.sock"))
    return s


def local_sock(p):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(os.path.join(p.dir, "run", "public", "smtpd"))
    return s


@contextlib.contextmanager
def as_user(uid):
    """System calls of this process count as UID's."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def is_closed(s):
    try:
        return s.recv(65536) == b""
    except ConnectionResetError:
        return True


def mailq(p, user):
    return subprocess.run(["setpriv", "--reuid", str(user), "--clear-groups",
                           "--regid", "nogroup", PABAL, "-d", p.dir, "queue",
                           "list"], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=PATIENCE)


def descriptors(pid):
    return len(glob.glob(f"/proc/{pid}/fd/*"))


def test_introductions_without_end(host):
    """One user asks for qmgr again and again: it stays, has few descriptors
    for him, and answers others."""
    mark = host.mark()
    before = host.processes()
    qmgr, = host.pids("qmgr")
    master = host.master_pid()
    had = descriptors(qmgr), descriptors(master)
    frames = [connect_frame(i, "qmgr") for i in range(50)]
    held = []
    for _ in range(100):
        with as_user(4001):
            s = master_sock(host)
        s.setblocking(False)
        with contextlib.suppress(OSError):
            for f in frames:
                s.send(f)
        held.append(s)
    r = mailq(host, 4002)
    assert r.returncode == 0, r.stdout
    host.status()
    assert descriptors(qmgr) <= had[0] + 32 + 8
    assert descriptors(master) <= had[1] + 32 + 64
    for s in held:
        s.close()
    assert host.processes() == before
    assert not host.events("ipc.dropped", mark, peer="master")


def test_idle_callers_of_master(host):
    """The limit is each user's own, and root is always let in."""
    with as_user(4003):
        held = [master_sock(host) for _ in range(20)]
    open_ones = []
    for s in held:
        s.settimeout(0.3)
        try:
            assert is_closed(s)
        except TimeoutError:
            open_ones.append(s)
    assert len(open_ones) == 4
    with as_user(4004):
        other = master_sock(host)
    other.send(connect_frame(1, "qmgr"))
    assert other.recv(65536)
    host.status()
    # those of many users
    for uid in range(4010, 4030):
        with as_user(uid):
            held += [master_sock(host) for _ in range(4)]
    host.status()
    host.pabal("metrics")
    for s in [*held, other]:
        s.close()
    wait(lambda: mailq(host, 4004).returncode == 0, "room again")


def greeting(s):
    return s.recv(200)


def test_local_socket_is_shared_out(host):
    """One user has all sessions that he may: the other users, root and port 25
    do not feel it."""
    with as_user(4005):
        held = [local_sock(host) for _ in range(MAX_USER)]
        assert all(greeting(s).startswith(b"220") for s in held)
        with local_sock(host) as more:
            assert greeting(more).startswith(b"421 4.7.0")
    e = host.wait_event("session.refused", client="local:4005")
    assert e["why"] == "user"
    with as_user(4006), local_sock(host) as other:
        assert greeting(other).startswith(b"220")
    for _ in range(MAX_USER + 2):
        held.append(local_sock(host))
        assert greeting(held[-1]).startswith(b"220")
    # and when all users together have what the service has
    for uid in range(4040, 4060):
        with as_user(uid):
            held.append(local_sock(host))
    held.append(local_sock(host))
    assert greeting(held[-1]).startswith(b"220")
    host.send("port 25 goes on")
    host.wait_mail("alice", "port 25 goes on")
    for s in held:
        s.close()


def test_who_handed_it_in_is_told(host):
    """Whatever the sender says of himself."""
    r = subprocess.run(
        ["setpriv", "--reuid", "4007", "--regid", "nogroup", "--clear-groups",
         PABAL, "-d", host.dir, "sendmail", "-f", "root@" + DOMAIN,
         "alice@" + DOMAIN], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        input=b"Subject: from root\n\nreally\n", timeout=PATIENCE)
    assert r.returncode == 0, r.stdout
    mail = host.wait_mail("alice", "from root").decode()
    assert re.search(r"^Received: from localhost \(local, uid 4007\)$",
                     mail.replace("\r", ""), re.M)
    e = host.wait_event("mail.accepted", client="local:4007")
    assert host.events("session.start", sid=e["sid"],
                       client="local:4007")

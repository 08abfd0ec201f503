# SPDX-License-Identifier: ISC
"""Garbage on every port and every UNIX socket: nothing dies, and the next
client is served."""
import contextlib
import os
import random
import socket
import stat

import pytest

from pabal import OFFSETS, PATIENCE

SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))


def pieces(rng):
    """What a stranger might send."""
    words = [b"EHLO ", b"MAIL FROM:<", b"RCPT TO:<", b"DATA\r\n", b"AUTH ",
             b"a1 LOGIN ", b"a2 FETCH 1:* ", b"USER ", b"{99999999}\r\n",
             b"{10+}\r\n", b"(((((((((", b"\"\\\"", b"\r\n.\r\n", b"STARTTLS\r\n",
             b"\0", b"\r", b"\n", b"\xff\xfe", b"BDAT 99999999999 LAST\r\n",
             b"* BYE\r\n", b"NOOP\r\n", b"GET / HTTP/1.1\r\n\r\n"]
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 5000))
    if kind == 1:
        return rng.choice(words) * rng.randrange(1, 300)
    if kind == 2:
        return b"A" * rng.randrange(1, 200000)
    if kind == 3:  # a TLS client hello, broken
        return b"\x16\x03\x01" + rng.randbytes(rng.randrange(0, 600))
    if kind == 4:
        return b"\r\n" * rng.randrange(1, 3000)
    return b"".join(rng.choice(words) + rng.randbytes(rng.randrange(8))
                    for _ in range(rng.randrange(1, 100)))


def throw(sock, rng):
    """Send garbage until it is enough or the other side has had enough."""
    sock.settimeout(0.05)
    try:
        for _ in range(rng.randrange(1, 6)):
            sock.sendall(pieces(rng))
            if rng.randrange(2):
                sock.recv(65536)
    except (OSError, socket.timeout):
        pass
    finally:
        if rng.randrange(2):  # a reset instead of an end
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
        sock.close()


def greeting(p, service):
    """The first words of a server; one of HTTP is asked for something."""
    with contextlib.ExitStack() as held:
        s = held.enter_context(p.raw(service))
        if service.endswith("s"):
            s = held.enter_context(p.tls().wrap_socket(
                s, server_hostname="mail.pabal.test"))
        if service.startswith("http"):
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        return s.recv(100)


@pytest.mark.parametrize("service", sorted(OFFSETS))
def test_port(pabal, service):
    print("PABAL_SEED =", SEED)
    rng = random.Random(f"{SEED} {service}")
    before = pabal.processes()
    for _ in range(60):
        throw(pabal.raw(service), rng)
    assert greeting(pabal, service)[:3] in (
        b"220", b"+OK", b"* O", b'"IM', b"HTT")
    after = pabal.processes()
    assert {k: v for k, v in before.items() if k not in after} == {}


def unix_sockets(p):
    found = []
    for folder, _, names in os.walk(os.path.join(p.dir, "run")):
        for name in names:
            path = os.path.join(folder, name)
            if stat.S_ISSOCK(os.stat(path).st_mode):
                found.append(path)
    return found


@pytest.mark.allow("ipc.dropped")
def test_unix_sockets(pabal):
    print("PABAL_SEED =", SEED)
    rng = random.Random(SEED)
    before = pabal.processes()
    paths = unix_sockets(pabal)
    assert len(paths) >= 2
    for path in paths:
        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET,
                     socket.SOCK_DGRAM):
            for _ in range(40):
                s = socket.socket(socket.AF_UNIX, kind)
                try:
                    s.connect(path)
                except OSError:
                    s.close()
                    break
                throw(s, rng)
    pabal.status()
    assert pabal.queue_count() == 0
    after = pabal.processes()
    assert {k: v for k, v in before.items() if k not in after} == {}


def test_frames_that_ctl_may_not_send(pabal):
    """Well-formed frames with fds and foreign types on the control socket."""
    path = os.path.join(pabal.dir, "run", "master.sock")
    pabal.allowed = ["ipc.dropped"]
    before = pabal.processes()
    for kind in range(0, 200):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(path)
        s.settimeout(PATIENCE)
        body = kind.to_bytes(2, "little") + b"\1" + bytes(7) + bytes(kind)
        try:
            socket.send_fds(s, [body], [0, 1, 2][:kind % 4])
        except OSError:
            pass
        s.close()
    pabal.status()
    assert {k for k in before if k not in pabal.processes()} == set()


def test_served_after_all_that(pabal):
    pabal.send("after the garbage")
    pabal.wait_mail("alice", "after the garbage")
    c = pabal.imap()
    assert c.select("INBOX")[0] == "OK"
    c.logout()
    pabal.pop("bob").quit()


def test_descriptors_come_back(pabal):
    """What strangers opened is closed."""
    def count():
        n = 0
        for pid in pabal.processes():
            try:
                n += len(os.listdir(f"/proc/{pid}/fd"))
            except OSError:
                pass
        return n

    from pabal import wait
    pabal.send("warm")
    pabal.wait_mail("alice", "warm")
    base = count()
    held = [pabal.raw(service) for service in OFFSETS for _ in range(30)]
    wait(lambda: count() >= base + 200, "open sessions")
    for s in held:
        s.close()
    wait(lambda: count() <= base + 8, "their end")

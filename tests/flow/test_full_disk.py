# SPDX-License-Identifier: ISC
"""The spool on a small file system that fills and empties while mail comes in
and goes out: what was acknowledged arrives, no files are quarantined, nobody
ends."""
import contextlib
import json
import os
import random
import smtplib
import subprocess

import pytest

from pabal import Instance, message, wait
from sink import Sink

ROUNDS = int(os.environ.get("PABAL_DISK_ROUNDS", 12))
SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))
TO = ["one@example.net", "two@example.net"]
MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'


def why_not():
    if os.getuid() != 0:
        return "mounts a file system: root only"
    r = subprocess.run(["unshare", "-m", "sh", "-c", MOUNT, "sh", "size=64k",
                        "/mnt", "true"], capture_output=True, text=True)
    return f"no private mount: {r.stderr.strip()}" if r.returncode else None


class Disk:
    """The spool, as the daemons see it; full when told so."""

    def __init__(self, p):
        self.path = f"/proc/{p.master_pid()}/root{p.dir}/spool"
        self.filler = os.path.join(self.path, "filler")

    def fill(self, pages_left):
        with open(self.filler, "ab", buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
        os.truncate(self.filler, max(
            0, os.path.getsize(self.filler) - 4096 * pages_left))

    def empty(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)


@pytest.fixture
def small_spool(request):
    reason = why_not()
    if reason:
        pytest.skip(reason)
    p = Instance()
    spool = os.path.join(p.dir, "spool")
    st = os.stat(spool)
    options = f"size=2m,mode=0{st.st_mode & 0o7777:o},uid={st.st_uid}," \
              f"gid={st.st_gid}"
    yield p, lambda: start(p, options, spool)
    p.close()


def start(p, options, spool):
    """Only master and its children see the file system."""
    p.prefix = ["unshare", "-m", "sh", "-c", MOUNT, "sh", options, spool]
    try:
        p.start()
    finally:
        p.prefix = []


def send(p, name, rng, replies):
    """True when it was acknowledged."""
    # Around a page, so that lines behind it need a new one.
    text = "x" * 70 + "\r\n"
    body = text * rng.randrange(30, 60)
    try:
        with p.smtp() as s:
            s.ehlo()
            s.sendmail("sender@example.org", TO, message(name, body))
        return True
    except smtplib.SMTPResponseException as e:
        replies.append((e.smtp_code, e.smtp_error.decode()[:5]))
        return False


def test_fills_and_empties(small_spool):
    p, begin = small_spool
    print(f"PABAL_SEED={SEED}")
    rng = random.Random(SEED)
    acked, replies = [], []
    full = {"now": True}
    with Sink(RCPT=lambda line, s: "450 4.2.0 later"
              if full["now"] and rng.random() < 0.6 else None) as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.conf("qmgr", "retry_schedule", "1h")
        begin()
        qmgr = p.pids("qmgr")
        disk = Disk(p)
        for n in range(ROUNDS):
            acked += [m for m in (f"before {n} {i}" for i in range(3))
                      if send(p, m, rng, replies)]
            disk.fill(n % 5)
            acked += [m for m in (f"full {n} {i}" for i in range(3))
                      if send(p, m, rng, replies)]
            p.pabal("queue", "flush")
            disk.empty()
            acked += [m for m in (f"after {n} {i}" for i in range(2))
                      if send(p, m, rng, replies)]
        full["now"] = False

        def drained():
            p.pabal("queue", "flush")
            return p.queue_count() == 0
        wait(drained, "an empty queue")
        got = {(m.header("Subject"), r.strip("<>"))
               for m in sink.messages for r in m.rcpts}
    assert {(s, r) for s in acked for r in TO} <= got
    assert len(acked) >= 4 * ROUNDS
    assert (452, "4.3.1") in replies, replies
    assert all(code in (451, 452) for code, _ in replies), replies
    assert json.loads(p.pabal("queue", "bad", "--json")) == []
    assert p.pids("qmgr") == qmgr
    assert not p.alarms()

# SPDX-License-Identifier: ISC
"""Power cuts under load: what was acknowledged is there afterwards.

Spool and mail are on a disk that forgets what was not flushed.  Messages of all
kinds come by SMTP (for one mailbox, for two, for a mailbox and another host,
some put off at first, some the first of their account; in memory and in a file)
and by IMAP's APPEND, until
after a random number of replies the power is cut: what was not flushed is gone,
or a random half of it.  On what the disk holds then everything is started
again.

Every recipient of every 250 and every APPEND that was answered OK must have its
message.  It may have it twice when its delivery had ended within the last sync.
From outside that is: a message whose 250 was waited for from the delivery's
result on was durable in a sync that began behind it, at the latest when one
more was acknowledged behind that (the first may have come in the same turn of
qmgr).  So no result from before the last such pair may be forgotten.

  PABAL_CUTS          rounds on each file system (default 1, drop or half)
  PABAL_CUT_MESSAGES  most messages before the cut
  PABAL_SEED          the first seed; round i uses seed + i
"""
import collections
import contextlib
import datetime
import imaplib
import mmap
import os
import random
import re
import shutil
import smtplib
import threading
import time

import pytest

from pabal import DOMAIN, PASSWORD, PATIENCE, Instance, message, parse_event, \
    wait
from powercut import FILE_SYSTEMS, Disk, PowerCut, why_not
from sink import Sink

CUTS = int(os.environ.get("PABAL_CUTS", 1))
MESSAGES = int(os.environ.get("PABAL_CUT_MESSAGES", 300))
SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))
SENDERS = 6
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
FAR, LATER = "far@example.net", "later@example.net"
# Accounts that have no directory before their first message comes.
FRESH = [f"new{n}" for n in range(16)]
KINDS = ([ALICE], [ALICE, BOB], [ALICE, FAR], [FAR], [BOB, LATER],
         [ALICE, BOB, FAR, LATER])


class Load:
    """Sends until it is told to end; knows what was acknowledged."""

    def __init__(self, p, rng):
        self.p, self.lock, self.ending = p, threading.Lock(), False
        self.seeds = [rng.random() for _ in range(SENDERS)]
        # name: (its recipients, when it was sent, when the 250 came, its id)
        self.acked, self.appended = {}, set()
        self.broken = []
        self.threads = [threading.Thread(target=self.guard, args=(f, i))
                        for f, i in [(self.send_all, i)
                                     for i in range(SENDERS)] +
                        [(self.append_all, 0)]]
        for t in self.threads:
            t.start()

    def guard(self, work, number):
        try:
            work(number)
        except Exception as e:  # told by the test, not lost in a thread
            self.broken.append(e)

    def send_all(self, number):
        rng = random.Random(self.seeds[number])
        n = 0
        while not self.ending:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                with self.p.smtp(timeout=PATIENCE) as s:
                    s.ehlo()
                    while not self.ending:
                        self.send_one(s, rng, f"cut {number}.{n}")
                        n += 1
            n += 1

    def send_one(self, s, rng, name):
        to = rng.choice(KINDS)
        if rng.random() < 0.15:
            to = [f"{rng.choice(FRESH)}@{DOMAIN}"]
        body = "x" * 70 + "\r\n"
        body *= rng.choice((1, 20, 50, 400, 1500))
        s.mail("sender@example.org")
        for address in to:
            s.rcpt(address)
        sent = time.time()
        code, text = s.data(message(name, body))
        if code == 250:
            with self.lock:
                self.acked[name] = (to, sent, time.time(),
                                    text.split()[-1].decode())
        elif code >= 500:
            raise AssertionError(f"{code} {text}")

    def append_all(self, _):
        n = 0
        while not self.ending:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                with self.p.imap() as c:
                    while not self.ending:
                        name, n = f"append {n}", n + 1
                        if c.append("INBOX", None, None,
                                    message(name))[0] == "OK":
                            with self.lock:
                                self.appended.add(name)
            n += 1

    def count(self):
        with self.lock:
            return len(self.acked)

    def end(self):
        self.ending = True
        for t in self.threads:
            t.join(8 * PATIENCE)
            assert not t.is_alive(), "a sender hangs"
        assert not self.broken, self.broken


def results(p):
    """{(qid, recipient): when it was delivered first}"""
    found = {}
    for line in p.written_log().splitlines():
        e = parse_event(line)
        if e and e["event"] == "rcpt.result" and \
                e["status"] in ("delivered", "relayed"):
            at = datetime.datetime.fromisoformat(e["time"][:-1] + "+00:00")
            found.setdefault((e["qid"], e["to"]), at.timestamp())
    return found


def durable_until(load):
    """Results of before this moment were made durable."""
    last = max(sent for _, sent, *_ in load.acked.values())
    return max((sent for _, sent, replied, _ in load.acked.values()
                if replied < last), default=0)


def users(cut):
    """Those who have a mailbox."""
    return [u for u in ("alice", "bob", *FRESH)
            if os.path.isdir(cut.see(cut.p.maildir(u)))]


def arrivals(cut, sink):
    """{(name, recipient): copies}"""
    found = collections.Counter()
    for user in users(cut):
        address = f"{user}@{DOMAIN}"
        top = cut.see(cut.p.maildir(user))
        for body in cut.p.mails_of(top):
            m = re.search(rb"(?m)^Subject: ((?:cut|append) [\d.]+)\r?$", body)
            assert m and body.rstrip().endswith((b"x" * 70, b"Hello.")), \
                f"a message that nobody sent, or half of one: {body[:500]}"
            found[m[1].decode(), address] += 1
    for m in sink.messages:
        for r in m.rcpts:
            found[m.header("Subject"), r.strip("<>")] += 1
    return found


def judge(cut, load, sink):
    """What was lost, what came twice, and of that what may not have."""
    found = arrivals(cut, sink)
    due = [(n, to) for n, (rcpts, *_) in load.acked.items() for to in rcpts]
    due += [(n, ALICE) for n in load.appended]
    lost = [d for d in due if not found[d]]
    # Where there was no 250 the client would have sent again.
    twice = [(n, to) for (n, to), k in found.items()
             if k > 1 and n in load.acked]
    until, at = durable_until(load), results(cut.p)
    wrong = [(n, to) for n, to in twice
             if at.get((load.acked[n][3], to), 1e12) < until]
    return lost, twice, wrong


def evidence(cut, name, load):
    """What there is of a message that was lost."""
    qid = load.acked[name][3] if name in load.acked else "?"
    print(f"{name}: {load.acked.get(name)}")
    print("".join(line + "\n" for line in cut.p.log().splitlines()
                  if qid in line))
    want = b"Subject: " + name.encode()
    for top, _, files in os.walk(cut.see(cut.at)):
        for file in files:
            with open(os.path.join(top, file), "rb") as f:
                if re.search(want + rb"\r?\n", f.read()):
                    print(f"found in {top}/{file}")


def look_by_imap(p, cut):
    """IMAP shows as many messages as there are files, and sets truncated ones
    aside."""
    for user in users(cut):
        with p.imap(user) as c:
            shown = int(c.select("INBOX")[1][0])
        files = len(p.mails_of(cut.see(p.maildir(user))))
        assert shown == files, f"IMAP shows {shown} of {files} for {user}"


def one_round(fs, mode, seed):
    rng = random.Random(seed)
    first = collections.Counter()

    def rcpt(line, _):
        first[line] += 1
        return "450 4.2.0 later" if LATER in line and first[line] % 3 else None

    p = Instance()
    cut = None
    with Sink(RCPT=rcpt) as sink:
        try:
            p.conf("pabal", "relayhost", sink.nexthop)
            p.conf("qmgr", "retry_schedule", "1s")
            p.pabal("user", "import", input="".join(
                f'{u}@{DOMAIN} password="{PASSWORD}"\n' for u in FRESH))
            for user in FRESH:
                shutil.rmtree(p.maildir(user), ignore_errors=True)
            cut = PowerCut(p, fs)
            cut.start()
            load = Load(p, rng)
            due = rng.randrange(MESSAGES // 10, MESSAGES)
            wait(lambda: load.count() >= due or load.broken,
                 f"{due} messages", 8 * PATIENCE)
            order = "drop" if mode == "drop" else f"half {seed % 1000}"
            cut_at = time.time()
            said = cut.disk.say(order)
            load.end()
            cut.kill()
            cut.restart()
            wait(lambda: p.pabal("queue", "flush") and p.queue_count() == 0,
                 "an empty queue", 4 * PATIENCE)
            look_by_imap(p, cut)
            lost, twice, wrong = judge(cut, load, sink)
            bad = p.events("spool.quarantined")
            print(f"{fs} {mode} seed={seed}: {said}; "
                  f"{len(load.acked)} acknowledged, {len(load.appended)} "
                  f"appended, {len(lost)} lost, {len(twice)} twice, "
                  f"{len(wrong)} of them forgotten after a sync, "
                  f"{len(bad)} quarantined", flush=True)
            if lost:
                print(f"cut at {cut_at}")
            for name in sorted({name for name, _ in lost})[:3]:
                evidence(cut, name, load)
            assert not lost, f"lost: {lost[:10]}"
            assert not wrong, f"delivered twice: {wrong[:10]}"
            assert not bad, bad
        except BaseException:
            print(f"PABAL_SEED={seed}")
            raise
        finally:
            if cut is not None:
                cut.close()
            p.close()


def deliver_one_by_one(p, n):
    """Messages of which each is delivered before the next one comes: every
    sync is of one alone.  In half of them a second recipient waits."""
    for i in range(n):
        since = p.mark()
        p.send(f"cut {i}", to=[ALICE, LATER] if i % 2 else ALICE)
        p.wait_event("rcpt.result", since, to=ALICE)


def results_on_disk(p):
    return re.search(r"(?m)^pabal_qmgr_unsynced\{[^}]*\} 0$",
                     p.pabal("metrics"))


@pytest.mark.parametrize("method, then", [("auto", "the next message"),
                                          ("auto", "nothing"),
                                          ("fsync", "nothing")])
@pytest.mark.parametrize("fs", FILE_SYSTEMS)
def test_results_become_durable(fs, method, then):
    """With the next sync, or in the silence that follows: nothing of what was
    delivered before comes twice."""
    reason = why_not(fs)
    if reason:
        pytest.skip(reason)
    p = Instance()
    cut = None
    try:
        p.conf("pabal", "relayhost", "[127.0.0.1]:1")
        p.conf("qmgr", "retry_schedule", "1h")
        p.conf("qmgr", "sync_method", method)
        cut = PowerCut(p, fs)
        cut.start()
        deliver_one_by_one(p, 10)
        if then == "nothing":
            wait(lambda: results_on_disk(p), "results on disk")
        else:
            p.send("cut last", to=BOB)
        cut.disk.say("drop")
        cut.kill()
        cut.restart()
        wait(lambda: p.queue_count() == 5, "five that wait", 4 * PATIENCE)
        copies = collections.Counter(
            re.search(rb"(?m)^Subject: (.*?)\r?$", m)[1] for m in
            p.mails_of(cut.see(p.maildir("alice"))))
        twice = sum(k > 1 for k in copies.values())
        print(f"{fs} {method}, then {then}: {twice} of {len(copies)} twice")
        assert len(copies) == 10
        assert twice == 0, f"{twice} messages came twice"
    finally:
        if cut is not None:
            cut.close()
        p.close()


@pytest.mark.parametrize("fs", FILE_SYSTEMS)
def test_power_cut(fs):
    reason = why_not(fs)
    if reason:
        pytest.skip(reason)
    for i in range(CUTS):
        one_round(fs, ("drop", "half")[(SEED + i) % 2], SEED + i)


def blocks(device, do, flush=False):
    """Write or read the first 64 blocks of the disk, past the page cache."""
    fd = os.open(device, os.O_RDWR | os.O_DIRECT)
    try:
        page = mmap.mmap(-1, 4096)
        found = []
        for i in range(64):
            if do is None:
                os.preadv(fd, [page], i * 4096)
                found.append(page[:1])
            else:
                page[:] = do * 4096
                os.pwritev(fd, [page], i * 4096)
        if flush:
            os.fsync(fd)
        return found
    finally:
        os.close(fd)


@pytest.mark.parametrize("order, kept", [("drop", range(0, 1)),
                                         ("half 1", range(10, 55))])
def test_the_disk_itself(order, kept):
    """What was flushed is there, the rest is not, or a half of it."""
    reason = why_not("ext4")
    if reason:
        pytest.skip(reason)
    disk = Disk(flush_ms=0)
    try:
        disk.plug()
        blocks(disk.device, b"a", flush=True)
        blocks(disk.device, b"b")
        assert blocks(disk.device, None) == [b"b"] * 64
        said = disk.say(order)
        found = blocks(disk.device, None)
        assert found.count(b"b") in kept
        assert found.count(b"a") == 64 - found.count(b"b")
        assert said.startswith(f"lost {found.count(b'a')} "
                               f"written {found.count(b'b')} ")
        with pytest.raises(OSError):
            blocks(disk.device, b"c", flush=True)
        disk.unplug()
        with open(disk.image, "rb") as f:
            assert [f.read(4096)[:1] for _ in range(64)] == found
    finally:
        disk.close()

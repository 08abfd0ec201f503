# SPDX-License-Identifier: ISC
"""Spool and mail on small file systems that fill and empty, run out of inodes
and become read-only while mail comes in and goes out: what was acknowledged
arrives once and whole, clients are told 452 or 451, no files are quarantined,
nobody ends and nobody is started again."""
import contextlib
import imaplib
import json
import os
import random
import signal
import smtplib
import subprocess

import pytest

from dkimsign import Key
from dnsserver import DnsServer
from pabal import DOMAIN, Instance, alive, message, wait
from sink import Sink
from smtptalk import Talk

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


def bring(p, message, replies):
    """Of a stranger whom SPF, DKIM and DMARC vouch for: True when it was
    acknowledged."""
    with Talk(p) as t:
        t.say("XCLIENT ADDR=192.0.2.1")
        t.say("EHLO host.test")
        for line in ("MAIL FROM:<a@sends.test>", f"RCPT TO:<away@{DOMAIN}>"):
            reply = t.say(line)
            if not reply.startswith("250 "):
                replies.append(reply)
                return False
        t.send(f"BDAT {len(message)} LAST\r\n".encode() + message)
        reply = t.reply()
        if not reply.startswith("250 "):
            replies.append(reply)
        return reply.startswith("250 ")


def test_judged_while_it_fills(small_spool):
    """Messages are shown to policy from memory, from a file in memory and from the
    spool: while that is full nobody is refused for good, and what was
    acknowledged arrives, judged."""
    p, begin = small_spool
    print(f"PABAL_SEED={SEED}")
    rng = random.Random(SEED)
    key = Key("sends.test")
    acked, replies = [], []
    full = {"now": True}

    def send(name, lines):
        m = key.sign([("From", "a@sends.test"), ("Subject", name)],
                     b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * lines)
        if bring(p, m, replies):
            acked.append(name)
    with DnsServer({
            "sends.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']},
            "s._domainkey.sends.test": {"TXT": [key.record]},
            "_dmarc.sends.test": {"TXT": ['"v=DMARC1; p=reject"']}}) as dns, \
        Sink(RCPT=lambda line, s: "450 4.2.0 later"
             if full["now"] and rng.random() < 0.6 else None) as sink:
        for setting in (("pabal", "relayhost", sink.nexthop),
                        ("qmgr", "retry_schedule", "1h"),
                        ("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                        ("smtpd", "xclient_hosts", "127.0.0.1"),
                        ("policy", "spf", "enforce")):
            p.conf(*setting)
        p.pabal("alias", "set", "away", FAR)
        begin()
        disk = Disk(p)
        for n in range(ROUNDS // 2):
            send(f"before {n}", 5)
            disk.fill(n % 5)
            for lines in (5, 700, 2000):  # 50 and 140 KiB
                send(f"full {n} {lines}", lines)
            disk.empty()
            send(f"after {n}", 700)
        full["now"] = False

        def drained():
            p.pabal("queue", "flush")
            return p.queue_count() == 0
        wait(drained, "an empty queue")
        got = sorted(m.header("Subject") for m in sink.messages)
        judged = [m for m in sink.messages if b"dmarc=pass" in m.data]
    assert got == sorted(acked)
    assert len(judged) == len(got)
    assert len(acked) >= ROUNDS and replies
    assert all(r.startswith(("452 4.3.1", "451 4.")) for r in replies), replies
    assert not p.alarms()


# The instance's directory $2 lies on a file system of its own, at $3.
PLACE = """
mount -t tmpfs -o "$1" tmpfs "$3" && cp -a "$2/." "$3" &&
    chown --reference="$2" "$3" && chmod --reference="$2" "$3" &&
    mount --bind "$3" "$2" &&
    if test "$4" != -; then
        mkdir -p "$4" && mount -t tmpfs -o size=2m tmpfs "$4" &&
            chown --reference="$2" "$4" && chmod 700 "$4"
    fi && shift 4 && exec "$@"
"""
FAR = "far@example.net"


class Place:
    """DIR/spool or DIR/mail on a small file system; breaks when told so.  What
    is in APART lies elsewhere: files that are open to be written to are in the
    way of a remount."""

    def __init__(self, p, name, apart="-"):
        self.p, self.disk = p, os.path.join(p.dir, "disk")
        os.makedirs(self.disk)
        p.prefix = ["unshare", "-m", "sh", "-c", PLACE, "sh",
                    "size=3m,nr_inodes=2000", os.path.join(p.dir, name),
                    self.disk, apart]
        try:
            p.start()
        finally:
            p.prefix = []
        self.name = name
        self.path = f"/proc/{p.master_pid()}/root{self.disk}"
        self.filler = os.path.join(self.path, "filler")

    def fill(self):
        with open(self.filler, "ab", buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))

    def empty(self):
        os.unlink(self.filler)

    def use_inodes(self):
        os.mkdir(self.filler)
        with contextlib.suppress(OSError):
            for n in range(10000):
                open(os.path.join(self.filler, str(n)), "x").close()

    def free_inodes(self):
        for name in os.listdir(self.filler):
            os.unlink(os.path.join(self.filler, name))
        os.rmdir(self.filler)

    def remount(self, how):
        """Nobody may have a file open to write, so who has an index ends."""
        def done():
            for daemon in ("local", "imapd") if self.name == "mail" else ():
                for pid in self.p.pids(daemon):
                    os.kill(pid, signal.SIGKILL)
                    wait(lambda pid=pid: not alive(pid), f"its end: {daemon}")
            r = subprocess.run(
                ["nsenter", "-m", "-t", str(self.p.master_pid()), "mount",
                 "-o", f"remount,{how}", self.disk], capture_output=True,
                check=False)
            return r.returncode == 0
        self.p.allowed = ["child.killed"]
        wait(done, f"a remount {how}")


TROUBLES = {
    "full": (Place.fill, Place.empty, {452}),
    "no inodes": (Place.use_inodes, Place.free_inodes, {452}),
    "read-only": (lambda d: d.remount("ro"), lambda d: d.remount("rw"), {451}),
}


def mail(p, name, acked, to, lines=200):
    """The reply's code; those that were acknowledged go to ACKED."""
    try:
        with p.smtp() as s:
            s.ehlo()
            s.sendmail("sender@example.org", to,
                       message(name, ("x" * 70 + "\r\n") * lines))
        acked.append(name)
        return 250
    except smtplib.SMTPRecipientsRefused as e:
        return next(iter(e.recipients.values()))[0]
    except smtplib.SMTPResponseException as e:
        return e.smtp_code


def append(p, name):
    with p.imap() as c:
        return c.append("INBOX", None, None,
                        message(name, ("x" * 70 + "\r\n") * 200))[0]


def in_mailbox(p):
    """{subject: copies}, each of them whole."""
    top = f"/proc/{p.master_pid()}/root{p.maildir('alice')}"
    found = {}
    for body in p.mails_of(top):
        head, _, text = body.partition(b"\n\n")
        assert text.replace(b"\r", b"").strip(b"x\n") == b"", body[:300]
        assert text.endswith(b"x\n") or text.endswith(b"x\r\n")
        subject = head.split(b"\nSubject: ")[1].split(b"\n")[0]
        name = subject.strip().decode()
        found[name] = found.get(name, 0) + 1
    return found


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("where", ["spool", "mail"])
def test_trouble(where, trouble):
    reason = why_not()
    if reason:
        pytest.skip(reason)
    breaks, mends, codes = TROUBLES[trouble]
    to = [f"alice@{DOMAIN}", FAR]
    acked, appended = [], []
    p = Instance()
    with Sink() as sink:
        try:
            p.conf("pabal", "relayhost", sink.nexthop)
            p.conf("qmgr", "retry_schedule", "1h")
            apart = os.path.join(p.dir, "spool", "index") \
                if (where, trouble) == ("spool", "read-only") else "-"
            place = Place(p, where, apart)
            for n in range(3):
                assert mail(p, f"before {n}", acked, to) == 250
            p.wait_queue(0)
            steady = {d: p.pids(d) for d in ("qmgr", "smtpd")}
            breaks(place)
            replies = [mail(p, f"broken {n}", acked, to, lines)
                       for n, lines in enumerate((1, 200, 500))]
            if where == "spool":
                # A small one need not be in the spool where both its
                # recipients get it while the client waits; and what qmgr keeps
                # to be used again it gives back, so that one may have room.
                assert set(replies) & codes, replies
                assert set(replies) <= codes | {250}, replies
            else:
                assert set(replies) == {250}
                wait(lambda: len(p.events("mail.deferred")) >= 3, "deferrals")
                assert all(e["status"] == "tempfail" and e["dsn"][0] == "4"
                           for e in p.events("rcpt.result", to=to[0])[3:])
                with contextlib.suppress(imaplib.IMAP4.error):
                    assert append(p, "append broken") == "NO"
                assert p.queue_count() == 3
            mends(place)
            for n in range(3):
                assert mail(p, f"after {n}", acked, to) == 250
            assert append(p, "append after") == "OK"
            appended.append("append after")

            def drained():
                p.pabal("queue", "flush")
                return p.queue_count() == 0
            wait(drained, "an empty queue")
            assert in_mailbox(p) == dict.fromkeys(acked + appended, 1)
            far = sorted(m.header("Subject") for m in sink.messages)
            assert far == sorted(acked)
            assert json.loads(p.pabal("queue", "bad", "--json")) == []
            assert {d: p.pids(d) for d in steady} == steady
            assert not p.alarms()
        finally:
            p.close()

# SPDX-License-Identifier: ISC
"""Counts the system calls of an instance's daemons (strace), and sends the
messages they are counted for."""
import collections
import os
import re
import shutil
import subprocess
import time

from pabal import DOMAIN, message, wait

CALL = re.compile(r"^(\d+) +([\d.]+) (\w+)\(")
# A new thread or process: whose it is.
BORN = re.compile(r"^(\d+) .*\b(?:clone3?|fork)\b.* = (\d+)$")
EXEC = re.compile(r'^(\d+) +[\d.]+ execve\("[^"]*/(\w+)"')
# How often these come depends on the time that passes, not on the work: turns
# read their processor time once a millisecond, master looks after its
# listeners every two seconds.
OF_TIME = {"clock_gettime", "restart_syscall", "poll", "getsockopt"}
BODY_BYTES = 4096


def permitted():
    """Why nothing can be counted here; None when it can."""
    if shutil.which("strace") is None:
        return "no strace"
    r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                       capture_output=True, text=True)
    return None if r.returncode == 0 else "strace: " + r.stderr.strip()


def traced(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return "TracerPid:\t0\n" not in f.read()
    except OSError:
        return True


class Syscalls:
    """What every process of INSTANCE calls while the block runs, by daemon:
    counts[daemon][call].  OUT is a file for strace, kept for who wants to
    read it."""

    def __init__(self, instance, out):
        self.instance, self.out = instance, str(out)
        self.counts = collections.defaultdict(collections.Counter)
        self.begun = 0.0
        self.started = False  # a process, while was counted

    def begin(self):
        """What was called until now does not count.  strace takes a while to
        attach; who was idle that long may have ended and come back."""
        self.begun = time.time()

    def __enter__(self):
        processes = self.instance.processes()
        self.names = {}
        for pid, name in processes.items():
            for tid in os.listdir(f"/proc/{pid}/task"):
                self.names[tid] = name.split("/")[0]
        args = [w for pid in processes for w in ("-p", str(pid))]
        self.strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-ttt", "-e", "signal=none",
             "-o", self.out, *args], stderr=subprocess.DEVNULL)
        wait(lambda: all(traced(tid) for tid in self.names),
             "strace at every thread")
        return self

    def __exit__(self, *_):
        self.strace.terminate()
        self.strace.wait()
        with open(self.out, errors="replace") as f:
            lines = f.read().splitlines()
        for line in lines:
            if born := BORN.match(line):
                self.names[born[2]] = self.names.get(born[1], "?")
        for line in lines:
            if new := EXEC.match(line):
                self.names[new[1]] = new[2]
            call = CALL.match(line)
            if not call or float(call[2]) < self.begun:
                continue
            self.started |= call[3] == "execve"
            if call[3] not in OF_TIME:
                self.counts[self.names.get(call[1], "?")][call[3]] += 1


class Client:
    """An SMTP session that pipelines (RFC 2920)."""

    def __init__(self, instance):
        self.sock = instance.raw("smtp")
        self.replies = self.sock.makefile("rb")
        self.reply(b"220")
        self.sock.sendall(b"EHLO client.example\r\n")
        self.reply(b"250")

    def reply(self, code):
        while True:
            line = self.replies.readline()
            assert line.startswith(code), line
            if line[3:4] == b" ":
                return

    def send(self, rcpts, body):
        commands = [b"MAIL FROM:<sender@example.org>"]
        commands += [b"RCPT TO:<%s>" % r.encode() for r in rcpts]
        self.sock.sendall(b"\r\n".join(commands + [b"DATA", b""]))
        for _ in commands:
            self.reply(b"250")
        self.reply(b"354")
        self.sock.sendall(body + b".\r\n")
        self.reply(b"250")

    def close(self):
        self.replies.close()
        self.sock.close()


class ChunkClient(Client):
    """The same with BDAT (RFC 3030), which waits for nothing."""

    def send(self, rcpts, body):
        commands = [b"MAIL FROM:<sender@example.org>"]
        commands += [b"RCPT TO:<%s>" % r.encode() for r in rcpts]
        commands += [b"BDAT %d LAST" % len(body), body]
        self.sock.sendall(b"\r\n".join(commands))
        for _ in range(len(rcpts) + 2):
            self.reply(b"250")


def count(instance, users, out, messages=20, warm=40, client=Client):
    """System calls a message that goes to all USERS, one after the other on one
    connection, each delivered before the next is sent: {daemon: {call: n}}.
    On a slow machine master may begin a second process meanwhile, which opens
    what the first has open; then it is counted anew, with both."""
    rcpts = [f"{u}@{DOMAIN}" for u in users]
    body = message("counted", ("x" * 70 + "\r\n") * (BODY_BYTES // 72))

    since = instance.mark()
    client = client(instance)

    def send(n):
        for _ in range(n):
            want = delivered() + 1
            client.send(rcpts, body)
            wait(lambda want=want: delivered() == want, "the delivery")

    def delivered():
        return instance.written_log(since).count(": mail.removed ")

    try:
        send(warm)
        for _ in range(10):
            with Syscalls(instance, out) as calls:
                send(3)
                calls.begin()
                send(messages)
            if not calls.started:
                break
        else:
            raise AssertionError("a process started in each of ten counts")
    finally:
        client.close()
    return {daemon: {call: n / messages for call, n in counted.items()}
            for daemon, counted in calls.counts.items()}


def count_imap(instance, client, command, out, times):
    """System calls of imapd for COMMAND, of messages 1, 2, ... if it has a
    number, in the session CLIENT: {call: n}."""
    def run(n):
        text = command % n if "%d" in command else command
        client.send(b"x " + text.encode() + b"\r\n")
        status, why, _ = client.finish(b"x")
        assert status == b"OK", why

    run(1)
    with Syscalls(instance, out) as calls:
        for n in range(times):
            run(1 + n)
    return {call: n / times for call, n in calls.counts["imapd"].items()}


def total(counted, *without):
    """All calls of all daemons but those WITHOUT."""
    return sum(sum(calls.values()) for daemon, calls in counted.items()
               if daemon not in without)

# SPDX-License-Identifier: ISC
"""What a tree of processes has used: CPU, memory, syncs."""
import os
import re
import subprocess
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """PID, or some of them, and all that descend from it."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid] if isinstance(pid, int) else list(pid)
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def cpu_s(pid):
    """CPU seconds of the tree so far, those of ended processes included."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        # utime stime cutime cstime: children that were waited for stay here.
        total += sum(int(v) for v in fields[11:15])
    return total / TICK


def settle(pid, limit_s=300):
    """Wait until nothing was done for longer than pabal lets file names wait;
    the seconds until then."""
    begin = time.monotonic()
    used, before = 1.0, cpu_s(pid)
    while used > 0.01:
        if time.monotonic() - begin > limit_s:
            raise TimeoutError("no silence")
        time.sleep(1.5)
        now = cpu_s(pid)
        used, before = now - before, now
    return time.monotonic() - begin - 1.5


def pss_kib(pid):
    """Proportional set size of the tree."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup") as f:
                total += int(re.search(r"(?m)^Pss:\s+(\d+)", f.read())[1])
        except (OSError, TypeError):
            continue
    return total


class PeakMemory:
    """The largest PSS seen while the block ran, looked at five times a
    second."""

    def __init__(self, pid):
        self.pid, self.peak = pid, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while True:
            self.peak = max(self.peak, pss_kib(self.pid))
            if self.stop.wait(0.2):
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


class CountSyncs:
    """fsync, fdatasync, syncfs, sync calls of the tree while the block ran
    (strace: nothing else is measured in such a run)."""

    CALLS = "fsync,fdatasync,syncfs,sync,sync_file_range,msync"

    def __init__(self, pid, out):
        self.pid, self.out = pid, out
        self.counts = {}

    def __enter__(self):
        args = []
        for one in tree(self.pid):
            args += ["-p", str(one)]
        self.strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "trace=" + self.CALLS, "-e",
             "signal=none", "-o", self.out, *args], stderr=subprocess.PIPE)
        # Attached when every process has a tracer.
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if all(self.traced(one) for one in tree(self.pid)):
                break
            time.sleep(0.05)
        return self

    @staticmethod
    def traced(pid):
        try:
            with open(f"/proc/{pid}/status") as f:
                return "TracerPid:\t0" not in f.read()
        except OSError:
            return True

    def __exit__(self, *_):
        self.strace.terminate()
        self.strace.wait()
        with open(self.out) as f:
            for name in re.findall(r"(?m)^\d+ +(\w+)\(", f.read()):
                self.counts[name] = self.counts.get(name, 0) + 1

    @property
    def total(self):
        return sum(self.counts.values())

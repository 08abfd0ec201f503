# SPDX-License-Identifier: ISC
"""What a backlog of messages that wait costs: the start, fresh mail beside it,
memory, answers about it, and what is done to all of it.  Their files are
written while nothing runs; the first start makes the index, the second has it.
Fresh mail goes to an instance with an empty queue in turn."""
import os
import re
import statistics
import subprocess
import time

from measure import cpu_s
from peers import DOMAIN, USERS, Load, Pabal, free_port, wait
from backlog import Backlog  # tests/flow is on the path now

FRESH_RUNS = 5
QUESTIONS = ("queue count", "queue count login=user1@*",
             "queue count domain=site7.example", "queue top site",
             "queue top reason", "queue top sender", "queue top login",
             "queue top age", "queue top login domain=site7.example")
ORDERS = ("queue hold --all --yes", "queue release --all --yes",
          "queue delete --all --yes")


def anonymous_mib(p):
    """Memory of qmgr that is not a file's."""
    with open(f"/proc/{p.pids('qmgr')[0]}/smaps_rollup") as f:
        return int(re.search(r"(?m)^Anonymous:\s+(\d+)", f.read())[1]) / 1024


def seconds(p, question):
    begin = time.monotonic()
    p.pabal(*question.split())
    return time.monotonic() - begin


def median_seconds(p, question):
    return statistics.median(seconds(p, question) for _ in range(3))


def first_line_s(p):
    """Until `queue list` has printed something."""
    begin = time.monotonic()
    with subprocess.Popen([p.command, "-d", p.dir, "queue", "list"],
                          stdout=subprocess.PIPE) as run:
        run.stdout.read(1)
        taken = time.monotonic() - begin
        run.kill()
    return taken


def rate(server, messages):
    """(messages/s until all have arrived, CPU seconds for 1,000)"""
    base, cpu, begin = server.count(), cpu_s(server.pid), time.monotonic()
    Load().drive(server.smtp_port, messages)
    wait(lambda: server.count() - base >= messages, "all messages", 600)
    taken = time.monotonic() - begin
    return messages / taken, (cpu_s(server.pid) - cpu) * 1000 / messages


def fresh(servers, messages, f):
    """Fresh mail to the servers in turn; medians and their ratio."""
    runs = {name: [] for name in servers}
    for i in range(FRESH_RUNS + 1):
        for name, server in servers.items():
            one = rate(server, messages)
            if i > 0:  # the first is discarded
                runs[name].append(one)
    for n, what in enumerate(("messages/s of fresh mail",
                              "CPU seconds for 1,000 of them")):
        a, b = (statistics.median(r[n] for r in runs[name])
                for name in servers)
        for name, value in zip(servers, (a, b)):
            f[f"{what}, {name}"] = value
        f[f"{what}, ratio"] = b / a


def start(server, name):
    """(first delivery, names compared): seconds from `pabal start` on."""
    p = server.p
    since, begin = p.mark(), time.monotonic()
    p.start()
    p.send(name, to=f"{USERS[0]}@{DOMAIN}")
    p.wait_mail(USERS[0], name)
    first = time.monotonic() - begin
    p.wait_event("queue.scanned", since, 3600)
    return first, time.monotonic() - begin


class Probe:
    """Messages one after the other while the block runs; the longest time from
    the first octet to its 250."""

    def __init__(self, server):
        self.server = server

    def during(self, work):
        """(seconds of WORK, those of the slowest lone message, how many)"""
        begin = time.monotonic()
        with subprocess.Popen(work) as run:
            longest, n = 0.0, 0
            while run.poll() is None:
                sent = time.monotonic()
                self.server.p.send(f"probe {n}", to=f"{USERS[0]}@{DOMAIN}")
                longest = max(longest, time.monotonic() - sent)
                n += 1
        if run.returncode != 0:
            raise RuntimeError(f"{work}: {run.returncode}")
        return time.monotonic() - begin, longest, n


def orders(server, f):
    """What is done to all of them, with a lone message now and then."""
    p = server.p
    for order in ORDERS:
        taken, longest, _ = Probe(server).during(
            [p.command, "-d", p.dir, *order.split()])
        f[f"s for `{order}`"] = taken
        f[f"s for the slowest lone message beside `{order}`"] = longest


def with_backlog(server, empty, n, messages):
    p = server.p
    spool = os.path.join(p.dir, "spool")
    owner = os.stat(os.path.join(spool, "cur"))
    f = {}
    p.stop()
    begin = time.monotonic()
    Backlog(spool).write_many(0, n, (owner.st_uid, owner.st_gid))
    print(f"{n} files written in {time.monotonic() - begin:.1f} s", flush=True)
    for what in ("index made", "index there"):
        first, compared = start(server, what)
        f[f"s from the start to the first delivery, {what}"] = first
        f[f"s until all names are compared, {what}"] = compared
        f[f"MiB of qmgr (anonymous), {what}"] = anonymous_mib(p)
        if p.queue_count() != n:
            raise RuntimeError(f"{p.queue_count()} of {n} wait")
        if what == "index made":
            p.stop()
    server.pid = p.master_pid()
    fresh({"nothing waits": empty, "beside them": server}, messages, f)
    for question in QUESTIONS:
        f[f"s for `{question}`"] = median_seconds(p, question)
    f["s for the first line of `queue list`"] = first_line_s(p)
    f["MiB of qmgr (anonymous) after all that"] = anonymous_mib(p)
    f["bytes of the index for a message"] = os.stat(os.path.join(
        spool, "index", "data.mdb")).st_blocks * 512 / n
    orders(server, f)
    f["MiB of qmgr (anonymous) at the end"] = anonymous_mib(p)
    return f


def measure(n, messages):
    # Released, they are tried at once: at a relay where nobody listens, so that
    # it is one site that is found dead, and no name is looked up.
    server, empty = Pabal(f"[127.0.0.1]:{free_port()}"), Pabal()
    try:
        return with_backlog(server, empty, n, messages)
    finally:
        server.close()
        empty.close()


def table(figures, n, cell):
    return [f"## {n:,} messages that wait", "", "| | |", "|---|---|"] + [
        f"| {name} | {cell(value)} |"
        for name, value in figures.items()] + [""]

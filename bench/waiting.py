# SPDX-License-Identifier: ISC
"""What a backlog of messages that wait costs: the start, fresh mail beside it,
memory, and answers about it.  Their files are written while nothing runs; the
first start makes the index, the second has it."""
import os
import re
import statistics
import subprocess
import time

from measure import cpu_s
from peers import DOMAIN, USERS, Load, Pabal, wait
from backlog import Backlog  # tests/flow is on the path now

QUESTIONS = ("queue count", "queue count login=user1@*",
             "queue count domain=site7.example", "queue top")


def anonymous_mib(p):
    """Memory of qmgr that is not a file's."""
    with open(f"/proc/{p.pids('qmgr')[0]}/smaps_rollup") as f:
        return int(re.search(r"(?m)^Anonymous:\s+(\d+)", f.read())[1]) / 1024


def seconds(p, question):
    begin = time.monotonic()
    p.pabal(*question.split())
    return time.monotonic() - begin


def first_line_s(p):
    """Until `queue list` has printed something."""
    begin = time.monotonic()
    with subprocess.Popen([p.command, "-d", p.dir, "queue", "list"],
                          stdout=subprocess.PIPE) as run:
        run.stdout.read(1)
        taken = time.monotonic() - begin
        run.kill()
    return taken


def fresh(server, messages, f, when):
    """What fresh mail costs until all has arrived; medians of three runs."""
    rates, cpus = [], []
    for _ in range(3):
        base, cpu, begin = server.count(), cpu_s(server.pid), time.monotonic()
        Load().drive(server.smtp_port, messages)
        wait(lambda b=base: server.count() - b >= messages, "all messages",
             600)
        rates.append(messages / (time.monotonic() - begin))
        cpus.append((cpu_s(server.pid) - cpu) * 1000 / messages)
    f[f"messages/s of fresh mail, {when}"] = statistics.median(rates)
    f[f"CPU seconds for 1,000 of them, {when}"] = statistics.median(cpus)


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


def with_backlog(server, n, messages):
    p = server.p
    spool = os.path.join(p.dir, "spool")
    owner = os.stat(os.path.join(spool, "cur"))
    f = {}
    fresh(server, messages, {}, "discarded")
    fresh(server, messages, f, "nothing waits")
    p.stop()
    Backlog(spool).write(range(n), (owner.st_uid, owner.st_gid))
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
    fresh(server, messages, f, "beside them")
    for question in QUESTIONS:
        f[f"s for `{question}`"] = seconds(p, question)
    f["s for the first line of `queue list`"] = first_line_s(p)
    f["MiB of qmgr (anonymous) after all that"] = anonymous_mib(p)
    f["bytes of the index for a message"] = os.stat(os.path.join(
        spool, "index", "data.mdb")).st_blocks * 512 / n
    return f


def measure(n, messages):
    server = Pabal()
    try:
        return with_backlog(server, n, messages)
    finally:
        server.close()


def table(figures, n, cell):
    return [f"## {n:,} messages that wait", "", "| | |", "|---|---|"] + [
        f"| {name} | {cell(value)} |"
        for name, value in figures.items()] + [""]

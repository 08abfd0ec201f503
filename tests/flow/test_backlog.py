# SPDX-License-Identifier: ISC
"""Twenty thousand messages of one site that are due: the twenty of another go
out among the first of them, and what is counted is what is listed."""
import json
import os
import signal
import threading

import pytest

from backlog import Backlog
from pabal import wait
from sink import Sink

MANY, FEW = 20000, 20
KINDS = ("age", "domain", "host", "login", "reason", "sender", "site", "state")


def make(p, site, **how):
    """A Backlog for the domain SITE alone, due since two hours."""
    spool = os.path.join(p.dir, "spool")
    made = Backlog(spool, sites=1, wait_s=0, spread_s=0, **how)
    made.now_ms -= 7200000
    made.domain = lambda n: site
    return made


def owner(p):
    st = os.stat(os.path.join(p.dir, "spool", "cur"))
    return st.st_uid, st.st_gid


def route(p, **nexthops):
    with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
        for site, nexthop in nexthops.items():
            f.write(f"{site}.example smtp:{nexthop}\n")
    p.pabal("map", "transports")


def test_few_among_many(make_pabal):
    p = make_pabal(("qmgr", "retry_schedule", "4h"))
    with Sink() as sink:
        route(p, site0="[127.0.0.1]:1", few=sink.nexthop)
        p.stop()
        make(p, "site0.example").write_many(0, MANY, owner(p))
        make(p, "few.example").write(range(MANY, MANY + FEW), owner(p))
        since = p.mark()
        p.start()
        wait(lambda: len(sink.messages) == FEW, "the few")
        wait(lambda: p.written_log(since).count(" mail.removed ") == FEW,
             "their end")
        p.wait_event("queue.scanned", since)
        # Until then the few may not have been known yet.
        said = p.written_log(since).splitlines()
        known = [" queue.scanned " in line for line in said].index(True)
        last = [" mail.removed " in line for line in reversed(said)]
        last = len(said) - 1 - last.index(True)
        before = sum(" mail.deferred " in line for line in said[known:last])
        # Oldest first it would be all; how many there are depends on how fast
        # who refuses is, beside who takes.
        assert before < MANY / 2, before
        p.pabal("queue", "delete", "--all")
        p.wait_queue(0)


def groups(p, kind, *words):
    return {g["name"]: (g["messages"], g["bytes"]) for g in json.loads(
        p.pabal("queue", "top", kind, "--all", "--json", *words))}


def check(p):
    """What is counted, and what a walk over all messages finds."""
    for kind in KINDS:
        assert groups(p, kind) == groups(p, kind, "size>0"), kind


@pytest.fixture
def mixed(make_pabal):
    """Of each kind some, with more recipients than a record holds, too."""
    p = make_pabal(("pabal", "relayhost", "[127.0.0.1]:1"),
                   ("qmgr", "retry_schedule", "4h"))
    p.stop()
    made = Backlog(os.path.join(p.dir, "spool"))
    made.write(range(300), owner(p))
    made.write(range(300, 320), owner(p), rcpts=40)
    made.write(range(320, 330), owner(p), held=True)
    p.start()
    return p, made


def test_counts(mixed):
    p, made = mixed
    p.allowed = ["child.killed"]
    wait(lambda: p.queue_count() == 330, "all messages")
    check(p)
    assert groups(p, "state") == {"waiting": (320, 320 * 28),
                                  "held": (10, 280)}
    p.pabal("queue", "hold", "domain=site3.example")
    p.pabal("queue", "delete", "login=user2@*")
    p.pabal("queue", "delete", made.qid(305))
    check(p)
    p.pabal("queue", "retry", "domain=site4.example")
    wait(lambda: not groups(p, "state").get("active"), "the attempts")
    check(p)
    left = p.queue_count()
    since = p.mark()
    for pid in p.pids("qmgr"):
        os.kill(pid, signal.SIGKILL)
    p.wait_event("queue.scanned", since)
    assert p.queue_count() == left
    check(p)


def test_counts_while_active(mixed):
    """An attempt that is under way is told as it is, not as it was."""
    p, _ = mixed
    go = threading.Event()
    with Sink(DATA=lambda *_: go.wait(60) and None) as sink:
        try:
            p.conf("pabal", "relayhost", sink.nexthop)
            p.reload()
            p.pabal("queue", "retry", "domain=site1.example",
                    "recipient=x*.0@*")
            wait(lambda: groups(p, "state").get("active", (0,))[0] == 7,
                 "seven attempts")
            check(p)
            assert sum(n for n, _ in groups(p, "state").values()) == 330
        finally:
            go.set()
        wait(lambda: not groups(p, "state").get("active"), "the attempts")
        check(p)

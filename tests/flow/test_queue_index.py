# SPDX-License-Identifier: ISC
"""Some thousands of messages that wait: qmgr starts with them, answers about
them, delivers them and what is new, from an index that may be lost at any
time."""
import json
import os
import shutil
import signal

import pytest

from backlog import Backlog
from pabal import wait
from sink import Sink

N = 3000


@pytest.fixture
def waiting(make_pabal):
    p = make_pabal(("pabal", "relayhost", "[127.0.0.1]:1"),
                   ("qmgr", "retry_schedule", "4h"))
    p.stop()
    return p


def backlog(p, numbers=range(N), **how):
    spool = os.path.join(p.dir, "spool")
    st = os.stat(os.path.join(spool, "cur"))
    made = Backlog(spool)
    made.write(numbers, (st.st_uid, st.st_gid), **how)
    return made


def start(p):
    """Start it; what the comparison of names with the index came to."""
    since = p.mark()
    p.start()
    return p.wait_event("queue.scanned", since)


def chmod_all(p, mode):
    for top, _, names in os.walk(os.path.join(p.dir, "spool", "cur")):
        for name in names:
            os.chmod(os.path.join(top, name), mode)


def top(p, *args):
    return {g["name"]: g["messages"] for g in
            json.loads(p.pabal("queue", "top", *args, "--json"))}


def count(p, *args):
    return int(p.pabal("queue", "count", *args))


def check_answers(p):
    assert count(p) == N
    assert count(p, "state=waiting") == N
    assert count(p, "domain=site7.example") == N // 50
    assert count(p, "host=mx.site7.*") == N // 50
    assert count(p, "login=user1@*") == N // 5
    assert count(p, "login=nobody") == 0
    assert count(p, "login=user1@*", "domain=site1.example") == N // 50
    assert count(p, "sender=sender2@*", "age>30m", "age<2h") == \
        len(range(2, N, 7))
    assert count(p, "reason=*site9.*refused") == N // 50
    assert count(p, "size>10", "recipient=x12*@*") == \
        len([n for n in range(N) if str(n).startswith("12")])
    assert top(p, "login", "--all") == {
        f"user{i}@pabal.test": N // 5 for i in range(5)}
    domains = top(p, "domain", "--all")
    assert len(domains) == 50 and set(domains.values()) == {N // 50}
    assert top(p, "host", "--all") == {
        f"mx.{d}": n for d, n in domains.items()}
    listed = json.loads(p.pabal("queue", "list", "--json"))
    assert [m["qid"] for m in listed] == [Backlog.qid(n) for n in range(N)]
    one = listed[12]
    assert one["state"] == "waiting" and one["attempts"] == 1
    assert one["login"] == "user2@pabal.test"
    assert one["recipients"] == [{
        "address": "x12.0@site12.example", "dsn": "4.4.1",
        "host": "mx.site12.example",
        "text": "connect to mx.site12.example: connection refused"}]


def test_answers_without_files(waiting):
    p = waiting
    backlog(p)
    scanned = start(p)
    assert (scanned["messages"], scanned["read"]) == (str(N), str(N))
    chmod_all(p, 0)
    check_answers(p)
    p.stop()
    # Changed while nothing ran: they are read.
    chmod_all(p, 0o600)
    assert start(p)["read"] == str(N)
    check_answers(p)
    p.stop()
    assert start(p)["read"] == "0"
    chmod_all(p, 0)
    check_answers(p)
    chmod_all(p, 0o600)


def test_index_is_lost(waiting):
    """Killed, removed, restored without it: the files say what is so."""
    p = waiting
    p.allowed = ["child.killed"]
    backlog(p)
    start(p)
    p.pabal("queue", "hold", "domain=site3.example")
    p.pabal("queue", "delete", "domain=site4.example")
    p.pabal("queue", "release", Backlog.qid(3))
    left = N - N // 50
    held = N // 50 - 1
    since = p.mark()
    for pid in p.pids("qmgr"):
        os.kill(pid, signal.SIGKILL)
    assert p.wait_event("queue.scanned", since)["messages"] == str(left)
    assert count(p) == left
    assert count(p, "state=held") == held
    p.stop()
    shutil.rmtree(os.path.join(p.dir, "spool", "index"))
    scanned = start(p)
    assert (scanned["messages"], scanned["read"]) == (str(left), str(left))
    assert count(p) == left
    assert count(p, "state=held") == held
    p.stop()
    with open(os.path.join(p.dir, "spool", "index", "data.mdb"), "r+b") as f:
        f.seek(8192)
        f.write(b"\xff" * (os.path.getsize(f.name) - 8192))
    since = p.mark()
    p.start()
    wait(lambda: p.find_events(p.written_log(since), "queue.scanned", {}) and
         count(p) == left, "all messages")
    assert count(p, "state=held") == held


def test_by_hand(waiting):
    """What was added, removed and edited while nothing ran."""
    p = waiting
    made = backlog(p)
    start(p)
    p.stop()
    os.unlink(made.path(5))
    backlog(p, range(6, 8), held=True)
    backlog(p, range(N, N + 10))
    since = p.mark()
    scanned = start(p)
    assert (scanned["messages"], scanned["read"]) == (str(N + 9), "12")
    assert [e["qid"] for e in p.events("spool.missing", since)] == \
        [made.qid(5)]
    assert count(p) == N + 9
    assert count(p, "state=held") == 2
    assert p.pabal("queue", "list", "state=held").count("    held: ") == 2


def test_delivery(waiting):
    """Fresh mail is not held up, and what waits is delivered when it is
    asked for."""
    p = waiting
    backlog(p, range(200))
    backlog(p, range(204, 214), rcpts=30)
    start(p)
    p.send("fresh")
    p.wait_mail("alice", "fresh")
    assert count(p) == 210
    # More recipients than a record holds.
    assert count(p, "recipient=x207.29@*") == 1
    with Sink() as sink:
        p.conf("pabal", "relayhost", sink.nexthop)
        p.reload()
        p.pabal("queue", "retry", "domain=site3.example")
        p.wait_queue(206)
        assert sorted(r for m in sink.messages for r in m.rcpts) == sorted(
            f"<x{n}.0@site3.example>" for n in range(3, 200, 50))
        p.pabal("queue", "flush")
        p.wait_queue(0)
        assert len([r for m in sink.messages for r in m.rcpts]) == 500

# SPDX-License-Identifier: ISC
"""A message for mailboxes here, or a host that takes mail at once, is delivered
before it is in the spool (qmgr/run/direct.h); what cannot be delivered at once is
saved first."""
import os
import signal
import threading

import pytest

from pabal import DOMAIN, wait
from sink import Sink


def metric(p, name):
    for line in p.pabal("metrics").splitlines():
        if line.startswith(name):
            return int(float(line.split()[-1]))
    return 0


def spooled(p):
    return [f for place in ("new", "cur")
            for _, _, files in os.walk(os.path.join(p.dir, "spool", place))
            for f in files]


def test_in_the_mailbox_before_the_answer(make_pabal):
    p = make_pabal()
    both = [f"{u}@{DOMAIN}" for u in ("alice", "bob")]
    since = p.mark()
    # On a slow machine a delivery may take longer than the client should wait.
    for n in range(50):
        before = metric(p, "pabal_qmgr_delivered_direct")
        p.send(f"both {n}", to=both)
        if metric(p, "pabal_qmgr_delivered_direct") > before:
            break
        p.wait_queue(0)
    else:
        raise AssertionError("none was delivered directly")
    # The answer was that it is there: nobody waits for more.
    assert p.find_mail("alice", f"both {n}") and p.find_mail("bob", f"both {n}")
    qid = p.events("rcpt.result", since, to=both[0])[-1]["qid"]
    assert p.events("mail.removed", since, qid=qid)[0]["delivered"] == "2"
    assert p.queue_count() == 0 and spooled(p) == []


@pytest.mark.parametrize("killed", ["qmgr", "local"])
def test_a_delivery_that_takes_its_time(make_pabal, killed):
    """The client gets his 250 for the file in the spool, which is delivered
    whoever dies meanwhile."""
    p = make_pabal()
    p.allowed = ["child.killed", "ipc.dropped"]
    p.send("wakes local")
    p.wait_mail("alice", "wakes local")
    stopped = p.pids("local")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    p.send("saved")
    assert not p.find_mail("alice", "saved")
    assert len(spooled(p)) == 1
    for pid in p.pids(killed):
        os.kill(pid, signal.SIGKILL)
    if killed == "qmgr":
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    p.wait_mail("alice", "saved")
    p.wait_queue(0)
    wait(lambda: spooled(p) == [], "an empty spool")


def test_relayed_before_the_answer(make_pabal):
    """And once the host is late, the client gets his 250 for the file in the
    spool, which is relayed whoever dies meanwhile."""
    answers = threading.Event()
    answers.set()

    def end(_line, _session):
        answers.wait()

    with Sink(END=end) as s:
        p = make_pabal()
        p.allowed = ["child.killed", "ipc.dropped"]
        p.conf("pabal", "relayhost", s.nexthop)
        p.reload()
        for n in range(50):
            before = metric(p, "pabal_qmgr_delivered_direct")
            p.send(f"far {n}", to="x@example.net")
            if metric(p, "pabal_qmgr_delivered_direct") > before:
                break
            p.wait_queue(0)
        else:
            raise AssertionError("none was relayed directly")
        assert s.find(f"far {n}")
        assert p.queue_count() == 0 and spooled(p) == []
        answers.clear()
        p.send("late", to="x@example.net")
        assert len(spooled(p)) == 1
        for pid in p.pids("qmgr"):
            os.kill(pid, signal.SIGKILL)
        answers.set()
        wait(lambda: s.find("late"), "the message at the sink")
        p.wait_queue(0)
        wait(lambda: spooled(p) == [], "an empty spool")

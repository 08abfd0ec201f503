# SPDX-License-Identifier: ISC
"""Who has his turn when much waits for one site: every sender has one, and bulk
mail goes behind, by what smtpd saw in its header."""
import json
import os
import re
import threading

import pytest

from pabal import DOMAIN, message, wait
from sink import Sink

MANY = 12


class Gate:
    """Holds the first message until it is let go."""

    def __init__(self):
        self.go, self.here = threading.Event(), threading.Event()

    def __call__(self, line, session):
        self.here.set()
        self.go.wait(60)


@pytest.fixture
def site(make_pabal):
    """(pabal, sink, gate): one delivery at a time, the first one held."""
    gate = Gate()
    with Sink(DATA=gate) as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop),
                       ("qmgr", "smtp_concurrency", "1"),
                       ("qmgr", "smtp_concurrency_start", "1"))
        p.send("first", to="x@far.test", sender="first@a.test")
        assert gate.here.wait(60)
        yield p, sink, gate
        gate.go.set()


def urgently(p, subject, level, sender="me@a.test"):
    """Sent with MT-PRIORITY (RFC 6710); the reply to MAIL."""
    with p.smtp() as s:
        s.ehlo()
        reply = s.mail(sender, [f"MT-PRIORITY={level}"])
        s.rcpt("x@far.test")
        s.data(message(subject, sender=sender, to="x@far.test"))
        return reply


def submit(p, sender, subject, **header):
    p.send(subject, to="x@far.test", sender=sender, **header)


def all_wait(p):
    """Answers of lookup come in order: what was sent before this waits at its
    site when this has arrived."""
    p.send("the last", to=f"alice@{DOMAIN}")
    p.wait_mail("alice", "the last")


def order(sink):
    return [m.header("Subject") for m in sink.messages]


def test_a_single_message_is_not_held_up(site):
    p, sink, gate = site
    for n in range(MANY):
        submit(p, "many@a.test", f"many {n}")
    submit(p, "one@a.test", "single")
    all_wait(p)
    gate.go.set()
    p.wait_queue(0)
    assert order(sink).index("single") == 2  # the first, one of many, this


def heads(p):
    """What stands in the spool of each message, up to its own header."""
    for top, _, names in os.walk(os.path.join(p.dir, "spool")):
        if os.path.basename(os.path.dirname(top)) in ("new", "cur"):
            for name in names:
                with open(os.path.join(top, name), "rb") as f:
                    yield f.read().split(b"\nend ")[0].decode()


@pytest.mark.parametrize("header", ({"Precedence": "bulk"},
                                    {"List_Id": "<l.a.test>"}))
@pytest.mark.parametrize("size", (10, 100000))
def test_bulk_goes_behind(site, header, size):
    """Also of one sender, and whether the message came in a frame or a file."""
    p, sink, gate = site
    for n in range(MANY):
        submit(p, "me@a.test", f"bulk {n}", body="x" * 60 + "\n" * size,
               **header)
    for n in range(2):
        submit(p, "me@a.test", f"mail {n}")
    all_wait(p)
    assert sum("\npriority bulk\n" in head for head in heads(p)) == MANY
    assert sum("\npriority mail\n" in head for head in heads(p)) == 3
    gate.go.set()
    p.wait_queue(0)
    said = order(sink)
    assert {said.index("mail 0"), said.index("mail 1")} == {1, 2}


def test_bulk_is_not_starved(site):
    p, sink, gate = site
    for n in range(2):
        submit(p, "list@a.test", f"bulk {n}", List_Id="<l.a.test>")
    for n in range(MANY):
        submit(p, "me@a.test", f"mail {n}")
    all_wait(p)
    gate.go.set()
    p.wait_queue(0)
    said = order(sink)
    # one of bulk_turn (5) deliveries
    assert said.index("bulk 0") <= 6
    assert said.index("bulk 1") <= 11


def test_priority(site):
    """What was asked for goes before other mail, or behind it, also of the same
    sender; who may not ask gets no more than others."""
    p, sink, gate = site
    p.conf("smtpd", "priority_hosts", "127.0.0.1")
    p.reload()
    for n in range(2):
        urgently(p, f"low {n}", -4)
    for n in range(MANY):
        submit(p, "me@a.test", f"mail {n}")
    for n in range(2):
        assert urgently(p, f"urgent {n}", 4)[0] == 250
    all_wait(p)
    assert sum("\nmt_priority 4\n" in head for head in heads(p)) == 2
    assert sum("\nmt_priority -4\n" in head for head in heads(p)) == 2
    told = [json.loads(p.pabal("--json", "queue", "show", m["qid"]))
            for m in json.loads(p.pabal("--json", "queue", "list"))]
    assert sorted(m["mt_priority"] for m in told if "mt_priority" in m) == \
        [-4, -4, 4, 4]
    gate.go.set()
    p.wait_queue(0)
    said = order(sink)
    assert said[1:3] == ["urgent 0", "urgent 1"]
    # one of bulk_turn (5) deliveries
    assert 4 <= said.index("low 0") <= 6
    assert said.index("low 1") <= 11
    assert b"\tPRIORITY 4; " in sink.find("urgent 0")[0].data
    # the site does not know the word
    assert "MT-PRIORITY" not in " ".join(sink.lines)


def test_priority_goes_on(make_pabal):
    with Sink(keywords=("MT-PRIORITY",)) as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop))
        code, text = urgently(p, "lowered", 9)
        assert (code, text[:8]) == (250, b"2.3.6 0 ")
        urgently(p, "low", -9)
        p.conf("smtpd", "priority_hosts", "127.0.0.1")
        p.reload()
        urgently(p, "high", 3)
        urgently(p, "same", 0)
        p.wait_queue(0)
        wait(lambda: len(sink.messages) == 4, "the messages")
        said = {m.header("Subject"): re.findall("MT-PRIORITY=(.*)", m.sender)
                for m in sink.messages}
        assert said == {"lowered": [], "low": ["-9"], "high": ["3"],
                        "same": []}


def test_memory_that_one_has_filled(make_pabal):
    """With active_limit messages of one sender in memory, and more on disk, the
    mail of others goes on."""
    gate = Gate()
    with Sink(DATA=gate) as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop),
                       ("qmgr", "active_limit", "10"))
        for n in range(30):
            submit(p, "many@a.test", f"many {n}")
        assert gate.here.wait(60)
        for n in range(3):
            p.send(f"other {n}", to=f"alice@{DOMAIN}", sender="other@a.test")
            p.wait_mail("alice", f"other {n}")
        assert p.queue_count() == 30
        gate.go.set()
        p.wait_queue(0)
        assert len(sink.messages) == 30

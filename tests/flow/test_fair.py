# SPDX-License-Identifier: ISC
"""Who has his turn when much waits for one site: every sender has one, and bulk
mail goes behind, by what smtpd saw in its header."""
import os
import threading

import pytest

from pabal import DOMAIN
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

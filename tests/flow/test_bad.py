# SPDX-License-Identifier: ISC
"""Files of the queue that cannot be understood: set aside, told to the
postmaster, shown, and brought back by command; what can still be delivered
is."""
import glob
import json
import os

import pytest

from pabal import DOMAIN, wait
from sink import Sink

CLOSED = "[127.0.0.1]:1"


def spool_file(p, qid):
    found = glob.glob(os.path.join(p.dir, "spool", "*", "*", qid))
    assert len(found) == 1, found
    return found[0]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "r+b") as f:
        f.truncate(0)
        f.write(data)


def deferred(p, subject, *to):
    """A message that waits for its next attempt; its queue id."""
    since = p.mark()
    p.send(subject, to=list(to))
    return p.wait_event("mail.deferred", since)["qid"]


def taken(sink):
    return sorted(r.strip("<>") for m in sink.messages for r in m.rcpts)


def bad(p):
    return json.loads(p.pabal("queue", "bad", "--json"))


@pytest.fixture
def relay(make_pabal):
    return make_pabal(("pabal", "relayhost", CLOSED),
                      ("qmgr", "retry_schedule", "1h"))


@pytest.mark.allow("spool.quarantined")
def test_told_shown_and_brought_back(relay):
    p = relay
    one = deferred(p, "one", "x@example.net", "y@example.net")
    two = deferred(p, "two", "z@example.net")
    p.stop()
    path = spool_file(p, one)
    whole = read(path)
    write(path, whole.replace(b"rcpt x@", b"rcpt X@"))
    start = p.mark()
    p.start()
    assert "queue bad" in p.pabal("status")
    notice = p.wait_mail("postmaster", "Messages quarantined on mail.pabal.test")
    assert one.encode() in notice
    assert b"y@example.net" in notice and b"pabal queue bad" in notice
    assert two.encode() not in notice
    assert p.queue_count() == 1
    listed = bad(p)
    assert [f["name"] for f in listed] == [one]
    assert listed[0]["kind"] == "damaged" and listed[0]["told"]
    assert listed[0]["sender"] == "sender@example.org"
    assert listed[0]["recipients"] == ["X@example.net", "y@example.net"]
    assert listed[0]["bytes"] == len(whole) and listed[0]["time"] > 0
    assert listed[0]["reason"] in p.pabal("queue", "bad")
    shown = p.pabal("queue", "bad", "show", one)
    assert "\nrcpt X@example.net\n" in shown and "\nSubject: one" in shown

    # As it is it is not understood; it stays where it is.
    assert listed[0]["reason"] in p.pabal_fails("queue", "bad", "restore", one)
    assert bad(p) == listed
    assert "no such" in p.pabal_fails("queue", "bad", "restore", "../new/x")
    # A second start says nothing new.
    p.stop()
    since = p.mark()
    p.start()
    p.wait_event("queue.scanned", since)
    assert bad(p) == listed

    with Sink() as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.reload()
        write(os.path.join(p.dir, "spool", "bad", one), whole)
        p.pabal("queue", "bad", "restore", "all")
        p.wait_event("spool.restored", start, qid=one)
        p.pabal("queue", "flush")
        p.wait_queue(0)
        assert taken(sink) == ["x@example.net", "y@example.net",
                               "z@example.net"]
    assert bad(p) == []
    assert p.pabal("queue", "bad") == "no files are quarantined\n"
    assert "queue bad" not in p.pabal("status")
    assert os.listdir(os.path.join(p.dir, "spool", "bad")) == []
    assert len(p.events("spool.postmaster-notified", start)) == 1


@pytest.mark.allow("spool.quarantined")
def test_message_that_has_changed(relay):
    """A flipped bit in the message is found by who delivers it."""
    p = relay
    qid = deferred(p, "flipped", "x@example.net")
    p.stop()
    path = spool_file(p, qid)
    write(path, read(path).replace(b"Hello.", b"HellO."))
    with Sink() as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.start()
        p.pabal("queue", "flush")
        p.wait_event("spool.quarantined", qid=qid)
        assert "checksum" in p.pabal_fails("queue", "bad", "restore", qid)
        assert [f["name"] for f in bad(p)] == [qid]
        p.pabal("queue", "bad", "delete", qid)
        assert bad(p) == []
        assert not sink.messages


def test_never_acknowledged(relay):
    """Torn by a power cut before the 250: kept, but no alarm."""
    p = relay
    qid = deferred(p, "torn", "x@example.net")
    p.stop()
    path = spool_file(p, qid)
    new = path.replace("/cur/", "/new/")
    data = read(path)
    os.rename(path, new)
    body = data.index(b"\nend ") + len("\nend 01234567\n")
    write(new, data[:body + 20])
    since = p.mark()
    p.start()
    p.wait_event("spool.unacknowledged", since, qid=qid)
    p.wait_event("queue.scanned", since)
    assert [(f["name"], f["kind"], f["told"]) for f in bad(p)] == \
        [(qid, "unacknowledged", False)]
    assert not p.events("spool.postmaster-notified", since)


def test_torn_and_joined_lines(relay):
    """A torn last line, and one that an older version went on in: both
    messages stay in the queue, and nobody who has it gets it again."""
    p = relay
    torn = deferred(p, "torn line", f"alice@{DOMAIN}", "x@example.net")
    joined = deferred(p, "joined line", f"alice@{DOMAIN}", "y@example.net")
    wait(lambda: p.count_mails("alice") == 2, "the local deliveries")
    p.stop()
    path = spool_file(p, torn)
    write(path, read(path)[:-9])
    path = spool_file(p, joined)
    data = read(path)
    at = data.index(b"\nresult 0 delivered") + 1
    write(path, data[:at] + b"result 1 tempf" + data[at:])
    with Sink() as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        since = p.mark()
        p.start()
        p.wait_event("spool.repaired", since, qid=joined)
        p.wait_event("queue.scanned", since)
        p.pabal("queue", "flush")
        p.wait_queue(0)
        assert taken(sink) == ["x@example.net", "y@example.net"]
    assert p.count_mails("alice") == 2
    assert bad(p) == []

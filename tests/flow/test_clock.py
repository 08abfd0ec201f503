# SPDX-License-Identifier: ISC
"""A wall clock that was set while messages waited: none waits for years, and
none is given up."""
import os
import time

import pytest

from pabal import wait
from sink import Sink
from spoolfile import read, resealed, seal, spool_file, write

YEAR_MS = 365 * 86400 * 1000


def arrived(data):
    line = data[data.index(b"\narrived "):]
    return line[1:line.index(b"\n", 1)]


def next_in(data, ms):
    return data + seal(b"next %d" % (time.time() * 1000 + ms))


def arrived_in(data, ms):
    return resealed(data, arrived(data),
                    b"arrived %d" % ((time.time() * 1000 + ms) * 1000))


# What the file says, and whether the message is tried at once.
CHANGES = {
    "set back by a year": (lambda d: next_in(d, YEAR_MS), True),
    "set back by a year, before it came":
        (lambda d: next_in(arrived_in(d, YEAR_MS), YEAR_MS), True),
    "set forward by a year": (lambda d: next_in(d, -YEAR_MS), True),
    "as it was": (lambda d: next_in(d, 1800 * 1000), False),
}


@pytest.mark.skipif(os.getuid() != 0, reason="changes files of other users")
@pytest.mark.parametrize("change", CHANGES)
def test_clock(make_pabal, change):
    edit, at_once = CHANGES[change]
    p = make_pabal(("pabal", "relayhost", "[127.0.0.1]:1"),
                   ("qmgr", "retry_schedule", "1h"))
    since = p.mark()
    p.send("waits", to="x@example.net")
    qid = p.wait_event("mail.deferred", since)["qid"]
    p.stop()
    path = spool_file(p, qid)
    write(path, edit(read(path)))
    with Sink() as sink:
        p.conf("pabal", "relayhost", sink.nexthop)
        since = p.mark()
        p.start()
        p.wait_event("queue.scanned", since)
        if at_once:
            wait(lambda: sink.find("waits"), "the message")
            p.wait_queue(0)
            delay = p.wait_event("mail.removed", since)["delay_ms"]
            assert 0 <= int(delay) < YEAR_MS
        else:
            assert p.queue_count() == 1 and not sink.messages
            p.pabal("queue", "flush")
            wait(lambda: sink.find("waits"), "the message")
        assert not p.events("rcpt.expired", since)

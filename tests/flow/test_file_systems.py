# SPDX-License-Identifier: ISC
"""File systems that lack something (NFS, FUSE, old kernels): everything works
all the same, by the slower way."""
import os
import signal
import sys
import threading

import pytest

import refuse
from powercut import Disk, why_not
from pabal import DOMAIN, Failed, Instance, alive, message, wait
from sink import Sink

LACKS = (["syncfs"], ["noreplace"], ["lease"], ["syncfs", "noreplace", "lease"])
SENDERS, EACH = 4, 10


def start_without(p, words):
    p.prefix = [sys.executable, refuse.__file__, *words, "--"]
    try:
        p.start()
    finally:
        p.prefix = []


def send_all(p, number, broken):
    try:
        with p.smtp() as s:
            s.ehlo()
            for i in range(EACH):
                name = f"lack {number}.{i}"
                # Every other one is larger than what smtpd keeps in memory.
                s.sendmail("sender@example.org",
                           [f"alice@{DOMAIN}", "x@example.net"],
                           message(name, ("x" * 70 + "\r\n") * (1 + i % 2 * 900)))
    except Exception as e:  # told by the test, not lost in a thread
        broken.append(e)


def use_mailboxes(p):
    """What IMAP renames and links; of an account without mail first."""
    with p.imap("bob") as c:
        assert c.create("First")[0] == "OK"
    with p.imap() as c:
        for command, *args in (("CREATE", "One"), ("CREATE", "Two/Three"),
                               ("RENAME", "Two", "Four")):
            told = c._simple_command(command, *args)
            assert told[0] == "OK", (command, told)
        for n in range(3):
            assert c.append("One", None, None,
                            message(f"append {n}"))[0] == "OK"
        assert c.select("One")[0] == "OK"
        assert c.uid("COPY", "1:2", "Four/Three")[0] == "OK"
        assert c.uid("MOVE", "3", "Four/Three")[0] == "OK"
        assert c.store("1", "+FLAGS", "(\\Deleted $Label)")[0] == "OK"
        assert c.expunge()[0] == "OK"
        for name, n in (("One", b"1"), ("Four/Three", b"3")):
            assert c.select(name)[1] == [n]


@pytest.mark.skipif(not refuse.supported(), reason="refuse.py knows the system "
                    "calls of x86_64 and aarch64 only")
@pytest.mark.parametrize("words", LACKS, ids="+".join)
def test_without(words):
    p = Instance()
    with Sink(RCPT=["450 4.2.0 later"]) as sink:
        try:
            p.conf("pabal", "relayhost", sink.nexthop)
            p.conf("qmgr", "retry_schedule", "1s")
            start_without(p, words)
            broken = []
            threads = [threading.Thread(target=send_all, args=(p, i, broken))
                       for i in range(SENDERS)]
            for t in threads:
                t.start()
            use_mailboxes(p)
            for t in threads:
                t.join()
            assert not broken
            # What it has left is read again.
            for pid in p.pids("qmgr"):
                os.kill(pid, signal.SIGKILL)
                wait(lambda pid=pid: not alive(pid), "the end of qmgr")
            p.allowed = ["child.killed"]
            wait(lambda: count_or_none(p) == 0, "an empty queue")
            names = {f"lack {n}.{i}" for n in range(SENDERS)
                     for i in range(EACH)}
            assert names == {m.header("Subject") for m in sink.messages}
            for name in names:
                assert p.find_mail("alice", name)
            said = p.events("spool.leases-unsupported")
            assert bool(said) == ("lease" in words)
            assert not p.alarms()
        finally:
            p.close()


def test_check_names_fuse(make_pabal):
    reason = why_not("ext4")
    if reason:
        pytest.skip(reason)
    p = make_pabal(users=())
    assert "FUSE" not in p.pabal("check")
    disk = Disk()
    try:
        disk.plug()
        p.conf("pabal", "spool_directory", os.path.join(disk.dir, "fuse"))
        # Only the process that is the disk sees it.
        p.prefix = ["nsenter", "-m", "-t", str(disk.process.pid)]
        said = p.pabal_fails("check")  # it is not qmgr's directory either
        assert "is on a file system of type FUSE: each file is synced" in said
    finally:
        p.prefix = []
        disk.close()


def count_or_none(p):
    try:
        return p.queue_count()
    except Failed:
        return None

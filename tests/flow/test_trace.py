# SPDX-License-Identifier: ISC
"""pabal trace over a log that is rotated, and its index: what logger was able to
write of it, and what it was not."""
import contextlib
import gzip
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import threading
import time

import pytest

from pabal import DOMAIN, Instance, wait
from sink import Sink

RECORD = 4096


def log_path(p, name="pabal.log"):
    return os.path.join(p.dir, "log", name)


def index_path(p, name="pabal.log"):
    return log_path(p, f"index/{os.stat(log_path(p, name)).st_ino}")


def covered(p, name="pabal.log"):
    """Where the index of a log file has records of it, as one or more [from,
    to]."""
    with open(index_path(p, name), "rb") as f:
        text = f.read()
    assert len(text) % RECORD == 0
    ranges = []
    for at in range(0, len(text), RECORD):
        magic, version, offset, length = struct.unpack_from("<4sIQQ", text, at)
        assert (magic, version) == (b"pLbk", 1)
        if ranges and ranges[-1][1] == offset:
            ranges[-1][1] += length
        else:
            ranges.append([offset, offset + length])
    return ranges


def trace(p, wanted, *args):
    return json.loads(p.pabal("trace", wanted, *args, "--json"))


def rotate(p):
    for n in range(8, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            os.rename(log_path(p, f"pabal.log.{n}"),
                      log_path(p, f"pabal.log.{n + 1}"))
    os.rename(log_path(p), log_path(p, "pabal.log.1"))
    p.reload()


def whole_life(rows):
    return {"session.start", "mail.accepted", "local.delivered",
            "rcpt.result", "mail.removed"} <= {r["event"] for r in rows}


def accepted(p):
    """Queue ids of all messages, in all files of the log."""
    p.sync_log()
    found = {}
    for name in os.listdir(log_path(p, ".")):
        if name.startswith("pabal.log"):
            with open(log_path(p, name), encoding="utf-8") as f:
                for e in p.find_events(f.read(), "mail.accepted", {}):
                    found[e["qid"]] = e
    return found


def test_rotation_while_mail_flows():
    """Each message is found with its whole life, by its id and its Message-ID,
    whatever files that is in; and as it would be without the index."""
    p = Instance()
    p.start()
    try:
        go_on = threading.Event()

        def send():
            n = 0
            while not go_on.is_set():
                p.send(f"flow {n}")
                n += 1

        sender = threading.Thread(target=send)
        sender.start()
        for n in range(1, 4):
            wait(lambda n=n: len(accepted(p)) >= 10 * n, "mail that flows")
            rotate(p)
        go_on.set()
        sender.join()
        p.wait_queue()
        p.stop()
        for name in ("pabal.log.3", "pabal.log.2", "pabal.log.1", "pabal.log"):
            # master's last words come when logger has ended
            size = os.path.getsize(log_path(p, name))
            [(begin, end)] = covered(p, name)
            # What stands before its first block is read, as is any other part.
            assert begin < size and (end == size or name == "pabal.log")
        ids = accepted(p)
        said = {}
        for qid, e in ids.items():
            said[qid] = trace(p, qid)
            assert whole_life(said[qid]), said[qid]
            assert {r.get("qid") for r in said[qid]} == {qid, None}
            assert trace(p, e["message_id"]) == said[qid]
        everything = trace(p, "alice@" + DOMAIN)
        shutil.rmtree(log_path(p, "index"))
        assert trace(p, "alice@" + DOMAIN) == everything
        for qid in list(ids)[:5]:
            assert trace(p, qid) == said[qid]
    finally:
        go_on.set()
        p.close()


def test_index_goes_on_and_is_cleaned_up():
    """A reload without a rotation begins no new index; that of a log that is
    gone is removed, and nothing else."""
    p = Instance()
    p.start()
    try:
        p.send("one")
        p.wait_mail("alice", "one")
        p.sync_log()
        index = index_path(p)
        gone = log_path(p, "index/18446744073709551614")
        keep = log_path(p, "index/README")
        for name in (gone, keep):
            with open(name, "w") as f:
                f.write("x")
        p.reload()
        p.send("two")
        p.wait_mail("alice", "two")
        p.reload()
        assert not os.path.exists(gone) and os.path.exists(keep)
        assert index_path(p) == index
        p.stop()
        p.start()
        p.stop()
        ranges = covered(p)
        assert ranges[0][0] == 0
        assert os.stat(index).st_mode & 0o077 & ~0o040 == 0
        assert all(whole_life(trace(p, qid)) for qid in accepted(p))
    finally:
        p.close()


def test_killed_logger_costs_no_answer():
    """What it had not told of yet is read."""
    p = Instance()
    p.start()
    p.allowed.append("child.killed service=logger")
    try:
        p.send("before")
        p.wait_mail("alice", "before")
        p.wait_event("mail.removed")
        logger, = p.pids("logger")
        os.kill(logger, signal.SIGKILL)
        p.send("after")
        p.wait_mail("alice", "after")
        wait(lambda: [x for x in p.pids("logger") if x != logger],
             "another logger")
        p.wait_event("child.killed", service="logger")
        wait(lambda: len(p.events("mail.removed")) == 2, "both in the log")
        assert len(accepted(p)) == 2
        p.stop()
        assert all(begin > 0 for begin, _ in covered(p))
        assert all(whole_life(trace(p, qid)) for qid in accepted(p))
        assert len({r.get("qid") for r in trace(p, "alice@" + DOMAIN)}) == 3
    finally:
        p.close()


def test_no_index_is_said_and_costs_no_answer():
    """Something else has its name."""
    p = Instance()
    with open(log_path(p, "index"), "w") as f:
        f.write("x")
    p.start()
    try:
        p.wait_event("master.log-index-failed")
        p.send("one")
        p.wait_mail("alice", "one")
        p.wait_event("mail.removed")
        qid, = accepted(p)
        assert whole_life(trace(p, qid))
    finally:
        p.close()


def test_full_disk_costs_no_answer():
    """A limit of the size of files stands for a disk that is full: neither log
    nor index can be written."""
    p = Instance(user="nobody" if os.getuid() == 0 else None)
    p.start()
    try:
        logger, = p.pids("logger")

        def limit(size):
            subprocess.run(p.prefix + ["prlimit", "--pid", str(logger),
                                       f"--fsize={size}:"], check=True)

        limit(p.mark() + 1000)
        for i in range(5):
            p.send(f"full {i}")
        for i in range(5):
            p.wait_mail("alice", f"full {i}")
        limit("unlimited")
        wait(lambda: len(p.events("mail.removed")) == 5, "all in the log")
        assert all(whole_life(trace(p, qid)) for qid in accepted(p))
        p.stop()
        assert covered(p)[0][0] == 0
        assert all(whole_life(trace(p, qid)) for qid in accepted(p))
    finally:
        p.close()


def test_compressed_files_are_read_when_asked_for(make_pabal):
    p = make_pabal()
    p.send("old")
    p.wait_mail("alice", "old")
    p.wait_event("mail.removed")
    qid, = accepted(p)
    rotate(p)
    said = trace(p, qid)
    with open(log_path(p, "pabal.log.1"), "rb") as f:
        text = f.read()
    with gzip.open(log_path(p, "pabal.log.1.gz"), "wb") as f:
        f.write(text)
    # both are there while it is being compressed
    assert trace(p, qid, "--all") == said
    os.unlink(log_path(p, "pabal.log.1"))
    why = p.pabal_fails("trace", qid)
    assert "not searched (--all does that): pabal.log.1.gz" in why
    assert "nothing about" in why
    assert trace(p, qid, "--all") == said
    with open(log_path(p, "pabal.log.1.gz"), "wb") as f:
        f.write(b"\x1f\x8bno more of it")
    assert "cannot read it" in p.pabal_fails("trace", qid, "--all")


def test_since(make_pabal):
    p = make_pabal()
    p.send("one")
    p.wait_mail("alice", "one")
    p.wait_event("mail.removed")
    qid, = accepted(p)
    assert trace(p, qid, "--since", "1h") == trace(p, qid)
    assert "nothing about" in p.pabal_fails("trace", qid, "--since", "2100")
    assert "--since: expected" in p.pabal_fails("trace", qid, "--since", "x")


def test_delays_by_stage(make_pabal):
    """What a host takes its time for is in the stage where it did."""
    def slow(reply):
        def script(line, session):
            time.sleep(0.3)
            return reply
        return script

    stages = ("before_ms", "queue_ms", "connect_ms", "send_ms")
    p = make_pabal()
    with Sink(CONNECT=slow("220 late"), END=slow("250 2.0.0 late")) as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.reload()
        p.send("relayed", to="x@elsewhere.test")
        e = p.wait_event("rcpt.result", agent="smtp")
        assert int(e["connect_ms"]) >= 290 and int(e["send_ms"]) >= 290
        assert all(int(e[s]) >= 0 for s in stages)
        assert int(e["delay_ms"]) >= 580
    p.send("kept")
    e = p.wait_event("rcpt.result", agent="local")
    assert int(e["connect_ms"]) == 0
    text = p.pabal("metrics")
    for agent in ("local", "smtp"):
        for stage in stages:
            assert re.search(r'^pabal_qmgr_delay_seconds_count{.*,'
                             f'agent="{agent}",stage="{stage[:-3]}"}} 1$',
                             text, re.M), text
    assert text.count("# TYPE pabal_qmgr_delay_seconds histogram") == 1


@pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                    reason="a sanitizer wants all of the address space")
def test_huge_index_costs_no_memory():
    """logger's file has any size if another is logger: holes are passed over, and
    what is no record asks for no memory."""
    p = Instance()
    p.start()
    try:
        p.send("one")
        p.wait_mail("alice", "one")
        p.wait_event("mail.removed")
        p.stop()
        qid, = accepted(p)
        assert covered(p)
        with open(index_path(p), "r+b") as f:
            f.truncate(1 << 42)
            f.seek((1 << 41) + 100)
            f.write(b"x" * 3 * RECORD)
        assert whole_life(json.loads(p.pabal(
            "trace", qid, "--json",
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_AS, (1 << 30, 1 << 30)))))
    finally:
        p.close()

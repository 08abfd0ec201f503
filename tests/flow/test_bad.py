# SPDX-License-Identifier: ISC
"""Files of the queue that cannot be understood: set aside, told to the
postmaster, shown, and brought back by command; what can still be delivered
is."""
import json
import os

import pytest

from pabal import DOMAIN, wait
from sink import Sink
from spoolfile import crc32c, head_end, read, resealed, seal, spool_file, write

CLOSED = "[127.0.0.1]:1"


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
    assert "queue bad" in p.status()
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
    assert "queue bad" not in p.status()
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


# ---- every kind, beside messages that are well

def other_place(path):
    return path.replace("/cur/", "/new/")


def to(data, path):
    """Write DATA to PATH as qmgr would have it."""
    with open(path, "wb") as f:
        f.write(data)
    st = os.stat(os.path.dirname(path))
    os.chown(path, st.st_uid, st.st_gid)
    os.chmod(path, 0o600)


def moved(path, data, name=None, sub=None):
    """The file under another name or in another directory."""
    top, qid = os.path.split(path)
    if sub is not None:
        top = os.path.join(os.path.dirname(top), sub)
    os.unlink(path)
    to(data, os.path.join(top, name or qid))


def replaced(path, make):
    os.unlink(path)
    make(path)


def hash_of(name):
    return "%02x" % (crc32c(name.encode()) & 0xff)


def wrong_hash(path, data):
    now = os.path.basename(os.path.dirname(path))
    moved(path, data, sub="00" if now != "00" else "01")


def other_id(path, data):
    """A copy of it under a name that is none of it, where that would stand."""
    name = os.path.basename(path)[:-1] + "0"
    if name == os.path.basename(path):
        name = name[:-1] + "1"
    to(data, os.path.join(os.path.dirname(os.path.dirname(path)),
                          hash_of(name), name))


# What is done to a message's file; what becomes of it.
QUARANTINED, UNACKNOWLEDGED, REPAIRED, WAITS, STAYS = \
    "quarantined", "unacknowledged", "repaired", "waits", "stays"
KINDS = {
    "not ours": (QUARANTINED, lambda p, d: to(b"a letter\n", p)),
    "empty": (QUARANTINED, lambda p, d: to(b"", p)),
    "empty, never acknowledged":
        (UNACKNOWLEDGED, lambda p, d: (os.unlink(p), to(b"", other_place(p)))),
    "zeros, never acknowledged":
        (UNACKNOWLEDGED, lambda p, d: (os.unlink(p),
                                       to(bytes(len(d)), other_place(p)))),
    "cut in the head": (QUARANTINED, lambda p, d: to(d[:60], p)),
    "cut in the head, never acknowledged":
        (UNACKNOWLEDGED, lambda p, d: (os.unlink(p),
                                       to(d[:60], other_place(p)))),
    "cut in the message":
        (QUARANTINED, lambda p, d: to(d[:head_end(d) + 9], p)),
    "future version":
        (QUARANTINED, lambda p, d: to(resealed(
            d, b"pabal-queue 1\n", b"pabal-queue 2\n"), p)),
    "unknown field":
        (QUARANTINED, lambda p, d: to(resealed(
            d, b"\nsender ", b"\nflavour sweet\nsender "), p)),
    "unknown line":
        (QUARANTINED, lambda p, d: to(d + seal(b"parked 5"), p)),
    "edited recipient":
        (QUARANTINED, lambda p, d: to(d.replace(b"rcpt ", b"rcpt a", 1), p)),
    "edited by an editor that ends lines with CRLF":
        (QUARANTINED, lambda p, d: to(
            d.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), p)),
    "a flipped bit in the head":
        (QUARANTINED, lambda p, d: to(d[:30] + bytes([d[30] ^ 4]) + d[31:], p)),
    "the file of another message": (QUARANTINED, other_id),
    "under the wrong hash": (QUARANTINED, wrong_hash),
    "a name that is too long":
        (QUARANTINED, lambda p, d: moved(p, d, os.path.basename(p) + "~" * 30)),
    "an editor's copy beside it":
        (QUARANTINED, lambda p, d: to(d, p + "~")),
    "twice, in new and in cur":
        (QUARANTINED, lambda p, d: to(d, other_place(p))),
    "a directory":
        (STAYS, lambda p, d: replaced(p, os.mkdir)),
    "a symbolic link":
        (STAYS, lambda p, d: replaced(
            p, lambda q: os.symlink("/etc/passwd", q))),
    "a FIFO": (STAYS, lambda p, d: replaced(p, os.mkfifo)),
    "a torn last line": (REPAIRED, lambda p, d: to(d[:-5], p)),
    "an editor's line at the end": (REPAIRED, lambda p, d: to(d + b"\n", p)),
    "a wrong line amid others":
        (REPAIRED, lambda p, d: to(d + b"what?\n" + seal(b"held 0") +
                                   seal(b"released 0"), p)),
    "one file in new and in cur":
        (WAITS, lambda p, d: os.link(p, other_place(p))),
    "owned by another":
        (WAITS, lambda p, d: os.chown(p, 0, 0)),
}
# qmgr's sandbox has no right to move those that STAY; they are told of at each
# start.  Those that leave the message itself in the queue:
ALSO_THERE = ("the file of another message", "an editor's copy beside it",
              "twice, in new and in cur")


@pytest.mark.skipif(os.getuid() != 0, reason="changes files of other users")
@pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                    reason="no sandbox that some kinds are in")
@pytest.mark.allow("spool.quarantined", "spool.failed")
def test_every_kind(relay, open_dir):
    p = relay
    ids = {kind: deferred(p, kind, f"{n}@example.net")
           for n, kind in enumerate(KINDS)}
    well = deferred(p, "well", "well@example.net")
    p.stop()
    before = len(ids) + 1
    for kind, (_, damage) in KINDS.items():
        path = spool_file(p, ids[kind])
        damage(path, read(path))
    since = p.mark()
    p.start()
    p.wait_event("queue.scanned", since)
    events = {w: [e["qid"] for e in p.events("spool." + w, since)]
              for w in (QUARANTINED, UNACKNOWLEDGED, REPAIRED)}
    wrong = []
    for kind, (fate, _) in KINDS.items():
        told = {w for w, qids in events.items()
                if any(q.startswith(ids[kind][:-1]) for q in qids)}
        if told != {QUARANTINED if fate == STAYS else fate} - {WAITS}:
            wrong.append((kind, fate, told))
    assert not wrong, wrong
    gone = [k for k, (fate, _) in KINDS.items()
            if fate in (QUARANTINED, UNACKNOWLEDGED) and k not in ALSO_THERE]
    stays = [k for k, (fate, _) in KINDS.items() if fate == STAYS]
    failed = [e["qid"] for e in p.events("spool.failed", since)]
    assert sorted(failed) == sorted(ids[k] for k in [*stays,
                                                     "owned by another"])
    assert p.queue_count() == before - len(gone) - len(stays)

    # Each is listed with its reason, shown as far as it is a file, exported as
    # it is, and not restored as long as it is what it is.
    listed = bad(p)
    assert len(listed) == len(gone) + len(ALSO_THERE)
    assert all(f["reason"] and f["kind"] in ("damaged", "unacknowledged")
               for f in listed)
    p_bad = os.path.join(p.dir, "spool", "bad")
    files = [f["name"] for f in listed]
    # what one that was killed has left
    with open(os.path.join(open_dir, f".{files[0][:240]}.part"), "w") as f:
        f.write("half")
    said = p.pabal("queue", "bad", "export", str(open_dir), "all")
    assert f"export: {len(files)} files" in said
    assert sorted(os.listdir(open_dir)) == sorted(files)
    for name in files:
        assert read(os.path.join(open_dir, name)) == \
            read(os.path.join(p_bad, name))
        assert os.stat(os.path.join(open_dir, name)).st_mode & 0o777 == 0o600
    assert "File exists" in p.pabal_fails("queue", "bad", "export",
                                          str(open_dir), files[0])
    restorable = {ids["under the wrong hash"], ids["a name that is too long"]}
    p.pabal_fails("queue", "bad", "restore", "all")
    left = bad(p)
    assert {f["name"] for f in listed} - {f["name"] for f in left} >= \
        {n for n in (f["name"] for f in listed)
         if any(n.startswith(r) for r in restorable)}

    # The others are delivered, and nobody gets anything twice.
    st = os.stat(p_bad)
    os.chown(spool_file(p, ids["owned by another"]), st.st_uid, st.st_gid)
    with Sink() as sink:
        p.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.reload()

        def drained():
            p.pabal("queue", "flush")
            return p.queue_count() == 0
        wait(drained, "an empty queue")
        got = taken(sink)
    assert len(got) == len(set(got))
    due = {f"{n}@example.net" for n, kind in enumerate(KINDS)
           if kind not in gone + stays} | {"well@example.net"}
    assert due <= set(got) and well
    p.pabal("queue", "bad", "delete", "all")
    assert bad(p) == []

# SPDX-License-Identifier: ISC
"""The process that runs a script is taken over by what it reads, and says what it
can (tests/probe_script.c): what becomes of one message for one recipient is all
that it decides."""
import os

import pytest

from pabal import BUILD, DOMAIN, Instance, wait
from test_sieve_delivery import ALICE, BOB, script, settle, subjects

pytestmark = pytest.mark.skipif("PABAL_SANITIZE" in os.environ, reason="other exits")


@pytest.fixture
def p():
    p = Instance(command=os.path.join(BUILD, "probe", "pabal"))
    try:
        for daemon, parameter, value in (
                ("qmgr", "retry_schedule", "1s"), ("pabal", "relayhost", "[127.0.0.1]:9"),
                ("sieverun", "run_timeout", "10s"), ("master:sieverun", "processes", "1")):
            p.conf(daemon, parameter, value)
        p.start()
        yield p
    finally:
        p.close()


def outside(p):
    """All files but alice's, and those that others write."""
    found = set()
    for top in ("mail", "etc"):
        for d, dirs, files in os.walk(os.path.join(p.dir, top)):
            if d == p.maildir("alice"):
                dirs.clear()
                continue
            found.update(os.path.join(d, f) for f in files + dirs)
    return found


def folders(p):
    top = p.maildir("alice")
    return [None] + [d[1:] for d in os.listdir(top)
                     if d.startswith(".") and os.path.isdir(os.path.join(top, d, "cur"))]


def test_runner(p):
    script(p, 'require ["fileinto", "mailbox"]; fileinto :create "Sorted";')
    p.send("before")
    p.send("for bob", to=BOB)
    settle(p)
    assert subjects(p, "alice", "Sorted") == ["before"]
    before = outside(p)
    with open(os.path.join(p.dir, "etc", "pabal.conf"), "a") as f:
        f.write("# captured: runner\n")
    p.reload()
    n = int(p.wait_event("probe.runner")["attempts"])
    since = p.mark()
    with p.smtp() as s:
        for i in range(n):
            s.sendmail("s@example.org", [ALICE], mail(i))
    settle_letters(p)
    p.send("after")
    wait(lambda: "after" in subjects(p, "alice", "Sorted"), "it to work again")
    # It was tried, and most of it is as if the process had crashed.
    crashed = [e for e in p.events("local.sieve-failed", since) if "crashed" in e["why"]]
    assert len(crashed) > n / 3
    # Nothing is anywhere else.
    assert outside(p) == before
    assert subjects(p, "bob") == ["for bob"]
    # What is sent is to an address, and from whom it may be from.
    for e in p.events("mail.sieve-sent", since):
        assert e["to"] == "x@far.test" and e["kind"] == "redirect", e
    # Each message was decided about.
    found = [s for f in folders(p) for s in subjects(p, "alice", f)]
    dropped = {e["qid"] for e in p.events("local.sieve", since) if e["actions"] == "discard"}
    lost = [i for i in range(n) if f"captured {i}" not in found]
    assert len(lost) <= len(dropped), (lost, dropped)
    log = p.log(since)
    for event in ("child.killed", "proc.violation", "bug file="):
        assert event not in log


def mail(i):
    return (f"From: s@example.org\r\nTo: {ALICE}\r\nSubject: captured {i}\r\n"
            f"Message-ID: <{i}@captured.example.org>\r\n\r\nText.\r\n").encode()


def settle_letters(p):
    """What goes to another host has none to go to here."""
    wait(lambda: not [r for r in p.pabal("queue", "list").splitlines() if DOMAIN in r
                      and "alice" in r], "alice's mail to be decided about", 120)
    p.pabal("queue", "delete", "recipient=x@far.test")
    p.wait_queue(0)

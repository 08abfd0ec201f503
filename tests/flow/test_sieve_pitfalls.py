# SPDX-License-Identifier: ISC
"""What has gone wrong with Sieve elsewhere, where a host is needed to see it (the
rest is in tests/sieve/pitfalls.svtest, test_sieve_delivery and test_managesieve)."""
import re

import pytest

from pabal import DOMAIN, message
from sieveclient import Sieve
from sink import Sink
from test_sieve_delivery import (ALICE, BOB, script, sent, settle, subjects,
                                 wait_in)

CONF = [("sieverun", "vacation_min_period", "0s"), ("qmgr", "retry_schedule", "1s")]


@pytest.fixture(scope="module")
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def out(pabal, sink):
    """The module's instance; what it sends goes to p.sink."""
    p = pabal
    if not hasattr(p, "sink"):
        p.conf("smtp", "relayhost", f"[127.0.0.1]:{sink.port}")
        p.reload()
    p.sink = sink
    sink.messages.clear()
    yield p
    for user in ("alice", "bob"):
        p.pabal("sieve", "deactivate", f"{user}@{DOMAIN}")


# ---- vacation

def test_two_vacationers_stop(out):
    """The first one's message is answered, and that is the end."""
    away = 'require ["vacation", "vacation-seconds"]; vacation :seconds 0 "Away.";'
    script(out, away)
    script(out, away, user="bob")
    since = out.mark()
    out.send("are you there?", to=BOB, sender=ALICE)
    wait_in(out, "are you there?", user="bob")
    settle(out)
    assert len(out.events("mail.sieve-sent", since, kind="answer")) == 1
    (answer,) = [m for m in out.mails("alice") if b"Away." in m]
    assert b"Return-Path: <>" in answer
    # By what loops are known: the letter's own, and that of its queue.
    assert re.search(rb"(?m)^Received: by \S+ \(pabal sieve\) id ", answer)
    assert b"\nAuto-Submitted: auto-replied" in answer
    assert not out.sink.messages


def test_memory_is_of_owner_handle_and_sender(out):
    away = 'require "vacation"; vacation :days 7 :handle "%s" "Away of %s.";'
    script(out, away % ("one", "alice"))
    script(out, away % ("one", "bob"), user="bob")
    for n in range(2):
        out.send(f"to both {n}", to=[ALICE, BOB], sender="a@example.org")
        settle(out)
    sent(out, 2)
    script(out, away % ("two", "alice"))
    for n in range(2):
        out.send(f"another handle {n}", sender="a@example.org")
        settle(out)
    sent(out, 3)
    out.send("of another", sender="b@example.org")
    settle(out)
    sent(out, 4)
    # :seconds 0 remembers nobody.
    script(out, 'require ["vacation", "vacation-seconds"]; '
           'vacation :seconds 0 :handle "two" "Away.";')
    for n in range(2):
        out.send(f"each time {n}", sender="a@example.org")
        settle(out)
    sent(out, 6)
    settle(out)
    assert [m.rcpts[0] for m in out.sink.messages] == \
        ["a@example.org"] * 3 + ["b@example.org"] + ["a@example.org"] * 2


# ---- redirect

def test_the_same_message_twice_is_sent_on_twice(out):
    """What loops are known by does not eat a second delivery that somebody wants."""
    script(out, 'redirect "carol@example.net";')
    m = message("sent twice")
    for n in range(2):
        with out.smtp() as s:
            s.sendmail("s@example.org", [ALICE], m)
        sent(out, n + 1)
        settle(out)
    # and so to two recipients of one message
    script(out, 'redirect "carol@example.net";', user="bob")
    with out.smtp() as s:
        s.sendmail("s@example.org", [ALICE, BOB], message("to two"))
    settle(out)
    assert [m.header("Subject") for m in sent(out, 4)] == \
        ["sent twice"] * 2 + ["to two"] * 2
    assert not subjects(out, "alice").count("sent twice")


# ---- limits of nothing

ZERO = (("sieverun", "max_actions"), ("sieverun", "max_notifications"),
        ("qmgr", "script_messages"), ("qmgr", "script_recipients"))


def test_nothing_is_not_everything(out):
    """0 means none, and what cannot be done leaves the message in INBOX."""
    scripts = {
        "max_actions": ('require ["fileinto", "copy"]; fileinto "Archive";', "Archive"),
        "max_notifications": ('require "enotify"; notify "mailto:p@example.net";', None),
        "script_messages": ('require "copy"; redirect :copy "c@example.net";', None),
        "script_recipients": ('require "enotify"; notify "mailto:p@example.net";', None)}
    for daemon, parameter in ZERO:
        out.conf(daemon, parameter, "0")
        out.reload()
        text, folder = scripts[parameter]
        script(out, text)
        out.send("none " + parameter)
        wait_in(out, "none " + parameter)
        if parameter == "script_messages":
            # It waits for a time when it may go out; nothing is lost.
            assert out.queue_count() <= 1
        else:
            settle(out)
        assert folder is None or "none " + parameter not in subjects(out, "alice", folder)
        out.pabal("conf", "unset", daemon, parameter)
        out.reload()
    assert not [m for m in out.sink.messages if m.header("Subject") == "none"]
    for parameter in ("sieve_max_scripts", "sieve_max_script_size", "sieve_max_storage"):
        out.pabal_fails("conf", "set", "pabal", parameter, "0")


# ---- what scripts name

def test_create_where_it_is(out):
    """As well as not: no error, and no second folder."""
    c = out.imap()
    c.create("There")
    c.logout()
    script(out, 'require ["fileinto", "mailbox"]; fileinto :create "There";')
    since = out.mark()
    for n in range(2):
        out.send(f"there {n}")
    settle(out)
    assert sorted(subjects(out, "alice", "There")) == ["there 0", "there 1"]
    assert not out.events("local.sieve-failed", since)
    # And INBOX, in any case of letters.
    script(out, 'require ["fileinto", "mailbox"]; fileinto :create "inbox";')
    out.send("into it")
    wait_in(out, "into it")


def test_case_of_script_names(out):
    """Two names are two scripts; an include finds the one it names."""
    with Sieve(out) as c:
        c.clear()
        c.ok("PUTSCRIPT", "Sort", 'require "fileinto"; fileinto "Archive";')
        c.ok("PUTSCRIPT", "sort", 'require "fileinto"; fileinto "Trash";')
        assert c.scripts() == {"Sort": False, "sort": False}
        c.no("GETSCRIPT", "SORT", code="NONEXISTENT")
        c.ok("RENAMESCRIPT", "Sort", "SORT")
        c.no("RENAMESCRIPT", "SORT", "sort", code="ALREADYEXISTS")
        c.ok("RENAMESCRIPT", "SORT", "Sort")
        c.ok("PUTSCRIPT", "main", 'require "include"; include "Sort";')
        c.ok("SETACTIVE", "main")
        out.send("by case")
        settle(out)
        assert "by case" in subjects(out, "alice", "Archive")
        c.clear()


def test_what_cannot_end(out):
    """Circles, and expressions that try everything: it is kept, and others
    are served."""
    script(out, 'require "include"; include "other";',
           other='require "include"; include "main";')
    out.send("round")
    wait_in(out, "round")
    script(out, 'require "regex"; if header :regex "subject" "^(a+)+$" { discard; }')
    since = out.mark()
    out.send("a" * 60 + "!")
    wait_in(out, "a" * 60 + "!")
    settle(out)
    assert out.events("local.sieve-failed", since)


def test_no_empty_line(out):
    """Where a header has no end, fields are added all the same."""
    script(out, 'require "editheader"; addheader :last "X-Sorted" "yes"; '
           'deleteheader "X-Gone";')
    for text in (b"Subject: no end\r\nX-Gone: 1\r\n", b"Subject: an end\r\n\r\n",
                 b"X-Gone: 1\r\nSubject: a body\r\n\r\nX-Sorted: no\r\n"):
        with out.smtp() as s:
            s.sendmail("s@example.org", [ALICE], text)
    settle(out)
    for subject in ("no end", "an end", "a body"):
        (m,) = [m for m in out.mails("alice") if b"Subject: %b\n" % subject.encode() in m]
        head, _, body = m.partition(b"\n\n")
        assert b"\nX-Sorted: yes" in head and b"X-Gone" not in head, m
        assert body == (b"X-Sorted: no\n" if subject == "a body" else b"")

# SPDX-License-Identifier: ISC
"""reject and ereject (RFC 5429): the client is told while it waits, where it can
be, and else the sender gets a report."""
import os
import signal
import smtplib

import pytest

import filters
from filters import Filter, at_end
from pabal import DOMAIN, message, wait
from test_milter import using
from test_sieve_delivery import ALICE, BOB, script, settle, subjects
from test_smtp import Wire


def submit(p, protocol, to, subject, utf8=False, sender=BOB):
    """The replies to the message, each of its lines."""
    greet = ("LHLO" if protocol == "lmtp" else "EHLO") + " c.example"
    with Wire(p, protocol, greet=greet) as w:
        w.ask(f"MAIL FROM:<{sender}>" + (" SMTPUTF8" if utf8 else ""))
        for r in to:
            assert w.ask(f"RCPT TO:<{r}>").startswith("250")
        assert w.ask("DATA").startswith("354")
        w.say(message(subject) + b".\r\n")
        return [w.reply() for _ in (to if protocol == "lmtp" else [0])]


def refused(p, protocol, to, subject, **kw):
    """A delivery that takes long is not waited for, so some tries may be needed."""
    for n in range(50):
        replies = submit(p, protocol, to, f"{subject} {n}", **kw)
        if any(r.startswith("5") for r in replies):
            return replies
        settle(p)
    raise AssertionError("never refused")


def test_smtp(make_pabal):
    p = make_pabal()
    script(p, 'require "reject"; reject text:\nNot today,\n  thank you.\n.\n;')
    since = p.mark()
    assert refused(p, "smtp", [ALICE], "said at once") == [
        "550-5.7.1 Not today,\n550 5.7.1   thank you."]
    (e,) = p.events("mail.refused", since)
    assert e["why"].startswith("550 5.7.1 Not today,")
    assert p.events("rcpt.discarded", since, why="refused in the dialogue")
    # Nothing is left of it, and nobody else is told.
    assert p.queue_count() == 0 and subjects(p, "alice") == []
    assert len(p.mails("bob")) == len(p.events("mail.accepted", since)) / 2

    # And the session goes on.
    with p.smtp() as s:
        for n in range(50):
            try:
                s.sendmail(BOB, [ALICE], message(f"again {n}"))
                settle(p)
            except smtplib.SMTPDataError as err:
                assert err.smtp_code == 550
                break
        s.sendmail("s@example.org", [BOB], message("for bob"))
    p.wait_mail("bob", "for bob")


def test_a_large_one(make_pabal):
    p = make_pabal()
    script(p, 'require "ereject"; ereject "Too much.";')
    with p.smtp() as s:
        for n in range(50):
            try:
                s.sendmail(BOB, [ALICE], message(f"large {n}", "x" * 70 + "\r\n", )
                           + b"y\r\n" * 100000)
                settle(p)
            except smtplib.SMTPDataError as err:
                assert err.smtp_error == b"5.7.1 Too much."
                break
        else:
            raise AssertionError("never refused")
    assert p.queue_count() == 0
    spool = [f for _, _, files in os.walk(os.path.join(p.dir, "spool", "tmp"))
             for f in files]
    assert spool == []


def test_lmtp_each_recipient(make_pabal):
    p = make_pabal()
    script(p, 'require "ereject"; ereject "No.";')
    replies = refused(p, "lmtp", [BOB, ALICE], "to two", sender="")
    assert replies[0].startswith(f"250 2.0.0 <{BOB}> ")
    assert replies[1] == f"550 5.7.1 <{ALICE}> No."
    assert p.mails("bob") and p.queue_count() == 0


def test_words_that_the_client_cannot_read(make_pabal):
    p = make_pabal()
    script(p, 'require "ereject"; ereject "Nicht möglich.";')
    assert refused(p, "smtp", [ALICE], "ascii") == [
        "550 5.7.1 rejected by the recipient"]
    assert refused(p, "smtp", [ALICE], "utf8", utf8=True) == [
        "550 5.7.1 Nicht möglich."]
    # reject is for words (RFC 5429 2.2.1).
    script(p, 'require "reject"; reject "Nicht möglich.";')
    for n in range(3):
        assert submit(p, "smtp", [ALICE], f"by report {n}")[0].startswith("250")
    settle(p)
    report(p, b"\nSubject: by report 2")


def report(p, text):
    return wait(lambda: [m for m in p.mails("bob") if text in m], "a report")[0]


def test_a_report_where_nobody_waits(make_pabal):
    p = make_pabal()
    script(p, 'require "reject"; reject "Not today,\r\nthank you.";')
    # Two recipients have one answer.
    for n in range(3):
        assert submit(p, "smtp", [ALICE, BOB], f"two {n}")[0].startswith("250")
    for n in range(3):
        wait(lambda: [m for m in p.mails("bob") if b"Not today," in m
                      and b"\nSubject: two %d" % n in m], "a report")
    settle(p)
    # local takes long.
    p.allowed = ["child.killed", "ipc.dropped"]
    since = p.mark()
    for pid in p.pids("local"):
        os.kill(pid, signal.SIGSTOP)
    assert submit(p, "smtp", [ALICE], "late")[0].startswith("250")
    for pid in p.pids("local"):
        os.kill(pid, signal.SIGCONT)
    assert b"report-type=delivery-status" in report(p, b"\nSubject: late")
    assert p.events("rcpt.result", since, dsn="5.7.1")


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
def test_recipients_that_a_filter_changed(make_pabal, protocol):
    """They are not those that the client named, so none of its answers is theirs."""
    p = make_pabal()
    script(p, 'require "ereject"; ereject "No.";')
    f = Filter(at_end(b"-<%s>\0" % BOB.encode()), actions=filters.ALL)
    with using(p, f, smtpd="smtpd" if protocol == "smtp" else "smtpd:lmtp"):
        for n in range(5):
            replies = submit(p, protocol, [BOB, ALICE], f"changed {n}")
            assert all(r.startswith("250") for r in replies), replies
            settle(p)
            assert b"No." in report(p, b"\nSubject: changed %d" % n)


def test_by_parameter(make_pabal):
    p = make_pabal(("qmgr", "reject_in_dialogue", "no"))
    script(p, 'require "reject"; reject "Never at once.";')
    for n in range(3):
        assert submit(p, "smtp", [ALICE], f"later {n}")[0].startswith("250")
    report(p, b"Never at once.")

# SPDX-License-Identifier: ISC
"""Mail goes out: relay, deferral, retry on the schedule, reports (RFC 3464)."""
import email
import re
import threading
import time

import pytest

from pabal import DOMAIN, landlock, message, wait
from sink import Sink, server_tls

CONF = [("qmgr", "retry_schedule", "1s 1s 1s 1s 1s"),
        ("smtp", "tls_policy", "may"),
        ("smtp", "timeout", "10s")]


@pytest.fixture
def sink(pabal):
    """A sink that everything foreign goes to."""
    made = []

    def start(**script):
        made.append(Sink(**script))
        pabal.conf("pabal", "relayhost", made[-1].nexthop)
        pabal.reload()
        return made[-1]

    yield start
    pabal.pabal("queue", "delete", "--all")
    for s in made:
        s.close()


def report_of(raw):
    """The parts of a delivery report: notice, status fields, original."""
    m = email.message_from_bytes(raw)
    assert m.get_content_type() == "multipart/report"
    assert m.get_param("report-type") == "delivery-status"
    assert m["Auto-Submitted"] == "auto-replied"
    notice, status, original = m.get_payload()
    assert status.get_content_type() == "message/delivery-status"
    fields = status.get_payload()
    return notice.get_payload(), fields[0], fields[1:], original


def test_relay_byte_for_byte(pabal, sink):
    s = sink()
    text = message("relayed", to="x@example.net",
                   body="one\r\n.dot\r\n" + "y" * 900 + "\r\n")
    with pabal.smtp() as c:
        c.sendmail("alice@" + DOMAIN, ["x@example.net", "y@example.net"],
                   text)
    wait(lambda: s.messages, "the message at the sink")
    m = s.messages[0]
    assert m.data.endswith(text)
    added = m.data[:-len(text)]
    assert added.startswith(b"Received: ") and added.count(b"Received:") == 1
    assert sorted(r.split(">")[0] for r in m.rcpts) == \
        ["<x@example.net", "<y@example.net"]
    assert m.sender.startswith(f"<alice@{DOMAIN}>")
    assert m.session.helo == f"mail.{DOMAIN}"
    pabal.wait_queue(0)
    assert len(s.messages) == 1


def test_success_is_told_where_the_host_will_not(pabal, sink):
    """One without DSN (RFC 3461 5.2.2); who wants no report gets none."""
    sink(keywords=("PIPELINING",))
    with pabal.smtp() as c:
        c.ehlo()
        for to, notify in (("x", "SUCCESS"), ("y", "FAILURE")):
            c.sendmail("alice@" + DOMAIN, [f"{to}@example.net"],
                       message(f"told of {to}"), [], [f"NOTIFY={notify}"])
    raw = pabal.wait_mail("alice", "Successful mail delivery report")
    _, _, rcpts, _ = report_of(raw)
    assert [(r["Action"], r["Final-Recipient"]) for r in rcpts] == \
        [("relayed", "rfc822; x@example.net")]
    pabal.wait_queue(0)


def test_many_recipients_go_in_one_transaction(pabal, sink):
    s = sink()
    rcpts = [f"u{i}@example.net" for i in range(40)]
    with pabal.smtp() as c:
        c.sendmail("a@example.org", rcpts, message("to forty"))
    pabal.wait_queue(0)
    assert [len(m.rcpts) for m in s.messages] == [40]


def test_sessions_are_reused(pabal, sink):
    s = sink()
    with pabal.smtp() as c:
        for i in range(30):
            c.sendmail("a@example.org", ["x@example.net"], message(f"r {i}"))
    wait(lambda: len(s.messages) == 30, "thirty messages")
    assert s.sessions < 30


def test_tls_when_offered(pabal, sink):
    import os
    s = sink(tls=server_tls(pabal.cafile(),
                            os.path.join(pabal.dir, "tls", "key.pem")))
    pabal.send("under tls", to="x@example.net")
    wait(lambda: s.messages, "the message")
    assert s.messages[0].session.tls


@pytest.mark.parametrize("script", [
    {"RCPT": ["450 4.2.1 later"]},
    {"MAIL": ["451 4.3.0 later"]},
    {"DATA": ["451 4.3.0 later"]},
    {"END": ["451 4.3.0 later"]},
    {"CONNECT": ["421 4.3.2 busy"]},
    {"CONNECT": ["close"]},
    {"MAIL": ["close"]},
    {"RCPT": ["421 4.3.2 going down"]},
])
def test_put_off_and_delivered_later(pabal, sink, script):
    s = sink(**script)
    since = pabal.mark()
    subject = f"put off {sorted(script)} {list(script.values())[0][0][:3]}"
    pabal.send(subject, to="x@example.net")
    wait(lambda: s.find(subject), "the message after all")
    pabal.wait_queue(0)
    assert len(s.find(subject)) == 1
    assert pabal.events("mail.deferred", since)


def test_retries_follow_the_schedule(make_pabal):
    """Attempts come at the ages the schedule names, not before."""
    times = []

    def no(line, session):
        times.append(time.monotonic())
        return "450 4.2.1 not yet" if len(times) < 4 else None

    with Sink(RCPT=no) as s:
        p = make_pabal(("qmgr", "retry_schedule", "1s 2s 4s"),
                       ("pabal", "relayhost", s.nexthop))
        p.send("on schedule", to="x@example.net")
        wait(lambda: s.messages, "the fourth attempt")
    gaps = [b - a for a, b in zip(times, times[1:])]
    # Never earlier than a jittered first age; growing with the list.
    assert all(g >= 0.4 for g in gaps), gaps
    assert times[3] - times[0] >= 2, gaps


def test_refused_recipient_bounces(pabal, sink):
    sink(RCPT=lambda line, s: "550 5.1.1 no such user"
         if "bad@" in line else None)
    with pabal.smtp() as c:
        c.sendmail(f"alice@{DOMAIN}", ["bad@example.net", "good@example.net"],
                   message("half good"))
    raw = pabal.wait_mail("alice", "Undelivered mail returned to sender")
    notice, per_message, rcpts, original = report_of(raw)
    assert "bad@example.net" in notice and "good@" not in notice
    assert per_message["Reporting-MTA"] == f"dns; mail.{DOMAIN}"
    assert len(rcpts) == 1
    assert rcpts[0]["Final-Recipient"] == "rfc822; bad@example.net"
    assert rcpts[0]["Action"] == "failed"
    assert rcpts[0]["Status"] == "5.1.1"
    assert "no such user" in rcpts[0]["Diagnostic-Code"]
    assert original.get_content_type() == "message/rfc822"
    assert original.get_payload()[0]["Subject"] == "half good"
    assert email.message_from_bytes(raw)["Return-Path"] == "<>"
    pabal.wait_queue(0)


@pytest.mark.parametrize("script", [
    {"MAIL": lambda line, s: "550 5.7.1 no"},
    {"DATA": lambda line, s: "554 5.7.1 no"},
    {"END": lambda line, s: "554 5.6.0 no"},
    {"CONNECT": lambda line, s: "554 5.3.2 not here"},
])
def test_refused_at_each_step(make_pabal, script):
    with Sink(**script) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        p.send("refused", to="x@example.net", sender=f"bob@{DOMAIN}")
        raw = p.wait_mail("bob", "Undelivered mail returned to sender")
        _, _, rcpts, _ = report_of(raw)
        assert rcpts[0]["Status"][0] == "5"
        p.wait_queue(0)


def nobody(line, s):
    return "550 5.1.1 nobody"


def test_double_bounce_goes_to_the_postmaster(make_pabal):
    with Sink(RCPT=nobody) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        p.send("to nobody", to="x@example.net", sender="y@example.net")
        raw = p.wait_mail("postmaster", "Postmaster notice: undeliverable report")
        p.wait_queue(0)
        assert not s.messages
    outer = email.message_from_bytes(raw)
    assert outer["To"] == "<postmaster>"
    _, status, report = outer.get_payload()
    assert "y@example.net" in status.as_string()
    assert "x@example.net" not in status.as_string()
    inner, = report.get_payload()
    assert inner["To"] == "<y@example.net>"
    assert "x@example.net" in inner.get_payload()[1].as_string()


def test_double_bounce_ends(make_pabal):
    """What tells the postmaster of a report makes no further report."""
    with Sink(RCPT=nobody) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        p.pabal("alias", "set", f"postmaster@{DOMAIN}",
                "away@example.net")
        p.send("to nobody", to="x@example.net", sender="y@example.net")
        last = p.wait_event("mail.not-reported")
        p.wait_queue(0)
        told = p.events("mail.reported")
        assert [e["to"] for e in told] == ["y@example.net", "postmaster"]
        assert last["qid"] == told[1]["report"]
        assert not s.messages


def test_double_bounce_is_discarded_on_order(make_pabal):
    with Sink(RCPT=nobody) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop),
                       ("qmgr", "double_bounce", "discard"))
        p.send("to nobody", to="x@example.net", sender="y@example.net")
        p.wait_event("mail.not-reported")
        p.wait_queue(0)
        assert len(p.events("mail.reported")) == 1
        assert not p.mails("postmaster")


def test_foreign_null_sender_is_not_reported(make_pabal):
    with Sink(RCPT=nobody) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        p.send("from nobody", to="x@example.net", sender="")
        p.wait_event("mail.not-reported")
        p.wait_queue(0)
        assert not p.events("mail.reported")


def test_expired_mail_bounces(make_pabal):
    with Sink(RCPT=lambda line, s: "450 4.2.2 mailbox full") as s:
        p = make_pabal(("qmgr", "retry_schedule", "1s"),
                       ("qmgr", "queue_lifetime", "3s"),
                       ("pabal", "relayhost", s.nexthop))
        p.send("expires", to="x@example.net", sender=f"alice@{DOMAIN}")
        raw = p.wait_mail("alice", "Undelivered mail returned to sender")
        _, _, rcpts, _ = report_of(raw)
        # What the last attempt met, as a failure now.
        assert re.match(r"[45]\.", rcpts[0]["Status"])
        assert "mailbox full" in rcpts[0]["Diagnostic-Code"]
        p.wait_queue(0)


def test_delay_warning(make_pabal):
    with Sink(RCPT=lambda line, s: "450 4.2.2 wait") as s:
        p = make_pabal(("qmgr", "retry_schedule", "1s"),
                       ("qmgr", "delay_warning", "1s"),
                       ("pabal", "relayhost", s.nexthop))
        p.send("delayed", to="x@example.net", sender=f"alice@{DOMAIN}")
        raw = p.wait_mail("alice", "Delayed mail (still being retried)")
        _, _, rcpts, _ = report_of(raw)
        assert rcpts[0]["Action"] == "delayed"
        assert p.queue_count() == 1
        p.pabal("queue", "delete", "--all")


def test_host_that_is_down(make_pabal):
    """Nobody listens, then somebody does."""
    s = Sink()
    port = s.port
    s.close()
    p = make_pabal(("qmgr", "retry_schedule", "1s"),
                   ("pabal", "relayhost", f"[127.0.0.1]:{port}"))
    since = p.mark()
    p.send("patience", to="x@example.net")
    p.wait_event("mail.deferred", since)
    with Sink(port=port) as s:
        p.pabal("queue", "flush")
        wait(lambda: s.messages, "the message")


def test_queue_commands(make_pabal):
    with Sink(RCPT=lambda line, s: None if "now" in line
              else "450 4.2.1 later") as s:
        p = make_pabal(("qmgr", "retry_schedule", "1h"),
                       ("pabal", "relayhost", s.nexthop))
        since = p.mark()
        for i in range(3):
            p.send(f"waits {i}", to=f"u{i}@example.net",
                   sender=f"alice@{DOMAIN}")
        wait(lambda: len(p.events("mail.deferred", since)) == 3, "deferrals")
        assert p.queue_count() == 3
        out = p.pabal("queue", "list")
        for i in range(3):
            assert f"u{i}@example.net" in out
        assert "4.2.1 later" in out
        assert int(p.pabal("queue", "count", "recipient=u1@*")) == 1
        qid = p.events("rcpt.result", since, to="u0@example.net")[0]["qid"]
        shown = p.pabal("queue", "show", qid, "--message")
        assert "Subject: waits 0" in shown
        p.pabal("queue", "hold", qid)
        p.pabal("queue", "flush")
        assert int(p.pabal("queue", "count", "state=held")) == 1
        p.pabal("queue", "release", qid)
        assert int(p.pabal("queue", "count", "state=held")) == 0
        p.pabal("queue", "delete", qid)
        p.wait_queue(2)
        for what in ("held", "released", "deleted"):
            assert [e["qid"] for e in p.events(f"mail.{what}", since)] == [qid]
        s.script.clear()
        p.pabal("queue", "retry", "--all")
        wait(lambda: len(s.messages) == 2, "the other two")
        p.wait_queue(0)


def test_delete_under_way(make_pabal):
    """A message that is being delivered goes when its attempt has ended, and
    is not said to be gone before."""
    gate = threading.Event()

    def slow(line, session):
        gate.wait(60)
        return "450 4.2.1 later"

    with Sink(RCPT=slow) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        since = p.mark()
        p.send("under way", to="x@example.net", sender=f"alice@{DOMAIN}")
        wait(lambda: any(c.startswith("RCPT") for c in s.lines), "RCPT")
        out = p.pabal("queue", "delete", "--all")
        assert out.startswith("delete: 0 messages; 1 more when"), out
        assert p.queue_count() == 1
        gate.set()
        p.wait_queue(0)
        gone = p.events("mail.removed", since)
        assert [e["discarded"] for e in gone] == ["1"]
        assert len(p.events("mail.deleted", since)) == 1
        assert not p.events("mail.reported", since)


def test_slow_site_does_not_hold_up_others(make_pabal):
    """One host takes its time; mail for users here is not late."""
    gate = threading.Event()

    def slow(line, session):
        gate.wait(60)

    with Sink(MAIL=slow) as s:
        p = make_pabal(("pabal", "relayhost", s.nexthop))
        try:
            with p.smtp() as c:
                for i in range(60):
                    c.sendmail("a@example.org", [f"u{i}@example.net"],
                               message(f"slow {i}"))
                c.sendmail("a@example.org", [f"alice@{DOMAIN}"],
                           message("local and quick"))
            p.wait_mail("alice", "local and quick")
            assert not s.messages
        finally:
            gate.set()
        wait(lambda: len(s.messages) == 60, "the slow ones")


def test_ports_of_the_table(make_pabal):
    """smtp reaches the ports that the configuration names, and no others: a
    table that names a new one takes a new process, by itself."""
    import os
    with Sink() as first, Sink() as second:
        p = make_pabal()
        table = os.path.join(p.dir, "etc", "transports")

        def route(domain, to):
            with open(table, "a") as f:
                f.write(f"{domain} smtp:[127.0.0.1]:{to}\n")
            p.pabal("map", "transports")

        route("one.example", first.port)
        p.send("to the first", to="x@one.example")
        wait(lambda: first.find("to the first"), "the first")
        route("two.example", second.port)
        p.send("to the second", to="x@two.example")
        wait(lambda: second.find("to the second"), "the second")
        p.wait_queue(0)
        # The text is there, the port not: nothing new to be had by a restart.
        p.conf("lookup", "transports", "text:other")
        with open(os.path.join(p.dir, "etc", "other"), "w") as f:
            f.write("three.example smtp:[127.0.0.1]:9\n")
        p.reload()
        since = p.mark()
        p.send("to no port", to="x@three.example")
        p.wait_event("rcpt.result", since, to="x@three.example")
        if landlock() >= 4:
            # a process from before the first new port takes it up once more
            wait(lambda: any("port 9 " in e["text"] for e in p.events(
                "rcpt.result", to="x@three.example")), "the port's name")
            assert p.events("proc.restart")
        p.conf("smtp", "ports", "9")
        p.reload()
        p.pabal("queue", "flush")
        e = p.wait_event("rcpt.result", since, to="x@three.example",
                         dsn="4.4.1")
        assert "refused" in e["text"], e
        p.pabal("queue", "delete", "--all")


def test_lmtp_transport(make_pabal):
    """A domain that goes to an LMTP server: each recipient has its reply."""
    import os
    with Sink(lmtp=True, END=lambda rcpt, s: "550 5.2.1 no"
              if "bad@" in rcpt else None) as s:
        p = make_pabal()
        with open(os.path.join(p.dir, "etc", "transports"), "a") as f:
            f.write(f"lmtp.example: lmtp:[127.0.0.1]:{s.port}\n")
        p.pabal("map", "transports")
        with p.smtp() as c:
            c.sendmail(f"alice@{DOMAIN}",
                       ["good@lmtp.example", "bad@lmtp.example"],
                       message("by lmtp"))
        raw = p.wait_mail("alice", "Undelivered mail returned to sender")
        _, _, rcpts, _ = report_of(raw)
        assert [r["Final-Recipient"] for r in rcpts] == \
            ["rfc822; bad@lmtp.example"]
        assert len(s.messages) == 1 and "good@" in s.messages[0].rcpts[0]

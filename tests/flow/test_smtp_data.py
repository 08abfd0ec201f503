# SPDX-License-Identifier: ISC
"""The message itself: transparency, smuggling, sizes, clients and daemons that
go away in the middle."""
import os
import signal

import pytest

from pabal import DOMAIN, wait
from smtptalk import ALICE, Talk

LIMIT = 100 * 1024
CONF = [("pabal", "message_size_limit", str(LIMIT)),
        ("smtpd", "max_received", "10")]


def unix(body):
    return body.replace(b"\r\n", b"\n")


def tmp_files(pabal):
    return os.listdir(os.path.join(pabal.dir, "spool", "tmp"))


def test_transparency(pabal):
    body = b"".join([
        b"Subject: transparent\r\n\r\n", b".\r\n", b"..\r\n", b".x\r\n",
        b"\r\n", b" \t \r\n", b"." * 70 + b"\r\n", b"x" * 998 + b"\r\n",
        b"y" * 20000 + b"\r\n", bytes(range(1, 10)) + b"\r\n",
        bytes(range(128, 256)) + b"\r\n", b"\r\n", b"\r\n"])
    stuffed = body.replace(b"\n.", b"\n..")
    with Talk(pabal, greet="EHLO c") as t:
        reply = t.deliver(stuffed + b".\r\n", params=" BODY=8BITMIME")
        assert reply.startswith("250 ")
    assert unix(pabal.wait_mail("alice", "transparent")).endswith(unix(body))


def test_byte_by_byte(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.begin()
        for c in b"Subject: slowly\r\n\r\n..x\r\n.\r\nNOOP\r\n":
            t.send(bytes([c]))
        assert t.reply().startswith("250 2.0.0 Ok: queued")
        assert t.reply() == "250 2.0.0 Ok"
    assert unix(pabal.wait_mail("alice", "slowly")).endswith(b"\n\n.x\n")


# Held in memory to the end, or written to a file that smtpd asks for: at MAIL, in
# the middle, or at the end.
SIZES = [0, 8000, 15900, 16300, 16400, 30000, 43000, 44000, 45000, 62000, 90000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("said", [True, False])
def test_every_size_arrives_whole(pabal, size, said):
    subject = f"of {size} bytes, {said}"
    body = (f"Subject: {subject}\r\n\r\n".encode() +
            b"".join(b"%069d\r\n" % n for n in range(size // 71)))
    params = f" SIZE={len(body)}" if said else ""
    with Talk(pabal, greet="EHLO c") as t:
        # At once, and in pieces that come while others are being written.
        assert t.deliver(body + b".\r\n", params=params).startswith("250 ")
        t.begin(params=params)
        for at in range(0, len(body), 5000):
            t.send(body[at:at + 5000])
        t.send(b".\r\n")
        assert t.reply().startswith("250 2.0.0 Ok: queued")
    wait(lambda: sum(unix(m).endswith(unix(body))
                     for m in pabal.mails("alice")) == 2, "both, whole")


SMUGGLED = ("MAIL FROM:<evil@example.org>\r\nRCPT TO:<" + ALICE +
            ">\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n")


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r",
                                 "\r\n.\r", "\r.\r\n", "\r\r\n.\r\r\n",
                                 "\n\n.\n\n", "\r\n\0.\r\n", "\r\n.\0\r\n"])
def test_nothing_is_smuggled_in(pabal, end):
    with Talk(pabal, greet="EHLO c") as t:
        reply = t.deliver("Subject: carrier\r\n\r\nx" + end + SMUGGLED +
                          ".\r\n")
        assert reply.startswith("55"), reply
        assert t.say("NOOP") == "250 2.0.0 Ok"
    assert pabal.queue_count() == 0
    assert pabal.find_mail("alice", "smuggled") is None
    assert pabal.find_mail("alice", "carrier") is None


def test_what_comes_before_the_go_ahead_is_never_a_command(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.send(f"MAIL FROM:<>\r\nRCPT TO:<nobody@{DOMAIN}>\r\nDATA\r\n" +
               SMUGGLED + ".\r\n")
        said = t.all()
    assert "354" not in said and "\r\n421 4.7.0" in said
    assert pabal.find_mail("alice", "smuggled") is None


def test_bare_newlines_normalised(make_pabal):
    p = make_pabal(("smtpd", "bare_newline", "normalise"))
    with Talk(p, greet="EHLO c") as t:
        reply = t.deliver("Subject: normal\n\nx\n.\n" + SMUGGLED + ".\r\n")
        assert reply.startswith("250 ")
    assert b"\nx\n.\nMAIL FROM" in unix(p.wait_mail("alice", "normal"))
    assert p.find_mail("alice", "smuggled") is None


@pytest.mark.parametrize("data, tail", [
    ("", b""),
    ("Subject: short\r\n", b"Subject: short\n"),
    ("\r\n", b"\n"),
    ("no header\r\n", b"\n\nno header\n"),
])
def test_odd_messages(pabal, data, tail):
    since = pabal.mark()
    with Talk(pabal, greet="EHLO c") as t:
        qid = t.deliver(data + ".\r\n").split()[-1]
    pabal.wait_event("rcpt.result", since, qid=qid, status="delivered")
    found = [m for m in pabal.mails("alice") if qid.encode() in m]
    assert len(found) == 1 and unix(found[0]).endswith(tail)


def test_size_is_announced_and_kept(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert f"SIZE {LIMIT}" in t.ehlo
        assert t.say(f"MAIL FROM:<> SIZE={LIMIT + 1}").startswith("552 5.3.4")
        assert t.say("MAIL FROM:<> SIZE=99999999999999999999") \
            .startswith("552 5.3.4")
        head = "Subject: exact\r\n\r\n"
        fit = head + "x" * (LIMIT - len(head) - 2) + "\r\n"
        assert t.deliver(fit + ".\r\n").startswith("250 ")
        assert t.deliver("x" + fit + ".\r\n").startswith("552 5.3.4")
        assert t.say("NOOP") == "250 2.0.0 Ok"
    pabal.wait_mail("alice", "exact")
    wait(lambda: tmp_files(pabal) == [], "nothing of what was refused")


def test_no_end_to_a_message_too_large(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.begin()
        try:
            for _ in range(1000):
                t.send(b"x" * 998 + b"\r\n")
        except ConnectionError:
            pass
        assert "421 4.7.0" in t.all()


def test_loop(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        received = "Received: from a by b; Fri, 21 Nov 2025 10:00:00 +0900\r\n"
        assert t.deliver(received * 10 + "\r\n.\r\n").startswith("250 ")
        assert t.deliver(received * 11 + "\r\n.\r\n").startswith("554 5.4.6")


def test_received(pabal):
    with Talk(pabal, greet="EHLO client.example") as t:
        qid = t.deliver("Subject: traced\r\n\r\n.\r\n").split()[-1]
    head = unix(pabal.wait_mail("alice", "traced")).decode()
    assert ("Received: from client.example ([127.0.0.1])\n"
            f"\tby mail.pabal.test with ESMTP id {qid}\n"
            f"\tfor <{ALICE}>; ") in head


def test_what_dsn_asks_for_is_done(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert "DSN" in t.ehlo
        assert t.say(f"MAIL FROM:<bob@{DOMAIN}> RET=HDRS ENVID=QQ+2B314+3D9") \
            .startswith("250 ")
        assert t.say(f"RCPT TO:<{ALICE}> NOTIFY=SUCCESS "
                     f"ORCPT=rfc822;or+2Big@x.example").startswith("250 ")
        assert t.say("DATA").startswith("354 ")
        t.send("Subject: tell me\r\n\r\nbody\r\n.\r\n")
        assert t.reply().startswith("250 ")
    report = unix(pabal.wait_mail(
        "bob", "Successful mail delivery report")).decode()
    assert "\nOriginal-Envelope-Id: QQ+314=9\n" in report
    assert "\nOriginal-Recipient: rfc822;or+ig@x.example\n" in report
    assert "\nAction: delivered\n" in report and "body" not in report


def test_a_client_that_goes_away_leaves_nothing(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.begin()
        t.send("Subject: gone\r\n\r\n" + "x\r\n" * 20000)
        wait(lambda: tmp_files(pabal), "the file")
    wait(lambda: not tmp_files(pabal), "the file's end")
    assert pabal.queue_count() == 0


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_qmgr_lost_in_the_middle(make_pabal):
    """The message is refused for the moment; the session goes on."""
    p = make_pabal()
    with Talk(p, greet="EHLO c") as t:
        t.begin()
        t.send("Subject: first try\r\n\r\n")
        for pid in p.pids("qmgr"):
            os.kill(pid, signal.SIGKILL)
        t.send("x\r\n.\r\n")
        assert t.reply().startswith("451 4.3.0")
        # Until master knows, it may connect us with the one that has died.
        p.wait_event("child.killed", service="qmgr")
        assert t.deliver("Subject: second try\r\n\r\n.\r\n").startswith("250 ")
    p.wait_mail("alice", "second try")
    assert p.find_mail("alice", "first try") is None


def test_quota(make_pabal):
    p = make_pabal()
    p.pabal("user", "set", ALICE, "quota", "20K")
    with Talk(p, greet="EHLO c") as t:
        assert t.say("MAIL FROM:<> SIZE=30000").startswith("250 ")
        assert t.say(f"RCPT TO:<{ALICE}>").startswith("552 5.2.2")
        assert t.say("RSET").startswith("250 ")
        body = "x" * 70 + "\r\n"
        assert t.deliver("Subject: too much\r\n\r\n" + body * 300 + ".\r\n") \
            .startswith("552 5.2.2")
        assert t.deliver("Subject: fits\r\n\r\n" + body * 200 + ".\r\n") \
            .startswith("250 ")
        p.wait_mail("alice", "fits")

        def full():
            t.say("RSET")
            t.say("MAIL FROM:<> SIZE=10000")
            return t.say(f"RCPT TO:<{ALICE}>").startswith("452 4.2.2")

        wait(full, "452 4.2.2")


# A sanitized smtpd that ends cannot look for leaks in the sandbox.
@pytest.mark.allow("LeakSanitizer")
def test_stop_waits_for_a_message(make_pabal):
    p = make_pabal()
    with Talk(p, greet="EHLO c") as idle, Talk(p, greet="EHLO c") as busy:
        busy.begin()
        busy.send("Subject: last\r\n")
        for pid in p.pids("smtpd"):
            os.kill(pid, signal.SIGTERM)
        assert idle.reply().startswith("421 4.3.2 ")
        busy.send("\r\n.\r\n")
        assert busy.reply().startswith("250 ")
        assert busy.reply().startswith("421 4.3.2 ")
    p.wait_mail("alice", "last")


def test_reload_keeps_sessions(make_pabal):
    p = make_pabal()
    with Talk(p, greet="EHLO c") as t, Talk(p, greet="EHLO c") as busy:
        busy.begin()
        p.conf("pabal", "message_size_limit", "64K")
        p.reload()
        assert "SIZE 65536" in t.say("EHLO c")
        # What was allowed when DATA began is allowed to its end.
        body = b"Subject: before\r\n\r\n" + (b"x" * 70 + b"\r\n") * 1200
        busy.send(body + b".\r\n")
        assert busy.reply().startswith("250 ")
    p.wait_mail("alice", "before")


# ---- where the header ends

@pytest.mark.parametrize("first", ["From a@example.org Mon Jan  1 00:00:00 2024",
                                   ">From a@example.org Mon Jan  1 00:00:00 2024"])
def test_line_of_an_mbox_in_front(pabal, first):
    with Talk(pabal, greet="EHLO x") as c:
        subject = f"mbox {len(first)}"
        assert c.deliver(f"{first}\r\nFrom: a@example.org\r\n"
                         f"Subject: {subject}\r\nMIME-Version: 1.0\r\n"
                         "\r\nhi\r\n.\r\n").startswith("250 ")
    got = pabal.wait_mail("alice", subject)
    assert f"X-Mailbox-Line: {first}\n".encode() in got.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("n", [22, 23, 24, 100])
def test_text_right_behind_the_header(pabal, n):
    line = "w" * n + " is no header line"
    with Talk(pabal, greet="EHLO x") as c:
        assert c.deliver(f"Subject: word {n}\r\n{line}\r\n.\r\n"
                         ).startswith("250 ")
    got = pabal.wait_mail("alice", f"word {n}").replace(b"\r\n", b"\n")
    assert got.endswith(f"\n\n{line}\n".encode())


def test_foreign_return_path_is_left_out(pabal):
    with Talk(pabal, greet="EHLO x") as c:
        assert c.deliver("Received: x\r\nReturn-Path: <old@example.org>\r\n"
                         "Subject: one path\r\nreturn-path:\r\n"
                         " <older@example.org>\r\nX-A: b\r\n\r\n"
                         "Return-Path: <body@example.org>\r\n.\r\n"
                         ).startswith("250 ")
    got = pabal.wait_mail("alice", "one path").replace(b"\r\n", b"\n")
    head, body = got.split(b"\n\n", 1)
    assert [x for x in head.lower().split(b"\n") if b"return-path" in x] == \
        [b"return-path: <sender@example.org>"]
    assert b"old" not in head and b"\nX-A: b" in head
    assert body == b"Return-Path: <body@example.org>\n"

# SPDX-License-Identifier: ISC
"""SMTP sessions: greetings, order, pipelining, limits, clients that are none."""
import contextlib
import os
import re
import socket

import pytest

from pabal import DOMAIN, wait
from smtptalk import ALICE, Talk

CONF = [("smtpd", "max_errors", "10"), ("smtpd", "message_size_limit", "1M")]


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def test_ehlo_tells_what_there_is(pabal):
    with Talk(pabal, greet="EHLO client.example") as t:
        assert t.greeting.startswith("220 mail.pabal.test ESMTP")
        words = [line[4:] for line in t.ehlo.split("\n")]
        assert words[0] == "mail.pabal.test"
        for word in ("PIPELINING", "SIZE 1048576", "8BITMIME", "STARTTLS",
                     "ENHANCEDSTATUSCODES", "SMTPUTF8", "HELP",
                     "AUTH PLAIN LOGIN"):
            assert word in words


def test_a_transaction_after_another(pabal):
    with Talk(pabal, greet="HELO client.example") as t:
        for i in range(3):
            reply = t.deliver(f"Subject: again {i}\r\n\r\nx\r\n.\r\n")
            assert reply.startswith("250 2.0.0 Ok: queued as ")
    for i in range(3):
        pabal.wait_mail("alice", f"again {i}")


def test_pipelined_replies_keep_their_order(pabal):
    with Talk(pabal, greet="EHLO client.example") as t:
        t.send("MAIL FROM:<a@example.org>\r\n" +
               "".join(f"RCPT TO:<{'nobody' if i % 3 else 'alice'}+{i}@"
                       f"{DOMAIN}>\r\n" for i in range(60)) + "DATA\r\n")
        assert t.reply().startswith("250 ")
        for i in range(60):
            want = "550 5.1.1" if i % 3 else "250 2.1.5"
            assert t.reply().startswith(want)
        assert t.reply().startswith("354 ")
        t.send("Subject: pipelined\r\n\r\n.\r\nNOOP\r\nQUIT\r\n")
        assert t.reply().startswith("250 2.0.0 Ok: queued")
        assert t.reply() == "250 2.0.0 Ok"
        assert t.reply().startswith("221 ")
    pabal.wait_mail("alice", "pipelined")


def test_a_client_that_only_sends(pabal):
    """As `printf ... | nc` does: all at once, then its side is shut down."""
    with Talk(pabal) as t:
        t.send(f"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<{ALICE}>\r\nDATA\r\n"
               "Subject: half\r\n\r\n.\r\n")
        t.sock.shutdown(socket.SHUT_WR)
        assert "250 2.0.0 Ok: queued as" in t.all()
    pabal.wait_mail("alice", "half")


def test_recipients(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert t.say("MAIL FROM:<>").startswith("250 ")
        assert t.say(f"RCPT TO:<nobody@{DOMAIN}>").startswith("550 5.1.1")
        for to in ("postmaster", f"postmaster@{DOMAIN}", "Postmaster",
                   f"ALICE@{DOMAIN}", f"alice+tag@{DOMAIN}"):
            assert t.say(f"RCPT TO:<{to}>").startswith("250 "), to


def test_two_thousand_recipients_of_one_message(pabal):
    """Their envelope does not fit into one frame between the daemons."""
    tag = "a-rather-long-detail-behind-the-delimiter"
    with Talk(pabal, greet="EHLO c") as t:
        t.send("MAIL FROM:<a@example.org>\r\n" + "".join(
            f"RCPT TO:<bob+{tag}{i}@{DOMAIN}>\r\n" for i in range(2000)))
        for _ in range(2001):
            assert t.reply().startswith("250 ")
        assert t.say("DATA").startswith("354 ")
        t.send("Subject: many\r\n\r\n.\r\n")
        assert t.reply().startswith("250 2.0.0 Ok: queued")
    wait(lambda: pabal.count_mails("bob") == 2000, "2000 deliveries")


def test_four_hundred_sessions_at_once(pabal):
    talks = [Talk(pabal, greet="EHLO c") for _ in range(400)]
    try:
        for t in talks:
            assert t.say("NOOP") == "250 2.0.0 Ok"
    finally:
        for t in talks:
            t.close()


def test_mistakes_have_an_end(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        for _ in range(9):
            assert t.say("WHAT").startswith("500 5.5.1")
        assert t.say("WHAT").startswith("500 5.5.1")
        assert t.reply().startswith("421 4.7.0 mail.pabal.test")
        assert t.all() == ""


@pytest.mark.parametrize("said", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 100000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
])
def test_what_is_no_smtp_is_told_so(pabal, said):
    with Talk(pabal) as t:
        t.send(said)
        assert t.reply().startswith("421 4.7.0 ")


def test_endless_line(pabal):
    with Talk(pabal) as t:
        for _ in range(200):
            t.send(b"x" * 65536)
        t.send("\r\nNOOP\r\n")
        assert t.reply().startswith("500 5.5.6")
        assert t.reply() == "250 2.0.0 Ok"
    for pid in pabal.pids("smtpd"):
        assert rss_kib(pid) < 64 * 1024


def test_commands_without_reading(make_pabal):
    """The replies pile up in the sockets, not here; all of them come."""
    pabal = make_pabal(("smtpd", "max_junk_commands", "200000"))
    with Talk(pabal) as t:
        t.sock.setblocking(False)
        data, sent = b"NOOP\r\n" * 100000, 0
        while sent < len(data):
            try:
                sent += t.sock.send(data[sent:sent + 65536])
            except BlockingIOError:
                t.sock.settimeout(30)
                t.buf += t.sock.recv(4096)
                t.sock.setblocking(False)
        t.sock.settimeout(30)
        for _ in range(100000):
            assert t.line() == "250 2.0.0 Ok"
    for pid in pabal.pids("smtpd"):
        assert rss_kib(pid) < 64 * 1024


def test_silence_is_ended(make_pabal):
    p = make_pabal(("smtpd", "command_timeout", "1s"),
                   ("smtpd", "data_timeout", "1s"))
    with Talk(p) as idle, Talk(p, greet="EHLO c") as slow, \
            Talk(p, greet="EHLO c") as data:
        data.begin()
        data.send("Subject: never\r\n")
        slow.send("NO")
        assert idle.reply().startswith("421 4.4.2 ")
        assert slow.reply().startswith("421 4.4.2 ")
        assert data.reply().startswith("421 4.4.2 ")
        assert idle.all() == slow.all() == data.all() == ""
    assert p.queue_count() == 0


def test_most_sessions(make_pabal):
    """Beyond the service's limit a client is told to come back."""
    p = make_pabal()
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("[lmtp]", "[lmtp]\nmax_sessions = 3"))
    p.reload()
    talks = []
    try:
        for _ in range(3):
            talks.append(Talk(p, "lmtp"))
            assert talks[-1].greeting.startswith("220 ")
        with Talk(p, "lmtp") as t:
            assert t.greeting.startswith("421 4.3.2 mail.pabal.test ")
            assert t.all() == ""
        talks.pop().close()

        def welcome():
            with Talk(p, "lmtp") as t:
                return t.greeting.startswith("220 ")

        wait(welcome, "a place")
    finally:
        for t in talks:
            t.close()


def limit(p, service, lines):
    """Lines for a service of master.conf."""
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace(f"[{service}]", f"[{service}]\n{lines}"))
    p.reload()


def test_full_process_leaves_clients_to_the_others(make_pabal):
    p = make_pabal(("pabal", "trusted_networks", "192.0.2.0/24"))
    since, n = p.mark(), len(p.events("child.ready", service="smtp"))
    limit(p, "smtp", "max_sessions = 20")
    wait(lambda: len(p.events("child.ready", since, service="smtp")) == n,
         "the processes with the new limit")
    talks = []
    try:
        for _ in range(n * 19):
            talks.append(Talk(p))
            assert talks[-1].greeting.startswith("220 ")
        with Talk(p) as t:
            assert t.greeting.startswith("421 4.3.2 ")
        talks.pop().close()

        def welcome():
            with Talk(p) as t:
                return t.greeting.startswith("220 ")

        wait(welcome, "a place")
    finally:
        for t in talks:
            t.close()


def test_reserve_for_trusted_networks(make_pabal):
    p = make_pabal(("pabal", "trusted_networks", "127.0.0.2"))
    limit(p, "lmtp", "max_sessions = 20")
    with contextlib.ExitStack() as held:
        for _ in range(19):
            t = held.enter_context(Talk(p, "lmtp"))
            assert t.greeting.startswith("220 ")
        with Talk(p, "lmtp") as t:
            assert t.greeting.startswith("421 4.3.2 ")
        with socket.create_connection(("127.0.0.1", p.port("lmtp")), 30,
                                      ("127.0.0.2", 0)) as s:
            assert s.recv(100).startswith(b"220 ")


def test_refusal_reaches_clients_that_talk_first(make_pabal):
    p = make_pabal()
    limit(p, "lmtp", "max_sessions = 1")
    with Talk(p, "lmtp") as t:
        assert t.greeting.startswith("220 ")
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", p.port("lmtp"))) as s:
                s.sendall(b"LHLO x\r\n")
                with s.makefile("rb") as f:
                    assert f.readline().startswith(b"421 4.3.2 ")
                    s.sendall(b"MAIL FROM:<>\r\n")
                    assert f.read() == b""


def test_client_limit_spares_trusted_networks(make_pabal):
    p = make_pabal(("smtpd", "max_sessions_per_client", "2"),
                   ("pabal", "trusted_networks", "192.0.2.0/24"))
    # Sessions are counted in each of the processes that share the port.
    most = 2 * len(p.pids("smtpd"))
    talks = [Talk(p) for _ in range(most + 1)]
    refused = [t for t in talks if t.greeting.startswith("421 4.7.0")]
    assert refused
    for t in talks:
        t.close()


@pytest.mark.parametrize("command", ["RSET", "NOOP", "VRFY x", "EHLO x", "HELO x",
                                     "HELP"])
def test_commands_that_lead_nowhere(pabal, command):
    with Talk(pabal, greet="EHLO x") as c:
        c.send(f"{command}\r\n" * 200)
        lines = c.all().splitlines()
    assert re.match("421 4.7.0 .* Too many junk commands",
                    lines[-1]), lines[-1]


def test_commands_between_messages_are_no_junk(pabal):
    with Talk(pabal, greet="EHLO x") as c:
        for _ in range(3):
            for _ in range(90):
                assert c.say("NOOP").startswith("250 ")
            assert c.deliver("Subject: busy\r\n\r\n.\r\n").startswith("250 ")

# SPDX-License-Identifier: ISC
"""Mail comes in over SMTP: what is taken, what is refused, byte for byte."""
import re
import smtplib
import socket

import pytest

from pabal import DOMAIN, PATIENCE, message, wait

CONF = [("smtpd", "message_size_limit", "200K")]


class Wire:
    """SMTP by hand."""

    def __init__(self, p, service="smtp", greet="EHLO client.example"):
        self.sock = p.raw(service)
        self.file = self.sock.makefile("rb")
        assert self.reply().startswith("220")
        if greet:
            assert self.ask(greet).startswith("250")

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode()
            if not line:
                raise ConnectionError("closed after " + repr(lines))
            assert line.endswith("\r\n"), line
            lines.append(line[:-2])
            if line[3] == " ":
                return "\n".join(lines)

    def say(self, text):
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def ask(self, text):
        self.say(text + "\r\n")
        return self.reply()

    def begin(self, to="alice@" + DOMAIN, sender="s@example.org"):
        assert self.ask(f"MAIL FROM:<{sender}>").startswith("250")
        assert self.ask(f"RCPT TO:<{to}>").startswith("250")
        assert self.ask("DATA").startswith("354")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def test_one_message_arrives_whole(pabal):
    pabal.send("whole", body="line one\r\n.dot\r\n..two dots\r\n")
    got = pabal.wait_mail("alice", "whole").replace(b"\r\n", b"\n")
    assert b"line one\n.dot\n..two dots\n" in got
    assert re.search(rb"(?m)^Return-Path: <sender@example.org>$", got)
    received = re.search(rb"(?m)^Received: from client\.example .*"
                         rb"(?:\n[ \t].*)*", got)[0]
    assert b"127.0.0.1" in received and b"with ESMTP" in received
    pabal.wait_queue(0)


def test_queue_id_joins_the_log(pabal):
    since = pabal.mark()
    pabal.send("traced")
    pabal.wait_mail("alice", "traced")
    qid = pabal.wait_event("mail.removed", since)["qid"]
    lines = [e["event"] for e in pabal.events(since=since, qid=qid)]
    assert {"mail.accepted", "rcpt.result", "mail.removed"} <= set(lines)
    assert qid.encode() in pabal.find_mail("alice", "traced")
    assert "alice" in pabal.pabal("trace", qid)


def test_ehlo_announces(pabal):
    with pabal.smtp() as s:
        s.ehlo()
        assert {"pipelining", "8bitmime", "enhancedstatuscodes", "smtputf8",
                "starttls", "size"} <= set(s.esmtp_features)
        assert s.esmtp_features["size"] == str(200 * 1024)


def test_all_commands_in_one_packet(pabal):
    with Wire(pabal) as w:
        w.say("MAIL FROM:<s@example.org>\r\n"
              f"RCPT TO:<alice@{DOMAIN}>\r\nRCPT TO:<nobody@{DOMAIN}>\r\n"
              f"RCPT TO:<bob@{DOMAIN}>\r\nDATA\r\n")
        codes = [w.reply()[:3] for _ in range(5)]
        assert codes == ["250", "250", "550", "250", "354"]
        w.say("Subject: piped\r\n\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n")
        assert [w.reply()[:3] for _ in range(3)] == ["250", "250", "221"]
    pabal.wait_mail("alice", "piped")
    pabal.wait_mail("bob", "piped")


def test_several_messages_in_a_session(pabal):
    with pabal.smtp() as s:
        for i in range(20):
            s.sendmail("s@example.org", [f"bob@{DOMAIN}"],
                       message(f"series {i}"))
    for i in range(20):
        pabal.wait_mail("bob", f"series {i}")


@pytest.mark.parametrize("line, code", [
    ("MAIL FROM:<a@b", "501"),
    ("MAIL FROM:a@b c", "501"),
    ("MAIL TO:<a@b>", "501"),
    ("MAIL FROM:<a@example.org> FOO=bar", "555"),
    ("MAIL FROM:<a@example.org> SIZE=99999999999", "552"),
    ("MAIL FROM:<a@example.org> BODY=9BIT", "501"),
    ("RCPT TO:<alice@pabal.test>", "503"),
    ("DATA", "503"),
    ("VRFY alice", "252"),
    ("EXPN list", "50"),
    ("NONSENSE", "500"),
    ("", "500"),
    ("NOOP and more", "250"),
    ("HELP", "214"),
    ("RSET", "250"),
    ("RSET now", "501"),
])
def test_commands_out_of_order_or_broken(pabal, line, code):
    with Wire(pabal) as w:
        assert w.ask(line).startswith(code)
        assert w.ask("NOOP").startswith("250")


@pytest.mark.parametrize("to, code", [
    ("alice@pabal.test", "250"),
    ("ALICE@PABAL.TEST", "250"),
    ("alice+tag@pabal.test", "250"),
    ('"alice"@pabal.test', "250"),
    ("postmaster", "250"),
    ("postmaster@pabal.test", "250"),
    ("Postmaster", "250"),
    ("nobody@pabal.test", "550 5.1.1"),
    ("alice@pabal.test.", "501"),
    ("user..name@example.org", "250"),
    ("user.name.@example.org", "250"),
    (".user@example.org", "250"),
    ("..@example.org", "250"),
    ("alice@", "501"),
    ("@pabal.test", "501"),
    ("alice@pabal..test", "501"),
    ("al ice@pabal.test", "501"),
    ("a" * 300 + "@pabal.test", "5"),
])
def test_recipients(pabal, to, code):
    with Wire(pabal) as w:
        assert w.ask("MAIL FROM:<s@example.org>").startswith("250")
        assert w.ask(f"RCPT TO:<{to}>").startswith(code)


@pytest.mark.parametrize("sender, code", [
    ("user..name@mobile.example", "250"),
    ("user.name.@mobile.example", "250"),
    (".user@mobile.example", "250"),
    ("user@mobile.example.", "501"),
])
def test_senders(pabal, sender, code):
    with Wire(pabal) as w:
        assert w.ask(f"MAIL FROM:<{sender}>").startswith(code)


def test_mail_to_postmaster_without_domain(pabal):
    with Wire(pabal) as w:
        w.begin(to="postmaster")
        w.say("Subject: to the postmaster\r\n\r\n.\r\n")
        assert w.reply().startswith("250")
    pabal.wait_mail("postmaster", "to the postmaster")


def test_null_sender(pabal):
    pabal.send("from nobody", sender="")
    got = pabal.wait_mail("alice", "from nobody")
    assert b"Return-Path: <>" in got


def test_size_limit_by_bytes(pabal):
    big = message("too big", body="x" * 70 + "\r\n")
    line = b"y" * 78 + b"\r\n"
    with pabal.smtp() as s:
        s.ehlo()
        with pytest.raises(smtplib.SMTPResponseException) as e:
            s.esmtp_features.pop("size")
            s.sendmail("s@example.org", [f"alice@{DOMAIN}"],
                       big + line * 3000)
        assert e.value.smtp_code == 552
        # The session goes on.
        s.sendmail("s@example.org", [f"alice@{DOMAIN}"], message("fits"))
    pabal.wait_mail("alice", "fits")
    assert pabal.find_mail("alice", "too big") is None


def test_message_of_the_limit_fits(pabal):
    head = b"Subject: just fits\r\n\r\n"
    body = b"z" * 998 + b"\r\n"
    text = head + body * 200
    with Wire(pabal) as w:
        w.begin()
        w.say(text + b".\r\n")
        assert w.reply().startswith("250")
    got = pabal.wait_mail("alice", "just fits").replace(b"\r\n", b"\n")
    assert got.endswith(text.replace(b"\r\n", b"\n")[len(head) - 2:])


@pytest.mark.parametrize("end", [
    b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n",
])
def test_no_message_is_smuggled(pabal, end):
    """An end of data that is none: nothing behind it is a command."""
    smuggled = (b"MAIL FROM:<evil@example.org>\r\n"
                b"RCPT TO:<bob@pabal.test>\r\nDATA\r\n"
                b"Subject: smuggled\r\n\r\n\r\n.\r\n")
    with Wire(pabal) as w:
        w.begin()
        w.say(b"Subject: outer\r\n\r\ntext" + end + smuggled)
        reply = w.reply()
        # Either the bare line end is refused, or all of it was the message.
        assert reply[0] in "25"
        w.sock.settimeout(PATIENCE)
        w.say("NOOP\r\n")
        rest = b""
        try:
            while b"\r\n" not in rest:
                part = w.sock.recv(1000)
                if not part:
                    break
                rest += part
        except socket.timeout:
            pass
        assert b"354" not in rest
    pabal.wait_queue(0)
    assert pabal.find_mail("bob", "smuggled") is None


def test_binary_bytes_survive(pabal):
    body = bytes(i for i in range(256) if i not in (0, 10, 13)) + b"\r\n"
    with Wire(pabal) as w:
        assert w.ask("MAIL FROM:<s@example.org> BODY=8BITMIME") \
            .startswith("250")
        assert w.ask(f"RCPT TO:<alice@{DOMAIN}>").startswith("250")
        assert w.ask("DATA").startswith("354")
        w.say(b"Subject: eight bits\r\n\r\n" + body + b".\r\n")
        assert w.reply().startswith("250")
    assert body[:-2] in pabal.wait_mail("alice", "eight bits")


def test_long_command_line(pabal):
    with Wire(pabal) as w:
        assert w.ask("NOOP " + "x" * 20000).startswith("500")
        assert w.ask("NOOP").startswith("250")
        w.say("x" * 200000 + "\r\n")
        try:
            assert w.reply()[0] in "45"
        except (ConnectionError, OSError):
            pass


def test_client_gone_in_the_middle(pabal):
    for upto in ("MAIL", "RCPT", "DATA", "BODY"):
        with Wire(pabal) as w:
            w.ask("MAIL FROM:<s@example.org>")
            if upto != "MAIL":
                w.ask(f"RCPT TO:<alice@{DOMAIN}>")
            if upto in ("DATA", "BODY"):
                w.ask("DATA")
            if upto == "BODY":
                w.say("Subject: half\r\n\r\nno end")
    pabal.send("after the half ones")
    pabal.wait_mail("alice", "after the half ones")
    pabal.wait_queue(0)
    assert pabal.find_mail("alice", "half") is None


def test_half_closed_client_gets_its_answers(pabal):
    with pabal.raw("smtp") as s:
        s.sendall(b"EHLO c.example\r\nMAIL FROM:<s@example.org>\r\n"
                  b"RCPT TO:<alice@pabal.test>\r\nDATA\r\n"
                  b"Subject: half closed\r\n\r\nx\r\n.\r\nQUIT\r\n")
        s.shutdown(socket.SHUT_WR)
        said = b""
        while part := s.recv(4096):
            said += part
    assert b"\r\n221 " in said
    pabal.wait_mail("alice", "half closed")


def test_two_hundred_idle_sessions(pabal):
    idle = [Wire(pabal) for _ in range(200)]
    pabal.send("between idle ones")
    pabal.wait_mail("alice", "between idle ones")
    for w in idle:
        assert w.ask("QUIT").startswith("221")
        w.sock.close()


def test_command_timeout(make_pabal):
    p = make_pabal(("smtpd", "command_timeout", "1s"))
    with Wire(p) as w:
        assert w.reply().startswith("421 4.4.2")
        assert w.file.read() == b""


def test_utf8_addresses(pabal):
    with Wire(pabal) as w:
        reply = w.ask("MAIL FROM:<보내는이@example.org>")
        assert reply[0] == "5"
        assert w.ask("MAIL FROM:<보내는이@example.org> SMTPUTF8") \
            .startswith("250")
        assert w.ask(f"RCPT TO:<alice@{DOMAIN}>").startswith("250")
        assert w.ask("DATA").startswith("354")
        w.say("Subject: 파발\r\n\r\n안녕\r\n.\r\n")
        assert w.reply().startswith("250")
    wait(lambda: any("안녕".encode() in m for m in pabal.mails("alice")),
         "the message in Korean")

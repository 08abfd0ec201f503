# SPDX-License-Identifier: ISC
"""Mail to other hosts: every way in which they can behave badly."""
import contextlib
import email
import email.policy
import glob
import os
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading

import pytest

from badhosts import (CONF, DNS, PORT, TLS_CAPS, check, host, impatient,
                      make_cert, prepare, send_raw, server_context, settings,
                      tlsa_data)
from badsmtp import BABBLE, DROP, HANG, RESET, BadSmtp
from dnsserver import DnsServer
from pabal import PATIENCE, Instance, message, wait

__all__ = ["CONF", "host", "impatient", "prepare"]  # what pytest looks for

# ---- what goes well

def test_delivered(host):
    h = host()
    h.send(body=".dot\r\n..two\r\n\r\nüml\r\n".encode().decode())
    r = check(h, "delivered", "2.0.0", "250 2.0.0 taken")
    assert r["host"] == f"mx.{h.domain}[127.0.1.{h.bad.host[8:]}]:{PORT}"
    [m] = h.bad.messages
    assert m.sender == "sender@example.org"
    assert b"\r\n.dot\r\n" in m.body or b"=2Edot" in m.body
    assert m.body.startswith(b"Received:")
    mail = h.bad.commands("MAIL")[0]
    assert re.search(r"SIZE=\d+", mail)


def test_body_is_the_same(host):
    h = host()
    lines = [b".", b"..", b".x", b"", b"x" * 900, b"."] * 2000
    raw = b"Subject: same\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"
    with h.pabal.smtp() as s:
        s.ehlo()
        s.sendmail("a@example.org", ["u@" + h.domain], raw)
    check(h, "delivered", "2.0.0")
    assert h.bad.messages[0].body.endswith(raw)


def test_without_pipelining_and_extensions(host):
    h = host(caps=())
    h.send()
    check(h, "relayed", "2.0.0")
    assert h.bad.commands("MAIL") == ["MAIL FROM:<sender@example.org>"]
    assert h.bad.commands("RCPT") == [f"RCPT TO:<u@{h.domain}>"]


def test_helo_when_ehlo_is_refused(host):
    h = host(EHLO="502 5.5.1 what?")
    h.send()
    check(h, "relayed", "2.0.0")
    assert len(h.bad.commands("HELO")) == 1


def test_each_recipient_has_its_reply(host):
    h = host(RCPT={"RCPT": "", "*": lambda s: {
        "ok": "250 2.1.5 ok", "no": "550 5.1.1 no such user",
        "later": "450 4.2.1 mailbox busy"}[
            s.commands[-1].split("<")[1].split("@")[0]]})
    h.bad.steps["RCPT"] = {f"no@{h.domain}": "550 5.1.1 no such user",
                           f"later@{h.domain}": "450 4.2.1 mailbox busy",
                           "*": "250 2.1.5 ok"}
    h.send(users=("no", "ok", "later"))
    assert h.result("ok")["status"] == "delivered"
    no = h.result("no")
    assert (no["status"], no["dsn"]) == ("permfail", "5.1.1")
    assert no["text"] == "550 5.1.1 no such user"
    later = h.result("later")
    assert (later["status"], later["dsn"]) == ("tempfail", "4.2.1")
    assert h.bad.messages[0].rcpts == [f"ok@{h.domain}"]


def test_too_many_recipients_go_in_turns(host):
    h = host()

    def at_most_two(session):
        return "250 2.1.5 ok" if len(session.rcpts) < 2 else \
            "452 4.5.3 too many recipients"
    h.bad.steps["RCPT"] = at_most_two
    h.send(users=("a", "b", "c", "d", "e"))
    for user in "abcde":
        assert h.result(user)["status"] == "delivered"
    assert sum(len(m.rcpts) for m in h.bad.messages) == 5
    assert max(len(m.rcpts) for m in h.bad.messages) == 2
    # Not one of them had to wait for another attempt.
    assert not any(r["status"] == "tempfail" for u in "abcde"
                   for r in h.results(u))


def test_sessions_are_reused(host):
    h = host()
    for n in range(3):
        h.send(users=[f"u{n}"])
        assert h.result(f"u{n}")["status"] == "delivered"
    assert len(h.bad.messages) == 3
    # There are as many processes as processors, each with its sessions.
    assert len(h.bad.sessions) <= 2
    wait(lambda: all(s.ended.is_set() for s in h.bad.sessions), "QUIT")
    assert all(s.commands[-1] == "QUIT" for s in h.bad.sessions)


def test_reused_session_that_is_dead(host):
    h = host(MAIL=lambda s: "250 ok" if len(s.commands) < 4 else DROP)
    for n in range(6):
        h.send(users=[f"u{n}"])
        assert h.result(f"u{n}")["status"] == "delivered"
    assert len(h.bad.messages) == 6


def test_reused_session_that_says_421(host):
    h = host(MAIL=lambda s: "250 ok" if len(s.commands) < 4
             else "421 4.3.2 closing")
    for n in range(6):
        h.send(users=[f"u{n}"])
        assert h.result(f"u{n}")["status"] == "delivered"


def test_reset_between_transactions(host):
    h = host()
    h.bad.steps["RCPT"] = {f"no@{h.domain}": "550 5.1.1 no",
                           "*": "250 ok"}
    for n in range(4):
        h.send(users=["no"], subject=f"r{n}")
        wait(lambda: len(h.results("no")) == n + 1, "a result")
    h.send(users=["ok"])
    assert h.result("ok")["status"] == "delivered"
    if len(h.bad.sessions) < 5:
        assert h.bad.commands("RSET")


def test_dsn_parameters_are_passed_on(host):
    h = host()
    with h.pabal.smtp() as s:
        s.ehlo()
        if not s.has_extn("dsn"):
            pytest.skip("smtpd does not take DSN parameters")
        s.sendmail("sender@example.org", ["u@" + h.domain], message("dsn"),
                   ["RET=HDRS", "ENVID=abc"], ["NOTIFY=FAILURE"])
    check(h, "delivered", "2.0.0")
    assert "RET=HDRS ENVID=abc" in h.bad.commands("MAIL")[0]
    assert "NOTIFY=FAILURE" in h.bad.commands("RCPT")[0]


# ---- replies at each stage

@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA",
                                  "DOT"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_temporary_at(host, step, pipelining):
    h = host(caps=("PIPELINING",) if pipelining else (),
             **{step: "451 4.3.5 not now"})
    h.send()
    check(h, "tempfail", "4.3.5", "451 4.3.5 not now")
    assert h.bad.messages == []
    h.bad.steps[step] = BadSmtp().steps.get(step) or "250 hello"
    h.retry()
    check(h, "relayed", "2.0.0")


@pytest.mark.parametrize("step", ["GREETING", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_permanent_at(host, step, pipelining):
    h = host(caps=("PIPELINING",) if pipelining else (),
             **{step: "554 5.7.1 never"})
    h.send()
    check(h, "permfail", "5.7.1", "554 5.7.1 never")
    assert h.bad.messages == []


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA",
                                  "DOT"])
def test_421_at(host, step):
    h = host(**{step: "421 4.3.2 going down"})
    h.send()
    check(h, "tempfail", "4.3.2", "421 4.3.2 going down")


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA",
                                  "DOT"])
@pytest.mark.parametrize("how", [DROP, RESET])
def test_lost_at(host, step, how):
    h = host(**{step: how})
    h.send()
    r = h.result()
    # A reset can be faster than our notice of the connection.
    assert r["dsn"] == "4.4.2" or (step, how, r["dsn"]) == (
        "GREETING", RESET, "4.4.1"), r
    assert r["status"] == "tempfail"
    # Nothing is lost: it comes again.
    h.bad.steps[step] = BadSmtp().steps.get(step) or "250 hello"
    h.retry()
    assert h.result()["status"] in ("delivered", "relayed")
    assert len(h.bad.messages) == 1


@pytest.mark.usefixtures("impatient")
class TestSilence:
    @pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT",
                                      "DATA", "DOT"])
    def test_at(self, host, step):
        h = host(**{step: HANG})
        h.send()
        check(h, "tempfail", "4.4.2", "timeout")

    def test_before_the_greeting_then_the_next_host(self, host):
        h, other = host(GREETING=HANG), host()
        DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                        f"20 mx.{other.domain}."]}
        h.send()
        check(h, "delivered", "2.0.0")


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DOT"])
def test_babble_at(host, step):
    h = host(**{step: BABBLE})
    h.send()
    check(h, "tempfail", "4.5.0", "malformed SMTP reply")


def test_endless_line(host):
    h = host(MAIL="250 " + "x" * 2000000)
    h.send()
    check(h, "tempfail", "4.5.0")


def test_long_reply_counts(host):
    """The code decides, however long the text is."""
    h = host(RCPT="550 5.1.1 " + "x" * 100000)
    h.send()
    check(h, "permfail", "5.1.1", "550 5.1.1 xxx")
    h = host(RCPT="\n".join(["550-5.1.1 no such user"] * 500
                            + ["without a code", "550 5.1.1 really"]))
    h.send()
    check(h, "permfail", "5.1.1", "550 5.1.1 no such user")


def test_reply_in_any_charset(host):
    h = host(RCPT="550 5.1.1 Empf\udce4nger \u0430\u009b31m")
    h.send()
    check(h, "permfail", "5.1.1", "550 5.1.1 Empf?nger \u0430?31m")


@pytest.mark.parametrize("step,pipelining", [
    ("EHLO", True), ("DATA", True), ("EHLO", False), ("MAIL", False),
    ("RCPT", False), ("DATA", False)])
@pytest.mark.parametrize("extra", ["550 5.1.1 never", "250 2.0.0 taken"])
def test_replies_ahead_of_commands(host, step, extra, pipelining):
    """A reply to what was not said yet decides nothing: the next host does."""
    caps = ("PIPELINING",) if pipelining else ("8BITMIME",)
    says = {"EHLO": "250-bad.example\n250 " + caps[0], "MAIL": "250 ok",
            "RCPT": "250 ok", "DATA": "354 go on"}[step]
    h, other = host(caps=caps, **{step: f"{says}\n{extra}"}), host()
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    check(h, "delivered", "2.0.0")
    assert h.bad.messages == []
    assert len(other.bad.messages) == 1


def test_not_smtp(host):
    h = host(GREETING="* OK IMAP4rev1 ready")
    h.send()
    check(h, "tempfail", "4.5.0", "malformed SMTP reply")


def test_lost_in_the_message(host):
    h = host(drop_in_body=200000)
    h.send(body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20000)
    check(h, "tempfail", "4.4.2")


def test_reply_in_the_message(host):
    h = host(reply_in_body="552 5.2.2 quota exceeded")
    h.send(body=("y" * 70 + "\r\n") * 100000)
    check(h, "permfail", "5.2.2", "552 5.2.2 quota exceeded")


def test_after_the_dot_no_other_host_is_tried(host):
    h, other = host(DOT=DROP), host()
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    check(h, "tempfail", "4.4.2", "it may have arrived")
    assert other.bad.sessions == []


def test_lies_about_data(host):
    h = host(DATA="250 ok")
    h.send()
    check(h, "tempfail", "4.5.0", "unexpected reply")


def test_pipelined_data_without_recipients(host):
    """DATA was sent already when all recipients were refused."""
    h = host(RCPT="550 5.1.1 no")
    h.send()
    check(h, "permfail", "5.1.1")
    wait(lambda: all(s.ended.is_set() for s in h.bad.sessions), "the end")
    assert h.bad.messages == []
    assert h.bad.sessions[0].commands[-1] == "QUIT"


# ---- what a host can take

def test_size_is_known_to_be_too_small(host):
    h = host(caps=("SIZE 1000", "PIPELINING"))
    h.send(body="x" * 60 + "\r\n" + ("y" * 70 + "\r\n") * 100)
    check(h, "permfail", "5.3.4")
    assert h.bad.commands("MAIL") == []


def leaves(raw):
    """What the parts of a message decode to, and their types."""
    m = email.message_from_bytes(raw)
    return [(p.get_content_type(), p.get_filename(),
             p.get_payload(decode=True))
            for p in m.walk() if not p.is_multipart()]


def check_7bit(body):
    assert body.isascii()
    assert max(len(line) for line in body.split(b"\r\n")) <= 998


KOREAN = "가나다라 마바사 = 아자차카\r\n".encode()
MIXED = (b"MIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=\"=b\"\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n--=b\r\n"
         b"Content-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n\r\n" + KOREAN * 50
         + b"\r\n--=b\r\nContent-Type: application/pdf\r\n"
         b"Content-Disposition: attachment; filename=x.pdf\r\n\r\n"
         + bytes(range(128, 256)) * 300 + b"\r\n--=b\r\n"
         b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n"
         + KOREAN + b"\r\n--=b\r\nContent-Type: text/plain\r\n\r\n"
         b"ascii\r\n--=b--\r\n")


@pytest.mark.parametrize("raw", [
    b"Subject: 8\r\n\r\n" + KOREAN,
    b"Content-Type: text/html; charset=euc-kr\r\n\r\n" + b"\xb0\xa1\r\n" * 20000,
    MIXED], ids=["no MIME", "large", "mixed"])
@pytest.mark.parametrize("caps", [("PIPELINING",), ("SIZE 10000000",)])
def test_8bit_is_converted_for_a_host_of_7(host, raw, caps):
    h = host(caps=caps)
    send_raw(h, b"Subject: conversion\r\n" + raw)
    check(h, "relayed", "2.0.0")
    [m] = h.bad.messages
    check_7bit(m.body)
    assert leaves(m.body) == leaves(raw)
    assert "BODY=" not in m.commands[1]
    if "SIZE" in caps[0]:
        size = int(re.search(r"SIZE=(\d+)", m.commands[1]).group(1))
        assert len(m.body) <= size <= 1.2 * len(m.body)


def test_8bit_header_to_a_host_of_7(host):
    h = host(caps=())
    send_raw(h, "Subject: 가나 ok\r\nFrom: \"김 철수\" <a@example.org>\r\n\r\n"
             "x\r\n".encode())
    check(h, "relayed", "2.0.0")
    [m] = h.bad.messages
    check_7bit(m.body)
    m = email.message_from_bytes(m.body, policy=email.policy.default)
    assert m["Subject"] == "가나 ok"
    assert m["From"].addresses[0].display_name == "김 철수"


def test_what_is_7bit_is_not_touched(host):
    """Announced as 8-bit, but it is not."""
    h = host(caps=("PIPELINING",))
    raw = b"Subject: 7\r\n\r\nplain = text \r\n"
    send_raw(h, raw)
    check(h, "relayed", "2.0.0")
    assert h.bad.messages[0].body.endswith(raw)


SIGNED = (b"MIME-Version: 1.0\r\n"
          b"Content-Type: multipart/signed; boundary=b\r\n\r\n"
          b"--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n"
          b"--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n"
          b"--b--\r\n")


@pytest.mark.parametrize("text,why", [
    (KOREAN, "8-bit characters"), (b"x" * 2000, "998 octets")])
def test_what_is_signed_is_refused(host, text, why):
    h = host(caps=("PIPELINING",))
    send_raw(h, SIGNED % text, sender="alice@pabal.test")
    check(h, "permfail", "5.6.3", "signed, encrypted")
    r = h.pabal.wait_event("mail.reported", h.since)
    report = wait(lambda: [m for m in h.pabal.mails("alice")
                           if r["report"].encode() in m], "the report")[0]
    text = " ".join(report.decode().split())
    assert why in text and "quoted-printable or base64" in text
    assert h.bad.commands("MAIL") == []


@pytest.mark.parametrize("caps", [("8BITMIME", "PIPELINING"), ()])
def test_long_lines_are_converted(host, caps):
    h = host(caps=caps)
    raw = (b"Subject: long\r\nX-Words:" + b" word" * 1000 + b"\r\n\r\n"
           + b"a" * 998 + b"\r\n" + b"b" * 5000 + b"\r\n.\r\nend\r\n")
    send_raw(h, raw, options=())
    check(h, "relayed", "2.0.0")
    [m] = h.bad.messages
    check_7bit(m.body)
    assert leaves(m.body) == leaves(raw)


def test_large_message_is_read_in_steps(host):
    h = host(caps=("PIPELINING",))
    raw = b"Subject: large\r\n\r\n" + KOREAN * 200000
    send_raw(h, raw)
    check(h, "relayed", "2.0.0")
    assert leaves(h.bad.messages[0].body) == leaves(raw)


def test_8bit_is_announced(host):
    h = host()
    with h.pabal.smtp() as s:
        s.ehlo()
        s.sendmail("a@example.org", ["u@" + h.domain],
                   "Subject: 8\r\n\r\nümläut\r\n".encode(), ["BODY=8BITMIME"])
    check(h, "delivered", "2.0.0")
    assert "BODY=8BITMIME" in h.bad.commands("MAIL")[0]


def test_utf8_addresses(host):
    for caps, status, dsn in ((("SMTPUTF8", "8BITMIME"), "relayed", "2.0.0"),
                              (("8BITMIME",), "permfail", "5.6.7")):
        h = host(caps=caps)
        with h.pabal.smtp() as s:
            s.ehlo()
            s.mail("sender@example.org", ["SMTPUTF8", "BODY=8BITMIME"])
            s.command_encoding = "utf-8"
            s.docmd("RCPT", f"TO:<우편@{h.domain}>")
            s.data("Subject: 편지\r\n\r\nhi\r\n".encode())
        r = h.pabal.wait_event("rcpt.result", h.since, status=status)
        assert r["dsn"] == dsn
        if status == "relayed":
            assert "SMTPUTF8" in h.bad.commands("MAIL")[0]


@pytest.mark.parametrize("caps,subject,rcpt", [
    (("SMTPUTF8", "8BITMIME"), "편지", "u@grün.example"),
    (("8BITMIME",), "letter", "u@xn--grn-ioa.example"),
])
def test_internationalised_domain(make_pabal, caps, subject, rcpt):
    with BadSmtp(caps=caps) as bad:
        pabal = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))
        with pabal.smtp() as s:
            s.ehlo()
            s.mail("sender@example.org", ["SMTPUTF8", "BODY=8BITMIME"])
            s.command_encoding = "utf-8"
            assert s.docmd("RCPT", "TO:<u@grün.example>")[0] == 250
            s.data(f"Subject: {subject}\r\n\r\nhi\r\n".encode())
        pabal.wait_queue()
        assert len(bad.messages) == 1
        assert bad.commands("RCPT")[0].startswith(f"RCPT TO:<{rcpt}>")
        assert ("SMTPUTF8" in bad.commands("MAIL")[0]) == (subject == "편지")


# ---- which host

def test_next_mx_when_the_first_is_dead(host):
    h, other = host(), host()
    dead = f"127.0.2.{h.bad.host.split('.')[3]}"
    DNS.records[f"dead.{h.domain}"] = {"A": [dead]}
    DNS.records[h.domain] = {"MX": [f"10 dead.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    assert check(h, "delivered", "2.0.0")["host"].startswith(
        f"mx.{other.domain}[")


def test_next_mx_when_the_first_says_not_now(host):
    h, other = host(GREETING="421 4.3.2 busy"), host()
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    check(h, "delivered", "2.0.0")
    assert len(other.bad.messages) == 1


def test_a_refusal_is_final(host):
    h, other = host(RCPT="550 5.1.1 no"), host()
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    check(h, "permfail", "5.1.1")
    assert other.bad.sessions == []


def test_one_recipient_at_the_next_host(host):
    h, other = host(), host()
    h.bad.steps["RCPT"] = {f"later@{h.domain}": "450 4.2.0 greylisted",
                           "*": "250 ok"}
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send(users=("now", "later"))
    assert h.result("now")["status"] == "delivered"
    assert h.result("later")["status"] == "delivered"
    assert h.bad.messages[0].rcpts == [f"now@{h.domain}"]
    assert other.bad.messages[0].rcpts == [f"later@{h.domain}"]


def test_ipv6_dead_ipv4_alive(host):
    h = host()
    DNS.records[f"mx.{h.domain}"]["AAAA"] = ["::1"]
    h.send()
    check(h, "delivered", "2.0.0")


def test_implicit_mx(host):
    h = host()
    DNS.records[h.domain] = DNS.records[f"mx.{h.domain}"]
    h.send()
    assert check(h, "delivered", "2.0.0")["host"].startswith(f"{h.domain}[")


@pytest.mark.parametrize("records,status,dsn", [
    ({"MX": ["0 ."]}, "permfail", "5.1.10"),
    (None, "permfail", "5.1.2"),
    ({"TXT": ["x"]}, "permfail", "5.4.4"),
    ({"MX": ["10 nowhere.test."]}, "permfail", "5.4.4"),
    ({"MX": ["10 mail.pabal.test."]}, "permfail", "5.4.6"),
    ("SERVFAIL", "tempfail", "4.4.3"),
    ({"MX": ["10 broken.test."]}, "tempfail", "4.4.3"),
])
def test_dns_says(host, records, status, dsn):
    h = host()
    DNS.records["broken.test"] = "SERVFAIL"
    DNS.records["mail.pabal.test"] = {"A": ["127.0.0.1"]}
    DNS.records[h.domain] = records
    if records is None:
        del DNS.records[h.domain]
        del DNS.records[f"mx.{h.domain}"]
    h.send()
    check(h, status, dsn)
    assert h.bad.sessions == []


@pytest.mark.parametrize("step,reply", [
    ("GREETING", "220 mail.pabal.test ESMTP"),
    ("EHLO", "250-mail.pabal.test\n250 PIPELINING")])
def test_loops_back_to_us(host, step, reply):
    h = host(**{step: reply})
    h.send()
    check(h, "permfail", "5.4.6", "loops back")


# ---- LMTP

def test_lmtp_replies_for_each_recipient(host):
    h = host(lmtp=True)
    h.bad.steps["DOT"] = {f"full@{h.domain}": "552 5.2.2 full",
                          f"busy@{h.domain}": "450 4.2.1 busy",
                          "*": "250 2.1.5 in"}
    h.bad.steps["RCPT"] = {f"no@{h.domain}": "550 5.1.1 no",
                           "*": "250 2.1.5 ok"}
    h.send(users=("a", "full", "no", "busy", "b"))
    for user, status, dsn in (("a", "delivered", "2.1.5"),
                              ("full", "permfail", "5.2.2"),
                              ("no", "permfail", "5.1.1"),
                              ("busy", "tempfail", "4.2.1"),
                              ("b", "delivered", "2.1.5")):
        r = h.result(user)
        assert (r["status"], r["dsn"]) == (status, dsn), r
    assert h.bad.commands("EHLO") == []
    assert len(h.bad.commands("LHLO")) == len(h.bad.sessions)


def test_lmtp_lost_between_replies(host):
    h = host(lmtp=True, DOT=["250 2.1.5 in", DROP])
    h.send(users=("a", "b"))
    # One reply came, whoever it was for.
    assert sorted(h.result(u)["status"] for u in "ab") == [
        "delivered", "tempfail"]


# ---- TLS

def test_starttls(host, pabal):
    h = host(caps=TLS_CAPS, tls=server_context(pabal))
    h.send()
    check(h, "relayed", "2.0.0")
    assert h.bad.messages[0].tls
    # Everything is said anew after STARTTLS.
    assert len(h.bad.commands("EHLO")) == 2
    e = pabal.wait_event("smtp.tls", h.since)
    assert e["version"] == "TLSv1.3"


@pytest.mark.parametrize("tls,reply", [
    (None, "454 4.7.0 not today"), (None, "220 go"), ("garbage", "220 go"),
    (None, DROP), (None, RESET), (None, "what?")])
def test_broken_starttls_goes_on_in_the_clear(host, tls, reply):
    h = host(caps=TLS_CAPS, tls=tls, STARTTLS=reply)
    h.send()
    check(h, "relayed", "2.0.0")
    assert not h.bad.messages[0].tls


def test_nothing_before_starttls_survives(host, pabal):
    """Replies behind the 220 come from whoever sits in the middle."""
    h = host(caps=TLS_CAPS, tls=server_context(pabal),
             STARTTLS=["220 go\n250-injected\n250 AUTH PLAIN", "220 go"])
    h.send()
    check(h, "relayed", "2.0.0")
    assert not h.bad.messages[0].tls
    assert pabal.events("smtp.tls-failed", h.since)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("tls,reply", [(None, HANG), ("silent", "220 go")])
def test_silent_starttls_goes_on_in_the_clear(host, tls, reply):
    h = host(caps=TLS_CAPS, tls=tls, STARTTLS=reply)
    h.send()
    check(h, "relayed", "2.0.0")
    assert not h.bad.messages[0].tls


def test_policy_encrypt(host, pabal):
    with settings(pabal, tls_policy="encrypt"):
        h = host(caps=("PIPELINING",))
        h.send()
        check(h, "tempfail", "4.7.4", "TLS is required")
        h = host(caps=TLS_CAPS, tls="garbage")
        h.send()
        check(h, "tempfail", "4.7.5")
        assert len(h.bad.sessions) == 1  # no second try in the clear
        h = host(caps=TLS_CAPS, STARTTLS=DROP)
        h.send()
        check(h, "tempfail", "4.7.5", "connection lost")
        assert len(h.bad.sessions) == 1
        h = host(caps=TLS_CAPS, STARTTLS="454 4.7.0 not today")
        h.send()
        check(h, "tempfail", "4.7.0", "not today")
        h = host(caps=TLS_CAPS, tls=server_context(pabal))
        h.send()
        check(h, "relayed", "2.0.0")
        assert h.bad.messages[0].tls


def test_policy_none(host, pabal):
    with settings(pabal, tls_policy="none"):
        h = host(caps=TLS_CAPS, tls=server_context(pabal))
        h.send()
        check(h, "relayed", "2.0.0")
        assert h.bad.commands("STARTTLS") == []


def test_policy_verify(make_pabal, tmp_path):
    """A process of smtp reads tls_ca_file once, when it starts."""
    folder = str(tmp_path)
    os.chmod(folder, 0o755)
    good, good_key = make_cert(folder, "mx.good.test")
    wrong, wrong_key = make_cert(folder, "mx.other.test")
    with contextlib.ExitStack() as stack:
        hosts = {}
        for n, (domain, cert, key) in enumerate(
                (("good.test", good, good_key), ("bad.test", wrong, wrong_key))):
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            c.load_cert_chain(cert, key)
            address = f"127.0.3.{n + 1}"
            hosts[domain] = stack.enter_context(
                BadSmtp(host=address, port=PORT, caps=TLS_CAPS, tls=c))
            DNS.records[domain] = {"MX": [f"10 mx.{domain}."]}
            DNS.records[f"mx.{domain}"] = {"A": [address]}
        with open(os.path.join(folder, "ca"), "wb") as f:
            for cert in (good, wrong):
                with open(cert, "rb") as c:
                    f.write(c.read())
        p = make_pabal(("smtp", "tls_policy", "verify"),
                       ("smtp", "tls_ca_file", os.path.join(folder, "ca")))
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            for domain in hosts:
                f.write(f"{domain} smtp:{domain}:{PORT}\n")
        p.pabal("map", "transports")
        for domain, status, dsn in (("good.test", "relayed", "2.0.0"),
                                    ("bad.test", "tempfail", "4.7.5")):
            p.send("verified?", to="u@" + domain)
            r = p.wait_event("rcpt.result", to="u@" + domain)
            assert (r["status"], r["dsn"]) == (status, dsn), r
        assert "hostname mismatch" in r["text"]
        assert p.events("smtp.tls")[0]["verified"] == "yes"


# ---- DANE

# name, TLSA (records, or what the DNS says), what else; status, dsn, whether
# under TLS and verified
DANE = [
    ("match", ["3 1 1 SPKI256"], {}, "relayed", "2.0.0", "yes"),
    ("key", ["3 1 0 SPKI"], {}, "relayed", "2.0.0", "yes"),
    ("cert", ["3 0 0 CERT"], {}, "relayed", "2.0.0", "yes"),
    ("cert-digest", ["3 0 2 CERT512"], {}, "relayed", "2.0.0", "yes"),
    ("anchor", ["2 0 0 CA"], {}, "relayed", "2.0.0", "yes"),
    ("one-of-two", ["3 1 0 SPKI", "1 1 1 SPKI256", "3 1 1 ZERO"], {},
     "relayed", "2.0.0", "yes"),
    ("mismatch", ["3 1 1 ZERO"], {}, "tempfail", "4.7.5", None),
    ("nostarttls", ["3 1 1 SPKI256"], {"caps": ("PIPELINING",)}, "tempfail",
     "4.7.4", None),
    ("brokentls", ["3 1 1 SPKI256"], {"tls": "garbage"}, "tempfail", "4.7.5",
     None),
    ("cut", ["3 1 1 SPKI256"], {"STARTTLS": DROP}, "tempfail", "4.7.5",
     None),
    # RFC 7672 2.2: nothing to verify by, but TLS all the same
    ("unusable", ["1 1 1 SPKI256", "3 1 9 ZERO", "3 0 0 ZERO"], {},
     "relayed", "2.0.0", "no"),
    ("unusable-nostarttls", ["1 1 1 SPKI256"], {"caps": ("PIPELINING",)},
     "tempfail", "4.7.4", None),
    ("unusable-brokentls", ["1 1 1 SPKI256"], {"tls": "garbage"}, "tempfail",
     "4.7.5", None),
    ("none", None, {"tls": "garbage"}, "relayed", "2.0.0", "clear"),
    ("unknown", "SERVFAIL", {}, "tempfail", "4.7.5", None),
    ("forged", ["3 1 1 SPKI256"], {"forged": True}, "tempfail", "4.4.3",
     None),
]


def test_dane(make_pabal, tmp_path):
    folder = str(tmp_path)
    cert, key = make_cert(folder, "mx.anchor.test")  # usage 2 looks at it
    ca, ca_key = make_cert(folder, "the CA")
    subprocess.run(
        f"openssl x509 -in {cert} -x509toreq -signkey {key} -out {cert}.req "
        f"&& openssl x509 -req -in {cert}.req -CA '{ca}' -CAkey '{ca_key}' "
        f"-out {cert} && cat '{ca}' >>{cert}", shell=True, check=True,
        capture_output=True)
    data = dict(tlsa_data(cert), CA=tlsa_data(f"'{ca}'")["CERT"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    signed = DnsServer(signed=True)
    bads = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(signed)
        for n, (name, tlsa, more, *_) in enumerate(DANE):
            more = {"caps": TLS_CAPS, "tls": tls, **more}
            forged = more.pop("forged", False)
            host, domain = f"127.0.5.{n + 1}", f"{name}.test"
            bads[name] = stack.enter_context(
                BadSmtp(host=host, port=PORT, **more))
            signed.records[domain] = {"MX": [f"10 mx.{domain}."]}
            signed.records[f"mx.{domain}"] = {"A": [host], "bogus": forged}
            if tlsa is not None:
                signed.records[f"_{PORT}._tcp.mx.{domain}"] = tlsa \
                    if tlsa == "SERVFAIL" else {"TLSA": [
                        " ".join(data.get(w, w) for w in r.split())
                        for r in tlsa]}
        anchor = os.path.join(folder, "anchor")
        with open(anchor, "w") as f:
            f.write(signed.trust_anchor())
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{signed.port}"),
                       ("lookup", "dns_trust_anchor", anchor),
                       ("smtp", "tls_policy", "dane"))
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            for name in bads:
                f.write(f"{name}.test smtp:{name}.test:{PORT}\n")
        p.pabal("map", "transports")
        for name, _, _, status, dsn, under_tls in DANE:
            p.send("dane", to=f"u@{name}.test")
            r = p.wait_event("rcpt.result", to=f"u@{name}.test")
            assert (r["status"], r["dsn"]) == (status, dsn), r
            assert [m.tls for m in bads[name].messages] == (
                [] if under_tls is None else [under_tls != "clear"]), name
            told = [e["verified"] == "yes" for e in p.events("smtp.tls")
                    if f"mx.{name}.test[" in e["host"]]
            assert told == ([under_tls == "yes"] if under_tls in ("yes", "no")
                            else []), name


ROOT_KEY = "/usr/share/dns/root.key"


def test_dane_finds_the_trust_anchor(make_pabal):
    """That of dns-root-data; one that was set stays, and without any the change
    is refused."""
    p = make_pabal(users=())
    if not os.path.exists(ROOT_KEY):
        assert "install dns-root-data" in p.pabal_fails(
            "conf", "set", "smtp", "tls_policy", "dane")
        p.pabal("conf", "check")
        return
    for target in ("smtp", "smtp:outbound"):
        out = p.pabal("conf", "set", target, "tls_policy", "dane")
        assert f"dns_trust_anchor = {ROOT_KEY} was set" in out
        assert p.pabal("conf", "get", "lookup",
                       "dns_trust_anchor") == ROOT_KEY + "\n"
        p.pabal("conf", "check")
        p.pabal("conf", "unset", target, "tls_policy")
        p.pabal("conf", "unset", "lookup", "dns_trust_anchor")
    p.pabal_fails("conf", "set", "smtp:nosuch", "tls_policy", "dane")
    assert p.pabal("conf", "get", "lookup", "dns_trust_anchor") == "\n"
    own = os.path.join(p.dir, "own.key")
    shutil.copy(ROOT_KEY, own)
    p.conf("lookup", "dns_trust_anchor", own)
    assert p.pabal("conf", "set", "smtp", "tls_policy", "dane") == ""
    assert p.pabal("conf", "get", "lookup", "dns_trust_anchor") == own + "\n"
    p.pabal("restart")


def test_dane_needs_a_trust_anchor(make_pabal):
    p = make_pabal()
    with open(os.path.join(p.dir, "etc", "smtp.conf"), "a") as f:
        f.write("tls_policy = dane\n")
    for command in (("conf", "check"), ("check",), ("reload",)):
        assert "dns_trust_anchor" in p.pabal_fails(*command), command
    p.pabal("conf", "unset", "smtp", "tls_policy")
    p.pabal("conf", "check")


# ---- relayhost

def test_relayhost_with_password(make_pabal):
    with BadSmtp(caps=("PIPELINING", "AUTH PLAIN LOGIN")) as bad, \
            BadSmtp() as other:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))
        p.secret("smtp", "relayhost_auth", "user:pass word\n")
        p.reload()
        # What a table names does not go to the relayhost, nor the password.
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            f.write(f"else.test smtp:[127.0.0.1]:{other.port}\n")
        p.pabal("map", "transports")
        for domain in ("some.test", "else.test"):
            p.send("relay", to="u@" + domain)
            p.wait_event("rcpt.result", to="u@" + domain, dsn="2.0.0")
        assert [m.rcpts for m in bad.messages] == [["u@some.test"]]
        assert [m.rcpts for m in other.messages] == [["u@else.test"]]
        assert bad.secrets == [["", "user", "pass word"]]
        assert other.secrets == []
        # A wrong password bounces nothing.
        bad.steps["AUTH"] = "535 5.7.8 no"
        p.reload()
        p.send("relay", to="v@some.test")
        r = p.wait_event("rcpt.result", to="v@some.test")
        assert (r["status"], r["dsn"]) == ("tempfail", "4.7.8")


def test_relayhost_without_its_mechanism(make_pabal):
    with BadSmtp() as bad:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))
        p.secret("smtp", "relayhost_auth", "user:secret\n")
        p.reload()
        p.send("relay", to="u@some.test")
        r = p.wait_event("rcpt.result", to="u@some.test")
        assert (r["status"], r["dsn"]) == ("tempfail", "4.7.0")
        assert bad.messages == []


def test_relayhost_that_does_not_exist(make_pabal):
    """Its domain is our administrator's mistake: mail waits."""
    p = make_pabal(("pabal", "relayhost", "no-such-relay.test"))
    p.send("relay", to="u@some.test")
    r = p.wait_event("rcpt.result", to="u@some.test")
    assert (r["status"], r["dsn"]) == ("tempfail", "4.4.4")


# ---- many, and limits

def test_few_sessions_many_messages(make_pabal):
    """Mail for many hosts waits for its turn when sessions are few."""
    addresses = [f"127.0.4.{n}" for n in range(1, 21)]
    go = threading.Event()

    def greet(_):
        go.wait(PATIENCE)
        return "220 bad.example ESMTP"

    with contextlib.ExitStack() as stack:
        bads = [stack.enter_context(BadSmtp(host=a, port=PORT, GREETING=greet))
                for a in addresses]
        p = make_pabal(("smtp", "max_sessions", "2"))
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            for n, a in enumerate(addresses):
                f.write(f"m{n}.test smtp:[{a}]:{PORT}\n")
        p.pabal("map", "transports")
        for n in range(len(addresses)):
            p.send(f"few {n}", to=f"u@m{n}.test")
        # Most of them wait, several in each process, when a session ends.
        wait(lambda: sum(len(b.sessions)
                         for b in bads) >= 2, "sessions")
        assert p.queue_count() == len(bads)
        go.set()
        p.wait_queue(0)
        assert [len(b.messages) for b in bads] == [1] * len(bads)


def test_damaged_message_is_never_sent(host):
    """Its checksum is wrong: the host must not take what it got so far."""
    h = host(GREETING="421 4.3.2 later")
    h.send(body="damage me\r\n" * 5000)
    check(h, "tempfail", "4.3.2")
    qid = h.pabal.events("rcpt.result", h.since)[-1]["qid"]
    path = wait(lambda: glob.glob(os.path.join(
        h.pabal.dir, "spool", "cur", "*", qid)), "its file in cur/")[0]
    with open(path, "r+b") as f:
        data = f.read()
        at = data.rindex(b"damage me")
        f.seek(at)
        f.write(b"D")
    h.bad.steps["GREETING"] = "220 bad.example"
    h.pabal.allowed = ["spool.quarantined"]
    h.retry()
    h.pabal.wait_event("spool.quarantined", h.since)
    assert h.bad.messages == []
    assert h.bad.commands("MAIL")


def test_dns_servers_change_with_a_reload(pabal):
    with DnsServer({"d250.test": {"MX": ["0 ."]}}) as other:
        since = pabal.mark()
        DNS.records["d250.test"] = "SERVFAIL"
        pabal.send("dns", to="a@d250.test")
        r = pabal.wait_event("rcpt.result", since, to="a@d250.test")
        assert r["dsn"] == "4.4.3"
        pabal.conf("lookup", "dns_servers", f"127.0.0.1:{other.port}")
        pabal.reload()
        # lookup starts again, for a port it could not reach before
        pabal.send("dns", to="b@d250.test")
        r = pabal.wait_event("rcpt.result", since, to="b@d250.test")
        assert r["dsn"] == "5.1.10"
        pabal.conf("lookup", "dns_servers", f"127.0.0.1:{DNS.port}")
        pabal.reload()


@pytest.mark.parametrize("step", ["MAIL", "DOT"])
@pytest.mark.allow("child.killed")
def test_qmgr_ends_meanwhile(make_pabal, step):
    """What was under way is given up and sent again, and smtp lives on."""
    with BadSmtp(**{step: [HANG, BadSmtp().steps[step]]}) as bad:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))
        smtp = p.pids("smtp")
        p.send("again", to="u@some.test")
        wait(lambda: any("MAIL" in c for s in bad.sessions
                         for c in s.commands[:2]), "the first attempt")
        if step == "DOT":
            wait(lambda: "DATA" in bad.sessions[0].commands, "DATA")
        [qmgr] = p.pids("qmgr")
        os.kill(qmgr, 9)
        p.wait_event("rcpt.result", to="u@some.test", dsn="2.0.0")
        assert p.pids("smtp") == smtp
        assert len(bad.messages) == 1 or step == "DOT"


@pytest.mark.allow("child.killed")
def test_smtp_ends_meanwhile(make_pabal):
    """The message is tried again soon, by another process."""
    with BadSmtp(RCPT=[HANG, "250 ok"]) as bad:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))
        p.send("again", to="u@some.test")
        wait(lambda: bad.commands("RCPT"), "the first attempt")
        for pid in p.pids("smtp"):
            os.kill(pid, 9)
        p.wait_event("rcpt.result", to="u@some.test", dsn="2.0.0")
        assert len(bad.messages) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_lmtp_over_a_socket_of_this_machine(open_dir):
    path = str(open_dir / "lmtp")
    with BadSmtp(path=path) as bad:
        os.chmod(path, 0o777)
        p = Instance(user="nobody")
        try:
            table = os.path.join(p.dir, "etc", "transports")
            with open(table, "w") as f:
                f.write(f"local.test lmtp:unix:{path}\n")
            shutil.chown(table, "nobody", "nogroup")
            p.pabal("map", "transports")
            p.start()
            p.send("unix", to="u@local.test")
            p.wait_event("rcpt.result", to="u@local.test", status="delivered")
            assert bad.messages[0].rcpts == ["u@local.test"]
            assert not p.alarms()
        finally:
            p.close()

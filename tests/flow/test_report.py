# SPDX-License-Identifier: ISC
"""Reports get through: whatever other hosts say, whoever takes them, and
however much there is to tell."""
import email
import re

import pytest

from badsmtp import BadSmtp
from pabal import DOMAIN, wait

KOREAN = "가나다라 마바사\r\n".encode()


@pytest.fixture
def away(make_pabal):
    """away(...) is a BadSmtp for all other domains, and the instance."""
    made = []

    def make(*settings, **kw):
        bad = BadSmtp(**kw).__enter__()
        made.append(bad)
        return bad, make_pabal(
            ("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"), *settings)

    yield make
    for bad in made:
        bad.__exit__()


def send(p, raw, rcpts, sender=f"alice@{DOMAIN}", options=()):
    with p.smtp() as s:
        s.ehlo()
        s.command_encoding = "utf-8"
        code, text = s.mail(sender, list(options))
        assert code == 250, text
        for r in rcpts:
            code, text = s.docmd("RCPT", f"TO:<{r}>")
            assert code == 250, text
        assert s.data(raw)[0] == 250


def parts(raw):
    m = email.message_from_bytes(raw)
    assert m.get_content_type() == "multipart/report"
    kids = m.get_payload()
    assert len(kids) == 3
    assert m.get_param("report-type") == kids[1].get_content_subtype()
    return kids


def check_labels(raw):
    """8-bit bytes are where the label, and that around it, say so."""
    m = email.message_from_bytes(raw)
    for p in [m] + m.get_payload():
        head, _, body = p.as_bytes().partition(b"\n\n")
        if not body.isascii():
            assert p["Content-Transfer-Encoding"] == "8bit", head


def wait_report(p, user="alice"):
    return p.wait_mail(user, "Undelivered mail returned to sender")


def test_sender_whom_no_report_can_reach(away):
    """His host takes no SMTPUTF8, and his address is written in it."""
    _, p = away(caps=("8BITMIME",))
    send(p, b"Subject: t\r\n\r\nhi\r\n", ["x@remote.test"],
         sender="보내는이@remote.test", options=["SMTPUTF8"])
    p.wait_event("rcpt.result", status="permfail", dsn="5.6.7")
    raw = p.wait_mail("postmaster", "Postmaster notice: undeliverable report")
    p.wait_queue(0)
    assert "보내는이@remote.test".encode() in raw
    assert b"x@remote.test" in raw


@pytest.mark.parametrize("says,ascii,notice_has", [
    ("550 5.1.1 Empf\udce4nger \udcfc", "Empf?nger ?", "Empf?nger ?"),
    ("550 5.1.1 받는이 없음", "\\x{BC1B}\\x{B294}\\x{C774}", "받는이 없음"),
    ("550 5.1.1 " + "x" * 50000, "xxx", "xxx"),
    ("550-5.1.1 a\u009b31m\n550 5.1.1 b", "a?31m 5.1.1 b", "a?31m 5.1.1 b"),
])
def test_foreign_text_is_made_valid(away, says, ascii, notice_has):
    _, p = away(RCPT=says)
    send(p, b"Subject: t\r\n\r\nhi\r\n", ["x@remote.test"])
    raw = wait_report(p)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\n")) <= 999
    notice, status, _ = parts(raw)
    text = notice.get_payload(decode=True).decode(
        notice.get_content_charset())
    assert notice_has in text
    fields = status.get_payload()[1]
    assert ascii in " ".join(fields["Diagnostic-Code"].split())
    assert fields["Status"] == "5.1.1"


@pytest.mark.parametrize("original", [
    b"Subject: \xea\xb0\x80\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\n" + KOREAN * 20,
    b"Subject: signed\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + KOREAN
    + b"\r\n--b\r\n\r\nsignature\r\n--b--\r\n",
], ids=["plain", "signed"])
def test_8bit_original_to_a_host_of_7(away, original):
    """The message was taken at home, the report leaves by a host that takes
    no 8-bit mail."""
    bad, p = away(("smtp", "session_idle", "0s"), caps=("PIPELINING",))
    bad.steps["RCPT"] = {"gone@remote.test": "550 5.1.1 no such user",
                         "*": "250 ok"}
    bad.steps["EHLO"] = ["250-bad.example\n250-PIPELINING\n250 8BITMIME",
                         "250-bad.example\n250 PIPELINING"]
    send(p, original, ["gone@remote.test"], sender="me@home.test",
         options=["BODY=8BITMIME"])
    p.wait_event("mail.reported")
    [m] = wait(lambda: bad.messages, "the report")
    assert m.sender == "" and m.rcpts == ["me@home.test"]
    assert m.body.isascii()
    _, status, returned = parts(m.body)
    assert status.get_payload()[1]["Status"] == "5.1.1"
    assert returned.get_content_type() == "message/rfc822"
    was = email.message_from_bytes(original)
    got = returned.get_payload()[0]
    for a, b in zip(was.walk(), got.walk()):
        if not a.is_multipart():
            assert a.get_payload(decode=True) == b.get_payload(decode=True)
    p.wait_queue(0)


def test_labels_of_8bit_parts(away):
    _, p = away(RCPT="550 5.1.1 no")
    send(p, b"Subject: 8\r\n\r\n" + KOREAN, ["x@remote.test"],
         options=["BODY=8BITMIME"])
    raw = wait_report(p)
    assert not raw.isascii()
    check_labels(raw)


def test_utf8_addresses(away):
    """RFC 6533: what the sender's host is known to understand."""
    _, p = away(caps=("SMTPUTF8", "8BITMIME"), RCPT="550 5.1.1 no")
    send(p, "Subject: 편지\r\n\r\nhi\r\n".encode(), ["받는이@remote.test"],
         options=["SMTPUTF8", "BODY=8BITMIME"])
    raw = wait_report(p)
    _, status, original = parts(raw)
    assert status.get_content_type() == "message/global-delivery-status"
    assert "Final-Recipient: utf-8; 받는이@remote.test" in raw.decode()
    assert original.get_content_type() == "message/global"
    check_labels(raw)


def test_header_only_when_the_whole_is_large(away):
    _, p = away(RCPT="550 5.1.1 no")
    send(p, "Subject: 큰 편지\r\n\r\n".encode() + b"x" * 70 + b"\r\n" * 60000,
         ["x@remote.test"], options=["BODY=8BITMIME"])
    raw = wait_report(p)
    _, _, original = parts(raw)
    assert original.get_content_type() == "text/rfc822-headers"
    assert "\nSubject: 큰 편지\n" in raw.decode()
    check_labels(raw)


def test_very_many_recipients(away):
    """Each has its status; the text for people stays short."""
    _, p = away(("smtpd", "max_recipients", "3000"),
                RCPT="550 5.1.1 no such user here")
    many = [f"user{n}@remote.test" for n in range(1500)]
    send(p, b"Subject: many\r\n\r\nhi\r\n", many)
    raws = wait(lambda: [m for m in p.mails("alice")
                         if b"multipart/report" in m]
                if p.queue_count() == 0 else [], "the reports")
    told, more = [], 0
    for raw in raws:
        notice, status, _ = parts(raw)
        told += [f["Final-Recipient"].split("; ")[1]
                 for f in status.get_payload()[1:]]
        found = re.search(r"and (\d+) more", notice.get_payload())
        more += int(found.group(1)) if found else 0
    assert sorted(told) == sorted(many)
    assert more == 1500 - 100 * len(raws)

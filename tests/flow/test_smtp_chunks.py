# SPDX-License-Identifier: ISC
"""Messages in chunks (RFC 3030), limits (RFC 9422) and REQUIRETLS (RFC 8689)
as clients say them."""
import base64
import contextlib
import email
import glob
import os
import random
import re

import pytest

from pabal import DOMAIN, wait
from smtptalk import ALICE, Talk
from test_smtp_data import SMUGGLED, tmp_files, unix

LIMIT = 100 * 1024
CONF = [("pabal", "message_size_limit", str(LIMIT)),
        ("smtpd", "max_recipients", "200"),
        ("smtp", "relayhost", "[127.0.0.1]:1")]


def chunk(data, last=False):
    data = data if isinstance(data, bytes) else data.encode()
    return b"BDAT %d%s\r\n" % (len(data), b" LAST" if last else b"") + data


def envelope(pabal, qid):
    """The head of a message that waits, as lines."""
    def read():
        for path in glob.glob(os.path.join(pabal.dir, "spool", "[nc]*", "*",
                                           qid)):
            # It may be on its way from new/ to cur/.
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as f:
                return f.read().split(b"\nend ")[0].decode().split("\n")
        return None

    return wait(read, f"the file of {qid}")


def test_what_is_offered(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert "250-CHUNKING" in t.ehlo
        assert "250-LIMITS MAILMAX=10000 RCPTMAX=200\n" in t.ehlo
        assert "REQUIRETLS" not in t.ehlo
        assert t.say("MAIL FROM:<> REQUIRETLS").startswith("555 ")
        t.starttls()
        assert "250-REQUIRETLS\n" in t.say("EHLO c")
    with Talk(pabal, "lmtp", greet="LHLO c") as t:
        assert "250-CHUNKING" in t.ehlo


def test_all_in_one_piece(pabal):
    """Nothing is waited for (RFC 3030 4.2)."""
    with Talk(pabal) as t:
        t.send(b"EHLO c\r\nMAIL FROM:<s@example.org>\r\nRCPT TO:<" +
               ALICE.encode() + b">\r\n" +
               chunk("Subject: in one\r\n\r\n") + chunk("..x\r\n.\r\n") +
               chunk(b"", True) + b"QUIT\r\n")
        said = t.all()
    codes = [line[:3] for line in said.splitlines() if line[3] == " "]
    assert codes == ["250", "250", "250", "250", "250", "250", "221"]
    assert unix(pabal.wait_mail("alice", "in one")).endswith(b"\n\n..x\n.\n")


@pytest.mark.parametrize("size", [0, 15900, 16400, 43000, 45000, 62000, 90000])
@pytest.mark.parametrize("cut", [3000, 17000, 100000])
def test_every_size_arrives_whole(pabal, size, cut):
    subject = f"{size} bytes by {cut}"
    body = (f"Subject: {subject}\r\n\r\n".encode() +
            b"".join(b"%069d\r\n" % n for n in range(size // 71)))
    pieces = [body[at:at + cut] for at in range(0, len(body), cut)]
    with Talk(pabal, greet="EHLO c") as t:
        # Each waited for, and all at once.
        assert t.say("MAIL FROM:<s@example.org>").startswith("250 ")
        assert t.say(f"RCPT TO:<{ALICE}>").startswith("250 ")
        for piece in pieces:
            t.send(chunk(piece))
            assert t.reply() == f"250 2.0.0 {len(piece)} octets received"
        assert t.say("BDAT 0 LAST").startswith("250 2.0.0 Ok: queued")
        t.send(b"MAIL FROM:<s@example.org>\r\nRCPT TO:<" + ALICE.encode() +
               b">\r\n" + b"".join(chunk(p) for p in pieces) +
               chunk(b"", True))
        for _ in range(2 + len(pieces)):
            assert t.reply().startswith("250 ")
        assert t.reply().startswith("250 2.0.0 Ok: queued")
    wait(lambda: sum(unix(m).endswith(unix(body))
                     for m in pabal.mails("alice")) == 2, "both, whole")


def test_byte_by_byte(pabal):
    data = (b"MAIL FROM:<s@example.org>\r\nRCPT TO:<" + ALICE.encode() +
            b">\r\n" + chunk(b"Subject: drops\r\n\r\na\r") +
            chunk(b"\n.\r\n", True) + b"NOOP\r\n")
    with Talk(pabal, greet="EHLO c") as t:
        for c in data:
            t.send(bytes([c]))
        replies = [t.reply() for _ in range(5)]
    assert replies[3].startswith("250 2.0.0 Ok: queued")
    assert replies[4] == "250 2.0.0 Ok"
    assert unix(pabal.wait_mail("alice", "drops")).endswith(b"\n\na\n.\n")


@pytest.mark.parametrize("end", ["\n.\n", "\r\n.\n", "\r.\r", "\r\r\n.\r\r\n"])
def test_nothing_is_smuggled_in(pabal, end):
    with Talk(pabal, greet="EHLO c") as t:
        t.say("MAIL FROM:<s@example.org>")
        t.say(f"RCPT TO:<{ALICE}>")
        t.send(chunk("Subject: carrier\r\n\r\nx" + end + SMUGGLED, True))
        assert t.reply().startswith("550 5.6.11")
        assert t.say("NOOP") == "250 2.0.0 Ok"
    assert pabal.queue_count() == 0
    assert pabal.find_mail("alice", "smuggled") is None


def test_chunks_for_nobody_are_no_commands(pabal):
    evil = chunk(SMUGGLED + ".\r\n")
    with Talk(pabal, greet="EHLO c") as t:
        t.send(evil)
        assert t.reply().startswith("503 ")
        t.send(f"MAIL FROM:<>\r\nRCPT TO:<nobody@{DOMAIN}>\r\n".encode() +
               evil + chunk(SMUGGLED, True) + b"NOOP\r\n")
        assert [t.reply()[:3] for _ in range(5)] == \
            ["250", "550", "503", "503", "250"]
    assert pabal.find_mail("alice", "smuggled") is None


def test_reset_between_chunks(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.say("MAIL FROM:<s@example.org>")
        t.say(f"RCPT TO:<{ALICE}>")
        t.send(chunk(b"Subject: dropped\r\n\r\n" + b"x" * 70000 + b"\r\n"))
        assert t.reply().startswith("250 ")
        wait(lambda: tmp_files(pabal), "the file")
        assert t.say("DATA").startswith("503 ")
        assert t.say("RSET") == "250 2.0.0 Ok"
        wait(lambda: not tmp_files(pabal), "the file's end")
        t.say("MAIL FROM:<s@example.org>")
        t.say(f"RCPT TO:<{ALICE}>")
        t.send(chunk(b"Subject: kept\r\n\r\n", True))
        assert t.reply().startswith("250 2.0.0 Ok: queued")
    pabal.wait_mail("alice", "kept")
    assert pabal.find_mail("alice", "dropped") is None


def test_size(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        for first, last in ((LIMIT + 1, 0), (10, LIMIT - 9)):
            t.say("MAIL FROM:<s@example.org>")
            t.say(f"RCPT TO:<{ALICE}>")
            t.send(chunk(b"x" * first) + chunk(b"x" * last, True) +
                   b"RSET\r\n")
            replies = [t.reply() for _ in range(3)]
            assert [r[:9] for r in replies].count("552 5.3.4") == 1
            assert replies[2] == "250 2.0.0 Ok"
    wait(lambda: tmp_files(pabal) == [], "nothing of what was refused")


def test_lmtp(pabal):
    with Talk(pabal, "lmtp", greet="LHLO c") as t:
        t.say("MAIL FROM:<s@example.org>")
        for user in ("alice", "bob"):
            t.say(f"RCPT TO:<{user}@{DOMAIN}>")
        t.send(chunk("Subject: two\r\n") + chunk("\r\nhi\r\n", True))
        assert t.reply() == "250 2.0.0 14 octets received"
        for user in ("alice", "bob"):
            assert t.reply().startswith(
                f"250 2.0.0 <{user}@{DOMAIN}> Ok: queued as ")
    for user in ("alice", "bob"):
        assert unix(pabal.wait_mail(user, "two")).endswith(b"\n\nhi\n")


def test_the_record_is_that_of_data(pabal):
    """What IMAP tells of a message does not know how it came."""
    parts = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
             b"boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
             b"Content-Type: image/gif\r\n\r\ntwo\r\n--b--\r\n")
    rng = random.Random(1)
    with Talk(pabal, greet="EHLO c") as t:
        assert t.deliver(b"Subject: by data\r\n" + parts + b".\r\n") \
            .startswith("250 ")
        data = b"Subject: by bdat\r\n" + parts
        t.say("MAIL FROM:<sender@example.org>")
        t.say(f"RCPT TO:<{ALICE}>")
        while data:
            n = rng.randrange(1, 9)
            t.send(chunk(data[:n], n >= len(data)))
            assert t.reply().startswith("250 ")
            data = data[n:]
    for subject in ("by data", "by bdat"):
        pabal.wait_mail("alice", subject)
    c = pabal.imap()
    c.select()
    told = []
    for subject in ("by data", "by bdat"):
        n = c.search(None, "SUBJECT", f'"{subject}"')[1][0].decode()
        told.append(c.fetch(n, "(BODYSTRUCTURE)")[1][0].split(b" ", 1)[1])
    c.logout()
    assert told[0] == told[1] and b'"gif"' in told[0].lower()


BINARY = b"Content-Transfer-Encoding: binary\r\n"


def binary_message(subject, content, kind=b"mixed"):
    return (b"Subject: " + subject.encode() + b"\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/" + kind + b"; boundary=limit\r\n" +
            BINARY + b"\r\n--limit\r\nContent-Type: text/plain\r\n\r\n"
            b"see there\r\n--limit\r\n"
            b"Content-Type: application/octet-stream\r\n" + BINARY +
            b"\r\n" + content + b"\r\n--limit--\r\n")


def send_binary(t, data, cut, to=(ALICE,)):
    t.say("MAIL FROM:<sender@example.org> BODY=BINARYMIME")
    for rcpt in to:
        assert t.say(f"RCPT TO:<{rcpt}>").startswith("250 ")
    for at in range(0, len(data), cut):
        t.send(chunk(data[at:at + cut], at + cut >= len(data)))
        reply = t.reply()
    return reply


# Anything at all, long enough for a file, and what looks like an end.
CONTENTS = {"all octets": bytes(range(256)) * 5,
            "random": random.Random(2).randbytes(60000),
            "nul": b"\0" * 1000, "none": b"",
            "lines": b"\r\n--limi\r\n.\r\n\n--limit\n\r\r\n\r"}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("cut", [700, 100000])
def test_binary(pabal, name, cut):
    """Octets are kept: a mailbox has them in base64, of true sizes."""
    subject, content = f"{name} by {cut}", CONTENTS[name]
    with Talk(pabal, greet="EHLO c") as t:
        assert "250-BINARYMIME\n" in t.ehlo
        reply = send_binary(t, binary_message(subject, content), cut)
        assert reply.startswith("250 2.0.0 Ok: queued"), reply
    raw = pabal.wait_mail("alice", subject)
    m = email.message_from_bytes(raw)
    assert m["Content-Transfer-Encoding"] == "8bit"
    text, blob = m.get_payload()
    assert text.get_payload() == "see there"
    assert blob["Content-Transfer-Encoding"] == "base64"
    assert blob.get_payload(decode=True) == content
    with contextlib.closing(pabal.imap()) as c:
        c.select()
        n = c.search(None, "SUBJECT", f'"{subject}"')[1][0].decode()
        told = c.fetch(n, "(RFC822.SIZE BODYSTRUCTURE BODY.PEEK[])")[1][0]
        size = int(re.search(rb"RFC822.SIZE (\d+)", told[0])[1])
        assert size == len(told[1])
        assert unix(told[1]) == unix(raw)
        assert b'"base64"' in told[0].lower() and b"binary" not in told[0]
        part = c.fetch(n, "(BODY.PEEK[2])")[1][0][1]
        assert base64.b64decode(part) == content
    with contextlib.closing(pabal.pop()) as c:
        sizes = {int(line.split()[1]) for line in c.list()[1]}
        assert size in sizes


def test_binary_is_refused_where_it_cannot_be(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert t.say("MAIL FROM:<> BODY=BINARYMIME").startswith("250 ")
        assert t.say(f"RCPT TO:<{ALICE}>").startswith("250 ")
        assert t.say("DATA") == "503 5.5.1 BINARYMIME requires BDAT"
        t.say("RSET")
        # Not said to be binary, or in what may not be changed.
        assert send_binary(t, b"Subject: x\r\n\r\n\0\r\n", 999) \
            .startswith("554 5.6.0")
        assert send_binary(t, b"Subject: x\r\n\r\na\nb\r\n", 999) \
            .startswith("550 5.6.11")
        assert send_binary(t, binary_message("x", b"\0", b"signed"), 999) \
            .startswith("554 5.6.3")
        # Text is as welcome as ever.
        assert send_binary(t, b"Subject: plain\r\n\r\n\xe4\r\n", 7) \
            .startswith("250 ")
    assert unix(pabal.wait_mail("alice", "plain")).endswith(b"\n\n\xe4\n")
    assert tmp_files(pabal) == []


def test_size_of_binary(pabal):
    """The limit is that of what is sent, not of what it becomes."""
    head = len(binary_message("fits", b""))
    with Talk(pabal, greet="EHLO c") as t:
        fits = binary_message("fits", b"\0" * (LIMIT - head))
        assert send_binary(t, fits, 30000).startswith("250 ")
        more = binary_message("fits", b"\0" * (LIMIT - head + 1))
        for cut in (30000, LIMIT + 1):
            assert send_binary(t, more, cut).startswith("552 5.3.4")
    pabal.wait_mail("alice", "fits")


def test_binary_for_another_host(pabal):
    """What goes on has been converted, too."""
    with Talk(pabal, greet="EHLO c") as t:
        qid = send_binary(t, binary_message("away", b"\0\n"), 99,
                          to=("x@far.example",)).split()[-1]
    assert "body 8BITMIME" in envelope(pabal, qid)
    pabal.pabal("queue", "delete", qid)


def test_lmtp_of_binary(pabal):
    with Talk(pabal, "lmtp", greet="LHLO c") as t:
        assert "250-BINARYMIME\n" in t.ehlo
        reply = send_binary(t, binary_message("by lmtp", b"\0\n"), 99999)
        assert reply.startswith(f"250 2.0.0 <{ALICE}> Ok: queued")
    m = email.message_from_bytes(pabal.wait_mail("alice", "by lmtp"))
    assert m.get_payload()[1].get_payload(decode=True) == b"\0\n"


def test_requiretls_is_kept(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.starttls()
        t.say("EHLO c")
        assert t.say("MAIL FROM:<s@example.org> REQUIRETLS=1") \
            .startswith("501 ")
        t.begin(to=("x@far.example",), params=" REQUIRETLS")
        # RFC 8689 5: the field stands in the message, nowhere else.
        t.send("TLS-Required: No\r\n\r\nx\r\n.\r\n")
        qid = t.reply().split()[-1]
    assert "requiretls" in envelope(pabal, qid)
    pabal.pabal("queue", "delete", qid)


def test_a_client_that_goes_away_between_chunks(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        t.say("MAIL FROM:<s@example.org>")
        t.say(f"RCPT TO:<{ALICE}>")
        t.send(chunk(b"Subject: gone\r\n\r\n" + b"x" * 70000 + b"\r\n"))
        assert t.reply().startswith("250 ")
        wait(lambda: tmp_files(pabal), "the file")
    wait(lambda: not tmp_files(pabal), "the file's end")
    assert pabal.queue_count() == 0

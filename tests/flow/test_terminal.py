# SPDX-License-Identifier: ISC
"""What strangers wrote gives no orders to the terminal of who reads it: every
command that prints, as text and as JSON, over hostile mail, names and logs."""
import json
import os
import socket
import subprocess

import pytest

from pabal import PABAL
from sink import Sink

# ESC sequences, BEL, C1 in UTF-8, text turned around; U+0085 is a C1, too.
EVIL = "\x1b]52;c;ZXZpbA==\x07\u009b1m\u0085\u202eliame\u2066"
BAD = {*range(0x20), 0x7f, *range(0x80, 0xa0), 0x61c, 0x200e, 0x200f,
       *range(0x2028, 0x202f), *range(0x2066, 0x206a)} - {0x0a, 0x09}


def talk(pabal, *lines):
    """Bytes to the smtp port, one reply for each line."""
    with socket.create_connection(("127.0.0.1", pabal.port("smtp")), 30) as s:
        f = s.makefile("rb")
        f.readline()
        replies = []
        for line in lines:
            s.sendall(line)
            while True:
                reply = f.readline()
                if reply[3:4] != b"-":
                    break
            replies.append(reply)
        return replies


@pytest.fixture(scope="module")
def evil_qid(shared_pabal):
    pabal = shared_pabal
    evil = EVIL.encode()
    with Sink(RCPT=lambda line, s: "450 4.2.1 " + EVIL) as sink:
        pabal.conf("pabal", "relayhost", f"[127.0.0.1]:{sink.port}")
        pabal.reload()
        since = pabal.mark()
        replies = talk(
            pabal, b"EHLO client.example\r\n",
            b"MAIL FROM:<" + "\u202e\u009bm".encode() +
            b"@example.org> SMTPUTF8\r\n",
            b"RCPT TO:<" + "\u009b1m\u202e".encode() + b"@far.example>\r\n",
            b"RCPT TO:<far@far.example>\r\n", b"DATA\r\n",
            b"Subject: " + evil + b"\r\n" + b"X-Raw: \x9b1m\x1b[2J\r\n"
            b"From: " + evil + b" <x@example.org>\r\n\r\n" + evil +
            b"\r\n.\r\n")
        assert replies[-1].startswith(b"250")
        event = pabal.wait_event("rcpt.result", since=since)
    # what no log says, for a program that reads one
    with open(os.path.join(pabal.dir, "log", "pabal.log"), "ab") as f:
        f.write(b"T smtpd[1] info: x.y qid=" + event["qid"].encode() +
                b" text=\"" + evil + b"\\u001b[1m\x9b\"\n")
    return event["qid"]


def output(pabal, *args, stdin=b""):
    r = subprocess.run([PABAL, "-d", pabal.dir, *args], input=stdin,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=60)
    return r.stdout


COMMANDS = [
    ("queue", "list"), ("queue", "show", "QID"), ("queue", "top", "sender"),
    ("queue", "top", "recipient"), ("queue", "top", "reason"),
    ("queue", "why", "QID"), ("queue", "why", "far.example"),
    ("queue", "why", EVIL), ("queue", "why", EVIL + "@x"),
    ("queue", "top", "--by", EVIL), ("queue", "delete", "--all", "--dry-run"),
    ("queue", "export", "--to", EVIL),
    ("trace", "QID"), ("trace", EVIL), ("status",), ("metrics",), ("check",),
    ("user", "list"), ("user", "add", EVIL), ("user", "list", EVIL),
    ("user", "export"), ("alias", "list"), ("alias", "list", EVIL),
    ("alias", "add", EVIL, EVIL), ("conf", "show"), ("conf", "diff"),
    ("conf", "set", "smtpd", EVIL, "1"), ("conf", "get", "pabal", EVIL),
    ("conf", "check"), ("map",), ("map", EVIL), ("cert", "list"),
    ("privileges",), ("queue", "show", EVIL), ("queue", "hold", EVIL),
    ("help", EVIL), (EVIL,), ("sendmail", "-f", EVIL, EVIL), ("mailq",),
]


@pytest.mark.parametrize("args", COMMANDS, ids=map(str, range(len(COMMANDS))))
def test_no_orders(pabal, evil_qid, args):
    args = [evil_qid if a == "QID" else a for a in args]
    for option in ([], ["--json"]):
        out = output(pabal, *option, *args)
        found = {c for c in map(ord, out.decode()) if c in BAD}
        assert not found, (args, option, out)


def test_json_keeps_the_text(pabal, evil_qid):
    """Escaped is not lost: a program gets what was said."""
    shown = json.loads(output(pabal, "--json", "queue", "show", evil_qid))
    assert EVIL in shown["header"]
    first = json.loads(output(pabal, "--json", "queue", "list"))[0]
    assert first["sender"] == "\u202e\u009bm@example.org"


def test_message_goes_out_as_it_is(pabal, evil_qid):
    """To a file or a program; a terminal gets no orders."""
    whole = output(pabal, "queue", "show", evil_qid, "--message")
    assert EVIL.encode() in whole and b"\x9b1m\x1b[2J" in whole
    up, down = os.openpty()
    subprocess.run([PABAL, "-d", pabal.dir, "queue", "show", evil_qid,
                    "--message"], stdout=down, timeout=60)
    os.close(down)
    seen = b""
    try:
        while piece := os.read(up, 65536):
            seen += piece
    except OSError:
        pass
    os.close(up)
    text = seen.decode()
    assert "Subject: ?]52;c;" in text
    assert not {c for c in map(ord, text) if c in BAD - {0x0d}}


def test_tables_by_hand(pabal, evil_qid):
    """Mistakes in a text are told with what stands there."""
    path = os.path.join(pabal.dir, "etc", "aliases")
    with open(path) as f:
        before = f.read()
    with open(path, "a") as f:
        f.write("x\u009b1m\u202ey@: b\u202ea c\n")
    try:
        out = output(pabal, "map", "aliases")
        assert b"aliases:" in out
        assert not {c for c in map(ord, out.decode()) if c in BAD}
    finally:
        with open(path, "w") as f:
            f.write(before)
        output(pabal, "map", "aliases")


def test_the_log_itself(pabal, evil_qid):
    """But for the line that this test wrote."""
    log = pabal.log().replace(EVIL, "")
    assert "\u202e" not in log and "\x1b" not in log and "\u009b" not in log
    assert "mail.accepted" in log

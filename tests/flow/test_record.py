# SPDX-License-Identifier: ISC
"""The structure of a message, found where it comes in and kept beside it: the
same as imapd finds in the file by itself."""
import glob
import json
import os
import random
import re
import shutil
import subprocess

from imapraw import Imap
from pabal import DOMAIN, PABAL, PASSWORD, PATIENCE, message
from test_smtp import Wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MANY = [f"many{i}" for i in range(100)]
LOOKERS = (MANY[0], MANY[-1])
USERS = ("alice", "bob", "carol", "dave")
SEED = int(os.environ.get("PABAL_SEED", "1"))
RANDOM = 60

FIELDS = [
    b"Subject: =?utf-8?q?=EA=B0=80?= and\r\n more",
    b"Date: Thu, 1 Jan 2026 10:00:00 +0900",
    b"From: \"A, B\" <a@b.example>, (note) c@d",
    b"To: group: x@y, z@w;, undisclosed:;",
    b"Cc: <@route.example:a@b>, \xea\xb0\x80@example.org",
    b"Reply-To: nobody",
    b"Message-ID: <1@example.org>",
    b"Return-Path: <old@example.org>",
    b"Return-Path:\r\n <folded@example.org>",
    b"X-Long: " + b"x" * 900,
    b"Content-Language: ko, en",
    b"Content-Disposition: attachment; filename*0=a; filename*1=\"b c\"",
    b"Content-Description: {3}",
    b"Content-Transfer-Encoding: base64",
]
TYPES = [b"text/plain; charset=utf-8", b"text/html", b"image/png; name=\"x\"",
         b"application/octet-stream", b"broken"]


def part(r, depth=0):
    """A random part, or message, with its header."""
    head = r.sample(FIELDS, r.randrange(len(FIELDS)))
    kind = r.choice(("leaf", "mixed", "digest", "message"))
    if depth > 4 or kind == "leaf":
        head.append(b"Content-Type: " + r.choice(TYPES))
        body = b"a line\r\n" * r.randrange(4) + r.choice((b"", b"\r\n.\r\n"))
    elif kind == "message":
        head.append(b"Content-Type: message/rfc822")
        body = part(r, depth + 1)
    else:
        b = b"b%d" % r.randrange(12)  # b1 is the beginning of b10
        head.append(b"Content-Type: multipart/%s; boundary=%s"
                    % (kind.encode(), b))
        body = b"preamble\r\n" * r.randrange(2)
        for _ in range(r.randrange(4)):
            body += b"--" + b + b"\r\n" + part(r, depth + 1) + b"\r\n"
        body += b"--" + b + r.choice((b"", b"--", b"--\r\nbehind"))
    r.shuffle(head)
    empty = r.choice((b"\r\n", b"\r\n", b"\r\n", b""))
    return b"".join(f + b"\r\n" for f in head) + empty + body


def corpus():
    """Messages of the fuzzers, headers that other servers were sent, and
    random ones."""
    found = []
    for name in ("imapd_structure", "mime_parser", "mime_downgrade",
                 "mime_header", "smtpd_data"):
        for path in sorted(glob.glob(f"{ROOT}/fuzz/seeds/{name}/*")):
            with open(path, "rb") as f:
                found.append(f.read())
    for name, field in (("content_type", b"Content-Type"),
                        ("address", b"From"), ("date", b"Date")):
        with open(f"{ROOT}/tests/vectors/{name}.h") as f:
            rows = re.findall(r'^ROW\(("(?:[^"\\]|\\.)*")', f.read(), re.M)
        for row in rows:
            value = row[1:-1].encode().decode("unicode_escape")
            found.append(field + b": " + value.strip().encode("latin-1")
                         + b"\n\n--x\n\nhi\n--x--\n")
    r = random.Random(SEED)
    found += [part(r) for _ in range(RANDOM)]
    return [re.sub(rb"\r?\n|\r", b"\r\n", m.replace(b"\0", b"")) for m in found]


def counts(pabal, name):
    """The sum of a counter over all processes."""
    return sum(int(s["value"]) for s in json.loads(
        pabal.pabal("--json", "metrics"))
        if s["name"] in (name, name + "_total"))


def parsed(pabal):
    return counts(pabal, "pabal_mailread_parsed")


def paths(at=b""):
    """Numbers of parts, of more than most messages have."""
    yield from (b"%s%d" % (at, i) for i in (1, 2, 3))
    if len(at) < 8:
        for i in (1, 2):
            yield from paths(b"%s%d." % (at, i))


SECTIONS = b" ".join(b"BODY.PEEK[%s]" % p for p in paths())
ITEMS = (b"(RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[HEADER] "
         b"BODY.PEEK[TEXT] " + SECTIONS + b")")


def told(c):
    """What is said of each message: records first, then their use."""
    c.ok("SELECT INBOX")
    search = c.ok("SEARCH SENTSINCE 1-Jan-2026")
    return (c.ok("FETCH 1:* (ENVELOPE)"), search,
            c.ok(b"FETCH 1:* " + ITEMS))


def forget(pabal, user):
    """Everything that was found out of USER's messages."""
    shutil.rmtree(os.path.join(pabal.maildir(user), "pabal.index"))


def test_same_as_imapd_finds(pabal):
    messages = corpus()
    with Wire(pabal) as w:
        for m in messages:
            assert w.ask("MAIL FROM:<s@example.org> BODY=8BITMIME")[0] == "2"
            assert w.ask(f"RCPT TO:<alice@{DOMAIN}>")[0] == "2"
            assert w.ask("DATA")[0] == "3"
            w.say(re.sub(rb"(?m)^\.", b"..", m))
            if m and not m.endswith(b"\r\n"):
                w.say(b"\r\n")
            w.say(b".\r\n")
            assert w.reply()[0] == "2", m
    pabal.wait_queue(0)
    assert counts(pabal, "pabal_local_records") == len(messages) > 150
    assert counts(pabal, "pabal_local_records_refused") == 0
    with Imap(pabal, "alice") as c:
        before = told(c)
    assert parsed(pabal) == 0
    forget(pabal, "alice")
    with Imap(pabal, "alice") as c:
        after = told(c)
    assert parsed(pabal) == len(messages)
    for a, b in zip(before, after):
        for x, y in zip(a, b):
            assert x == y, f"seed {SEED}"
    assert before == after


def test_however_it_came(pabal, tmp_path):
    begun = counts(pabal, "pabal_local_records"), parsed(pabal)
    pabal.send("by smtp", to=f"bob@{DOMAIN}")
    with pabal.lmtp() as s:
        s.sendmail("s@example.org", [f"bob@{DOMAIN}"], message("by lmtp"))
    link = tmp_path / "sendmail"
    link.symlink_to(PABAL)
    subprocess.run([link, f"bob@{DOMAIN}"], input=message("by sendmail"),
                   env=dict(os.environ, PABAL_DIR=pabal.dir), check=True,
                   timeout=PATIENCE)
    for way in ("smtp", "lmtp", "sendmail"):
        pabal.wait_mail("bob", f"by {way}")
    with Imap(pabal, "bob") as c:
        told(c)
    assert counts(pabal, "pabal_local_records") == begun[0] + 3
    assert parsed(pabal) == begun[1]


def test_report(pabal):
    """What qmgr writes itself has no record: it is read when asked for."""
    begun = parsed(pabal)
    with pabal.lmtp() as s:
        s.sendmail(f"carol@{DOMAIN}", [f"dave@{DOMAIN}"], message("x"),
                   rcpt_options=["NOTIFY=SUCCESS"])
    pabal.wait_mail("dave", "x")
    pabal.wait_queue(0)
    with Imap(pabal, "carol") as c:
        assert b'"delivery-status"' in told(c)[2][0]
    assert parsed(pabal) == begun + 1


def test_many_recipients(make_pabal):
    """One record for all of them, beside each one's own header."""
    pabal = make_pabal(users=())
    pabal.pabal("user", "import", input="".join(
        f'{u}@{DOMAIN} ' + (f'password="{PASSWORD}"\n' if u in LOOKERS
                            else "login=no\n") for u in MANY))
    pabal.send("to many", to=[f"{u}@{DOMAIN}" for u in MANY])
    for user in MANY:
        pabal.wait_mail(user, "to many")
    assert counts(pabal, "pabal_local_records_refused") == 0
    answers = []
    for user in LOOKERS:
        with Imap(pabal, user) as c:
            answers.append(told(c))
    assert parsed(pabal) == 0
    sizes = {re.search(rb"RFC822.SIZE (\d+)", a[2][0])[1] for a in answers}
    assert len(sizes) == 2  # many0 and many99
    assert answers[0][0] == answers[1][0]

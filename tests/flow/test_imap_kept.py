# SPDX-License-Identifier: ISC
"""What the index keeps of a message is told without its file, and is what the
file says."""
import glob
import os
import random

import pytest
from imapraw import Imap
from pabal import DOMAIN, message, wait

KEPT = "DATE FROM TO SUBJECT CONTENT-TYPE REFERENCES"
ALL = f"(ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({KEPT})])"
USERS = ("alice", "bob", "carol", "dora")


def files(pabal, user):
    top = os.path.join(pabal.dir, "mail", DOMAIN, user)
    return [p for part in ("cur", "new")
            for p in glob.glob(os.path.join(glob.escape(top), part, "*"))]


def close_files(pabal, user):
    for path in files(pabal, user):
        os.chmod(path, 0)


def test_delivered(pabal):
    """smtpd has read it, and nobody has to again."""
    with pabal.smtp() as s:
        s.sendmail("sender@example.org", [f"bob@{DOMAIN}"],
                   message("kept from the start", References="<a@b> <c@d>"))
    wait(lambda: files(pabal, "bob"), "the message")
    close_files(pabal, "bob")
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        [told] = c.ok(f"FETCH 1 {ALL}")
        assert b"kept from the start" in told
        assert b"References: <a@b> <c@d>\r\n" in told
        assert c.cmd("FETCH 1 BODY.PEEK[HEADER.FIELDS (DATE X-OTHER)]")[0] == \
            b"NO"
        assert c.cmd("FETCH 1 BODY.PEEK[]")[0] == b"NO"


def test_read_once(pabal):
    """A file of another program, and an APPEND."""
    top = os.path.join(pabal.dir, "mail", DOMAIN, "carol")
    owner = os.stat(top)
    path = os.path.join(top, "new", "1700000000.M1P1.elsewhere")
    with open(path, "wb") as f:
        f.write(b"Subject: foreign\nFrom: a@b\n"
                b"References: <f@b>\n <g@b>\n\nbody\n")
    os.chown(path, owner.st_uid, owner.st_gid)
    with Imap(pabal, "carol") as c:
        assert c.cmd("APPEND INBOX %L", b"Subject: appended\r\n\r\nx\r\n")[0] \
            == b"OK"
        c.ok("SELECT INBOX")
        threads = c.ok("FETCH 1:* THREADID")
        first = c.ok(f"FETCH 1:* {ALL}")
        assert len(first) == 2
        # What was made is in memory until the mailbox is closed.
        c.ok("CLOSE")
        close_files(pabal, "carol")
        c.ok("SELECT INBOX")
        assert c.ok("FETCH 1:* THREADID") == threads
        assert c.ok(f"FETCH 1:* {ALL}") == first
        assert c.cmd("FETCH 1:* BODY.PEEK[TEXT]")[0] == b"NO"


def test_preview_is_kept(pabal):
    """Also that there is none; a file of another size is read again."""
    with Imap(pabal, "carol") as c:
        c.ok("CREATE previews")
        for header, body in ((b"", b"what a reader sees"),
                             (b"Content-Type: application/pdf\r\n", b"%PDF")):
            c.append(header + b"Subject: x\r\n\r\n" + body + b"\r\n",
                     "previews")
        c.ok("SELECT previews")
        first = c.ok("FETCH 1:* (PREVIEW (LAZY))")
        assert [b'"what a reader sees"' in first[0], b'""' in first[1]] == \
            [True, True]
        c.ok("CLOSE")
        top = os.path.join(pabal.dir, "mail", DOMAIN, "carol", ".previews")
        paths = glob.glob(os.path.join(glob.escape(top), "cur", "*")) + \
            glob.glob(os.path.join(glob.escape(top), "new", "*"))
        assert len(paths) == 2
        for path in paths:
            os.chmod(path, 0)
        c.ok("SELECT previews")
        assert c.ok("FETCH 1:* PREVIEW") == first
        assert c.cmd("FETCH 1 BODY.PEEK[]")[0] == b"NO"


def test_sorted_and_threaded(pabal):
    """More of them than are read at once; where References are too long to be
    kept, their file is read once."""
    n = 150
    order = random.Random(1).sample(range(n), n)
    long = b"".join(b" <%040d@x>\r\n" % i for i in range(60))
    asked = ("SORT (SUBJECT) UTF-8 ALL", "SORT (REVERSE FROM) UTF-8 ALL",
             "THREAD REFERENCES UTF-8 ALL", "THREAD REFS UTF-8 ALL",
             "THREAD ORDEREDSUBJECT UTF-8 ALL")
    with Imap(pabal, "dora") as c:
        for i, k in enumerate(order):
            other = b"References" if i % 3 else b"In-Reply-To"
            c.ok("APPEND INBOX %L", b"Subject: Re: s%04d\r\nFrom: f%04d@x\r\n"
                 b"Message-ID: <%d@x>\r\n%s: <%d@x>\r\n\r\nx\r\n"
                 % (k, k, i, other, i - i % 10))
        c.ok("APPEND INBOX %L", b"Subject: z\r\nMessage-ID: <long@x>\r\n"
             b"References:" + long + b" <10@x>\r\n\r\nx\r\n")
        c.ok("SELECT INBOX")
        first = [c.ok(x) for x in asked]
        by_subject = sorted(range(n), key=lambda i: order[i])
        assert first[0][0].split()[1:] == \
            [b"%d" % (i + 1) for i in by_subject] + [b"%d" % (n + 1)]
        assert first[1][0].split()[1:-1] == \
            [b"%d" % (i + 1) for i in reversed(by_subject)]
        assert b"(11 (12)(13)(14)(15)(16)(17)(18)(19)(20)(151))" in first[2][0]
        c.ok("CLOSE")
        close_files(pabal, "dora")
        c.ok("SELECT INBOX")
        assert [c.ok(x) for x in asked] == first
        # HEADER asks for kept fields, or the file
        for i in (1, n):
            assert c.ok('SEARCH HEADER Message-ID "<%d@x>" NOT HEADER Cc ""'
                        % (i - 1)) == [b"SEARCH %d" % i]
        assert c.ok('SEARCH 1:20 HEADER In-Reply-To "<0@x>"') == [
            b"SEARCH 1 4 7 10"]
        assert c.cmd("SEARCH HEADER X-Other y")[0] == b"NO"
        c.ok("UID STORE %d +FLAGS.SILENT (\\Deleted)" % (n + 1))
        assert [c.ok(x) for x in asked[:2]] == first[:2]
        assert c.ok("THREAD REFERENCES UTF-8 UNDELETED")[0] == \
            first[2][0].replace(b"(151)", b"")


ORDERS = ("SORT (SUBJECT) UTF-8", "SORT (REVERSE SIZE SUBJECT) UTF-8",
          "SORT (REVERSE DATE) UTF-8", "SORT (ARRIVAL) UTF-8",
          "THREAD REFERENCES UTF-8", "THREAD REFS UTF-8",
          "THREAD ORDEREDSUBJECT UTF-8")


@pytest.mark.parametrize("seed", range(3))
def test_order_follows(pabal, seed):
    """What SORT and THREAD keep, while messages come and go."""
    r = random.Random(seed)
    box = []  # subjects
    with Imap(pabal) as c:
        c.cmd("DELETE order")
        c.ok("CREATE order")
        c.ok("SELECT order")
        for _ in range(12):
            for _ in range(r.choice((0, 1, 40))):
                subject = b"%s%d" % (r.choice((b"", b"re: ")), r.randrange(30))
                c.ok("APPEND order %L", b"Subject: %s\r\nMessage-ID: <%d@x>\r\n"
                     b"References: <%d@x>\r\nDate: Mon, %d Nov 2026 10:00:00 "
                     b"+0000\r\n\r\nx\r\n" % (
                         subject, r.randrange(99), r.randrange(99),
                         r.randrange(1, 30)))
                box.append(subject)
            for at in sorted(r.sample(range(len(box)), len(box) // 9),
                             reverse=True):
                c.ok("STORE %d +FLAGS.SILENT (\\Deleted)" % (at + 1))
                del box[at]
            c.ok("EXPUNGE")
            if r.randrange(3) == 0:
                c.ok("SELECT order")
            bases = [s.removeprefix(b"re: ") for s in box]
            want = sorted(range(len(box)), key=lambda i: (bases[i], i))
            [told] = c.ok("SORT (SUBJECT) UTF-8 ALL")
            assert told.split()[1:] == [b"%d" % (i + 1) for i in want], seed
            # who asks for BODY is shown the messages, not what is kept
            for ask in ORDERS:
                assert c.ok(f"{ask} ALL") == c.ok(f'{ask} BODY "x"'), (seed, ask)


PIECES = [b"From: a\r\n", b"Subject: b\r\n c\r\n", b"TO: x\r\n", b"Lines: 3\r\n",
          b"References: <a>\r\n\t<b>\r\n", b"X-Nobody: asks\r\n", b" lost\r\n",
          b"no field\r\n", b"subject : twice\r\n",
          b"Comments: " + b"x" * 1900 + b"\r\n", b"To: " + b"y" * 3000 + b"\r\n"]
NAMES = ["From", "SUBJECT", "to", "References", "Lines", "Comments", "Cc"]


@pytest.mark.parametrize("seed", range(5))
def test_same_as_the_file(pabal, seed):
    """A name that is not kept sends the server to the file."""
    r = random.Random(seed)
    with Imap(pabal) as c:
        c.cmd("DELETE law")
        c.ok("CREATE law")
        for _ in range(30):
            text = b"".join(r.choices(PIECES, k=r.randrange(8)))
            text += b"\r\nbody\r\n" if r.randrange(8) else b""
            assert c.cmd("APPEND law %L", text or b"x\r\n")[0] == b"OK"
        c.ok("SELECT law")
        for _ in range(10):
            names = " ".join(r.sample(NAMES, r.randrange(1, 5)))
            part = r.choice(["", "<0.7>", "<3.2000>", "<9000.1>"])
            mark = part.split(".")[0] + (">" if part else "")
            kept = c.ok(f"FETCH 1:* BODY.PEEK[HEADER.FIELDS ({names})]{part}")
            read = c.ok(
                f"FETCH 1:* BODY.PEEK[HEADER.FIELDS ({names} X-Not)]{part}")
            assert len(kept) == 30
            assert kept == [a.replace(f"({names} X-Not)]{mark}".encode(),
                                      f"({names})]{mark}".encode())
                            for a in read], (seed, names, part)


def test_parts_have_fields_of_their_own(pabal):
    """What is kept is the header of the message itself."""
    inner = b"Subject: inner\r\nFrom: i\r\n\r\nx\r\n"
    with Imap(pabal) as c:
        c.cmd("DELETE nested")
        c.ok("CREATE nested")
        assert c.cmd("APPEND nested %L", b"Subject: outer\r\nContent-Type: "
                     b"message/rfc822\r\n\r\n" + inner)[0] == b"OK"
        c.ok("SELECT nested")
        [told] = c.ok("FETCH 1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] "
                      "BODY.PEEK[1.HEADER.FIELDS (SUBJECT)] "
                      "BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT)])")
        assert b"[HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: outer" in told
        assert b"[1.HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: inner" in told
        assert b"NOT (SUBJECT)] {32}\r\nContent-Type: message/rfc822\r\n" in told


def test_select_again(pabal):
    """A mailbox that is selected once more is as it is now."""
    def count(c):
        return next(int(a.split()[0]) for a in c.ok("SELECT again")
                    if a.endswith(b" EXISTS"))
    with Imap(pabal) as c, Imap(pabal) as other:
        c.cmd("DELETE again")
        c.ok("CREATE again")
        assert count(c) == 0
        for n in range(1, 4):
            assert other.cmd("APPEND again %L", b"Subject: x\r\n\r\n")[0] == \
                b"OK"
            assert count(c) == n
            assert count(c) == n
        other.ok("SELECT again")
        other.ok("STORE 2 +FLAGS (\\Deleted)")
        other.ok("EXPUNGE")
        assert count(c) == 2
        assert [a.split()[3] for a in c.ok("FETCH 1:* UID")] == \
            [b"1)", b"3)"]

# SPDX-License-Identifier: ISC
"""SORT, SORT=DISPLAY, ESORT (RFC 5256, 5957, 5267) and a law: any program sorts
as Python does."""
import os
import random
import re
import shutil

import pytest
from imapraw import Imap

USERS = tuple(f"s{i}" for i in range(9)) + ("kept", "sizes")
taken = iter(USERS)


def message(subject=None, sender="a@b.example", to="c@d.example", cc=None,
            date="Mon, 2 Mar 2026 10:00:00 +0000", body=""):
    lines = [f"From: {sender}", f"To: {to}"]
    lines += [f"Subject: {subject}"] if subject is not None else []
    lines += [f"Cc: {cc}"] if cc is not None else []
    lines += [f"Date: {date}"] if date is not None else []
    return "\r\n".join(lines + ["", body]).encode()


@pytest.fixture
def c(pabal):
    with Imap(pabal, user=next(taken)) as c:
        c.ok("SELECT INBOX")
        yield c


def put(c, *messages):
    for m in messages:
        c.append(m)
    c.ok("NOOP")


def order(c, program, keys="ALL"):
    answer = c.ok(f"SORT ({program}) UTF-8 {keys}")
    assert len(answer) == 1 and answer[0].startswith(b"SORT")
    return [int(n) for n in answer[0].split()[1:]]


def raw(subject, charset, declared=None):
    """A subject as it stands, and what the message says of its charset."""
    return (b"From: " + subject.encode(charset) + b" <a@b.example>\r\n"
            b"Subject: Re: " + subject.encode(charset) + b"\r\n"
            b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
            b"Content-Type: text/plain; charset=%s\r\n\r\nx\r\n"
            % (declared or charset).encode())


def test_raw_subjects(c):
    """RFC 5256 2.1: in the charset that the message declares, or UTF-8 where
    they are that, as SEARCH reads them."""
    put(c, raw("\ud6c4", "euc-kr"), raw("\ub9c8", "iso-2022-kr"),
        raw("\uac00", "johab"), raw("\ub098", "utf-8", "us-ascii"),
        message("=?utf-8?b?7ZuE?="), message("=?euc-kr?b?sKE=?="))
    assert order(c, "SUBJECT") == [3, 6, 4, 2, 1, 5]
    # not of the second: ISO-2022-KR begins with what is special in an address
    assert order(c, "DISPLAYFROM", "1,3:4") == [3, 4, 1]
    [threads] = c.ok("THREAD ORDEREDSUBJECT UTF-8 ALL")
    assert threads == b"THREAD (1 5)(2)(3 6)(4)"


def test_criteria(c):
    """RFC 5256 3: each key, what is equal in mailbox order, REVERSE too."""
    put(c,
        message("Re: banana", "zoe@x", "m@x", "k@x",
                "Mon, 2 Mar 2026 10:00:00 +0100", "x" * 50),
        message("apple", "Adam@x", "n@x", None,
                "Mon, 2 Mar 2026 09:30:00 +0000", "x" * 10),
        message("[list] Apple (fwd)", "\"Zed\" <bob@x>", "M@x", "J@x",
                "Sun, 1 Mar 2026 23:00:00 -0500", "x" * 90),
        message(None, "Group: carl@x, y@x;", "undisclosed:;", None,
                "Mon, 2 Mar 2026 08:00:00 +0000"))
    assert order(c, "ARRIVAL") == [1, 2, 3, 4]
    # 09:00, 09:30, 04:00, 08:00 of the same day in UTC
    assert order(c, "DATE") == [3, 4, 1, 2]
    assert order(c, "REVERSE DATE") == [2, 1, 4, 3]
    assert order(c, "SUBJECT") == [4, 2, 3, 1]
    assert order(c, "REVERSE SUBJECT") == [1, 2, 3, 4]
    assert order(c, "SUBJECT REVERSE DATE") == [4, 2, 3, 1]
    assert order(c, "SUBJECT DATE") == [4, 3, 2, 1]
    assert order(c, "FROM") == [2, 3, 4, 1]
    assert order(c, "TO") == [1, 3, 2, 4]
    assert order(c, "CC") == [2, 4, 3, 1]
    assert order(c, "SIZE")[-1] == 3
    assert order(c, "DATE", "2:3") == [3, 2]
    assert c.ok("UID SORT (REVERSE ARRIVAL) us-ascii FLAGGED") == [b"SORT"]


def test_sent_date(c):
    """RFC 5256 2.2: without a Date that can be read, INTERNALDATE counts."""
    for date, internal in (
            ("Mon, 2 Mar 2026 10:00:00 +0000", "01-Jan-2020 00:00:00 +0000"),
            (None, "03-Mar-2026 00:00:00 +0000"),
            ("no date at all", "01-Mar-2026 00:00:00 +0000")):
        c.append(message("s", date=date), args=f'"{internal}" ')
    c.ok("NOOP")
    assert order(c, "DATE") == [3, 1, 2]
    assert order(c, "ARRIVAL") == [1, 3, 2]


def test_collation(c):
    """i;unicode-casemap (RFC 5051): title case, decomposed, by octets."""
    put(c, message("_"), message("b"), message("A"), message("a2"),
        message("=?utf-8?q?=C3=84pfel?="), message("z"),
        message("=?euc-kr?B?sKHFzQ==?="), message("=?utf-8?b?6rCA?="),
        message("B2"))
    assert order(c, "SUBJECT") == [3, 4, 5, 2, 9, 6, 1, 8, 7]


def test_display(c):
    """RFC 5957 3: names before addresses, decoded."""
    put(c,
        message(sender="zoe@x", to="Bob <a@x>"),
        message(sender="\"Bert\" <a@x>", to="c@x"),
        message(sender="=?utf-8?q?=C3=84nne?= <q@x>", to="\"\" <abe@x>"),
        message(sender="carl@x (Anton)", to="x@y"))
    assert order(c, "DISPLAYFROM") == [4, 3, 2, 1]
    assert order(c, "REVERSE DISPLAYFROM") == [1, 2, 3, 4]
    assert order(c, "DISPLAYTO") == [3, 1, 2, 4]


def test_esort(c):
    """RFC 5267 3: ESEARCH answers in the order of the program."""
    put(c, *[message("abcdef"[i]) for i in (2, 0, 1, 4, 3)])

    def esort(options):
        answer = c.ok(f"UID SORT RETURN ({options}) (SUBJECT) UTF-8 ALL")
        head = b'ESEARCH (TAG "t%d") UID ' % c.count
        assert answer[0].startswith(head)
        return answer[0][len(head):]

    assert esort("") == b"ALL 2:3,1,5,4"
    assert esort("MIN MAX COUNT") == b"MIN 2 MAX 4 COUNT 5"
    assert esort("PARTIAL 2:4") == b"PARTIAL (2:4 3,1,5)"
    assert esort("PARTIAL -1:-2") == b"PARTIAL (-1:-2 5,4)"
    assert esort("PARTIAL 6:7 COUNT") == b"COUNT 5 PARTIAL (6:7 NIL)"


@pytest.mark.parametrize("command", [
    "SORT", "SORT (DATE)", "SORT () UTF-8 ALL", "SORT (NONE) UTF-8 ALL",
    "SORT DATE UTF-8 ALL", "SORT (REVERSE) UTF-8 ALL",
    "SORT (REVERSE REVERSE DATE) UTF-8 ALL", "SORT (DATE) UTF-8",
    "SORT (DATE)UTF-8 ALL", "SORT (DATE" + " DATE" * 20 + ") UTF-8 ALL",
    "SORT RETURN (NONE) (DATE) UTF-8 ALL",
])
def test_refusals(pabal, command):
    with Imap(pabal, user="s7") as c:
        c.ok("SELECT INBOX")
        assert c.cmd(command)[0] == b"BAD"
        status, why, _ = c.cmd("SORT (DATE) x-none ALL")
        assert status == b"NO" and why.startswith(b"[BADCHARSET (")


NAMES = ("ada", "Bob", "carl", "DORA", "eve")
WORDS = ("x", "Apple", "apple", "Banana", "cherry pie", "_", "")


def test_law(c):
    """Random messages under random programs, against a model."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rnd = random.Random(seed)
    rows = []
    for i in range(120):
        row = {"FROM": rnd.choice(NAMES), "TO": rnd.choice(NAMES),
               "SUBJECT": rnd.choice(WORDS), "DATE": rnd.randrange(60),
               "SIZE": rnd.randrange(4), "ARRIVAL": rnd.randrange(5)}
        marks = rnd.choice(("", "Re: ", "[l] Fwd: ", "re[2]: "))
        m = message(marks + row["SUBJECT"], row["FROM"] + "@x",
                    row["TO"] + "@x", None,
                    f"Mon, 2 Mar 2026 10:{row['DATE']:02}:00 +0000")
        row["SIZE"] += len(m)
        c.append(m + b"x" * (row["SIZE"] - len(m)),
                 args=f'"0{row["ARRIVAL"] + 1}-Jan-2026 00:00:00 +0000" ')
        rows.append(row)
    c.ok("NOOP")
    for _ in range(30):
        keys = [(rnd.random() < .5, rnd.choice(list(rows[0])))
                for _ in range(rnd.randint(1, 4))]
        want = list(range(1, len(rows) + 1))
        for reverse, key in reversed(keys):
            def value(n):
                v = rows[n - 1][key]
                return v.upper().strip() if isinstance(v, str) else v
            want.sort(key=value, reverse=False)
            if reverse:  # what is equal stays in its order
                groups = {}
                for n in want:
                    groups.setdefault(value(n), []).append(n)
                want = [n for v in sorted(groups, reverse=True)
                        for n in groups[v]]
        program = " ".join(("REVERSE " if r else "") + k for r, k in keys)
        some = sorted(rnd.sample(want, 20))
        # The second and third are answered from the order of the first.
        for n in (want, want, some):
            assert order(c, program, ",".join(map(str, sorted(n)))) == [
                m for m in want if m in set(n)], (seed, program)


def subjects(n, first=0):
    return [message(f"{(first + i) * 37 % 101:03}") for i in range(n)]


def test_kept_order(pabal):
    """An order that is kept is nobody's when messages came or went."""
    with Imap(pabal, user="kept") as c, Imap(pabal, user="kept") as other:
        c.ok("SELECT INBOX")
        put(c, *subjects(80))
        want = sorted(range(1, 81), key=lambda n: (n - 1) * 37 % 101)
        other.ok("SELECT INBOX")
        assert order(c, "SUBJECT") == order(other, "SUBJECT") == want
        c.ok("STORE 10:20 +FLAGS (\\Flagged \\Deleted)")
        assert order(c, "SUBJECT", "FLAGGED") == [
            n for n in want if 10 <= n <= 20]
        c.ok("EXPUNGE")
        assert order(c, "SUBJECT") == [
            n - 11 * (n > 20) for n in want if not 10 <= n <= 20]
        # numbers of a view that has not heard of it
        assert order(other, "SUBJECT") == [
            n for n in want if not 10 <= n <= 20]
        other.ok("NOOP")
        assert order(other, "SUBJECT") == order(c, "SUBJECT")
        c.append(message("000"))
        c.ok("NOOP")
        assert order(c, "SUBJECT")[:2] == [1, 70]
        # it hears of the new one behind the answer
        answer = other.ok("SORT (SUBJECT) UTF-8 ALL")
        assert [int(n) for n in answer[0].split()[1:]] == [
            n - 11 * (n > 20) for n in want if not 10 <= n <= 20]
        assert order(other, "SUBJECT")[:2] == [1, 70]


def sizes(c):
    return [int(re.search(rb"RFC822.SIZE (\d+)", line)[1])
            for line in c.ok("FETCH 1:* RFC822.SIZE")]


def test_kept_order_of_sizes(pabal):
    """A size in a name is believed until the message is read."""
    with Imap(pabal, user="sizes") as c:
        c.ok("SELECT INBOX")
        put(c, *[message("s", body="x" * (80 - i)) for i in range(80)])
    pabal.pabal("stop")
    top = pabal.maildir("sizes")
    shutil.rmtree(os.path.join(top, "pabal.index"))
    [name] = [n for n in os.listdir(os.path.join(top, "cur"))
              if re.search(r",U=80\b", n)]
    os.rename(os.path.join(top, "cur", name), os.path.join(
        top, "cur", re.sub(r"W=(\d+)", lambda m: f"W={int(m[1]) + 50}", name)))
    pabal.pabal("start")
    with Imap(pabal, user="sizes") as d:
        d.ok("SELECT INBOX")
        for _ in range(2):
            found = order(d, "SIZE")
            assert found.index(80) > 40
        d.ok("FETCH 80 BODY.PEEK[]")
        assert order(d, "SIZE") == list(range(80, 0, -1)) == sorted(
            range(1, 81), key=lambda n: (sizes(d)[n - 1], n))

# SPDX-License-Identifier: ISC
"""Searches that are kept up to date (RFC 5267 4.3), with the RFC's own rules, and
a law: a client that applies ADDTO and REMOVEFROM has what a new search finds."""
import random
import re

import pytest
from imapraw import Imap

USERS = tuple(f"c{i}" for i in range(8))
taken = iter(USERS)


@pytest.fixture
def two(pabal):
    """Two sessions of an account: one that has contexts, one that changes."""
    user = next(taken)
    with Imap(pabal, user=user) as a, Imap(pabal, user=user) as b:
        b.ok("SELECT INBOX")
        a.ok("SELECT INBOX")
        yield a, b


def message(subject):
    return (f"From: a@b.example\r\nSubject: {subject}\r\n\r\ntext\r\n").encode()


def updates(c, command="NOOP"):
    """ESEARCH answers of COMMAND, without what they begin with; and others."""
    answers = c.ok(command)
    told = [a[9:] for a in answers if a.startswith(b"ESEARCH (")]
    return told, [a for a in answers if not a.startswith(b"ESEARCH (")]


def test_search(two):
    a, b = two
    for s in ("x", "y"):
        b.append(message(s))
    a.ok("NOOP")
    assert a.ok("UID SEARCH RETURN (UPDATE COUNT) UNDELETED SUBJECT x") == [
        b'ESEARCH (TAG "t%d") UID COUNT 1' % a.count]
    head = b'TAG "t%d") UID ' % a.count
    for s in ("x", "y", "x"):
        b.append(message(s))
    told, others = updates(a)
    assert told == [head + b"ADDTO (0 3,5)"] and b"5 EXISTS" in others
    b.ok("NOOP")
    b.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
    assert updates(a)[0] == [head + b"REMOVEFROM (0 1,3)"]
    b.ok("STORE 1 -FLAGS.SILENT (\\Deleted)")
    assert updates(a)[0] == [head + b"ADDTO (0 1)"]
    # its own changes too (RFC 5267 4.3)
    told, _ = updates(a, "STORE 5 +FLAGS.SILENT (\\Deleted)")
    assert told == [head + b"REMOVEFROM (0 5)"]
    a.ok("UID SEARCH RETURN (UPDATE) UNSEEN")
    unseen = b'TAG "t%d") UID ' % a.count
    told, _ = updates(a, "FETCH 4 BODY[TEXT]")
    assert told == [unseen + b"REMOVEFROM (0 4)"]
    a.ok('CANCELUPDATE "t%d"' % (a.count - 1))
    b.ok("EXPUNGE")
    assert updates(a)[0] == []
    b.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
    b.ok("EXPUNGE")
    assert updates(a)[0] == [head + b"REMOVEFROM (0 1)"]
    assert a.cmd(f'CANCELUPDATE "{head[5:].split(bytes([34]))[0].decode()}"')[0] \
        == b"OK"
    b.append(message("x"))
    assert updates(a)[0] == []


def test_numbers(two):
    """4.3.2: numbers, valid where they stand: after EXISTS, before EXPUNGE; those
    of the criteria mean the messages that they meant."""
    a, b = two
    for _ in range(3):
        b.append(message("x"))
    a.ok("NOOP")
    a.ok("SEARCH RETURN (UPDATE) UNSEEN")
    unseen = b'TAG "t%d") ' % a.count
    a.ok("SEARCH RETURN (UPDATE) 2:*")
    numbered = b'TAG "t%d") ' % a.count
    b.append(message("x"))
    answers = a.ok("NOOP")
    assert answers.index(b"4 EXISTS") < answers.index(
        b"ESEARCH (" + unseen + b"ADDTO (0 4)")
    assert not any(numbered in x for x in answers)
    b.ok("NOOP")
    b.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    b.ok("EXPUNGE")
    answers = [x for x in a.ok("NOOP") if b"FETCH" not in x]
    # the one that is 3 is 2 when the first is gone
    first, second = answers.index(b"1 EXPUNGE"), answers.index(b"2 EXPUNGE")
    assert answers[:first] == [b"ESEARCH (" + unseen + b"REMOVEFROM (0 1)"]
    assert sorted(answers[first + 1:second]) == sorted([
        b"ESEARCH (" + unseen + b"REMOVEFROM (0 2)",
        b"ESEARCH (" + numbered + b"REMOVEFROM (0 2)"])


def test_sort(two):
    """4.3.3: positions from 1, each as of when it is applied."""
    a, b = two
    for s in ("d", "b"):
        b.append(message(s))
    a.ok("NOOP")
    assert a.ok("UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNDELETED") == [
        b'ESEARCH (TAG "t%d") UID ALL 2,1' % a.count]
    head = b'TAG "t%d") UID ' % a.count
    for s in ("c", "a", "e"):
        b.append(message(s))
    assert updates(a)[0] == [head + b"ADDTO (2 3 1 4 5 5)"]
    b.ok("NOOP")
    b.ok("STORE 1,4 +FLAGS.SILENT (\\Deleted)")
    assert updates(a)[0] == [head + b"REMOVEFROM (4 1 1 4)"]
    b.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    b.ok("EXPUNGE")
    assert updates(a)[0] == [head + b"REMOVEFROM (1 2)"]


def test_limits(two):
    """4.3.1: the search is answered all the same; 4.3: a tag has one context."""
    a, b = two
    tags = []
    for _ in range(10):
        a.ok("UID SEARCH RETURN (UPDATE COUNT) ALL")
        tags.append("t%d" % a.count)
    answers = a.ok("UID SEARCH RETURN (UPDATE COUNT) ALL")
    refused = "t%d" % a.count
    assert any(x.startswith(b'NO [NOUPDATE "%s"] ' % refused.encode())
               for x in answers)
    assert any(x.endswith(b"COUNT 0") for x in answers)
    assert a.cmd(f'CANCELUPDATE "{refused}"')[0] == b"NO"
    assert a.cmd(f'CANCELUPDATE "{tags[0]}" "{tags[1]}"')[0] == b"OK"
    assert a.cmd(f'CANCELUPDATE "{tags[0]}"')[0] == b"NO"
    a.send(f"{tags[2]} SEARCH RETURN (UPDATE) ALL\r\n")
    assert a.finish(tags[2].encode())[0] == b"BAD"
    a.ok("SELECT INBOX")  # ends all
    b.append(message("x"))
    assert updates(a)[0] == []


def test_idle(two):
    a, b = two
    a.ok("UID SEARCH RETURN (UPDATE COUNT) SUBJECT x")
    tag = a.count
    a.send("i IDLE\r\n")
    assert a.answer().startswith(b"+")
    b.append(message("x"))
    seen = []
    while not seen or not seen[-1].startswith(b"* ESEARCH"):
        seen.append(a.answer())
    assert seen[-1] == b'* ESEARCH (TAG "t%d") UID ADDTO (0 1)' % tag
    a.send("DONE\r\n")
    assert a.finish(b"i")[0] == b"OK"


def numbers(text):
    for piece in text.split(","):
        lo, _, hi = piece.partition(":")
        yield from range(int(lo), int(hi or lo) + 1)


def apply(results, line, is_sorted):
    for kind, pairs in re.findall(r"(ADDTO|REMOVEFROM) \(([^)]*)\)", line):
        words = pairs.split()
        for position, uids in zip(words[::2], words[1::2]):
            for i, uid in enumerate(numbers(uids)):
                if not is_sorted:
                    assert position == "0"
                    if kind == "ADDTO":
                        assert uid not in results
                        results.append(uid)
                    else:
                        results.remove(uid)
                elif kind == "ADDTO":
                    results.insert(int(position) - 1 + i, uid)
                else:
                    assert results.pop(int(position) - 1) == uid


def test_law(two):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rnd = random.Random(seed)
    a, b = two
    for _ in range(10):
        b.append(message(rnd.choice("abcde")))
    a.ok("NOOP")
    commands = ["UID SEARCH RETURN (%s) UNDELETED NOT SUBJECT c",
                "UID SEARCH RETURN (%s) OR FLAGGED SUBJECT a",
                "UID SORT RETURN (%s) (SUBJECT REVERSE ARRIVAL) UTF-8 UNSEEN",
                "UID SORT RETURN (%s) (REVERSE SUBJECT) UTF-8 KEYWORD k"]

    def find(command):
        told = [x for x in a.ok(command % "ALL") if b"UID" in x][0].decode()
        return list(numbers(told.split(" ALL ")[1])) if " ALL " in told else []

    contexts = {}
    for command in commands:
        results = find(command)
        a.ok(command % "UPDATE COUNT")
        contexts["t%d" % a.count] = (command, results)
    count = 10
    for _ in range(40):
        for _ in range(rnd.randint(1, 6)):
            what = rnd.random()
            if what < .3:
                b.append(message(rnd.choice("abcde")))
                b.ok("NOOP")
                count += 1
            elif what < .9 and count:
                b.ok("STORE %d %sFLAGS.SILENT (%s)" % (
                    rnd.randint(1, count), rnd.choice("+-"),
                    rnd.choice(("\\Seen", "\\Deleted", "\\Flagged", "k"))))
            else:
                count -= sum(b"EXPUNGE" in x for x in b.ok("EXPUNGE"))
        for line in a.ok("NOOP"):
            if line.startswith(b"ESEARCH"):
                tag = line.split(b'"')[1].decode()
                command, results = contexts[tag]
                apply(results, line.decode(), "SORT" in command)
        for command, results in contexts.values():
            want = find(command)
            if "SORT" not in command:
                results.sort()
            assert results == want, (seed, command)

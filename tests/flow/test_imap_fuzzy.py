# SPDX-License-Identifier: ISC
"""SEARCH=FUZZY (RFC 6203): what comes near a string, and how near."""
import re

import pytest
from imapraw import Imap
from test_imap_fulltext import overwrite, wait_indexed

SUBJECTS = ["invoice of March", "invoices", "an invioce", "meeting", "회의록 검토",
            "invoice meeting", "reinvoiced", "voice"]


def mail(subject, body="nothing"):
    return (f"Subject: {subject}\r\nX-Note: {subject}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            f"{body}\r\n").encode()


@pytest.fixture(scope="module")
def filled(shared_pabal):
    p = shared_pabal
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        for s in SUBJECTS:
            c.append(mail(s))
        for s in SUBJECTS:
            c.append(mail("no subject", f"about {s}, and so on"))
    return p


def numbers(answer, word=b"SEARCH"):
    assert answer.startswith(word), answer
    return [int(n) for n in answer[len(word):].split()]


def search(c, key, *literals):
    [a] = [a for a in c.ok("SEARCH CHARSET UTF-8 " + key, *literals)
           if a.startswith(b"SEARCH")]
    return numbers(a)


def rated(c, command, *literals):
    """{message: relevancy}, in the order in which they are told."""
    [a] = [a for a in c.ok(command, *literals) if a.startswith(b"ESEARCH")]
    if b"RELEVANCY" not in a:
        return {}
    listed = re.search(rb"(?:ALL|PARTIAL \(\S+) ([\d,:]+)", a).group(1)
    uids = []
    for part in listed.split(b","):
        first, _, last = part.partition(b":")
        step = 1 if int(last or first) >= int(first) else -1
        uids += range(int(first), int(last or first) + step, step)
    scores = [int(n) for n in re.search(rb"RELEVANCY \(([\d ]*)\)", a)
              .group(1).split()]
    assert len(scores) == len(uids) and all(1 <= n <= 100 for n in scores), a
    return dict(zip(uids, scores))


def indexed(p, c):
    c.ok("SELECT INBOX")
    c.ok("SEARCH TEXT invoice")
    wait_indexed(p, c, "alice", 2 * len(SUBJECTS))


def test_fields(filled):
    """They are read, whether or not there is an index."""
    with Imap(filled) as c:
        c.ok("SELECT INBOX")
        assert search(c, "FUZZY SUBJECT invoice") == [1, 2, 3, 6, 7]
        assert search(c, "FUZZY HEADER X-Note invoice") == [1, 2, 3, 6, 7]
        assert search(c, "FUZZY SUBJECT invocie") == [1, 2, 6]
        assert search(c, 'FUZZY SUBJECT "march invoices"') == [1]
        assert search(c, "FUZZY SUBJECT %L", "회의".encode()) == [5]
        assert search(c, "NOT FUZZY SUBJECT invoice 1:8") == [4, 5, 8]
        assert search(c, "FUZZY (OR SUBJECT meting SUBJECT vice) 1:8") == [4, 6, 8]
        assert search(c, "FUZZY UNSEEN 1:2") == [1, 2]
        found = rated(c, "SEARCH RETURN (ALL RELEVANCY) FUZZY SUBJECT invoice")
        assert found == {1: 100, 2: 80, 3: 60, 6: 100, 7: 40}


def test_texts(filled):
    p = filled
    with Imap(p) as c:
        indexed(p, c)
        assert search(c, "FUZZY TEXT invoice") == [
            1, 2, 3, 6, 7, 9, 10, 11, 14, 15]
        assert search(c, "FUZZY BODY invocie 9:16") == [9, 10, 14]
        assert search(c, "FUZZY TEXT %L", "회의록".encode()) == [5, 13]
        found = rated(c, "UID SEARCH RETURN (ALL RELEVANCY) FUZZY TEXT invoice")
        assert found[1] == 100 and found[2] == 80 and found[3] == 60
        assert found[1] > found[9] > found[10] > found[11] > found[15] == 40
        # A word that few have counts more.
        both = rated(c, 'SEARCH RETURN (ALL RELEVANCY) FUZZY TEXT '
                        '"invoice meeting zebra"')
        assert set(both) == {6, 14} and both[6] > both[14]
        # None of these was looked at: they do not have it any more.
        overwrite(p, "alice", b"invoices", b"avocados")
        assert search(c, "FUZZY BODY invoice 9:16") == [9, 10, 11, 14, 15]
        overwrite(p, "alice", b"avocados", b"invoices")


def test_whatever_is_found_without(filled):
    with Imap(filled) as c:
        indexed(filled, c)
        for word in ("voice", "ice", "ing", "meeting", "zebra", "o", "회", "의록",
                     "no subject", ", and", "invoice of"):
            for key in "TEXT", "BODY", "SUBJECT", "HEADER X-Note":
                exact = search(c, f"{key} %L", word.encode())
                fuzzy = search(c, f"FUZZY {key} %L", word.encode())
                assert set(exact) <= set(fuzzy), (key, word)


def test_sort(filled):
    with Imap(filled) as c:
        indexed(filled, c)
        [a] = c.ok("SORT (RELEVANCY ARRIVAL) UTF-8 FUZZY SUBJECT invoice")
        assert numbers(a, b"SORT") == [1, 6, 2, 3, 7]
        [a] = c.ok("SORT (REVERSE RELEVANCY) UTF-8 FUZZY SUBJECT invoice")
        assert numbers(a, b"SORT") == [7, 3, 2, 1, 6]
        [a] = c.ok("SORT (SUBJECT) UTF-8 FUZZY SUBJECT invoice")
        assert numbers(a, b"SORT") == [3, 6, 1, 2, 7]
        found = rated(c, "SORT RETURN (ALL RELEVANCY) (RELEVANCY) UTF-8 "
                         "FUZZY SUBJECT invoice")
        assert list(found.items()) == [(1, 100), (6, 100), (2, 80), (3, 60), (7, 40)]
        found = rated(c, "SORT RETURN (PARTIAL 2:3 RELEVANCY) (RELEVANCY) UTF-8 "
                         "FUZZY SUBJECT invoice")
        assert list(found.items()) == [(6, 100), (2, 80)]
        [a] = c.ok("SEARCH RETURN (RELEVANCY COUNT) FUZZY SUBJECT invoice")
        assert a.endswith(b"COUNT 5 RELEVANCY (100 80 60 100 40)")
        [a] = c.ok("SEARCH RETURN (RELEVANCY) FUZZY SUBJECT nothinglikeit")
        assert b"RELEVANCY" not in a
        [a] = c.ok("ESEARCH IN (personal) RETURN (ALL RELEVANCY) "
                   "FUZZY SUBJECT invoice")
        assert a.endswith(b"UID ALL 1:3,6:7 RELEVANCY (100 80 60 100 40)")


def test_refused(filled):
    with Imap(filled) as c:
        c.ok("SELECT INBOX")
        for bad in ("SEARCH FUZZY", "SEARCH FUZZY NOSUCHKEY",
                    "SEARCH RETURN (RELEVANCY) SUBJECT x",
                    "SORT (RELEVANCY) UTF-8 SUBJECT x",
                    "ESEARCH IN (personal) RETURN (RELEVANCY) SUBJECT x",
                    "SEARCH " + "FUZZY " * 60 + "ALL",
                    "SEARCH" + " FUZZY TEXT x" * 17):
            assert c.cmd(bad)[0] == b"BAD", bad
        untagged = c.ok("UID SEARCH RETURN (UPDATE) FUZZY SUBJECT invoice")
        assert any(a.startswith(b"NO [NOUPDATE ") for a in untagged)


def test_without_an_index(make_pabal):
    p = make_pabal(users=("alice",))

    def announced(c):
        [a] = c.ok("CAPABILITY")
        return b"SEARCH=FUZZY" in a.split()

    with Imap(p) as c:
        assert announced(c)
        p.conf("imapd", "fulltext", "no")
        p.reload()
        c.ok("SELECT INBOX")
        assert not announced(c)
        assert c.cmd("SEARCH FUZZY TEXT x")[0] == b"BAD"
    with Imap(p, login=False) as c:
        assert b"SEARCH=FUZZY" not in c.greeting
        assert not announced(c)

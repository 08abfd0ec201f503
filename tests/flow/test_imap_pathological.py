# SPDX-License-Identifier: ISC
"""Mail that no sane program makes is answered for like any other: what can be
told of it is right, no turn of a loop is long, memory is bounded, and the other
sessions of the account go on."""
import os
import re

import pathological
import pytest
from imapraw import Imap
from pabal import DOMAIN
from test_turns import bounded, owner

USERS = ("alice", "bob")
# Of an imapd, whatever it works on; 10 MB are usual.
MEMORY_KIB = 64 << 10
# Beyond mime_parts_limit or mime_depth_limit: the rest is one opaque part.
OPAQUE = ("parts", "multiparts", "messages")
# Its text is in base64.
HIDDEN = OPAQUE + ("no_base64",)
SHOWN_MAX = 8 << 20

ITEMS = ("ENVELOPE", "BODYSTRUCTURE", "BODY", "BODY.PEEK[1.2.3]", "BODY.PEEK[1.MIME]",
         "BODY.PEEK[HEADER.FIELDS (To Subject)]",
         "BODY.PEEK[HEADER.FIELDS (References X-Field X-Long)]",
         "BODY.PEEK[HEADER.FIELDS.NOT (To Subject)]", "PREVIEW", "THREADID",
         "BINARY.SIZE[1]", "BINARY.PEEK[1]<0.1000>")
SEARCHES = ("TO nothing", "CC nothing", "TEXT nothing-like-this", "BODY nothing-like",
            "HEADER References nothing", "HEADER Subject nothing", "HEADER To nothing",
            "SUBJECT nothing", "SENTBEFORE 1-Jan-1970")


def wire(text):
    return text.replace(b"\n", b"\r\n").replace(b"\0", b"\x80")


def put(pabal, user, folder, text):
    """A message put there by another program."""
    path = os.path.join(pabal.maildir(user), f".{folder}", "cur",
                        "1700000000.M1.host:2,S")
    with open(path, "wb") as f:
        f.write(text)
    owner(pabal, path, user)


def literal(answer):
    """What stands behind the first literal's length."""
    return answer[answer.index(b"}\r\n") + 3:-1]


def peak(pabal):
    found = []
    for pid in pabal.pids("imapd"):
        with open(f"/proc/{pid}/status") as f:
            found += re.findall(r"VmHWM:\s+(\d+)", f.read())
    return max(int(n) for n in found)


def ask(c, other, command):
    """COMMAND while another session of the account lives on."""
    tag = c.tag()
    c.send(tag + b" " + command.encode() + b"\r\n")
    other.ok("NOOP")
    status, why, untagged = c.finish(tag)
    assert status == b"OK", (command, status, why)
    return untagged


def is_whole(c, other, text):
    """Header and whole message are told as they stand."""
    header, _, _ = text.partition(b"\n\n")
    got = literal(ask(c, other, "FETCH 1 BODY.PEEK[HEADER]")[0])
    assert got == wire(header + b"\n\n")
    size = int(re.search(rb"RFC822.SIZE (\d+)",
                         ask(c, other, "FETCH 1 RFC822.SIZE")[0]).group(1))
    assert size == len(text) + text.count(b"\n")
    tail = ask(c, other, f"FETCH 1 BODY.PEEK[]<{size - 100}.200>")[0]
    assert literal(tail) == wire(text[-100:])[-100:]
    if size < SHOWN_MAX:
        assert literal(ask(c, other, "FETCH 1 BODY.PEEK[]")[0]) == wire(text)


def answers(c, other, name, text):
    subject = re.match(rb"Subject:\s+(\S+)", text).group(1).decode()
    for item in ITEMS:
        a = ask(c, other, f"FETCH 1 {item}")
        assert len(a) == 1 and a[0].startswith(b"1 FETCH ("), a[:200]
        if item == "BODYSTRUCTURE":
            assert a[0].count(b'"application" "octet-stream"') == \
                (name in OPAQUE)
    for what in SEARCHES:
        assert ask(c, other, f"SEARCH {what}") == [b"SEARCH"], what
    if name not in HIDDEN:
        assert ask(c, other, "SEARCH BODY needle") == [b"SEARCH 1"]
    if subject.isalnum():
        assert ask(c, other, f"SEARCH SUBJECT {subject}") == [b"SEARCH 1"]
        assert ask(c, other, f"SEARCH HEADER Subject {subject}") == \
            [b"SEARCH 1"]
    assert ask(c, other, "SORT (SUBJECT DISPLAYTO) UTF-8 ALL") == [b"SORT 1"]
    for by in ("REFERENCES", "REFS", "ORDEREDSUBJECT"):
        assert ask(c, other, f"THREAD {by} UTF-8 ALL") == [b"THREAD (1)"]


@pytest.mark.parametrize("make", pathological.ALL, ids=lambda f: f.__name__)
def test_answers(pabal, make):
    name, text = make.__name__, make()
    with bounded(pabal), Imap(pabal) as c, Imap(pabal) as other:
        other.ok("SELECT INBOX")
        c.ok(f"CREATE {name}")
        put(pabal, "alice", name, text)
        assert b"1 EXISTS" in c.ok(f"EXAMINE {name}")
        answers(c, other, name, text)
        is_whole(c, other, text)
        c.ok("CLOSE")
        c.ok(f"DELETE {name}")
        if not os.environ.get("PABAL_SANITIZE"):
            assert peak(pabal) < MEMORY_KIB


DELIVERED = [p for p in pathological.ALL if p.__name__ in (
    "parts", "multiparts", "messages", "addresses", "references", "words",
    "words_of_charsets", "near_boundaries", "near_nested", "empty_lines",
    "continuations", "parameters", "soft_breaks")]


@pytest.mark.parametrize("make", DELIVERED, ids=lambda f: f.__name__)
def test_delivered(pabal, make):
    """The record that is made while a message comes in says what imapd finds
    itself in the same bytes."""
    name = make.__name__
    with bounded(pabal):
        with pabal.lmtp() as s:
            s.sendmail("sender@example.org", [f"bob@{DOMAIN}"],
                       wire(make()))
        pabal.wait_queue()
        with Imap(pabal, "bob") as c, Imap(pabal, "bob") as other:
            c.ok("SELECT INBOX")
            told = ask(c, other, "FETCH * (ENVELOPE BODYSTRUCTURE)")[0]
            text = literal(ask(c, other, "FETCH * BODY.PEEK[]")[0])
            c.ok(f"CREATE {name}")
            put(pabal, "bob", name, text.replace(b"\r\n", b"\n"))
            c.ok(f"SELECT {name}")
            found = ask(c, other, "FETCH 1 (ENVELOPE BODYSTRUCTURE)")[0]
            assert found.split(b" ", 1)[1] == told.split(b" ", 1)[1]

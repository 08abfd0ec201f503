# SPDX-License-Identifier: ISC
"""Email/query, Email/queryChanges, SearchSnippet/get (RFC 8621 4.4, 4.5, 5) beside
IMAP: filters, sorts, parts of results, and what changes between two states."""
import re

import pytest

from jmapclient import Jmap
from pabal import Instance, wait

MAILS = [  # mailbox, flags, day in 2026, text
    ("INBOX", r"\Seen", 1, "From: Zoe <zoe@example.org>\r\nTo: bob@example.net\r\n"
     "Subject: Plans & more\r\nMessage-ID: <a@x>\r\n\r\nquick <brown> fox\r\n"),
    ("INBOX", "", 2, "From: bob@example.net\r\nSubject: Re: Plans & more\r\n"
     "Message-ID: <b@x>\r\nReferences: <a@x>\r\n\r\nlazy dog\r\n"),
    ("Attic", r"\Seen \Flagged", 3, "From: Anne <anne@example.org>\r\nSubject: Bills\r\n"
     "Message-ID: <c@x>\r\n\r\n" + "long " * 100 + "the quick invoice " + "tail " * 100),
    ("INBOX", "work", 4, "From: dave@example.org\r\nX-Test: here\r\nSubject: Apples\r\n"
     "Message-ID: <d@x>\r\n\r\nnothing\r\n"),
]


@pytest.fixture(scope="module")
def p():
    p = Instance(users=("alice",))
    try:
        p.start()
        yield p
    finally:
        p.close()


@pytest.fixture(scope="module")
def imap(p):
    m = p.imap()
    m.create("Attic")
    for box, flags, day, text in MAILS:
        date = f'"{day:02d}-Nov-2026 10:00:00 +0000"'
        assert m.append(box, f"({flags})", date, text.encode())[0] == "OK"
    m.select("INBOX")
    yield m
    m.logout()


@pytest.fixture
def c(p, imap):
    with Jmap(p) as c:
        yield c


def emailids(m, box):
    m.select(box)
    _, got = m.uid("FETCH", "1:*", "(EMAILID)")
    return [re.search(rb"EMAILID \(([^)]+)\)", line).group(1).decode()
            for line in got if line]


@pytest.fixture(scope="module")
def names(imap):
    """{id: letter}; letters in the order of MAILS."""
    [c] = emailids(imap, "Attic")
    a, b, d = emailids(imap, "INBOX")
    return {a: "a", b: "b", c: "c", d: "d"}


@pytest.fixture
def ask(c, names):
    def ask(filter=None, sort=None, **args):
        r = c.call("Email/query", filter=filter, sort=sort, **args)
        return "".join(names[i] for i in r["ids"])
    return ask


def mailboxid(m, box):
    _, got = m.status(box, "(MAILBOXID)")
    return re.search(rb"MAILBOXID \(([^)]+)\)", got[0]).group(1).decode()


def test_filters(ask, imap):
    inbox, attic = mailboxid(imap, "INBOX"), mailboxid(imap, "Attic")
    for filter, want in (
            (None, "dcba"), ({}, "dcba"),
            ({"inMailbox": inbox}, "dba"), ({"inMailbox": "none"}, ""),
            ({"inMailboxOtherThan": [inbox]}, "c"),
            ({"inMailboxOtherThan": [inbox, attic]}, ""),
            ({"before": "2026-11-02T10:00:00Z"}, "a"),
            ({"after": "2026-11-02T10:00:00Z"}, "dcb"),
            ({"minSize": 500}, "c"), ({"maxSize": 500}, "dba"),
            ({"hasKeyword": "$seen"}, "ca"), ({"notKeyword": "$seen"}, "db"),
            ({"hasKeyword": "work"}, "d"), ({"allInThreadHaveKeyword": "$seen"}, "c"),
            ({"someInThreadHaveKeyword": "$seen"}, "cba"),
            ({"noneInThreadHaveKeyword": "$seen"}, "d"),
            ({"hasAttachment": False}, "dcba"), ({"hasAttachment": True}, ""),
            ({"text": "quick"}, "ca"), ({"body": "plans"}, ""), ({"subject": "plans"}, "ba"),
            ({"from": "zoe"}, "a"), ({"to": "bob@"}, "a"), ({"cc": "x"}, ""), ({"bcc": "x"}, ""),
            ({"header": ["x-test"]}, "d"), ({"header": ["X-Test", "there"]}, ""),
            ({"text": "quick", "inMailbox": attic}, "c"),
            ({"operator": "OR", "conditions": [{"text": "dog"}, {"hasKeyword": "$flagged"}]}, "cb"),
            ({"operator": "NOT", "conditions": [{"text": "quick"}, {"text": "dog"}]}, "d"),
            ({"operator": "AND", "conditions": [
                {"operator": "NOT", "conditions": [{"from": "zoe"}]}, {"subject": "plans"}]}, "b")):
        assert ask(filter) == want, filter


def test_sorts(ask):
    for sort, want in (([], "dcba"), ([{"property": "receivedAt"}], "abcd"),
                       ([{"property": "size", "isAscending": False}], "cabd"),
                       ([{"property": "from"}], "cbda"), ([{"property": "subject"}], "dcab"),
                       ([{"property": "hasKeyword", "keyword": "$seen", "isAscending": False},
                         {"property": "subject"}], "cadb")):
        assert ask(None, sort) == want, sort


def test_parts(c, ask, names):
    ids = {v: k for k, v in names.items()}
    assert ask(position=1, limit=2) == "cb" and ask(position=-1) == "a"
    assert ask(anchor=ids["b"], anchorOffset=-1, limit=2) == "cb"
    assert ask(collapseThreads=True) == "dcb"
    r = c.call("Email/query", calculateTotal=True, limit=1, collapseThreads=True)
    assert (r["total"], r["position"], r["canCalculateChanges"]) == (3, 0, True)
    assert "total" not in c.call("Email/query", limit=1)
    # Another one's part of the results is another query's.
    assert ask({"text": "quick"}, limit=1) == "c"
    assert ask({"text": "quick"}, limit=1, position=1) == "a"
    assert c.error("Email/query", anchor="M0") == "anchorNotFound"


def test_refusals(c):
    for args, want in (({"filter": {"none": 1}}, "unsupportedFilter"),
                       ({"filter": {"text": 1}}, "invalidArguments"),
                       ({"filter": {"before": "2026-13-01T00:00:00Z"}}, "invalidArguments"),
                       ({"filter": {"before": "yesterday"}}, "invalidArguments"),
                       ({"filter": {"minSize": -1}}, "invalidArguments"),
                       ({"filter": {"header": []}}, "invalidArguments"),
                       ({"filter": {"operator": "XOR", "conditions": []}}, "invalidArguments"),
                       ({"filter": {"operator": "AND"}}, "invalidArguments"),
                       ({"filter": {"operator": "AND", "conditions": [1]}}, "invalidArguments"),
                       ({"filter": {"text": "a " * 100}}, "unsupportedFilter"),
                       ({"sort": [{"property": "none"}]}, "unsupportedSort"),
                       ({"sort": [{"property": "size", "collation": "x"}]}, "unsupportedSort"),
                       ({"sort": [{"property": "hasKeyword"}]}, "invalidArguments"),
                       ({"sort": [{}]}, "invalidArguments"),
                       ({"limit": -1}, "invalidArguments")):
        assert c.error("Email/query", **args) == want, args


def test_snippets(c, names):
    ids = {v: k for k, v in names.items()}
    r = c.call("SearchSnippet/get", filter={"text": "quick plans"},
               emailIds=[ids["a"], ids["c"], ids["d"], "Mffffffffffffffff", "x"])
    a, inner, d = r["list"]
    assert a == {"emailId": ids["a"], "subject": "<mark>Plans</mark> &amp; more",
                 "preview": "<mark>quick</mark> &lt;brown&gt; fox"}
    assert inner["subject"] is None and len(inner["preview"]) <= 255
    assert inner["preview"].startswith("long ") and "<mark>quick</mark> invoice" in inner["preview"]
    assert (d["subject"], d["preview"]) == (None, None)
    assert r["notFound"] == ["Mffffffffffffffff", "x"]
    assert c.call("SearchSnippet/get", filter=None, emailIds=[])["notFound"] is None


def test_index(p, c, ask, names):
    """Texts are looked up in the account's index as soon as it is there."""
    def indexed():
        return re.search(r'pabal_fulltext_messages_total\{[^}]*\} [1-9]',
                         p.pabal("metrics"))

    ask({"text": "quick"})
    wait(indexed, "the index to be made")
    for text, want in (("quick", "ca"), ("invoice", "c"), ("uick", "ca"), ("none", "")):
        assert ask({"text": text}) == want
        assert ask({"operator": "NOT", "conditions": [{"body": text}]}) == \
            "".join(x for x in "dcba" if x not in want)


def test_changes(c, imap, names):
    """The last one: it leaves another account behind."""
    ids = {v: k for k, v in names.items()}
    unseen = {"notKeyword": "$seen"}
    first = c.call("Email/query", filter=unseen)
    assert [names[i] for i in first["ids"]] == ["d", "b"]
    state = first["queryState"]

    def changes(since, filter=unseen, **args):
        return c.call("Email/queryChanges", filter=filter, sinceQueryState=since, **args)

    same = changes(state)
    assert (same["removed"], same["added"], same["newQueryState"]) == ([], [], state)
    # b is read, a new one comes, d goes.
    imap.select("INBOX")
    imap.uid("STORE", "2", "+FLAGS", r"(\Seen)")
    imap.append("INBOX", "()", None, b"Subject: new\r\n\r\nnew\r\n")
    imap.uid("STORE", "3", "+FLAGS", r"(\Deleted)")
    imap.expunge()
    [new] = [i for i in emailids(imap, "INBOX") if i not in names]
    got = changes(state, calculateTotal=True)
    assert set(got["removed"]) == {ids["b"], ids["d"]}
    assert got["added"] == [{"id": new, "index": 0}] and got["total"] == 1
    assert got["newQueryState"] != state
    # Of threads others may take the place of the one that shows.
    got = c.call("Email/queryChanges", sinceQueryState=state, collapseThreads=True)
    assert {ids["a"], ids["b"], ids["d"]} <= set(got["removed"])
    assert got["added"] == [{"id": new, "index": 0}, {"id": ids["b"], "index": 2}]
    assert c.error("Email/queryChanges", filter=unseen, sinceQueryState=state,
                   maxChanges=1) == "tooManyChanges"
    for state in ("0", "x", "999999"):
        assert c.error("Email/queryChanges", sinceQueryState=state) == "cannotCalculateChanges"

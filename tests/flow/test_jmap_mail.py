# SPDX-License-Identifier: ISC
"""Reading mail by JMAP (RFC 8621): mailboxes, threads, emails, queries,
downloads; the ids, flags and numbers are those of IMAP."""
import pytest

from jmapclient import MAIL, Jmap
from pabal import DOMAIN, Instance

LETTER = f"""From: Bob <bob@{DOMAIN}>
To: "Alice A." <alice@{DOMAIN}>, Friends: carol@x.test, dave@x.test;
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= zum Test
Date: Tue, 1 Dec 2026 10:00:00 +0100
Message-ID: <one@{DOMAIN}>
List-Post: <mailto:list@x.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b1

--b1
Content-Type: multipart/alternative; boundary=b2

--b2
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Hallo M=FCnchen,
zweite Zeile
--b2
Content-Type: text/html; charset=utf-8

<p>Hallo</p>
--b2--
--b1
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename="a b.pdf"
Content-Transfer-Encoding: base64

SGVsbG8gV29ybGQh
--b1--
""".replace("\n", "\r\n").encode()

REPLY = f"""From: a@x.test
To: alice@{DOMAIN}
Subject: Re: two
References: <one@{DOMAIN}>

plain text
""".replace("\n", "\r\n").encode()


@pytest.fixture(scope="module")
def p():
    p = Instance(users=("alice", "bob"))
    try:
        p.conf("jmapd", "max_objects_in_get", "10")
        p.start()
        c = p.imap()
        c.create("Work/Deep")
        c.append("INBOX", "(\\Seen)", '"01-Dec-2026 10:00:00 +0000"', LETTER)
        c.append("INBOX", "(\\Flagged $Label1)", '"02-Dec-2026 10:00:00 +0000"', REPLY)
        c.append("Work/Deep", None, '"03-Dec-2026 10:00:00 +0000"',
                 b"Subject: alone\r\n\r\n" + b"x" * 5000 + b"\r\n")
        c.select("INBOX")
        c.copy("1", "Work/Deep")
        c.logout()
        yield p
    finally:
        p.close()


@pytest.fixture
def c(p):
    with Jmap(p) as c:
        yield c


def boxes(c):
    return {b["name"]: b for b in c.call("Mailbox/get")["list"]}


def query(c, filter=None, **args):
    return c.call("Email/query", filter=filter, **args)["ids"]


def by_subject(c):
    return {e["subject"]: e for e in c.call(
        "Email/get", ids=query(c), properties=["subject", "threadId", "mailboxIds",
                                               "keywords", "blobId"])["list"]}


# ---- mailboxes

def test_mailboxes(c):
    found = boxes(c)
    assert {n: b["role"] for n, b in found.items()} == {
        "Inbox": "inbox", "Archive": "archive", "Drafts": "drafts", "Junk": "junk",
        "Sent": "sent", "Trash": "trash", "Deep": None, "Work": None} or "Work" not in found
    inbox = found["Inbox"]
    assert (inbox["totalEmails"], inbox["unreadEmails"]) == (2, 1)
    # The letter is in Deep as well, and its thread has an unread email elsewhere.
    assert (inbox["totalThreads"], inbox["unreadThreads"]) == (1, 1)
    deep = next(b for n, b in found.items() if n.endswith("Deep"))
    assert (deep["totalEmails"], deep["unreadEmails"]) == (2, 1)
    assert (deep["totalThreads"], deep["unreadThreads"]) == (2, 2)
    assert inbox["myRights"]["mayReadItems"] and not inbox["myRights"]["mayAddItems"]
    got = c.call("Mailbox/get", ids=[inbox["id"], "none", inbox["id"]], properties=["name"])
    assert got["list"] == [{"id": inbox["id"], "name": "Inbox"}]
    assert got["notFound"] == ["none"]
    assert c.call("Mailbox/get", ids=[])["list"] == []


def test_ids_are_those_of_imap(p, c):
    imap = p.imap()
    imap.select("INBOX")
    line = imap.fetch("1", "(EMAILID THREADID)")[1][0].decode()
    imap.logout()
    letter = by_subject(c)["Grüße zum Test"]
    assert letter["id"] in line and letter["threadId"] in line


def test_mailbox_query(c):
    found = boxes(c)

    def ids(**args):
        return c.call("Mailbox/query", **args)["ids"]
    assert ids(filter={"role": "inbox"}) == [found["Inbox"]["id"]]
    assert set(ids(filter={"hasAnyRole": False})) == \
        {b["id"] for b in found.values() if b["role"] is None}
    assert ids(filter={"operator": "AND", "conditions": [
        {"name": "rash"}, {"parentId": None}]}) == [found["Trash"]["id"]]
    order = ids(sort=[{"property": "sortOrder"}, {"property": "name", "isAscending": False}])
    assert order[0] == found["Inbox"]["id"] and order[1] == found["Trash"]["id"]
    window = c.call("Mailbox/query", sort=[{"property": "name"}], position=-2, limit=1,
                    calculateTotal=True)
    everything = ids(sort=[{"property": "name"}])
    assert window["ids"] == everything[-2:-1] and window["total"] == len(everything)
    assert window["position"] == len(everything) - 2
    anchored = c.call("Mailbox/query", sort=[{"property": "name"}], anchor=everything[2],
                      anchorOffset=-1, limit=2)
    assert anchored["ids"] == everything[1:3] and anchored["position"] == 1


@pytest.mark.parametrize("name,args,error", [
    ("Mailbox/query", {"filter": {"x": 1}}, "invalidArguments"),
    ("Mailbox/query", {"filter": {"operator": "XOR", "conditions": []}}, "invalidArguments"),
    ("Mailbox/query", {"filter": {"role": 1}}, "invalidArguments"),
    ("Mailbox/query", {"sort": [{"property": "x"}]}, "unsupportedSort"),
    ("Mailbox/query", {"sort": [{}]}, "invalidArguments"),
    ("Mailbox/query", {"anchor": "none"}, "anchorNotFound"),
    ("Mailbox/query", {"limit": -1}, "invalidArguments"),
    ("Mailbox/query", {"nonsense": 1}, "invalidArguments"),
    ("Mailbox/queryChanges", {"sinceQueryState": "1"}, "cannotCalculateChanges"),
    ("Mailbox/get", {"properties": ["x"]}, "invalidArguments"),
    ("Mailbox/get", {"ids": "x"}, "invalidArguments"),
    ("Mailbox/get", {"ids": [""]}, "invalidArguments"),
    ("Mailbox/get", {"ids": ["a"] * 11}, "requestTooLarge"),
    ("Mailbox/changes", {}, "invalidArguments"),
    ("Mailbox/changes", {"sinceState": "x"}, "cannotCalculateChanges"),
    ("Email/changes", {"sinceState": "1"}, "cannotCalculateChanges"),
    ("Email/get", {}, "requestTooLarge"),
    ("Email/get", {"ids": [], "properties": ["header:"]}, "invalidArguments"),
    ("Email/get", {"ids": [], "properties": ["header:From:asDate"]}, "invalidArguments"),
    ("Email/get", {"ids": [], "bodyProperties": ["x"]}, "invalidArguments"),
    ("Email/query", {"filter": {"before": "yesterday"}}, "invalidArguments"),
    ("Email/queryChanges", {"sinceQueryState": "1"}, "cannotCalculateChanges"),
    ("Email/set", {"create": {}}, "accountReadOnly"),
    ("Mailbox/set", {}, "accountReadOnly"),
    ("Email/import", {}, "accountReadOnly"),
    ("Email/copy", {}, "accountReadOnly"),
])
def test_errors(c, name, args, error):
    assert c.error(name, **args) == error


def test_accounts(c):
    [r] = c.calls(("Mailbox/get", {"accountId": "A0"}))
    assert r[1]["type"] == "accountNotFound"
    [r] = c.calls(("Mailbox/get", {}))
    assert r[1]["type"] == "invalidArguments"
    session = c.get_session()
    assert session["accounts"][c.account]["isReadOnly"]
    assert session["primaryAccounts"][MAIL] == c.account
    assert "receivedAt" in session["accounts"][c.account]["accountCapabilities"][MAIL][
        "emailQuerySortOptions"]


# ---- emails

def test_email(c):
    letter = by_subject(c)["Grüße zum Test"]
    e = c.call("Email/get", ids=[letter["id"]], fetchAllBodyValues=True)["list"][0]
    assert e["subject"] == "Grüße zum Test" and e["sentAt"] == "2026-12-01T10:00:00+01:00"
    assert e["receivedAt"] == "2026-12-01T10:00:00Z" and e["size"] == len(LETTER)
    assert e["from"] == [{"name": "Bob", "email": "bob@" + DOMAIN}]
    assert [t["email"] for t in e["to"]] == ["alice@" + DOMAIN, "carol@x.test", "dave@x.test"]
    assert e["messageId"] == [f"one@{DOMAIN}"] and e["references"] is None
    assert e["cc"] is None and e["hasAttachment"] and len(e["mailboxIds"]) == 2
    assert e["keywords"] == {"$seen": True}
    [text], [html], [pdf] = e["textBody"], e["htmlBody"], e["attachments"]
    assert (text["partId"], text["type"], text["charset"]) == \
        ("1.1", "text/plain", "iso-8859-1")
    assert (html["partId"], html["type"]) == ("1.2", "text/html")
    assert (pdf["name"], pdf["size"], pdf["disposition"]) == ("a b.pdf", 12, "attachment")
    assert e["bodyValues"]["1.1"] == {"value": "Hallo München,\nzweite Zeile",
                                      "isEncodingProblem": False, "isTruncated": False}
    assert e["preview"].startswith("Hallo München") and "bodyStructure" not in e
    cut = c.call("Email/get", ids=[letter["id"]], properties=["bodyValues"],
                 fetchTextBodyValues=True, maxBodyValueBytes=8)["list"][0]
    assert cut == {"id": letter["id"], "bodyValues": {
        "1.1": {"value": "Hallo M", "isEncodingProblem": False, "isTruncated": True}}}
    other = by_subject(c)["Re: two"]
    assert other["keywords"] == {"$flagged": True, "$label1": True}
    assert other["threadId"] == letter["threadId"]


def test_header_forms(c):
    letter = by_subject(c)["Grüße zum Test"]["id"]
    [e] = c.call("Email/get", ids=[letter], properties=[
        "header:to:asGroupedAddresses", "header:List-Post:asURLs", "header:Subject",
        "header:subject:asText:all", "header:None:asDate", "headers"])["list"]
    assert [g["name"] for g in e["header:to:asGroupedAddresses"]] == [None, "Friends"]
    assert len(e["header:to:asGroupedAddresses"][1]["addresses"]) == 2
    assert e["header:List-Post:asURLs"] == ["mailto:list@x.test"]
    assert e["header:Subject"] == " =?utf-8?Q?Gr=C3=BC=C3=9Fe?= zum Test"
    assert e["header:subject:asText:all"] == ["Grüße zum Test"]
    assert e["header:None:asDate"] is None
    assert e["headers"][0] == {"name": "From", "value": f" Bob <bob@{DOMAIN}>"}
    assert len(e["headers"]) == 8


def test_structure(c):
    letter = by_subject(c)["Grüße zum Test"]["id"]
    [e] = c.call("Email/get", ids=[letter], properties=["bodyStructure"],
                 bodyProperties=["partId", "type", "header:Content-Type"])["list"]
    root = e["bodyStructure"]
    assert root["type"] == "multipart/mixed" and root["partId"] is None
    assert [s["type"] for s in root["subParts"]] == ["multipart/alternative", "application/pdf"]
    assert root["subParts"][1]["header:Content-Type"] == ' application/pdf; name="a.pdf"'


def test_threads(c):
    emails = by_subject(c)
    thread = emails["Re: two"]["threadId"]
    got = c.call("Thread/get", ids=[thread, "T0"])
    assert got["list"] == [{"id": thread, "emailIds": [
        emails["Grüße zum Test"]["id"], emails["Re: two"]["id"]]}]
    assert got["notFound"] == ["T0"]


def test_email_query(c):
    emails = {k: e["id"] for k, e in by_subject(c).items()}
    letter, reply, alone = emails["Grüße zum Test"], emails["Re: two"], emails["alone"]
    inbox = boxes(c)["Inbox"]["id"]
    assert query(c) == [alone, reply, letter]
    assert query(c, sort=[{"property": "receivedAt"}]) == [letter, reply, alone]
    assert query(c, sort=[{"property": "size", "isAscending": False}])[0] == alone
    assert query(c, {"inMailbox": inbox}) == [reply, letter]
    assert query(c, {"inMailboxOtherThan": [inbox]}) == [alone, letter]
    assert query(c, {"hasKeyword": "$seen"}) == [letter]
    assert query(c, {"notKeyword": "$Seen", "inMailbox": inbox}) == [reply]
    assert query(c, {"before": "2026-12-02T10:00:00Z"}) == [letter]
    assert query(c, {"after": "2026-12-02T10:00:00Z"}) == [alone, reply]
    assert query(c, {"minSize": 5000}) == [alone]
    assert query(c, {"someInThreadHaveKeyword": "$flagged"}) == [reply, letter]
    assert query(c, {"allInThreadHaveKeyword": "$flagged"}) == []
    assert query(c, {"noneInThreadHaveKeyword": "$flagged"}) == [alone]
    assert query(c, {"operator": "NOT", "conditions": [
        {"hasKeyword": "$seen"}, {"minSize": 5000}]}) == [reply]
    assert query(c, {"operator": "OR", "conditions": [
        {"hasKeyword": "$seen"}, {"minSize": 5000}]}) == [alone, letter]
    assert query(c, collapseThreads=True) == [alone, reply]
    assert c.call("Email/query", collapseThreads=True, calculateTotal=True)["total"] == 2


def test_back_references(c):
    ref = {"resultOf": "0", "name": "Email/query", "path": "/ids"}
    got = c.calls(("Email/query", {"accountId": c.account, "limit": 1}),
                  ("Email/get", {"accountId": c.account, "#ids": ref,
                                 "properties": ["subject"]}))
    assert [e["subject"] for e in got[1][1]["list"]] == ["alone"]


# ---- changes

def test_states(p, c):
    old, boxes_before = c.call("Email/get", ids=[])["state"], c.call("Mailbox/get")
    assert c.call("Email/changes", sinceState=old)["updated"] == []
    assert c.call("Mailbox/changes", sinceState=boxes_before["state"])["updated"] == []
    imap = p.imap()
    imap.select("INBOX")
    imap.store("2", "+FLAGS", "(\\Answered)")
    # IMAP's change is seen at once.
    assert "$answered" in by_subject(c)["Re: two"]["keywords"]
    assert c.error("Email/changes", sinceState=old) == "cannotCalculateChanges"
    got = c.call("Mailbox/changes", sinceState=boxes_before["state"])
    inbox = boxes(c)["Inbox"]["id"]
    assert inbox in got["updated"] and "unreadEmails" in got["updatedProperties"]
    assert got["newState"] == c.call("Mailbox/get")["state"]
    imap.create("New")
    imap.logout()
    assert c.error("Mailbox/changes", sinceState=got["newState"]) == "cannotCalculateChanges"
    assert "New" in boxes(c)


# ---- downloads

def test_downloads(c):
    letter = by_subject(c)["Grüße zum Test"]
    base = f"/jmap/download/{c.account}/{letter['blobId']}"
    status, fields, content = c.request("GET", f"{base}/x.eml")
    assert status == 200 and content == LETTER
    assert fields["content-type"] == "message/rfc822"
    status, fields, content = c.request("GET", f"{base}_2/a%20%22b.pdf?accept=text%2Fhtml")
    assert status == 200 and content == b"Hello World!"
    assert fields["content-type"] == "text/html"
    assert fields["content-disposition"] == "attachment; filename*=UTF-8''a%20%22b.pdf"
    assert "sandbox" in fields["content-security-policy"]
    assert fields["x-content-type-options"] == "nosniff"
    assert c.request("GET", f"{base}_1_1/x")[2] == "Hallo München,\r\nzweite Zeile".encode(
        "iso-8859-1")
    for path in (base + "_3/x", base + "_1/x", f"/jmap/download/A0/{letter['blobId']}/x",
                 f"/jmap/download/{c.account}/M0/x", f"/jmap/download/{c.account}/B1",
                 f"{base}/%zz", f"{base}/x?accept=%00"):
        status, fields, _ = c.request("GET", path)
        assert status == 404 and "no-store" in fields["cache-control"], path


def test_a_large_download(p, c):
    """In pieces: neither process holds it, and a client who leaves ends it."""
    data = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 600000
    imap = p.imap()
    imap.append("Archive", None, None, data)
    imap.logout()
    blob = by_subject(c)["large"]["blobId"]
    path = f"/jmap/download/{c.account}/{blob}/large"
    with Jmap(p) as other:
        other.http.request("GET", path, headers=other.fields)
        assert other.http.getresponse().read(1000) == data[:1000]
    assert c.request("GET", path)[2] == data

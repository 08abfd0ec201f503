# SPDX-License-Identifier: ISC
"""CAPABILITY tells the truth at every state (RFC 9051 6.1.1): the words of each
state, and for each word something that is not there without it."""
import re

import pytest
from imapraw import Imap
from pabal import DOMAIN, PASSWORD, wait
from test_imap_unauthenticate import Tls, login

USERS = ("alice", "bob")
MAIL = (b"From: a@b.example\r\nTo: c@d.example\r\nSubject: %s\r\n"
        b"Message-ID: <%d@x>\r\n%s\r\nsome text\r\n")
# Before a login: what is there then, and what clients that ask but once need.
EARLY = {"IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE"}
CLEAR = {"AUTH=PLAIN", "AUTH=LOGIN"}

# word: a command and what its answers have to say; commands before it.  What
# ENABLE takes is said to be enabled.
ROWS = {
    "IMAP4rev1": ("NOOP", r"OK NOOP"),
    "IMAP4rev2": ("ENABLE IMAP4rev2", r"^ENABLED IMAP4rev2$"),
    "UTF8=ACCEPT": ("ENABLE UTF8=ACCEPT", r"^ENABLED UTF8=ACCEPT$"),
    "ID": ("ID NIL", r'^ID \("name" "pabal"\)$'),
    "ENABLE": ("ENABLE X-NOBODY", r"^ENABLED *$"),
    "NAMESPACE": ("NAMESPACE", r'^NAMESPACE \(\("" "/"\)\) NIL NIL$'),
    "ACL": ("GETACL INBOX", r"^ACL INBOX alice@\S+ lrs"),
    "RIGHTS=texk": ("MYRIGHTS INBOX", r"^MYRIGHTS INBOX \w*x\w*t\w*e"),
    "LIST-MYRIGHTS": ('LIST "" INBOX RETURN (MYRIGHTS)', r"^MYRIGHTS INBOX lrs"),
    "CHILDREN": ('LIST "" INBOX RETURN (CHILDREN)', r"\\HasNoChildren"),
    "UIDPLUS": ("UID EXPUNGE 1", r"OK"),
    "UNSELECT": ("UNSELECT", r"OK UNSELECT"),
    "MOVE": ("MOVE 3 other", r"\[COPYUID \d+ 3 \d+\]"),
    "LIST-EXTENDED": ('LIST (SUBSCRIBED) "" (INBOX "S*")', r'^LIST .* Sent$'),
    "LIST-STATUS": ('LIST "" INBOX RETURN (STATUS (MESSAGES))',
                    r"^STATUS INBOX \(MESSAGES 3\)$"),
    "METADATA": ('GETMETADATA INBOX /private/comment',
                 r'^METADATA INBOX \(/private/comment NIL\)$'),
    "LIST-METADATA": ('LIST "" INBOX RETURN (METADATA (/private/comment))',
                      r"^METADATA INBOX \(/private/comment NIL\)$"),
    "NOTIFY": ("NOTIFY NONE", r"OK"),
    "QUOTA": ("GETQUOTAROOT INBOX", r"^QUOTAROOT INBOX"),
    "QUOTA=RES-MESSAGE": ("STATUS INBOX (DELETED)",
                          r"^STATUS INBOX \(DELETED 0\)$"),
    "QUOTA=RES-STORAGE": ("STATUS INBOX (DELETED-STORAGE)",
                          r"^STATUS INBOX \(DELETED-STORAGE 0\)$"),
    "SPECIAL-USE": ('LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE)',
                    r"^LIST \([^)]*\\Sent[^)]*\) \"/\" Sent$"),
    "CREATE-SPECIAL-USE": ("CREATE flags (USE (\\Flagged))", r"OK"),
    "BINARY": ("FETCH 1 BINARY.SIZE[1]", r"BINARY.SIZE\[1\] 11\)$"),
    "STATUS=SIZE": ("STATUS INBOX (SIZE)", r"^STATUS INBOX \(SIZE \d+\)$"),
    "STATUS=DELETED": ("STATUS INBOX (DELETED)",
                       r"^STATUS INBOX \(DELETED 0\)$"),
    "OBJECTID": ("FETCH 1 (EMAILID THREADID)", r"EMAILID \(\w+\) THREADID \("),
    "SAVEDATE": ("FETCH 1 SAVEDATE", r'SAVEDATE "'),
    "PREVIEW": ("FETCH 1 (PREVIEW (LAZY))", r"PREVIEW "),
    "WITHIN": ("SEARCH YOUNGER 3600", r"^SEARCH 1 2 3$"),
    "CONDSTORE": ("ENABLE CONDSTORE", r"^ENABLED CONDSTORE$"),
    "QRESYNC": ("ENABLE QRESYNC", r"^ENABLED QRESYNC$"),
    "UIDONLY": ("ENABLE UIDONLY", r"^ENABLED UIDONLY$"),
    "ESEARCH": ("SEARCH RETURN (COUNT) ALL", r"^ESEARCH \(TAG \S+\) COUNT 3$"),
    "SEARCHRES": ("SEARCH RETURN (SAVE COUNT) ALL", r"COUNT 3$"),
    "SORT": ("SORT (REVERSE SUBJECT) UTF-8 ALL", r"^SORT 2 3 1$"),
    "SORT=DISPLAY": ("SORT (DISPLAYFROM) UTF-8 ALL", r"^SORT 1 2 3$"),
    "ESORT": ("SORT RETURN (MIN) (DATE) UTF-8 ALL",
              r"^ESEARCH \(TAG \S+\) MIN \d$"),
    "THREAD=ORDEREDSUBJECT": ("THREAD ORDEREDSUBJECT UTF-8 ALL",
                              r"^THREAD \(1\)\(2\)\(3\)$"),
    "THREAD=REFERENCES": ("THREAD REFERENCES UTF-8 ALL",
                          r"^THREAD \(1 2\)\(3\)$"),
    "THREAD=REFS": ("THREAD REFS UTF-8 ALL", r"^THREAD \((1 2\)\(3|3\)\(1 2)\)$"),
    "CONTEXT=SEARCH": ("SEARCH RETURN (UPDATE COUNT) ALL", r"COUNT 3$"),
    "CONTEXT=SORT": ("SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL",
                     r"COUNT 3$"),
    "PARTIAL": ("SEARCH RETURN (PARTIAL 1:2) ALL", r"PARTIAL \(1:2 1:2\)$"),
    "MULTISEARCH": ("ESEARCH IN (personal) RETURN (COUNT) ALL",
                    r'MAILBOX "?INBOX"? UIDVALIDITY \d+\) (UID )?COUNT 3$'),
    "SEARCH=FUZZY": ("SEARCH FUZZY SUBJECT one", r"^SEARCH 1$"),
}
# More than one line each, or shown where it says.
ELSEWHERE = {
    "LITERAL+": "test_literals", "MULTIAPPEND": "test_literals",
    "APPENDLIMIT": "test_append_limit", "CATENATE": "test_literals",
    "REPLACE": "test_literals", "IDLE": "test_imap_updates.py",
    "INPROGRESS": "test_imap_esearch.py", "COMPRESS": "test_imap_compress.py",
    "MESSAGELIMIT": "test_imap_limit.py",
    "UNAUTHENTICATE": "test_imap_unauthenticate.py",
}


def words(text):
    return {w.decode() for w in text.split()}


def asked(c):
    [line] = c.ok("CAPABILITY")
    found = line.split()[1:]
    assert len(found) == len(set(found))
    return words(b" ".join(found))


def greeted(c):
    return words(re.search(rb"\[CAPABILITY ([^\]]*)\]", c.greeting)[1])


def told_by_login(c, user="alice"):
    status, text, _ = c.cmd(login(user))
    assert status == b"OK"
    return words(re.search(rb"\[CAPABILITY ([^\]]*)\]", text)[1])


@pytest.fixture(scope="module", autouse=True)
def filled(shared_pabal):
    with Imap(shared_pabal) as c:
        for i, (s, more) in enumerate((
                (b"one", b""), (b"two", b"References: <0@x>\r\n"),
                (b"three", b""))):
            c.append(MAIL % (s, i, more))
        c.ok("CREATE other")


def test_before_login(pabal):
    """RFC 9051 6.1.1, 6.2.1, 7.2.2; RFC 4959; the same in the greeting."""
    with Imap(pabal, login=False) as c:
        assert greeted(c) == asked(c) == EARLY | CLEAR | {"STARTTLS"}
    with Tls(pabal) as c:
        under_tls = asked(c)
        assert EARLY | CLEAR <= under_tls
        assert all(w.startswith("AUTH=") for w in under_tls - EARLY)


def test_where_no_password_may_be_sent(make_pabal):
    """RFC 9051 6.2.3: LOGINDISABLED, and no mechanism that would show one."""
    pabal = make_pabal(("login", "cleartext_login_networks", ""))
    with Imap(pabal, login=False) as c:
        assert asked(c) == EARLY | {"STARTTLS", "LOGINDISABLED"}
        status, _, _ = c.cmd(f'LOGIN alice@{DOMAIN} "{PASSWORD}"')
        assert status == b"NO"


def test_after_login(pabal):
    """What login tells, what CAPABILITY tells, in each state; nothing of before."""
    with Imap(pabal, login=False) as c:
        told = told_by_login(c)
        assert told == asked(c)
        assert not {w for w in told if w.startswith(("AUTH=", "STARTTLS"))}
        assert {w.partition("=")[0] if w.startswith(("APPENDLIMIT", "COMPRESS"))
                else w for w in told} == set(ROWS) | set(ELSEWHERE) - {
                    "MESSAGELIMIT", "UNAUTHENTICATE"}
        # RFC 7888 5: never both; RFC 9208 4.1.4 and RFC 9698: not there
        assert not told & {"LITERAL-", "QUOTASET", "JMAPACCESS"}
        c.ok("SELECT INBOX")
        assert asked(c) == told
        c.ok("UNSELECT")
        assert asked(c) == told
    with Tls(pabal) as c:
        before = asked(c)
        assert told_by_login(c) == asked(c) == told | {"UNAUTHENTICATE"}
        c.ok("UNAUTHENTICATE")
        assert asked(c) == before


def test_as_it_is_set(make_pabal):
    pabal = make_pabal(("imapd", "fulltext", "no"), ("imapd", "compression", "no"),
                       ("imapd", "messages_per_command", "1000"))
    with Imap(pabal) as c:
        told = asked(c)
        assert "MESSAGELIMIT=1000" in told
        assert not told & {"SEARCH=FUZZY", "COMPRESS=DEFLATE"}
        assert c.cmd("COMPRESS DEFLATE")[0] != b"OK"
        c.ok("SELECT INBOX")
        assert c.cmd("SEARCH FUZZY SUBJECT x")[0] != b"OK"


@pytest.mark.parametrize("word", ROWS)
def test_word(pabal, word):
    command, want = ROWS[word]
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        if command.startswith("ENABLE"):
            c.utf8 = True

        def right():
            status, text, untagged = c.cmd(command)
            assert status == b"OK", text
            return any(re.search(want, a.decode()) for a in
                       (*untagged, status + b" " + text))
        wait(right, f"{word}: {command}")
    if word == "MOVE":
        with Imap(pabal) as c:
            c.ok("SELECT other")
            c.ok("MOVE 1 INBOX")


def test_literals(pabal):
    """RFC 7888 (LITERAL+), 3502 (MULTIAPPEND), 4469 (CATENATE), 8508 (REPLACE)."""
    mail = MAIL % (b"four", 4, b"")
    with Imap(pabal, "bob") as c:
        tag = c.tag()
        c.send(tag + b" APPEND INBOX {%d+}\r\n%s {%d+}\r\n%s\r\n" %
               (len(mail), mail, len(mail), mail))
        status, text, _ = c.finish(tag)
        assert status == b"OK" and re.search(rb"\[APPENDUID \d+ 1:2\]", text)
        c.ok("SELECT INBOX")
        assert b"APPENDUID" in c.cmd("APPEND INBOX CATENATE (TEXT %L)", mail)[1]
        assert c.cmd("REPLACE 1 INBOX %L", mail)[0] == b"OK"


def test_append_limit(pabal):
    """RFC 7889: the size that is told is the one that counts."""
    with Imap(pabal, "bob") as c:
        [limit] = [int(w[12:]) for w in asked(c) if w.startswith("APPENDLIMIT=")]
        assert limit > 1 << 20
        status, text, _ = c.cmd(f"APPEND INBOX {{{limit + 1}}}")
        assert status == b"NO" and text.startswith(b"[TOOBIG]")

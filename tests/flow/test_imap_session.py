# SPDX-License-Identifier: ISC
"""IMAP as clients use it day by day, command by command, against the bytes on
the wire."""
import imaplib
import re

import pytest
from imapraw import Imap

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")

SIMPLE = b"From: A <a@b.example>\r\nSubject: hello\r\n\r\nline one\r\nline two\r\n"
MIXED = (b"From: a@b.example\r\nTo: =?utf-8?q?J=C3=B6rg?= <c@d.example>\r\n"
         b"Subject: mixed\r\nMessage-ID: <1@b.example>\r\n"
         b"MIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=\"x\"\r\n\r\n"
         b"preamble\r\n"
         b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfirst\r\n"
         b"--x\r\nContent-Type: message/rfc822\r\n\r\n"
         b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=y\r\n"
         b"\r\n--y\r\n\r\nin plain\r\n--y\r\nContent-Type: text/html\r\n\r\n"
         b"<p>in html</p>\r\n--y--\r\n"
         b"--x\r\nContent-Type: image/png; name=a.png\r\n"
         b"Content-Transfer-Encoding: base64\r\n"
         b"Content-Disposition: attachment; filename=a.png\r\n\r\nAAAA\r\n"
         b"--x--\r\n")


@pytest.fixture
def alice(pabal):
    with Imap(pabal) as c:
        yield c


def test_before_and_after_login(pabal):
    with Imap(pabal, login=False) as c:
        assert b"IMAP4rev1" in c.greeting
        assert c.cmd("SELECT INBOX")[0] == b"BAD"
        tag = c.tag()
        # what is sent behind LOGIN reaches the session
        c.send(tag + b' LOGIN bob@pabal.test "correct horse"\r\nx NOOP\r\n')
        status, text, _ = c.finish(tag)
        assert status == b"OK" and text.startswith(b"[CAPABILITY IMAP4rev1 ")
        assert c.finish(b"x")[0] == b"OK"
        assert c.cmd("LOGIN a b")[0] == b"BAD"


def test_small_commands(alice):
    caps = alice.ok("CAPABILITY")[0].split()
    for word in (b"CAPABILITY", b"IMAP4rev1", b"LITERAL+", b"IDLE", b"UIDPLUS",
                 b"MOVE", b"SPECIAL-USE", b"NAMESPACE", b"CHILDREN", b"ENABLE",
                 b"UNSELECT", b"ID", b"LIST-EXTENDED"):
        assert word in caps
    assert any(w.startswith(b"APPENDLIMIT=") for w in caps)
    # RFC 7888 5: never both, and this one lets all that the other does
    assert b"LITERAL-" not in caps
    assert alice.ok("NOOP") == []
    assert alice.ok("NAMESPACE") == [b'NAMESPACE (("" "/")) NIL NIL']
    assert alice.ok('ID ("name" "test" "version" NIL)')[0].startswith(b"ID (")
    assert alice.ok("ID NIL")[0].startswith(b"ID (")
    assert alice.ok("ENABLE X-NONE") == [b"ENABLED"]
    assert alice.ok("LOGOUT")[0].startswith(b"BYE")


def test_list(pabal):
    with Imap(pabal, "bob") as c:
        c.ok("CREATE Work/Deep/Er")
        c.ok("CREATE &rADAIQ-")
        c.ok('CREATE "a b"')
        assert b'LIST (\\Noselect) "/" ""' in c.ok('LIST "" ""')
        names = c.ok('LIST "" *')
        assert b'LIST (\\HasNoChildren) "/" INBOX' == names[0]
        assert b'LIST (\\HasNoChildren) "/" &rADAIQ-' in names
        assert b'LIST (\\HasNoChildren) "/" "a b"' in names
        assert b'LIST (\\HasNoChildren \\Sent) "/" Sent' in names
        assert any(b"\\HasChildren" in n and n.endswith(b" Work")
                   for n in names)
        assert any(n.endswith(b" Work/Deep/Er") for n in names)
        top = c.ok('LIST "" %')
        assert not any(b"Work/" in n for n in top)
        assert any(n.endswith(b" Work") for n in top)
        assert [n.split()[-1] for n in c.ok('LIST "Work/" %')] == [b"Work/Deep"]
        assert [n.split()[-1] for n in c.ok('LIST "" inbox')] == [b"INBOX"]
        assert c.ok('LIST "" nothing') == []
        special = c.ok('LIST (SPECIAL-USE) "" *')
        assert sorted(n.split()[-1] for n in special) == \
            [b"Archive", b"Drafts", b"Junk", b"Sent", b"Trash"]
        several = c.ok('LIST "" (INBOX "a b")')
        assert len(several) == 2
        status = c.ok('LIST "" INBOX RETURN (STATUS (MESSAGES UNSEEN))')
        assert status[1] == b"STATUS INBOX (MESSAGES 0 UNSEEN 0)"
        assert c.cmd('LIST (NONSENSE) "" *')[0] == b"BAD"


def test_subscriptions(pabal):
    with Imap(pabal, "carol") as c:
        for name in ("Drafts", "Sent", "Junk", "Trash", "Archive", "INBOX"):
            c.cmd(f"UNSUBSCRIBE {name}")
        c.ok("CREATE one/two")
        c.ok("SUBSCRIBE one/two")
        assert c.ok('LSUB "" *') == [b'LSUB () "/" one/two']
        assert c.ok('LSUB "" %') == [b'LSUB (\\Noselect) "/" one']
        extended = c.ok('LIST (SUBSCRIBED) "" *')
        assert len(extended) == 1 and b"\\Subscribed" in extended[0]
        parent = c.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" %')
        assert len(parent) == 1 and \
            parent[0].endswith(b' one ("CHILDINFO" ("SUBSCRIBED"))')
        marked = c.ok('LIST "" * RETURN (SUBSCRIBED)')
        assert sum(b"\\Subscribed" in n for n in marked) == 1
        c.ok("UNSUBSCRIBE one/two")
        assert c.ok('LSUB "" *') == []
        # gone, and still subscribed: \\NonExistent says \\Noselect, too
        c.ok("SUBSCRIBE gone")
        assert c.ok('LIST (SUBSCRIBED) "" *') == [
            b'LIST (\\HasNoChildren \\NonExistent \\Subscribed) "/" gone']
        assert b'LIST (\\HasChildren \\Noselect) "/" one' in c.ok('LIST "" *')
        c.ok("UNSUBSCRIBE gone")


def test_create_delete_rename(pabal):
    with Imap(pabal, "dave") as c:
        c.ok("CREATE a")
        status, text, _ = c.cmd("CREATE a")
        assert (status, text.split()[0]) == (b"NO", b"[ALREADYEXISTS]")
        assert c.cmd("CREATE inbox")[0] == b"NO"
        c.append(SIMPLE, "a")
        c.ok("RENAME a b/c")
        assert b"MESSAGES 1" in c.ok("STATUS b/c (MESSAGES)")[0]
        assert c.cmd("STATUS a (MESSAGES)")[1].startswith(b"[NONEXISTENT]")
        c.ok("DELETE b/c")
        assert c.cmd("DELETE b/c")[1].startswith(b"[NONEXISTENT]")
        assert c.cmd("DELETE INBOX")[0] == b"NO"
        assert c.cmd("RENAME none other")[0] == b"NO"
        assert c.cmd('CREATE "&*-"')[1].startswith(b"[CANNOT]")
        assert c.cmd('CREATE ""')[0] == b"NO"
        assert c.cmd('CREATE "../x"')[0] in (b"NO", b"OK")
        c.ok("CREATE Mine (USE (\\Important))")
        assert any(b"\\Important" in n and n.endswith(b"Mine")
                   for n in c.ok('LIST (SPECIAL-USE) "" *'))
        # INBOX's messages move, INBOX stays
        c.append(SIMPLE)
        c.ok("RENAME INBOX old")
        assert b"MESSAGES 0" in c.ok("STATUS INBOX (MESSAGES)")[0]
        assert b"MESSAGES 1" in c.ok("STATUS old (MESSAGES)")[0]


def test_select_and_status(alice):
    alice.ok("CREATE sel")
    alice.append(SIMPLE, "sel", "(\\Seen) ")
    alice.append(SIMPLE, "sel")
    status = alice.ok("STATUS sel (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
    m = re.fullmatch(rb"STATUS sel \(MESSAGES 2 RECENT 2 UIDNEXT 3 "
                     rb"UIDVALIDITY (\d+) UNSEEN 1\)", status[0])
    assert m
    answers = alice.ok("EXAMINE sel")
    assert b"2 EXISTS" in answers and b"2 RECENT" in answers
    assert any(a.startswith(b"OK [UNSEEN 2]") for a in answers)
    assert any(a.startswith(b"OK [UIDVALIDITY %s]" % m.group(1))
               for a in answers)
    assert any(a.startswith(b"OK [UIDNEXT 3]") for a in answers)
    assert any(a.startswith(b"OK [PERMANENTFLAGS ()]") for a in answers)
    for refused in ("STORE 1 +FLAGS (\\Seen)", "EXPUNGE", "MOVE 1 INBOX"):
        assert alice.cmd(refused)[1].startswith(b"[READ-ONLY]")
    answers = alice.ok("SELECT sel")
    assert b"2 RECENT" in answers  # EXAMINE did not take them
    assert any(b"\\*" in a for a in answers if b"PERMANENTFLAGS" in a)
    with_flags = [a for a in answers if a.startswith(b"FLAGS ")]
    assert b"\\Answered" in with_flags[0] and b"\\Recent" not in with_flags[0]
    # a failed SELECT leaves nothing selected
    assert alice.cmd("SELECT nothing")[1].startswith(b"[NONEXISTENT]")
    assert alice.cmd("FETCH 1 UID")[0] == b"BAD"
    alice.ok("SELECT sel")
    alice.ok("UNSELECT")
    assert alice.cmd("CLOSE")[0] == b"BAD"


def fetch(c, what, items):
    answers = c.ok(f"FETCH {what} {items}")
    assert len(answers) == 1, answers
    return answers[0]


def test_fetch_items(alice):
    alice.ok("CREATE items")
    alice.append(SIMPLE, "items", '(\\Flagged $Label) "17-Jul-1996 02:44:25 -0700" ')
    alice.ok("SELECT items")
    assert fetch(alice, 1, "(UID FLAGS INTERNALDATE RFC822.SIZE)") == \
        b'1 FETCH (UID 1 FLAGS (\\Flagged \\Recent $Label) INTERNALDATE ' \
        b'"17-Jul-1996 09:44:25 +0000" RFC822.SIZE %d)' % len(SIMPLE)
    assert b'ENVELOPE (NIL "hello" (("A" NIL "a" "b.example"))' in \
        fetch(alice, 1, "ALL")
    assert b'BODY ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 20 2)' \
        in fetch(alice, 1, "FULL")
    assert fetch(alice, 1, "BODY.PEEK[]") == \
        b"1 FETCH (BODY[] {%d}\r\n%s)" % (len(SIMPLE), SIMPLE)
    assert fetch(alice, 1, "BODY.PEEK[]<6.9>") == \
        b"1 FETCH (BODY[]<6> {9}\r\nA <a@b.ex)"
    assert fetch(alice, 1, "BODY.PEEK[TEXT]<0.4>") == \
        b"1 FETCH (BODY[TEXT]<0> {4}\r\nline)"
    assert fetch(alice, 1, "BODY.PEEK[]<9999.5>") == \
        b"1 FETCH (BODY[]<9999> {0}\r\n)"
    assert fetch(alice, 1, "BODY.PEEK[HEADER.FIELDS (SUBJECT x)]") == \
        b"1 FETCH (BODY[HEADER.FIELDS (SUBJECT x)] {18}\r\n" \
        b"Subject: hello\r\n\r\n)"
    assert fetch(alice, 1, "BODY.PEEK[HEADER.FIELDS.NOT (From)]") == \
        b"1 FETCH (BODY[HEADER.FIELDS.NOT (From)] {18}\r\n" \
        b"Subject: hello\r\n\r\n)"
    assert fetch(alice, 1, "BODY.PEEK[7]") == b"1 FETCH (BODY[7] NIL)"
    assert b"\\Seen" not in fetch(alice, 1, "FLAGS")
    # without PEEK it is seen, and told
    assert fetch(alice, 1, "BODY[1]") == \
        b"1 FETCH (FLAGS (\\Flagged \\Seen \\Recent $Label) BODY[1] {20}\r\n" \
        b"line one\r\nline two\r\n)"
    assert fetch(alice, 1, "RFC822.HEADER") == \
        b"1 FETCH (RFC822.HEADER {41}\r\nFrom: A <a@b.example>\r\n" \
        b"Subject: hello\r\n\r\n)"
    assert fetch(alice, 1, "RFC822.TEXT") == \
        b"1 FETCH (RFC822.TEXT {20}\r\nline one\r\nline two\r\n)"
    assert fetch(alice, 1, "RFC822").endswith(SIMPLE + b")")


def test_fetch_parts(alice):
    alice.ok("CREATE parts")
    alice.append(MIXED, "parts")
    alice.ok("SELECT parts")
    structure = fetch(alice, 1, "BODYSTRUCTURE")
    inner = MIXED[MIXED.index(b"Subject: inner"):MIXED.index(b"\r\n--x\r\nContent-Type: image")]
    assert structure == (
        b'1 FETCH (BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL '
        b'"7bit" 5 0 NIL NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" %d '
        b'(NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) '
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 0 NIL NIL NIL '
        b'NIL)("text" "html" NIL NIL NIL "7bit" 14 0 NIL NIL NIL NIL) '
        b'"alternative" ("boundary" "y") NIL NIL NIL) %d NIL NIL NIL NIL)'
        b'("image" "png" ("name" "a.png") NIL NIL "base64" 4 NIL '
        b'("attachment" ("filename" "a.png")) NIL NIL) "mixed" '
        b'("boundary" "x") NIL NIL NIL))' % (len(inner), inner.count(b"\n")))

    def part(section):
        a = fetch(alice, 1, f"BODY.PEEK[{section}]")
        m = re.fullmatch(rb"1 FETCH \(BODY\[" + re.escape(section.encode()) +
                         rb"\] (?:\{\d+\}\r\n)?(.*)\)", a, re.S)
        return m.group(1)

    assert part("1") == b"first"
    assert part("1.MIME") == b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    assert part("2.HEADER").startswith(b"Subject: inner\r\n")
    assert part("2.HEADER.FIELDS (Subject)") == b"Subject: inner\r\n\r\n"
    assert part("2.TEXT").startswith(b"--y\r\n")
    assert part("2.1") == b"in plain"
    assert part("2.2") == b"<p>in html</p>"
    assert part("2.2.MIME") == b"Content-Type: text/html\r\n\r\n"
    assert part("3") == b"AAAA"
    assert part("HEADER") + part("TEXT") == MIXED
    assert part("1.HEADER") == b"NIL"
    assert part("2.3") == b"NIL"
    # piece by piece it is the same
    got = b""
    while True:
        a = fetch(alice, 1, f"BODY.PEEK[]<{len(got)}.37>")
        piece = a.split(b"}\r\n", 1)[1][:-1]
        if not piece:
            break
        got += piece
    assert got == MIXED


def test_store_and_expunge(pabal):
    with Imap(pabal, "erin") as c:
        for i in range(5):
            c.append(b"Subject: %d\r\n\r\nx\r\n" % i)
        c.ok("SELECT INBOX")
        assert c.ok("STORE 1:2 +FLAGS (\\Deleted $Junk)")[-2:] == [
            b"1 FETCH (FLAGS (\\Deleted \\Recent $Junk))",
            b"2 FETCH (FLAGS (\\Deleted \\Recent $Junk))"]
        assert c.ok("UID STORE 3 FLAGS.SILENT \\Seen") == []
        assert c.ok("UID STORE 3 -FLAGS (\\Seen)") == \
            [b"3 FETCH (UID 3 FLAGS (\\Recent))"]
        assert c.ok("STORE 4 FLAGS (\\Deleted)") == \
            [b"4 FETCH (FLAGS (\\Deleted \\Recent))"]
        # UID EXPUNGE takes its set only
        assert c.ok("UID EXPUNGE 2:3") == [b"2 EXPUNGE"]
        assert c.ok("EXPUNGE") == [b"1 EXPUNGE", b"2 EXPUNGE"]
        assert c.ok("UID SEARCH ALL") == [b"SEARCH 3 5"]
        c.ok("STORE 1 +FLAGS (\\Deleted)")
        c.ok("CLOSE")
        assert b"MESSAGES 1" in c.ok("STATUS INBOX (MESSAGES)")[0]
        assert c.cmd("STORE 1 +FLAGS (\\Recent)")[0] == b"BAD"


def test_copy_and_move(pabal):
    with Imap(pabal, "frank") as c:
        for i in range(4):
            c.append(b"Subject: %d\r\n\r\nx\r\n" % i, args="(\\Seen $K) ")
        c.ok("SELECT INBOX")
        status, text, _ = c.cmd("COPY 1,3:4 nowhere")
        assert (status, text.split()[0]) == (b"NO", b"[TRYCREATE]")
        status, text, _ = c.cmd("COPY 1,3:4 Archive")
        assert status == b"OK"
        assert re.match(rb"\[COPYUID \d+ 1,3:4 1:3\] ", text)
        moved = c.ok("UID MOVE 2:3 Trash")
        assert re.match(rb"OK \[COPYUID \d+ 2:3 1:2\] ", moved[0])
        assert moved[1:] == [b"2 EXPUNGE", b"2 EXPUNGE"]
        assert c.ok("UID SEARCH ALL") == [b"SEARCH 1 4"]
        c.ok("SELECT Archive")
        flags = c.ok("FETCH 1:* FLAGS")
        assert len(flags) == 3 and all(b"\\Seen" in f and b"$K" in f
                                       for f in flags)
        assert c.cmd("COPY 9 INBOX")[0] == b"BAD"
        # UIDs of nobody are no error
        assert c.cmd("UID COPY 99 INBOX")[0] == b"OK"


def test_append(pabal):
    with Imap(pabal, "grace") as c:
        status, text, _ = c.cmd("APPEND nowhere %L", SIMPLE)
        assert (status, text.split()[0]) == (b"NO", b"[TRYCREATE]")
        limit = int(re.search(rb"APPENDLIMIT=(\d+)",
                              c.ok("CAPABILITY")[0]).group(1))
        tag = c.tag()
        c.send(tag + b" APPEND INBOX {%d}\r\n" % (limit + 1))
        status, text, _ = c.finish(tag)
        assert (status, text.split()[0]) == (b"NO", b"[TOOBIG]")
        # no waiting: literals come at once, several messages in a command
        tag = c.tag()
        c.send(tag + b" APPEND {5+}\r\nINBOX (\\Seen) {%d+}\r\n%s (\\Draft) "
               b"{%d+}\r\n%s\r\nx NOOP\r\n" %
               (len(SIMPLE), SIMPLE, len(MIXED), MIXED))
        status, text, _ = c.finish(tag)
        assert status == b"OK" and re.match(rb"\[APPENDUID \d+ 1:2\]", text)
        assert c.finish(b"x")[0] == b"OK"
        # refused, and the next command is found
        tag = c.tag()
        c.send(tag + b" APPEND nowhere {%d+}\r\n%s {%d+}\r\n%s\r\ny NOOP\r\n" %
               (len(SIMPLE), SIMPLE, len(MIXED), MIXED))
        status, text, _ = c.finish(tag)
        assert (status, text.split()[0]) == (b"NO", b"[TRYCREATE]")
        assert c.finish(b"y")[0] == b"OK"
        answers = c.ok("SELECT INBOX")
        assert b"2 EXISTS" in answers
        assert c.ok("FETCH 1:2 (FLAGS BODY.PEEK[])") == [
            b"1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {%d}\r\n%s)" %
            (len(SIMPLE), SIMPLE),
            b"2 FETCH (FLAGS (\\Draft \\Recent) BODY[] {%d}\r\n%s)" %
            (len(MIXED), MIXED)]
        # into the selected mailbox: told with the answer
        status, text, untagged = c.cmd("APPEND INBOX %L", SIMPLE)
        assert status == b"OK" and b"3 EXISTS" in untagged
        assert c.cmd("APPEND INBOX %L", b"")[0] == b"NO"
        assert c.cmd('APPEND INBOX "nonsense" %L', SIMPLE)[0] == b"BAD"
        assert b"3 EXISTS" not in c.ok("NOOP")


def test_append_large_messages(pabal):
    """Their structure is read in steps, while what follows waits: several in a
    command, and the next command behind them."""
    part = b"--x\r\nContent-Type: text/plain\r\n\r\n" + b"a\r\n" * 900000
    large = (b"Subject: large\r\nContent-Type: multipart/mixed; boundary=x\r\n"
             b"\r\n" + part + part + b"--x--\r\n")
    with Imap(pabal, "bob") as c:
        tag = c.tag()
        c.send(tag + b" APPEND INBOX {%d+}\r\n%s (\\Seen) {%d+}\r\n%s\r\n"
               b"x SELECT INBOX\r\n" % (len(large), large, len(large), large))
        status, text, _ = c.finish(tag)
        assert status == b"OK" and b"APPENDUID" in text
        status, _, untagged = c.finish(b"x")
        assert status == b"OK" and b"2 EXISTS" in untagged
        for answer in c.ok("FETCH 1:2 BODYSTRUCTURE"):
            assert answer.count(b'"7bit" 2699998 899999') == 2
        # a client that goes meanwhile
        c.send(b"y APPEND INBOX {%d+}\r\n%s" % (len(large), large))
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        assert c.ok("FETCH 2 BODY.PEEK[2]<0.3>") == [
            b"2 FETCH (BODY[2]<0> {3}\r\na\r\n)"]
        c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")


def test_search(pabal):
    with Imap(pabal, "heidi") as c:
        for subject, body in ((b"=?euc-kr?B?sKE=?= one", b"alpha"),
                              (b"two", "가나다".encode()),
                              (b"three", b"gamma")):
            c.append(b"Subject: %s\r\nFrom: x@y\r\n"
                     b"Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n" %
                     (subject, body))
        c.ok("SELECT INBOX")
        c.ok("STORE 2 +FLAGS (\\Seen)")
        for query, want in ((b"ALL", b" 1 2 3"), (b"SEEN", b" 2"),
                            (b"NOT SEEN", b" 1 3"), (b"1:2 UNSEEN", b" 1"),
                            (b"SUBJECT THREE", b" 3"), (b"BODY ALPHA", b" 1"),
                            (b"OR BODY gamma SEEN", b" 2 3"),
                            (b"TEXT nowhere", b""), (b"UID 2:*", b" 2 3"),
                            (b"LARGER 10000", b""), (b"FROM x@y 3", b" 3")):
            assert c.ok(b"SEARCH " + query) == [b"SEARCH" + want], query
        ga = "가".encode()
        assert c.ok("SEARCH CHARSET UTF-8 SUBJECT %L", ga) == [b"SEARCH 1"]
        assert c.ok("SEARCH CHARSET EUC-KR SUBJECT %L", b"\xb0\xa1") == \
            [b"SEARCH 1"]
        assert c.ok("UID SEARCH CHARSET UTF-8 BODY %L", "나다".encode()) == \
            [b"SEARCH 2"]
        status, text, _ = c.cmd("SEARCH CHARSET X-NONE SUBJECT a")
        assert (status, text.split()[0]) == (b"NO", b"[BADCHARSET")
        assert c.cmd("SEARCH")[0] == b"BAD"
        assert c.cmd("SEARCH NONSENSE")[0] == b"BAD"


def test_imaplib(pabal):
    """The standard library's client, for whom all this has to make sense."""
    c = pabal.imap("alice")
    c.create("lib")
    c.append("lib", "\\Seen", imaplib.Time2Internaldate(0), SIMPLE)
    assert c.select("lib") == ("OK", [b"1"])
    typ, data = c.fetch("1", "(RFC822)")
    assert typ == "OK" and data[0][1] == SIMPLE
    assert c.search(None, "FROM", '"a@b.example"') == ("OK", [b"1"])
    assert c.store("1", "+FLAGS", "\\Deleted")[0] == "OK"
    assert c.expunge() == ("OK", [b"1"])
    assert c.close()[0] == "OK"
    assert c.logout()[0] == "BYE"

# SPDX-License-Identifier: ISC
"""NOTIFY (RFC 5465): what a client hears without asking."""
import os
import re

from imapraw import Imap
from pabal import DOMAIN, message

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")
ALL = "(MessageNew MessageExpunge FlagChange)"


def until(c, text):
    """Read what is told up to a response that begins with TEXT."""
    told = []
    while not told or not told[-1].startswith(b"* " + text):
        told.append(c.answer())
    return told


def deliver(pabal, user, subject):
    with pabal.lmtp() as s:
        s.sendmail("a@example.org", [f"{user}@{DOMAIN}"],
                   bytes(message(subject, to=f"{user}@{DOMAIN}")))


def test_grammar(pabal):
    with Imap(pabal) as c:
        assert b"NOTIFY" in c.ok("CAPABILITY")[0].split()
        for text in (
                "NONE", f"SET (selected {ALL})", f"SET (SELECTED-DELAYED {ALL})",
                "SET (selected (MessageNew (UID FLAGS) MessageExpunge)) "
                "(personal (MailboxName SubscriptionChange))",
                "SET STATUS (inboxes (MessageNew MessageExpunge))",
                "SET (subtree (a b) NONE) (subscribed (MailboxName)) "
                "(mailboxes INBOX (MailboxMetadataChange ServerMetadataChange))"):
            assert c.cmd("NOTIFY " + text)[0] == b"OK", text
        for text in (
                "", "SET", "SET ()", "SET (selected)", "SET (elsewhere NONE)",
                "SET (selected (FlagChange))", "SET (selected (MessageNew))",
                "SET (selected (MailboxName))", "SET (selected ())",
                f"SET (selected {ALL}) (selected-delayed {ALL})",
                "SET (personal (MessageNew (UID) MessageExpunge))",
                "SET (mailboxes NONE)", f"SET (personal {ALL}) x", "NONE x"):
            assert c.cmd("NOTIFY " + text)[0] == b"BAD", text
        # 3.1: an event that there is not: NO, and those that there are
        for event in ("AnnotationChange", "Something"):
            status, text, _ = c.cmd(f"NOTIFY SET (personal ({event}))")
            assert status == b"NO"
            assert text.startswith(b"[BADEVENT (MessageNew MessageExpunge ")


def test_selected(pabal):
    """5.1 to 5.3: of the selected mailbox, between commands."""
    with Imap(pabal, "bob") as c, Imap(pabal, "bob") as other:
        other.append(b"Subject: one\r\n\r\nx\r\n")
        other.ok("SELECT INBOX")
        c.ok("SELECT INBOX")
        c.ok("NOTIFY SET (selected (MessageNew (UID "
             "BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))")
        other.append(b"Subject: two\r\n\r\nx\r\n")
        told = until(c, b"2 FETCH")[-3:]
        # whichever of the two looks first has it as its recent one
        assert told.pop(1) in (b"* 0 RECENT", b"* 1 RECENT")
        assert told == [
            b"* 2 EXISTS",
            b"* 2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\n"
            b"Subject: two\r\n\r\n)"]
        other.ok("STORE 1 +FLAGS (\\Flagged)")
        assert until(c, b"1 FETCH")[-1] == b"* 1 FETCH (UID 1 FLAGS (\\Flagged))"
        other.ok("STORE 1 +FLAGS (\\Deleted)")
        until(c, b"1 FETCH")
        other.ok("EXPUNGE")
        assert until(c, b"1 EXPUNGE") == [b"* 1 EXPUNGE"]
        # a delivery, and another program
        deliver(pabal, "bob", "three")
        assert b"Subject: three" in until(c, b"2 FETCH")[-1]
        # the same in IDLE (4)
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+")
        deliver(pabal, "bob", "four")
        assert b"Subject: four" in until(c, b"3 FETCH")[-1]
        c.send(b"DONE\r\n")
        assert c.finish(tag)[0] == b"OK"


def test_selected_delayed(pabal):
    """6.1.2: numbers stay until a command that may move them."""
    with Imap(pabal, "carol") as c, Imap(pabal, "carol") as other:
        for i in range(3):
            other.append(b"Subject: x\r\n\r\nx\r\n")
        other.ok("SELECT INBOX")
        c.ok("SELECT INBOX")
        c.ok(f"NOTIFY SET (selected-delayed {ALL})")
        other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        until(c, b"1 FETCH")
        other.ok("EXPUNGE")
        other.append(b"Subject: x\r\n\r\nx\r\n")
        assert not any(b"EXPUNGE" in x for x in until(c, b"4 EXISTS"))
        assert b"3 FETCH (UID 3)" in c.ok("FETCH 3 UID")
        assert b"1 EXPUNGE" in c.ok("NOOP")


def test_nothing_of_the_selected(pabal):
    """3.1: who names no selected mailbox hears nothing of it."""
    with Imap(pabal, "dave") as c, Imap(pabal, "dave") as other:
        other.append(b"Subject: x\r\n\r\nx\r\n")
        c.ok("SELECT INBOX")
        c.ok("NOTIFY NONE")
        other.append(b"Subject: x\r\n\r\nx\r\n")
        assert c.ok("NOOP") == []
        # but what it does itself
        assert any(x.startswith(b"1 FETCH (FLAGS (") for x in
                   c.ok("STORE 1 +FLAGS (\\Seen \\Deleted)"))
        assert b"1 EXPUNGE" in c.ok("EXPUNGE")
        c.ok(f"NOTIFY SET (selected {ALL})")
        deliver(pabal, "dave", "y")
        until(c, b"2 EXISTS")


def test_other_mailboxes(pabal):
    """5.2 to 5.5, by other sessions, deliveries and programs."""
    home = pabal.maildir("erin")
    with Imap(pabal, "erin") as c, Imap(pabal, "erin") as other:
        other.ok("CREATE a")
        other.ok("CREATE b")
        answers = c.ok("NOTIFY SET STATUS (mailboxes a (MessageNew "
                       "MessageExpunge FlagChange MailboxName)) (personal "
                       "(MessageNew MessageExpunge MailboxName "
                       "SubscriptionChange))")
        status = {x.split()[1]: x for x in answers}
        assert re.match(rb"STATUS INBOX \(MESSAGES 0 UIDNEXT 1\)",
                        status[b"INBOX"])
        assert b"UIDVALIDITY" in status[b"a"]
        other.append(b"Subject: x\r\n\r\nx\r\n", "a")
        assert until(c, b"STATUS a") == [b"* STATUS a (MESSAGES 1 UIDNEXT 2)"]
        deliver(pabal, "erin", "x")
        assert until(c, b"STATUS INBOX") == [
            b"* STATUS INBOX (MESSAGES 1 UIDNEXT 2)"]
        # a file by another program
        made = os.path.join(home, ".b", "tmp", "1.x.y")
        with open(made, "w") as f:
            f.write("Subject: foreign\n\nx\n")
        os.chown(made, os.stat(home).st_uid, os.stat(home).st_gid)
        os.rename(made, os.path.join(home, ".b", "new", "1.x.y"))
        assert until(c, b"STATUS b")[-1] == \
            b"* STATUS b (MESSAGES 1 UIDNEXT 2)"
        other.ok("SELECT a")
        other.ok("STORE 1 +FLAGS (\\Seen)")
        assert re.match(rb"\* STATUS a \(UIDVALIDITY \d+ UNSEEN 0 "
                        rb"HIGHESTMODSEQ \d+\)$", until(c, b"STATUS a")[-1])
        other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        until(c, b"STATUS a")
        other.ok("CLOSE")
        assert b"MESSAGES 0 UIDNEXT 2" in until(c, b"STATUS a")[-1]
        # names
        other.ok("CREATE new")
        assert until(c, b"LIST") == [b'* LIST (\\HasNoChildren) "/" new']
        other.ok("SUBSCRIBE new")
        assert until(c, b"LIST") == [
            b'* LIST (\\HasNoChildren \\Subscribed) "/" new']
        other.ok("UNSUBSCRIBE new")
        assert until(c, b"LIST") == [b'* LIST (\\HasNoChildren) "/" new']
        other.ok("RENAME new newer")
        assert until(c, b"LIST") == [
            b'* LIST (\\HasNoChildren) "/" newer ("OLDNAME" (new))']
        other.ok("DELETE newer")
        assert until(c, b"LIST") == [
            b'* LIST (\\HasNoChildren \\NonExistent) "/" newer']
        # while it is selected, the mailbox is none of them
        c.ok("SELECT a")
        other.append(b"Subject: x\r\n\r\nx\r\n", "a")
        other.append(b"Subject: x\r\n\r\nx\r\n", "b")
        assert until(c, b"STATUS") == [b"* STATUS b (MESSAGES 2 UIDNEXT 3)"]
        c.ok("NOTIFY NONE")
        other.append(b"Subject: x\r\n\r\nx\r\n", "b")
        assert c.ok("NOOP") == []


def test_annotations(pabal):
    """5.6, 5.7; RFC 5464 4.4.2 for who has enabled METADATA."""
    with Imap(pabal, "frank") as c, Imap(pabal, "frank") as other, \
            Imap(pabal, "frank") as enabled:
        assert b"ENABLED METADATA" in enabled.ok("ENABLE METADATA")
        c.ok("NOTIFY SET (personal (MailboxMetadataChange "
             "ServerMetadataChange))")
        other.ok('SETMETADATA INBOX (/private/a "1" /shared/b "2")')
        for who in c, enabled:
            assert until(who, b"METADATA") == [
                b"* METADATA INBOX /private/a /shared/b"]
        other.ok('SETMETADATA "" (/private/a NIL)')
        for who in c, enabled:
            assert until(who, b"METADATA") == [b'* METADATA "" /private/a']
        assert other.ok("NOOP") == []


def test_too_many(make_pabal):
    pabal = make_pabal(("imapd", "notify_mailboxes", "8"))
    with Imap(pabal) as c, Imap(pabal) as other:
        c.ok("NOTIFY SET (personal (MailboxName))")
        for i in range(8):
            other.ok(f"CREATE x{i}")
        assert b"* OK [NOTIFICATIONOVERFLOW]" in \
            until(c, b"OK")[-1]
        status, text, _ = c.cmd("NOTIFY SET (personal (MailboxName))")
        assert (status, text.split()[0]) == (b"NO", b"[NOTIFICATIONOVERFLOW]")
        c.ok("NOTIFY SET (subtree (x0 x1) (MailboxName))")
        other.ok("DELETE x1")
        until(c, b"LIST")

# SPDX-License-Identifier: ISC
"""Several sessions, deliveries and other programs on one mailbox: who hears of
what, and when (RFC 9051 5.2, 7.5.1; RFC 2177)."""
import glob
import os
import re
import shutil
import threading

import pytest
from imapraw import Closed, Imap
from pabal import DOMAIN, wait

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace",
         "fritz", "gina")


def fill(c, n):
    for i in range(n):
        c.append(b"Subject: %d\r\n\r\nx\r\n" % i)


def test_no_expunge_where_numbers_are_used(pabal):
    with Imap(pabal) as a, Imap(pabal) as b:
        fill(a, 5)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        a.ok("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
        assert a.ok("EXPUNGE") == [b"2 EXPUNGE", b"3 EXPUNGE"]
        # FETCH, STORE and SEARCH use numbers: nothing may move
        answers = b.ok("FETCH 5 UID")
        assert b"5 FETCH (UID 5)" in answers
        assert not any(b"EXPUNGE" in x for x in answers)
        assert not any(b"EXPUNGE" in x for x in b.ok("STORE 1 +FLAGS (\\Seen)"))
        assert not any(b"EXPUNGE" in x for x in b.ok("SEARCH ALL"))
        # what is gone is not found under its number
        status, text, answers = b.cmd("FETCH 1:5 UID")
        assert (status, text.split()[0]) == (b"NO", b"[EXPUNGEISSUED]")
        assert [x for x in answers if b"FETCH (UID" in x] == [
            b"1 FETCH (UID 1)", b"3 FETCH (UID 3)", b"5 FETCH (UID 5)"]
        assert b.ok("NOOP") == [b"2 EXPUNGE", b"3 EXPUNGE"]
        assert b.ok("FETCH 3 UID") == [b"3 FETCH (UID 5)"]
        # a UID command may tell
        a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        a.ok("EXPUNGE")
        assert b"1 EXPUNGE" in b.ok("UID FETCH 5 UID")


def test_flags_of_others(pabal):
    with Imap(pabal, "bob") as a, Imap(pabal, "bob") as b:
        fill(a, 2)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        a.ok("STORE 1 +FLAGS (\\Flagged $New)")
        told = b.ok("NOOP")
        assert any(x.startswith(b"FLAGS ") and b"$New" in x for x in told)
        assert b"1 FETCH (FLAGS (\\Flagged $New))" in told
        # silent is silent for the one who asked for it only
        assert a.ok("STORE 1 -FLAGS.SILENT (\\Flagged)") == []
        assert b.ok("NOOP") == [b"1 FETCH (FLAGS ($New))"]
        assert a.ok("NOOP") == []


@pytest.mark.parametrize("condstore", (False, True))
def test_silent_upon_what_was_not_told(pabal, condstore):
    user = "gina" if condstore else "fritz"
    with Imap(pabal, user) as a, Imap(pabal, user) as b:
        fill(a, 3)
        if condstore:
            a.ok("ENABLE CONDSTORE")
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        b.ok("STORE 2 +FLAGS (\\Flagged)")
        answers = a.ok("STORE 1:3 +FLAGS.SILENT (\\Seen)")
        answers += a.ok("NOOP")
        told = [x for x in answers if b"FLAGS" in x]
        assert len(told) == 1, answers
        assert told[0].startswith(b"2 FETCH (")
        assert b"FLAGS (\\Flagged \\Seen" in told[0]
        assert (b"MODSEQ" in told[0]) == condstore
        if condstore:
            assert {int(x.split()[0]) for x in answers
                    if b"MODSEQ (" in x} == {1, 2, 3}
        # another program's, the same
        pattern = os.path.join(pabal.maildir(user), "cur", "*:2,FS")
        path, = wait(lambda: glob.glob(pattern), "the name of 2")
        os.rename(path, path[:-2] + "FRS")
        told = [x for x in a.ok("STORE 2 -FLAGS.SILENT (\\Seen)") +
                a.ok("NOOP") if b"FLAGS" in x]
        assert len(told) == 1
        assert b"FLAGS (\\Answered \\Flagged" in told[0]


def test_idle_hears_a_delivery(pabal):
    with Imap(pabal, "carol") as c:
        c.ok("SELECT INBOX")
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+ ")
        pabal.send("ding", to=f"carol@{DOMAIN}")
        assert c.answer() == b"* 1 EXISTS"
        assert c.answer() == b"* 1 RECENT"
        c.send(b"DONE\r\n")
        assert c.finish(tag)[0] == b"OK"
        assert b"Subject: ding" in c.ok("FETCH 1 BODY.PEEK[HEADER]")[0]


def test_idle_hears_another_session(pabal):
    with Imap(pabal, "dave") as a, Imap(pabal, "dave") as b:
        fill(a, 3)
        a.ok("SELECT INBOX")
        b.ok("SELECT INBOX")
        tag = b.tag()
        b.send(tag + b" IDLE\r\n")
        assert b.answer().startswith(b"+ ")
        a.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        assert b.answer() == b"* 2 FETCH (FLAGS (\\Deleted))"
        a.ok("EXPUNGE")
        assert b.answer() == b"* 2 EXPUNGE"
        a.ok("APPEND INBOX %L", b"Subject: x\r\n\r\n")
        assert b.answer() == b"* 3 EXISTS"
        # a mistake ends it; the session goes on
        b.send(b"NOOP\r\n")
        while not (x := b.answer()).startswith(tag):
            assert x.startswith(b"* ")
        assert x.split()[1] == b"BAD"
        assert b.cmd("NOOP")[0] == b"OK"


def test_idle_hears_another_program(pabal):
    top = pabal.maildir("erin")
    with Imap(pabal, "erin") as c:
        c.ok("SELECT INBOX")
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+ ")
        path = os.path.join(top, "tmp", "1.foreign")
        with open(path, "wb") as f:
            f.write(b"Subject: by hand\n\nhello\n")
        st = os.stat(top)
        if os.getuid() == 0:
            os.chown(path, st.st_uid, st.st_gid)
        os.rename(path, os.path.join(top, "new", "1.foreign"))
        assert c.answer() == b"* 1 EXISTS"
        assert c.answer() == b"* 1 RECENT"
        c.send(b"DONE\r\n")
        assert c.finish(tag)[0] == b"OK"
        # the file has LF lines, the client sees CRLF
        assert c.ok("FETCH 1 (RFC822.SIZE BODY.PEEK[])") == [
            b"1 FETCH (RFC822.SIZE 27 BODY[] {27}\r\n"
            b"Subject: by hand\r\n\r\nhello\r\n)"]


def test_mailbox_deleted_under_a_session(pabal):
    with Imap(pabal, "frank") as a, Imap(pabal, "frank") as b:
        a.ok("CREATE doomed")
        fill_box = b"Subject: x\r\n\r\n"
        a.append(fill_box, "doomed")
        b.ok("SELECT doomed")
        a.ok("DELETE doomed")
        b.send("x NOOP\r\n")
        assert b.answer().startswith(b"* BYE ")
        # made anew it is another one
        a.ok("CREATE doomed")
        assert b"MESSAGES 0" in a.ok("STATUS doomed (MESSAGES)")[0]


def test_own_mailbox_deleted(pabal):
    """The command is answered, and no mailbox is selected."""
    with Imap(pabal, "frank") as a, Imap(pabal, "frank") as b, \
            Imap(pabal, "frank") as idle:
        a.ok("CREATE own")
        for c in (a, b, idle):
            c.ok("SELECT own")
        idle.send("i IDLE\r\n")
        assert idle.answer().startswith(b"+")
        assert a.cmd("DELETE own")[:2] == (b"OK", b"DELETE completed")
        assert a.cmd("FETCH 1 FLAGS")[0] == b"BAD"
        assert a.cmd("NOOP")[0] == b"OK"
        # the others: told, and each command has its answer
        assert idle.answer().startswith(b"* BYE ")
        status, _, untagged = b.cmd("CREATE another")
        assert status == b"OK" and untagged[-1].startswith(b"BYE ")
        with pytest.raises(Closed):
            b.answer()
        assert a.cmd("DELETE another")[0] == b"OK"


def test_selected_mailbox_renamed(pabal):
    """It stays selected, under its new name."""
    with Imap(pabal, "frank") as a, Imap(pabal, "frank") as b:
        a.ok("CREATE before")
        a.append(b"Subject: x\r\n\r\nhi\r\n", "before")
        a.ok("SELECT before")
        b.ok("SELECT before")
        a.ok("RENAME before after")
        for c in (a, b):
            assert c.ok("FETCH 1 BODY.PEEK[TEXT]") == [
                b"1 FETCH (BODY[TEXT] {4}\r\nhi\r\n)"]
        a.ok("CREATE before")
        assert b.ok("UID FETCH 1 UID") == [b"1 FETCH (UID 1)"]
        a.ok("DELETE after")
        assert a.cmd("NOOP")[0] == b"OK"


def test_inbox_stays(pabal):
    with Imap(pabal, "frank") as c:
        c.ok("SELECT INBOX")
        status, text, _ = c.cmd("DELETE inbox")
        assert (status, text.split()[0]) == (b"NO", b"[CANNOT]")
        assert c.cmd("CHECK")[0] == b"OK"


@pytest.mark.parametrize("command", ["UID FETCH 1:* FLAGS", "FETCH 1 FLAGS"])
def test_mailbox_removed_by_another_program(pabal, command):
    with Imap(pabal, "frank") as c:
        c.ok("CREATE removed")
        c.append(b"Subject: x\r\n\r\nhi\r\n", "removed")
        c.ok("SELECT removed")
        shutil.rmtree(os.path.join(pabal.maildir("frank"), ".removed"))
        # Its files may be seen to go before it.
        status, _, untagged = c.cmd(command)
        if not untagged[-1].startswith(b"BYE "):
            status, _, untagged = c.cmd("NOOP")
        assert untagged[-1].startswith(b"BYE ")
        assert status in (b"OK", b"NO")
        with pytest.raises(Closed):
            c.answer()


UID_COMMANDS = ("UID FETCH 1:* (FLAGS BODY.PEEK[TEXT] BODYSTRUCTURE)",
                "UID STORE 1:* +FLAGS (\\Seen)", "UID SEARCH BODY hi",
                "UID COPY 1:* INBOX", "UID EXPUNGE 2", "UID MOVE 1:* INBOX")


@pytest.mark.parametrize("command", UID_COMMANDS)
@pytest.mark.parametrize("how", ["session", "program"])
def test_uids_that_are_gone(pabal, command, how):
    """They are ignored without any error (RFC 9051 6.4.9)."""
    with Imap(pabal, "frank") as a, Imap(pabal, "frank") as b:
        a.cmd("DELETE uids")
        a.ok("CREATE uids")
        for _ in range(3):
            a.append(b"Subject: x\r\n\r\nhi\r\n", "uids")
        a.ok("SELECT uids")
        if how == "session":
            b.ok("SELECT uids")
            b.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
            b.ok("EXPUNGE")
        else:
            [file] = glob.glob(
                os.path.join(pabal.maildir("frank"), ".uids/*/*U=2*"))
            os.unlink(file)
        status, text, untagged = a.cmd(command)
        assert status == b"OK", text
        assert how == "program" or not any(b"UID 2" in u for u in untagged)
        assert a.cmd("UID FETCH 2 FLAGS")[0] == b"OK"


class Counting(Imap):
    """A client that keeps the count of messages as it is told, and believes
    nothing that does not fit it."""
    messages = 0

    def finish(self, tag):
        status, text, untagged = super().finish(tag)
        for a in untagged:
            m = re.match(rb"(\d+) (EXISTS|EXPUNGE|FETCH)", a)
            if m is None:
                continue
            n = int(m.group(1))
            if m.group(2) == b"EXISTS":
                assert n >= self.messages, (n, self.messages, untagged)
                self.messages = n
            else:
                assert 1 <= n <= self.messages, (a, self.messages, untagged)
                self.messages -= m.group(2) == b"EXPUNGE"
        return status, text, untagged


def test_many_at_once(pabal):
    """Sessions that append, flag, expunge and look, all at the same time: none
    is told a number that is not there."""
    errors = []

    def work(n):
        try:
            with Counting(pabal, "grace") as c:
                c.ok("SELECT INBOX")
                for i in range(15):
                    c.append(b"Subject: %d.%d\r\n\r\nx\r\n" % (n, i))
                    for command in ("NOOP", "UID STORE 1:* +FLAGS (\\Seen)",
                                    "UID SEARCH SEEN", "FETCH 1:* (UID FLAGS)"):
                        c.cmd(command)
                    if i % 5 == n % 5:
                        c.ok("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
                        c.ok("EXPUNGE")
                c.ok("NOOP")
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors
    with Counting(pabal, "grace") as c:
        c.ok("SELECT INBOX")
        uids = c.ok("UID SEARCH ALL")[0].split()[1:]
        assert c.messages == len(uids)
        if uids:
            assert len(c.ok("FETCH 1:* (UID BODY.PEEK[])")) == len(uids)


def test_flags_reach_the_files(pabal):
    """After the sessions have gone, file names tell the flags."""
    top = pabal.maildir("alice")
    with Imap(pabal) as c:
        c.ok("CREATE flags")
        c.append(b"Subject: x\r\n\r\n", "flags")
        c.ok("SELECT flags")
        c.ok("STORE 1 +FLAGS (\\Seen \\Flagged)")
        c.ok("LOGOUT")
    cur = os.path.join(top, ".flags", "cur")
    wait(lambda: any(n.endswith(":2,FS") for n in os.listdir(cur)),
         "flags in the file's name")

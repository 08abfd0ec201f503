# SPDX-License-Identifier: ISC
"""Who may what with a mailbox (RFC 4314), in LIST as well (RFC 8440)."""
import os
import re

import pytest
from imapraw import Imap
from pabal import DOMAIN

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")

ALL = b"lrswipkxteacd"
MAIL = b"Subject: one\r\n\r\ntext\r\n"


def me(name):
    return f"{name}@{DOMAIN}"


def acl(c, box):
    """{identifier: rights} as GETACL has it."""
    answer, = c.ok(f"GETACL {box}")
    words = answer.split()
    assert words[0] == b"ACL"
    return dict(zip(words[2::2], words[3::2]))


def rights(c, box):
    answer, = c.ok(f"MYRIGHTS {box}")
    return answer.split()[2]


def path(pabal, name, box):
    where = os.path.join(pabal.dir, "mail", DOMAIN, name)
    return os.path.join(where, "" if box == "INBOX" else "." + box,
                        "dovecot-acl")


def text(pabal, name, box):
    with open(path(pabal, name, box), encoding="utf-8") as f:
        return f.read()


def refused(c, command, code=b"NOPERM"):
    status, why, _ = c.cmd(command)
    assert (status, why[:len(code) + 2]) == (b"NO", b"[" + code + b"]"), \
        (command, status, why)


def test_capabilities(pabal):
    with Imap(pabal) as c:
        caps = c.ok("CAPABILITY")[0].split()
        assert {b"ACL", b"RIGHTS=texk", b"LIST-MYRIGHTS"} <= set(caps)


def test_own_mailbox(pabal):
    owner = me("alice").encode()
    with Imap(pabal) as c:
        assert acl(c, "INBOX") == {owner: ALL}
        assert rights(c, "INBOX") == ALL
        assert not os.path.exists(path(pabal, "alice", "INBOX"))
        c.ok("SETACL INBOX bob lrs")
        c.ok("SETACL INBOX -carol@other.example w")
        c.ok('SETACL INBOX "$night shift" lr')
        c.ok("SETACL INBOX anyone l")
        assert text(pabal, "alice", "INBOX") == (
            f"user={me('bob')} lrs\n-user=carol@other.example w\n"
            '"group=night shift" lr\nanyone l\n')
        assert os.stat(path(pabal, "alice", "INBOX")).st_mode & 0o77 == 0
        answer, = c.ok("GETACL INBOX")
        assert answer == (b"ACL INBOX %b %b bob@%b lrs -carol@other.example w "
                          b'"$night shift" lr anyone l' % (
                              owner, ALL, DOMAIN.encode()))
        # RFC 4314 3.1: in any case only some are added or taken away
        c.ok("SETACL INBOX bob +d")
        c.ok("SETACL INBOX bob -s")
        assert acl(c, "INBOX")[b"bob@" + DOMAIN.encode()] == b"lrted"
        # an entry without rights is one
        c.ok('SETACL INBOX bob ""')
        assert text(pabal, "alice", "INBOX").startswith(
            f"user={me('bob')} \n")
        c.ok("DELETEACL INBOX bob")
        assert b"bob@" + DOMAIN.encode() not in acl(c, "INBOX")
        for name in "-carol@other.example", '"$night shift"', "anyone", "bob":
            c.ok(f"DELETEACL INBOX {name}")
        assert not os.path.exists(path(pabal, "alice", "INBOX"))
        assert acl(c, "INBOX") == {owner: ALL}


def test_what_can_be_given(pabal):
    with Imap(pabal) as c:
        assert c.ok("LISTRIGHTS INBOX bob") == [
            b'LISTRIGHTS INBOX bob@%b "" l r s w i p k x t e a c d'
            % DOMAIN.encode()]
        for name in me("alice"), "owner":
            assert c.ok(f"LISTRIGHTS INBOX {name}") == [
                b"LISTRIGHTS INBOX %b la r s w i p k x t e c d"
                % name.encode()]
        for bad in ("SETACL INBOX bob lrz", "SETACL INBOX bob L",
                    "SETACL INBOX bob l r", "SETACL INBOX bob",
                    'SETACL INBOX "" l', "SETACL INBOX - l", "GETACL",
                    "GETACL INBOX x", "DELETEACL INBOX", "LISTRIGHTS INBOX",
                    "SETACL INBOX bob *l", "MYRIGHTS", "MYRIGHTS INBOX x"):
            assert c.cmd(bad)[0] == b"BAD", bad
        for command in ("GETACL none", "SETACL none bob l", "MYRIGHTS none",
                        "DELETEACL none bob", "LISTRIGHTS none bob"):
            refused(c, command, b"NONEXISTENT")
        assert not os.path.exists(path(pabal, "alice", "INBOX"))


# command: what it needs, and of which mailbox (sel: the selected one)
NEEDS = (
    ("SELECT {box}", "r", "box"),
    ("EXAMINE {box}", "r", "box"),
    ("STATUS {box} (MESSAGES)", "r", "box"),
    ("GETQUOTAROOT {box}", "r", "box"),
    ("GETMETADATA {box} /shared/comment", "r", "box"),
    ('SETMETADATA {box} (/shared/comment "x")', "w", "box"),
    ("DELETE {box}", "x", "box"),
    ("RENAME {box} elsewhere", "x", "box"),
    ("CREATE {box}/below", "k", "box"),
    ("RENAME other {box}/below", "k", "box"),
    ("COPY 1 {box}", "i", "box"),
    ("MOVE 1 {box}", "i", "box"),
    ("UID COPY 1 {box}", "i", "box"),
    ("FETCH 1 FLAGS", "r", "sel"),
    ("UID FETCH 1 FLAGS", "r", "sel"),
    ("SEARCH ALL", "r", "sel"),
    ("UID SEARCH ALL", "r", "sel"),
    ("SORT (DATE) UTF-8 ALL", "r", "sel"),
    ("THREAD REFS UTF-8 ALL", "r", "sel"),
    ("COPY 1 other", "r", "sel"),
    ("MOVE 1 other", "r", "sel"),
    ("MOVE 1 other", "t", "sel"),
    ("UID MOVE 1 other", "e", "sel"),
    ("STORE 1 +FLAGS (\\Seen)", "s", "sel"),
    ("STORE 1 +FLAGS (\\Deleted)", "t", "sel"),
    ("STORE 1 +FLAGS (\\Flagged)", "w", "sel"),
    ("STORE 1 -FLAGS (key)", "w", "sel"),
    ("UID STORE 1 FLAGS (key)", "w", "sel"),
    ("STORE 1 FLAGS ()", "swt", "sel"),
    ("EXPUNGE", "e", "sel"),
    ("UID EXPUNGE 1", "e", "sel"),
)


def picture(pabal):
    """Names and files of bob's account, but for the index."""
    top = os.path.join(pabal.dir, "mail", DOMAIN, "bob")
    return sorted(os.path.join(where, name)
                  for where, _, names in os.walk(top)
                  for name in names if "pabal.index" not in where)


def test_each_command_needs_its_right(pabal):
    """Without it NO, and nothing has changed; with it alone (and r) OK."""
    with Imap(pabal, "bob") as c:
        for number, (command, need, where) in enumerate(NEEDS):
            c.ok("CREATE box")
            c.ok("CREATE other")
            c.append(MAIL, "box", "(\\Deleted) ")
            c.append(MAIL, "other")
            c.ok("SELECT " + ("box" if where == "sel" else "other"))
            # the names of files follow the flags later
            files = [re.sub(r":2,.*", "", f) for f in picture(pabal)]
            rest = "".join(r for r in "lrswipkxtea" if r not in need)
            c.ok(f"SETACL box owner {rest}")
            refused(c, command.format(box="box"))
            c.ok("DELETEACL box owner")
            assert [re.sub(r":2,.*", "", f)
                    for f in picture(pabal)] == files, command
            if where == "sel":
                assert c.ok("FETCH 1 FLAGS") == [
                    b"1 FETCH (FLAGS (\\Deleted \\Recent))"], command
            elif command.startswith(("COPY", "MOVE", "UID COPY")):
                assert c.ok("STATUS box (MESSAGES)") == [
                    b"STATUS box (MESSAGES 1)"]
            status, why, _ = c.cmd(command.format(box="box"))
            assert status == b"OK", (command, why)
            c.ok("UNSELECT")
            for _, name in sorted(
                    ((len(n), n) for a in c.ok('LIST "" *')
                     for n in [a.split()[-1].decode()]
                     if n.split("/")[0] in ("box", "other", "elsewhere")),
                    reverse=True):
                c.ok(f"DELETE {name}")


@pytest.mark.parametrize("literal", ("{%d}", "{%d+}"))
def test_append_and_replace_need_theirs(pabal, literal):
    with Imap(pabal, "carol") as c:
        c.cmd("CREATE box")
        c.ok("SETACL box owner lrs")
        # with "{n}" refused before the message is asked for
        tag = c.tag()
        c.send(tag + b" APPEND box " + (literal % len(MAIL)).encode() +
               b"\r\n")
        if "+" in literal:
            c.send(MAIL + b"\r\n")
        status, why, _ = c.finish(tag)
        assert status == b"NO" and why.startswith(b"[NOPERM]"), why
        assert c.ok("STATUS box (MESSAGES)") == [b"STATUS box (MESSAGES 0)"]
        # flags that he may not set are left out (RFC 4314 4)
        c.ok("SETACL box owner lrsi")
        c.append(MAIL, "box", "(\\Seen \\Deleted key) ")
        c.ok("SELECT box")
        assert b"FLAGS (\\Seen" in c.ok("FETCH 1 FLAGS")[0]
        assert b"Deleted" not in c.ok("FETCH 1 FLAGS")[0]
        assert b"key" not in c.ok("FETCH 1 FLAGS")[0]
        # REPLACE takes the old one out
        status, why, _ = c.cmd("REPLACE 1 box %L", MAIL)
        assert status == b"NO" and why.startswith(b"[NOPERM]"), why
        c.ok("SETACL box owner lrsite")
        assert c.cmd("REPLACE 1 box %L", MAIL)[0] == b"OK"
        c.ok("DELETEACL box owner")
        c.ok("DELETE box")


def test_flags(pabal):
    """Some of what is asked for is done, and told (RFC 4314 4)."""
    with Imap(pabal, "dave") as c:
        c.append(MAIL, "INBOX", "(\\Flagged) ")
        c.ok("SETACL INBOX owner lrs")
        answers = c.ok("SELECT INBOX")
        assert any(a.startswith(b"OK [PERMANENTFLAGS (\\Seen)]")
                   for a in answers), answers
        assert c.ok("STORE 1 +FLAGS.SILENT (\\Seen \\Deleted key)")[-1] == \
            b"1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))"
        assert c.ok("STORE 1 FLAGS (\\Seen \\Answered)")[-1] == \
            b"1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))"
        c.ok("STORE 1 -FLAGS (\\Seen)")
        c.ok("SETACL INBOX owner lrt")
        # without s reading sets none
        c.ok("FETCH 1 BODY[TEXT]")
        assert b"Seen" not in c.ok("FETCH 1 FLAGS")[0]
        c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        # without e CLOSE only closes
        c.ok("CLOSE")
        c.ok("DELETEACL INBOX owner")
        assert c.ok("STATUS INBOX (MESSAGES)") == [
            b"STATUS INBOX (MESSAGES 1)"]
        c.ok("SETACL INBOX owner lr")
        assert c.cmd("SELECT INBOX")[1].startswith(b"[READ-ONLY]")
        refused(c, "STORE 1 +FLAGS (\\Seen)", b"READ-ONLY")
        c.ok("DELETEACL INBOX owner")
        # copies have what may be set in their mailbox
        c.ok("CREATE to")
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS (\\Seen key)")
        c.ok("SETACL to owner lris")
        c.ok("COPY 1 to")
        c.ok("MOVE 1 to")
        c.ok("EXAMINE to")
        for answer in c.ok("FETCH 1:* FLAGS"):
            assert re.search(rb"FLAGS \(\\Seen( \\Recent)?\)", answer), answer


def test_list(pabal):
    with Imap(pabal, "erin") as c:
        c.ok("CREATE a/b")
        c.ok("SETACL a/b owner lrk")
        got = c.ok('LIST "" a* RETURN (MYRIGHTS STATUS (MESSAGES))')
        assert got == [
            b'LIST (\\HasChildren \\Noselect) "/" a',
            b'LIST (\\HasNoChildren) "/" a/b', b"MYRIGHTS a/b lrkac",
            b"STATUS a/b (MESSAGES 0)"]
        c.ok("SETACL a/b owner l")
        got = c.ok('LIST "" a/b RETURN (STATUS (MESSAGES) MYRIGHTS '
                   'METADATA (/shared/comment))')
        assert got == [b'LIST (\\HasNoChildren) "/" a/b',
                       b"MYRIGHTS a/b la"]
        assert c.ok('LIST "" % RETURN (MYRIGHTS)').count(
            b"MYRIGHTS INBOX " + ALL) == 1


def test_inheritance(pabal):
    """A new mailbox begins with what the one above it has; a name that comes
    again has nothing of the one that was deleted."""
    with Imap(pabal, "frank") as c:
        c.ok("CREATE top")
        c.ok("SETACL top bob lr")
        c.ok("CREATE top/x/y")
        assert b"bob@" + DOMAIN.encode() in acl(c, "top/x/y")
        c.ok("SETACL top/x/y bob lrs")
        assert acl(c, "top")[b"bob@" + DOMAIN.encode()] == b"lr"
        # it goes where the mailbox goes
        c.ok("RENAME top new")
        assert acl(c, "new/x/y")[b"bob@" + DOMAIN.encode()] == b"lrs"
        c.ok("DELETE new/x/y")
        c.ok("SETACL new bob l")
        c.ok("CREATE new/x/y")
        assert acl(c, "new/x/y")[b"bob@" + DOMAIN.encode()] == b"l"
        # at the top there is nothing to inherit, though INBOX has some
        c.ok("SETACL INBOX carol l")
        c.ok("CREATE lone")
        assert len(acl(c, "lone")) == 1
        c.ok("CREATE INBOX/child")
        assert b"carol@" + DOMAIN.encode() in acl(c, "INBOX/child")
        # and INBOX keeps its own when its messages leave
        c.ok("RENAME INBOX old")
        assert len(acl(c, "old")) == 1
        assert b"carol@" + DOMAIN.encode() in acl(c, "INBOX")


@pytest.mark.allow("imapd.command-failed")
def test_others_files(pabal):
    """What Dovecot has written counts; what is none is neither believed nor
    replaced, and keeps nobody from his own mail."""
    with Imap(pabal, "grace") as c:
        c.append(MAIL)
        with open(path(pabal, "grace", "INBOX"), "w", encoding="utf-8") as f:
            f.write("# by hand\nowner lrwst\nuser=bob :lookup read\n"
                    "group-override=off\n")
        assert rights(c, "INBOX") == b"lrswtad"
        assert acl(c, "INBOX") == {b"owner": b"lrswtd", b"bob": b"lr",
                                   b"!$off": b'""'}
        c.ok("SELECT INBOX")
        refused(c, "EXPUNGE")
        c.ok("SETACL INBOX !$off l")
        assert text(pabal, "grace", "INBOX") == (
            "owner lrswt\nuser=bob lr\ngroup-override=off l\n")
        for corrupt in b"owner lrq\n", b"\xff\xfe", b"bob lr\n":
            with open(path(pabal, "grace", "INBOX"), "wb") as f:
                f.write(corrupt)
            assert rights(c, "INBOX") == ALL
            assert c.ok("FETCH 1 UID") == [b"1 FETCH (UID 1)"]
            refused(c, "GETACL INBOX", b"UNAVAILABLE")
            refused(c, "SETACL INBOX bob l", b"UNAVAILABLE")
            with open(path(pabal, "grace", "INBOX"), "rb") as f:
                assert f.read() == corrupt
        os.unlink(path(pabal, "grace", "INBOX"))


def test_it_counts_at_once(pabal):
    """For sessions that have the mailbox selected, too."""
    with Imap(pabal, "erin") as c, Imap(pabal, "erin") as d:
        c.append(MAIL)
        c.ok("SELECT INBOX")
        d.ok("SETACL INBOX owner l")
        refused(c, "FETCH 1 FLAGS")
        refused(c, "SEARCH ALL")
        c.ok("NOOP")
        # RFC 7377: of what may not be read nothing is found
        assert not [a for a in d.ok("ESEARCH IN (mailboxes INBOX) ALL")
                    if b"MAILBOX" in a]
        d.ok("DELETEACL INBOX owner")
        c.ok("FETCH 1 FLAGS")
        assert [a for a in d.ok("ESEARCH IN (mailboxes INBOX) ALL")
                if b"MAILBOX" in a]


def test_owner_adds_and_takes(pabal):
    """What he has without an entry is what is changed."""
    with Imap(pabal, "grace") as c:
        for who in me("grace"), "owner":
            box = "Own" + who[:5]
            c.ok(f"CREATE {box}")
            c.ok(f"SETACL {box} {who} +w")
            assert set(rights(c, box)) == set(ALL)
            c.ok(f"SETACL {box} {who} -te")
            assert set(rights(c, box)) == set(ALL) - set(b"ted")
            c.ok(f"SETACL {box} {who} +t")
            assert set(rights(c, box)) == set(ALL) - set(b"e")
        # he has an entry by another name
        c.ok("CREATE Two")
        c.ok("SETACL Two owner lr")
        c.ok(f"SETACL Two {me('grace')} +w")
        assert set(rights(c, "Two")) == set(b"lrwa")

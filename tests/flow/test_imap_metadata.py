# SPDX-License-Identifier: ISC
"""Annotations of mailboxes and of the server (RFC 5464), in LIST as well (RFC
9590)."""
import os
import re
import shutil

from imapraw import Imap

USERS = ("alice", "bob", "carol", "dave", "erin")


def caps(c):
    return c.ok("CAPABILITY")[0].split()


def test_set_and_get(pabal):
    with Imap(pabal) as c, Imap(pabal) as other:
        assert {b"METADATA", b"LIST-METADATA"} <= set(caps(c))
        c.ok('SETMETADATA INBOX (/private/comment "mine" '
             '/shared/vendor/x/color "#fff")')
        # RFC 5464 4.4.1: with values; what is not there is NIL
        for client in c, other:
            assert client.ok("GETMETADATA INBOX (/private/comment "
                             "/shared/comment)") == [
                b'METADATA INBOX (/private/comment "mine" /shared/comment NIL)']
        # names are compared without regard to case
        assert c.ok("GETMETADATA inbox /Private/COMMENT") == [
            b'METADATA INBOX (/Private/COMMENT "mine")']
        # the server's are its own
        assert c.ok('GETMETADATA "" /private/comment') == [
            b'METADATA "" (/private/comment NIL)']
        c.ok('SETMETADATA "" (/private/comment "of all")')
        assert c.ok('GETMETADATA "" /private/comment') == [
            b'METADATA "" (/private/comment "of all")']
        assert c.ok("GETMETADATA INBOX /private/comment") == [
            b'METADATA INBOX (/private/comment "mine")']
        # 4.3: NIL removes, "" is a value
        c.ok('SETMETADATA INBOX (/private/comment NIL /shared/empty "")')
        assert c.ok("GETMETADATA INBOX (/private/comment /shared/empty)") == [
            b'METADATA INBOX (/private/comment NIL /shared/empty "")']


def test_values(pabal):
    """Lines, quotes, bytes beyond ASCII, and NUL as a literal8."""
    with Imap(pabal, "bob") as c:
        for value in (b'quo"te\\', b"two\r\nlines", "한글".encode(),
                      b"x" * 5000, b"" ):
            c.ok("SETMETADATA INBOX (/shared/v %L)", value)
            answer = c.ok("GETMETADATA INBOX /shared/v")
            assert len(answer) == 1
            text = answer[0][len(b"METADATA INBOX (/shared/v "):-1]
            if text.startswith(b"{"):
                size, _, rest = text[1:].partition(b"}\r\n")
                assert (int(size), rest) == (len(value), value)
            else:
                assert re.sub(rb"\\(.)", rb"\1", text[1:-1]) == value
        tag = c.tag()
        c.send(tag + b" SETMETADATA INBOX (/shared/v ~{3+}\r\na\0b)\r\n")
        assert c.finish(tag)[0] == b"OK"
        tag = c.tag()
        c.send(tag + b" GETMETADATA INBOX /shared/v\r\n")
        assert c.file.readline() == b"* METADATA INBOX (/shared/v ~{3}\r\n"
        assert c.file.readline() == b"a\0b)\r\n"
        assert c.finish(tag)[0] == b"OK"


def test_depth_and_size(pabal):
    with Imap(pabal, "carol") as c:
        c.ok("CREATE box")
        c.ok('SETMETADATA box (/shared/a "1" /shared/a/b "22" '
             '/shared/a/b/c "333" /shared/ab "4444" /private/p "55555")')

        def get(text):
            status, why, answers = c.cmd(f"GETMETADATA {text}")
            assert status == b"OK"
            names = re.findall(rb"(/\S+) \"", b" ".join(answers))
            return sorted(names), why

        assert get("box (DEPTH 0) /shared/a")[0] == [b"/shared/a"]
        assert get("(DEPTH 1) box /shared/a")[0] == [
            b"/shared/a", b"/shared/a/b"]
        assert get("(DEPTH infinity) box /shared/a")[0] == [
            b"/shared/a", b"/shared/a/b", b"/shared/a/b/c"]
        assert get("(DEPTH infinity) box (/shared /private)")[0] == [
            b"/private/p", b"/shared/a", b"/shared/a/b", b"/shared/a/b/c",
            b"/shared/ab"]
        assert get("(DEPTH infinity) box /shared/none")[0] == []
        # 4.2.1: what is longer is left out, and the longest of it is told
        names, why = get("(MAXSIZE 2 DEPTH infinity) box /shared")
        assert names == [b"/shared/a", b"/shared/a/b"]
        assert why.startswith(b"[METADATA LONGENTRIES 4] ")
        assert get("(MAXSIZE 4 DEPTH infinity) box /shared")[1].startswith(
            b"GETMETADATA")


def test_what_may_be_kept_may_be_said(shared_pabal):
    """The values of the defaults, larger than other commands may be, and many
    in one; the next command is bounded as ever."""
    with Imap(shared_pabal) as c:
        c.ok("CREATE large")
        c.ok("SETMETADATA large (/shared/a %L)", b"x" * (64 << 10))
        c.ok("SETMETADATA large (/shared/a %L /shared/b %L /shared/c %L)",
             b"a" * (64 << 10), b"b" * (64 << 10), b"c" * (64 << 10))
        [told] = c.ok("GETMETADATA large (/shared/a /shared/b /shared/c)")
        assert all(told.count(x) > (64 << 10) - 1 for x in (b"a", b"b", b"c"))
        status, text, _ = c.cmd("SETMETADATA large (/shared/a %L)",
                                b"x" * ((64 << 10) + 1))
        assert (status, text[:25]) == (b"NO", b"[METADATA MAXSIZE 65536] ")
        tag = c.tag()
        c.send(tag + b" SETMETADATA large (/shared/a {%d+}\r\n" % (1 << 20))
        c.send(b"x" * (1 << 20) + b")\r\n")
        assert c.answer().startswith(tag + b" BAD [TOOBIG]")
        status, text, _ = c.cmd("SEARCH SUBJECT %L", b"x" * (64 << 10))
        assert status == b"BAD"
        c.ok("DELETE large")


def test_limits(make_pabal):
    pabal = make_pabal(("imapd", "metadata_value_limit", "1K"),
                       ("imapd", "metadata_size_limit", "16K"),
                       ("imapd", "admin_uri", "mailto:root@pabal.test"))
    with Imap(pabal) as c:
        assert c.ok('GETMETADATA "" /shared/admin') == [
            b'METADATA "" (/shared/admin "mailto:root@pabal.test")']
        status, text, _ = c.cmd('SETMETADATA "" (/shared/admin "me")')
        assert (status, text.split()[0]) == (b"NO", b"[NOPERM]")
        status, text, _ = c.cmd("SETMETADATA INBOX (/shared/x %L)", b"x" * 1025)
        assert (status, text[:24]) == (b"NO", b"[METADATA MAXSIZE 1024] ")
        for i in range(15):
            c.ok(f"SETMETADATA INBOX (/shared/{i} %L)", b"x" * 1024)
        status, text, _ = c.cmd(
            'SETMETADATA INBOX (/shared/0 "y" /shared/a %L '
            f'/shared/b "{"y" * 1000}")', b"x" * 1024)
        assert (status, text[:19]) == (b"NO", b"[METADATA TOOMANY] ")
        # all or none
        assert c.ok("GETMETADATA INBOX (/shared/0 /shared/a)") == [
            b'METADATA INBOX (/shared/0 "' + b"x" * 1024 +
            b'" /shared/a NIL)']
        c.ok("SETMETADATA INBOX (/shared/0 NIL)")
        c.ok("SETMETADATA INBOX (/shared/a %L)", b"x" * 1024)
        for bad in ("INBOX (/other/x NIL)", "INBOX (/shared/* NIL)",
                    "INBOX (/shared/a/ NIL)", "INBOX ()", "INBOX",
                    "INBOX (/shared/x atom)", "INBOX /shared/x NIL"):
            assert c.cmd("SETMETADATA " + bad)[0] == b"BAD", bad
        for bad in ("INBOX /other", "INBOX (/shared//x)", "INBOX",
                    "(DEPTH 2) INBOX /shared/x", "INBOX /shared/x /shared/y"):
            assert c.cmd("GETMETADATA " + bad)[0] == b"BAD", bad
        for verb in ("GETMETADATA nowhere /shared/x",
                     "SETMETADATA nowhere (/shared/x NIL)"):
            status, text, _ = c.cmd(verb)
            assert (status, text.split()[0]) == (b"NO", b"[NONEXISTENT]")


def test_goes_where_the_mailbox_goes(pabal):
    """RFC 5464 4.1; beside the mailbox's own file, for a person to read."""
    home = pabal.maildir("dave")
    with Imap(pabal, "dave") as c:
        c.ok("CREATE old")
        c.ok("CREATE old/child")
        c.ok('SETMETADATA old (/private/comment "hello")')
        c.ok('SETMETADATA old/child (/private/comment "there")')
        with open(os.path.join(home, ".old", "pabal-metadata")) as f:
            assert f.read() == "pabal-metadata 1\n/private/comment 5\nhello\n"
        c.ok("RENAME old new")
        assert c.ok("GETMETADATA new /private/comment") == [
            b'METADATA new (/private/comment "hello")']
        assert c.ok("GETMETADATA new/child /private/comment") == [
            b'METADATA new/child (/private/comment "there")']
        c.ok("DELETE new/child")
        c.ok("CREATE new/child")
        assert c.ok("GETMETADATA new/child /private/comment") == [
            b"METADATA new/child (/private/comment NIL)"]
        # messages of INBOX move, INBOX stays
        c.ok('SETMETADATA INBOX (/private/comment "in")')
        c.ok("RENAME INBOX moved")
        assert c.ok("GETMETADATA INBOX /private/comment") == [
            b'METADATA INBOX (/private/comment "in")']
    # an index that is built anew knows nothing of them, and need not
    shutil.rmtree(os.path.join(home, "pabal.index"))
    with Imap(pabal, "dave") as c:
        assert c.ok("GETMETADATA new /private/comment") == [
            b'METADATA new (/private/comment "hello")']
        # a file that somebody has spoilt is not taken for another
        path = os.path.join(home, ".new", "pabal-metadata")
        with open(path, "a") as f:
            f.write("garbage")
        assert c.cmd("GETMETADATA new /private/comment")[0] == b"NO"
        assert c.cmd('SETMETADATA new (/private/comment "x")')[0] == b"NO"
        os.unlink(path)
        c.ok('SETMETADATA new (/private/comment "x")')


def test_list(pabal):
    """RFC 9590; the special use as an annotation (RFC 6154 4)."""
    with Imap(pabal, "erin") as c:
        c.ok("CREATE a")
        c.ok("CREATE b/c")
        c.ok('SETMETADATA a (/shared/color "red")')
        answers = c.ok('LIST "" (a b b/c) RETURN (METADATA (/shared/color))')
        assert [x for x in answers if x.startswith((b"METADATA", b"LIST"))] == [
            b'LIST (\\HasNoChildren) "/" a',
            b'METADATA a (/shared/color "red")',
            b'LIST (\\HasChildren \\Noselect) "/" b',
            b'LIST (\\HasNoChildren) "/" b/c',
            b"METADATA b/c (/shared/color NIL)"]
        answers = c.ok('LIST "" a RETURN (STATUS (MESSAGES) METADATA '
                       "(DEPTH infinity) (/shared) CHILDREN)")
        assert answers == [
            b'LIST (\\HasNoChildren) "/" a', b"STATUS a (MESSAGES 0)",
            b'METADATA a (/shared/color "red")']
        assert c.cmd('LIST "" a RETURN (METADATA)')[0] == b"BAD"
        assert c.cmd('LIST "" a RETURN (METADATA (/x))')[0] == b"BAD"

        assert c.ok("GETMETADATA Sent /private/specialuse") == [
            b'METADATA Sent (/private/specialuse "\\\\Sent")']
        c.ok('SETMETADATA a (/private/specialuse "\\\\Important")')
        assert c.ok('LIST "" a') == [
            b'LIST (\\HasNoChildren \\Important) "/" a']
        c.ok("SETMETADATA a (/private/specialuse NIL)")
        assert c.ok('LIST "" a') == [b'LIST (\\HasNoChildren) "/" a']
        for args in ('a (/private/specialuse "\\\\All")',
                     'a (/private/specialuse "Sent")',
                     'Sent (/private/specialuse NIL)',
                     'INBOX (/private/specialuse "\\\\Junk")',
                     'a (/private/x "1" /private/specialuse "\\\\Junk")'):
            status, text, _ = c.cmd("SETMETADATA " + args)
            assert (status, text.split()[0]) == (b"NO", b"[CANNOT]"), args
        assert c.ok("GETMETADATA a /private/x") == [
            b"METADATA a (/private/x NIL)"]

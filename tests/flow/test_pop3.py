# SPDX-License-Identifier: ISC
"""POP3 after the login: RFC 1939 and 2449 as clients see them, the maildrop's
lock, files of other programs, and ends of all kinds."""
import contextlib
import os
import poplib
import re
import shutil
import signal
import socket
import struct
import subprocess

import pytest

from pabal import DOMAIN, PASSWORD, message, wait

USERS = ("alice", "bob", "carol", "dave")
CONF = [("auth", "penalty_free", "100")]


def put(pabal, user, body, name=None):
    """A message into a Maildir as another program would; its name."""
    top = pabal.maildir(user)
    put.n += 1
    name = name or f"1700000{put.n:03}.M{put.n}P1.other"
    owner = os.stat(top)
    tmp = os.path.join(top, "tmp", name)
    with open(tmp, "wb") as f:
        f.write(body)
    os.chown(tmp, owner.st_uid, owner.st_gid)
    os.rename(tmp, os.path.join(top, "new", name))
    return name


put.n = 0


@contextlib.contextmanager
def pop(pabal, user="alice"):
    """A session that ends as the test leaves it: without QUIT."""
    c = pabal.pop(user)
    try:
        yield c
    finally:
        c.close()


def files(pabal, user):
    top = pabal.maildir(user)
    return sorted(os.listdir(os.path.join(top, "new")) +
                  os.listdir(os.path.join(top, "cur")))


def empty(pabal, user):
    """Also files whose names a daemon changes meanwhile (their UIDs)."""
    top = pabal.maildir(user)
    while files(pabal, user):
        for sub in ("new", "cur"):
            for name in os.listdir(os.path.join(top, sub)):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(top, sub, name))


class Raw:
    """The wire itself."""

    def __init__(self, pabal, user="alice", login=True):
        self.sock = pabal.raw("pop3")
        self.file = self.sock.makefile("rb")
        self.line()
        if login:
            assert self.ask(f"USER {user}@{DOMAIN}").startswith(b"+OK")
            assert self.ask(f"PASS {PASSWORD}").startswith(b"+OK")

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        return self.file.readline()

    def ask(self, command):
        self.send(command + "\r\n")
        return self.line()

    def rest(self):
        """The lines of an answer up to the dot, as they came."""
        lines = []
        while True:
            line = self.line()
            assert line.endswith(b"\r\n"), line
            if line == b".\r\n":
                return lines
            lines.append(line)

    def at_end(self):
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def number(reply):
    """The numbers of a "+OK n m" reply."""
    assert reply.startswith(b"+OK "), reply
    return [int(n) for n in re.findall(rb"\d+", reply)]


BODIES = [
    b"Subject: lf\n\nline\n.dot\n..\n\nend\n",
    b"Subject: crlf\r\n\r\nline\r\n.\r\n\r\nend\r\n",
    b"Subject: mixed\r\n\na\r\nb\nc\rd\n",
    b"Subject: 8bit\n\n\xed\x95\x9c\xea\xb8\x80 \xff\x00\n",
    b"Subject: empty body\n\n",
]


def wire(body):
    return re.sub(rb"(?<!\r)\n", b"\r\n", body)


# ---- RFC 1939

def test_sizes_and_bytes(pabal):
    empty(pabal, "alice")
    for body in BODIES:
        put(pabal, "alice", body)
    with Raw(pabal) as c:
        count, total = number(c.ask("STAT"))
        assert count == len(BODIES)
        assert total == sum(len(wire(b)) for b in BODIES)
        assert c.ask("LIST").startswith(b"+OK")
        sizes = [[int(v) for v in line.split()] for line in c.rest()]
        assert sizes == [[i + 1, len(wire(b))] for i, b in enumerate(BODIES)]
        for i, body in enumerate(BODIES, 1):
            assert number(c.ask(f"RETR {i}")) == [len(wire(body))]
            got = b"".join(line[1:] if line.startswith(b".") else line
                           for line in c.rest())
            assert got == wire(body)
            assert number(c.ask(f"LIST {i}")) == [i, len(wire(body))]


def test_last_line_without_an_end_gets_one(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: x\n\nno end")
    with Raw(pabal) as c:
        c.ask("RETR 1")
        assert c.rest()[-1] == b"no end\r\n"


def test_top(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"A: 1\nB: 2\n\n.one\ntwo\nthree\n")
    head = [b"A: 1\r\n", b"B: 2\r\n", b"\r\n"]
    body = [b"..one\r\n", b"two\r\n", b"three\r\n"]
    with Raw(pabal) as c:
        for n, want in [(0, []), (1, body[:1]), (3, body), (99, body),
                        (10**18, body)]:
            assert c.ask(f"TOP 1 {n}").startswith(b"+OK")
            assert c.rest() == head + want


def test_uidl_is_dovecots(pabal):
    empty(pabal, "alice")
    for i in range(3):
        put(pabal, "alice", b"Subject: %d\n\nx\n" % i)
    with pop(pabal) as c:
        first = [line.decode().split() for line in c.uidl()[1]]
    assert [n for n, _ in first] == ["1", "2", "3"]
    for _, uidl in first:
        assert re.fullmatch(r"[0-9a-f]{16}", uidl)
    assert len({u[8:] for _, u in first}) == 1  # UIDVALIDITY
    assert len({u for _, u in first}) == 3
    with pop(pabal) as c:
        assert [line.decode().split() for line in c.uidl()[1]] == first
        c.dele(1)
        assert [line.decode().split() for line in c.uidl()[1]] == first[1:]
        assert c.uidl(2).decode().split()[1:] == first[1]
        c.quit()
    with pop(pabal) as c:
        assert [line.decode().split()[1] for line in c.uidl()[1]] == \
            [u for _, u in first[1:]]


def test_dele_rset_quit(pabal):
    empty(pabal, "alice")
    for i in range(4):
        put(pabal, "alice", b"Subject: %d\n\nx\n" % i)
    with Raw(pabal) as c:
        assert c.ask("DELE 2").startswith(b"+OK")
        for command in ("DELE 2", "RETR 2", "TOP 2 1", "LIST 2", "UIDL 2"):
            assert c.ask(command).startswith(b"-ERR")
        assert number(c.ask("STAT"))[0] == 3
        c.ask("LIST")
        assert [line.split()[0] for line in c.rest()] == [b"1", b"3", b"4"]
        assert c.ask("RSET").startswith(b"+OK")
        assert number(c.ask("STAT"))[0] == 4
        c.ask("DELE 1")
        c.ask("DELE 4")
        assert c.ask("QUIT").startswith(b"+OK")
        assert c.at_end()
    with pop(pabal) as c:
        subjects = [line for i in (1, 2) for line in c.retr(i)[1]
                    if line.startswith(b"Subject")]
        assert subjects == [b"Subject: 1", b"Subject: 2"]
    assert len(files(pabal, "alice")) == 2


@pytest.mark.parametrize("end", ["close", "half", "reset"])
def test_who_vanishes_deletes_nothing(pabal, end):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: stays\n\nx\n")
    since = pabal.mark()
    with Raw(pabal) as c:
        c.ask("DELE 1")
        if end == "half":
            c.sock.shutdown(socket.SHUT_WR)
            assert c.at_end()
        elif end == "reset":
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
    e = pabal.wait_event("pop3d.session-end", since)
    assert e["why"] in ("closed", "lost") and e["dele"] == "0"
    assert len(files(pabal, "alice")) == 1
    with pop(pabal) as c:
        assert c.stat()[0] == 1


def test_quit_in_the_last_breath_counts(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: goes\n\nx\n")
    with Raw(pabal) as c:
        c.send("DELE 1\r\nQUIT\r\n")
        c.sock.shutdown(socket.SHUT_WR)
        assert c.line().startswith(b"+OK")
        assert c.line().startswith(b"+OK")
        assert c.at_end()
    assert files(pabal, "alice") == []


def test_list_is_that_of_the_login(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: old\n\nx\n")
    with Raw(pabal) as c:
        pabal.send("new one")
        pabal.wait_mail("alice", "new one")
        assert number(c.ask("STAT"))[0] == 1
        assert c.ask("RETR 2").startswith(b"-ERR")
        c.ask("DELE 1")
        assert c.ask("QUIT").startswith(b"+OK")
    with pop(pabal) as c:
        assert c.stat()[0] == 1
        assert b"Subject: new one" in c.retr(1)[1]


# ---- RFC 2449

def test_capa(pabal):
    with Raw(pabal) as c:
        assert c.ask("CAPA").startswith(b"+OK")
        caps = [line.strip().decode() for line in c.rest()]
    assert {"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
            "EXPIRE NEVER", "UTF8 USER", "LANG"} <= set(caps)
    assert not any(c.startswith("LOGIN-DELAY") for c in caps)
    assert any(c.startswith("IMPLEMENTATION") for c in caps)
    assert not any(c.split()[0] in ("USER", "SASL", "STLS") for c in caps)


def test_languages_and_utf8(pabal):
    """RFC 6856: in both states, but UTF8 only before the login."""
    with Raw(pabal, login=False) as c:
        assert c.ask("CAPA").startswith(b"+OK")
        assert {b"UTF8 USER\r\n", b"LANG\r\n"} <= set(c.rest())
        assert c.ask("UTF8").startswith(b"+OK")
        assert c.ask("UTF8 x").startswith(b"-ERR")
        assert c.ask("LANG ko").startswith(b"-ERR")
        assert c.ask(f"USER alice@{DOMAIN}").startswith(b"+OK")
        assert c.ask(f"PASS {PASSWORD}").startswith(b"+OK")
        assert c.ask("UTF8").startswith(b"-ERR")
        assert c.ask("LANG").startswith(b"+OK")
        assert [line.split()[0] for line in c.rest()] == [b"i-default", b"en"]
        assert c.ask("LANG en-GB").startswith(b"+OK en ")
        assert c.ask("LANG *").startswith(b"+OK i-default ")
        assert c.ask("LANG tlh").startswith(b"-ERR")
        assert c.ask("STAT").startswith(b"+OK")


def test_raw_utf8_is_sent_as_it_is(pabal):
    empty(pabal, "alice")
    text = "Subject: 안녕하세요\n\n파발\n".encode()
    put(pabal, "alice", text)
    for utf8 in (False, True):
        c = pabal.pop(login=False)
        if utf8:
            assert c.utf8().startswith(b"+OK")
        c.user(f"alice@{DOMAIN}")
        c.pass_(PASSWORD)
        reply, lines, octets = c.retr(1)
        assert b"\n".join(lines) + b"\n" == text
        assert c.list()[1] == [b"1 %d" % octets]
        c.quit()


def test_expire(make_pabal):
    """What was fetched and is old enough is removed at QUIT, not before."""
    pabal = make_pabal(*CONF, ("pop3d", "expire_retrieved", "2d"))
    old = put(pabal, "alice", b"Subject: old\n\nx\n")
    put(pabal, "alice", b"Subject: old, not fetched\n\nx\n")
    put(pabal, "alice", b"Subject: new\n\nx\n")
    top = pabal.maildir("alice")
    for name in sorted(os.listdir(os.path.join(top, "new")))[:2]:
        os.utime(os.path.join(top, "new", name), (0, 3 * 10 ** 8))
    with Raw(pabal) as c:
        assert c.ask("CAPA").startswith(b"+OK")
        assert b"EXPIRE 2\r\n" in c.rest()
        for n in (1, 3):
            assert c.ask(f"RETR {n}").startswith(b"+OK")
            c.rest()
    # It vanished: nothing is removed.
    wait(lambda: "pop3d.session-end" in pabal.log(), "end")
    assert len(files(pabal, "alice")) == 3
    with pop(pabal) as c:
        assert b"Subject: old" in c.retr(1)[1]
        c.retr(3)
        assert c.stat()[0] == 3
        c.quit()
    left = files(pabal, "alice")
    assert len(left) == 2 and not any(n.startswith(old) for n in left)
    with pop(pabal) as c:
        assert [c.retr(n + 1)[1][0] for n in range(2)] == [
            b"Subject: old, not fetched", b"Subject: new"]


def test_login_delay(make_pabal):
    pabal = make_pabal(*CONF, ("pop3d", "login_delay", "1h"))
    with Raw(pabal) as c:
        assert c.ask("CAPA").startswith(b"+OK")
        assert b"LOGIN-DELAY 3600\r\n" in c.rest()
        assert c.ask("QUIT").startswith(b"+OK")
    with Raw(pabal, login=False) as c:
        c.ask(f"USER alice@{DOMAIN}")
        assert c.ask(f"PASS {PASSWORD}").startswith(b"-ERR [LOGIN-DELAY] ")
    with pop(pabal, "bob") as c:
        c.quit()


def test_pipelining(pabal):
    empty(pabal, "alice")
    for i in range(50):
        put(pabal, "alice", b"Subject: %d\n\n" % i + b"y" * 5000 + b"\n")
    with Raw(pabal, login=False) as c:
        # From before the login on, and far more than any buffer takes.
        commands = f"USER alice@{DOMAIN}\r\nPASS {PASSWORD}\r\nSTAT\r\n" + \
            "".join(f"RETR {i % 50 + 1}\r\nNOOP\r\n" for i in range(500)) + \
            "QUIT\r\n"
        c.send(commands)
        for _ in range(3):
            assert c.line().startswith(b"+OK")
        for i in range(500):
            assert c.line().startswith(b"+OK")
            assert b"Subject: %d\r\n" % (i % 50) == c.rest()[0]
            assert c.line().startswith(b"+OK")
        assert c.line().startswith(b"+OK")
        assert c.at_end()


# ---- bad input

def test_errors_are_answered_and_bounded(pabal):
    with Raw(pabal, "bob") as c:
        for bad in ("FOO", "", "LIST 1 2", "RETR", "RETR x", "RETR -1",
                    "RETR 0", "RETR 99999999999", "TOP 1", "STAT 1",
                    "USER bob", "PASS x", "STLS", "AUTH PLAIN"):
            assert c.ask(bad).startswith(b"-ERR"), bad
        assert c.ask("NOOP").startswith(b"+OK")
        c.send(b"\x00\xff\r\n")
        assert c.line().startswith(b"-ERR")
        for _ in range(18):
            assert c.ask("FOO").startswith(b"-ERR")
        assert b"too many" in c.ask("FOO")
        assert c.at_end()


def test_long_lines(pabal):
    with Raw(pabal, "bob") as c:
        assert c.ask("NOOP" + " " * 506).startswith(b"+OK")
        assert b"too long" in c.ask("NOOP" + " " * 507)
        c.send(b"x" * 100000)
        assert b"too long" in c.line()
        # What follows the long line is a command again, its rest is none.
        c.send(b"QUIT\r\nNOOP\r\n")
        assert c.line().startswith(b"+OK")
        assert c.ask("STAT").startswith(b"+OK")


def test_lines_may_come_in_bits_and_end_in_lf(pabal):
    with Raw(pabal, "bob") as c:
        for byte in b"sTaT\n":
            c.send(bytes([byte]))
        assert c.line().startswith(b"+OK 0 0")
        assert c.ask("noop").startswith(b"+OK")


# ---- the lock

def test_one_session_for_a_maildrop(pabal):
    with Raw(pabal, "carol") as first:
        with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
            pabal.pop("carol")
        assert first.ask("NOOP").startswith(b"+OK")
        assert first.ask("QUIT").startswith(b"+OK")
        # The lock is gone before the client knows that it may come back.
        with pop(pabal, "carol") as second:
            second.noop()
    with pop(pabal, "bob") as other:
        other.noop()


def keepalive_s(client):
    """In how many seconds the kernel asks whether CLIENT is still there, at the
    server's end of it (proc(5), /proc/net/tcp: timer 2 is that of keepalive)."""
    here, there = (b"%08X:%04X" % (struct.unpack("=I", socket.inet_aton(a))[0], p)
                   for a, p in (client.getsockname(), client.getpeername()))
    with open("/proc/net/tcp", "rb") as f:
        for line in f:
            words = line.split()
            if words[1:3] == [there, here]:
                timer, _, when = words[5].partition(b":")
                return int(when, 16) / 100 if timer == b"02" else None
    return None


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
def test_dead_client_is_noticed(pabal, service):
    """A client that is gone without a word does not hold its maildrop: the
    kernel asks for it, whoever has its socket."""
    s = socket.create_connection(("127.0.0.1", pabal.port(service)), 30)
    if service == "pop3s":
        s = tls(pabal).wrap_socket(s)
    with s, s.makefile("rb") as f:
        for command in (f"USER carol@{DOMAIN}", f"PASS {PASSWORD}", "STAT"):
            assert f.readline().startswith(b"+OK")
            s.sendall(command.encode() + b"\r\n")
        assert f.readline().startswith(b"+OK")
        # It is set again when what was said has been taken.
        wait(lambda: 0 < (keepalive_s(s) or 999) <= 60, "keepalive")


def test_idle_client_is_sent_away(make_pabal):
    pabal = make_pabal(("pop3d", "idle_timeout", "1s"))
    put(pabal, "alice", b"Subject: stays\n\nx\n")
    with Raw(pabal) as c:
        c.ask("DELE 1")
        assert c.at_end()
    assert pabal.wait_event("pop3d.session-end")["why"] == "timeout"
    with pop(pabal) as c:
        assert c.stat()[0] == 1


# ---- files under the session's feet

def test_file_that_vanished(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: 1\n\nx\n")
    put(pabal, "alice", b"Subject: 2\n\nx\n")
    with Raw(pabal) as c:
        assert number(c.ask("STAT"))[0] == 2
        for sub in ("new", "cur"):
            top = os.path.join(pabal.maildir("alice"), sub)
            for name in sorted(os.listdir(top))[:1]:
                os.unlink(os.path.join(top, name))
        assert b"[SYS/TEMP]" in c.ask("RETR 1")
        assert b"[SYS/TEMP]" in c.ask("TOP 1 0")
        assert c.ask("RETR 2").startswith(b"+OK")
        assert c.rest()[0] == b"Subject: 2\r\n"
        assert c.ask("DELE 1").startswith(b"+OK")
        assert c.ask("DELE 2").startswith(b"+OK")
        assert c.ask("QUIT").startswith(b"+OK")
    assert files(pabal, "alice") == []


@pytest.mark.allow("pop3d.command-failed")
def test_no_file_name_in_an_answer(pabal):
    """What failed here is for the log."""
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: x\n\nbody\n", "1700000000.odd.host")
    since = pabal.mark()
    with Raw(pabal) as c:
        assert number(c.ask("STAT"))[0] == 1
        [name] = files(pabal, "alice")
        for sub in ("new", "cur"):
            path = os.path.join(pabal.maildir("alice"), sub, name)
            if os.path.exists(path):
                os.remove(path)
                os.symlink(name, path)
        for command in ("RETR 1", "TOP 1 0"):
            answer = c.ask(command)
            assert answer == \
                b"-ERR [SYS/TEMP] temporary trouble, try again later\r\n"
    e = pabal.wait_event("pop3d.command-failed", since)
    assert "odd" in e["why"] and e["account"] == "alice@pabal.test"
    empty(pabal, "alice")


@pytest.mark.allow("pop3d.session-refused", "login.handoff-failed", "child.killed")
def test_no_file_name_in_a_refusal(make_pabal):
    p = make_pabal()
    p.pop().quit()
    for pid in p.pids("pop3d"):
        os.kill(pid, signal.SIGKILL)
    cur = os.path.join(p.maildir("alice"), "cur")
    os.rmdir(cur)
    os.symlink("cur", cur)
    since = p.mark()
    c = p.pop(login=False)
    c.user("alice@pabal.test")
    with pytest.raises(poplib.error_proto) as e:
        c.pass_(PASSWORD)
    said = e.value.args[0]
    assert said == b"-ERR [SYS/TEMP] temporary trouble, try again later"
    assert "cur" in p.wait_event("pop3d.session-refused", since)["why"]


def test_file_that_shrank(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: 1\n\n" + b"long\n" * 1000)
    with Raw(pabal) as c:
        before = number(c.ask("LIST 1"))[1]
        for sub in ("new", "cur"):
            top = os.path.join(pabal.maildir("alice"), sub)
            for name in os.listdir(top):
                os.truncate(os.path.join(top, name), 100)
        assert b"[SYS/TEMP]" in c.ask("RETR 1")
        assert number(c.ask("LIST 1"))[1] < before
        assert c.ask("NOOP").startswith(b"+OK")


def test_file_cut_while_it_is_sent(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: 1\n\n" + b"0123456789abcde\n" * 2000000)
    since = pabal.mark()
    with Raw(pabal) as c:
        assert number(c.ask("RETR 1"))[0] > 32000000
        for sub in ("new", "cur"):
            top = os.path.join(pabal.maildir("alice"), sub)
            for name in os.listdir(top):
                os.truncate(os.path.join(top, name), 1000)
        got = c.file.read()
        assert len(got) < 32000000 and not got.endswith(b"\r\n.\r\n")
    assert pabal.wait_event("pop3d.session-end", since)["why"] == \
        "truncated"


# ---- others hear of it

def test_seen_after_retr(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", b"Subject: 1\n\nx\n")
    put(pabal, "alice", b"Subject: 2\n\nx\n")
    with pop(pabal) as c:
        c.retr(1)
        c.top(2, 0)
        c.quit()
    wait(lambda: [n for n in files(pabal, "alice")
                  if n.split(":2,")[-1] == "S"], "the flag in the file name")
    assert sum(n.split(":2,")[-1] == "S" for n in files(pabal, "alice")) == 1


def rcpt_code(pabal, user):
    """The answer to a recipient of a message of 40 KB."""
    with pabal.smtp() as c:
        c.ehlo()
        c.mail("sender@example.org", ["SIZE=40000"])
        return c.rcpt(f"{user}@{DOMAIN}")[0]


def test_quota_has_room_again(pabal):
    pabal.pabal("user", "set", f"dave@{DOMAIN}", "quota", "100K")
    pabal.reload()
    for i in range(2):
        pabal.send(f"big {i}", to=f"dave@{DOMAIN}", body="x" * 45000)
        pabal.wait_mail("dave", f"big {i}")
    wait(lambda: rcpt_code(pabal, "dave") == 452, "a full mailbox")
    with pop(pabal, "dave") as c:
        c.dele(1)
        c.quit()
    wait(lambda: rcpt_code(pabal, "dave") == 250, "room in the mailbox")


# ---- real clients

def test_poplib_over_tls(pabal):
    empty(pabal, "alice")
    for body in BODIES:
        put(pabal, "alice", body)
    c = poplib.POP3_SSL("127.0.0.1", pabal.port("pop3s"), timeout=30,
                        context=tls(pabal))
    c.user(f"alice@{DOMAIN}")
    c.pass_(PASSWORD)
    for i, body in enumerate(BODIES, 1):
        assert c.retr(i)[2] == len(wire(body))
    for i in range(1, len(BODIES) + 1):
        c.dele(i)
    c.quit()
    assert files(pabal, "alice") == []


def tls(pabal):
    context = pabal.tls()
    context.check_hostname = False
    return context


def test_large_message_over_tls(pabal):
    empty(pabal, "alice")
    body = b"Subject: large\n\n" + b"0123456789abcde\n" * 500000
    put(pabal, "alice", body)
    c = poplib.POP3_SSL("127.0.0.1", pabal.port("pop3s"), timeout=30,
                        context=tls(pabal))
    c.user(f"alice@{DOMAIN}")
    c.pass_(PASSWORD)
    lines = c.retr(1)[1]
    assert b"\n".join(lines) + b"\n" == body
    c.quit()


def test_curl(pabal):
    empty(pabal, "alice")
    put(pabal, "alice", BODIES[0])
    r = subprocess.run(
        ["curl", "-sS", "--max-time", "30", "-u",
         f"alice@{DOMAIN}:{PASSWORD}",
         f"pop3://127.0.0.1:{pabal.port('pop3')}/1"],
        capture_output=True, check=True)
    assert r.stdout == wire(BODIES[0])


def test_fetchmail(pabal, tmp_path):
    empty(pabal, "alice")
    for i in range(3):
        put(pabal, "alice", message(f"fetch {i}"))
    rc = tmp_path / "rc"
    rc.write_text(
        f'poll 127.0.0.1 service {pabal.port("pop3")} protocol pop3 uidl\n'
        f'  user "alice@{DOMAIN}" password "{PASSWORD}" sslproto ""\n'
        f'  fetchall no keep mda "cat >>{tmp_path}/got"\n')
    rc.chmod(0o600)
    r = subprocess.run(
        ["fetchmail", "-f", str(rc), "-i", str(tmp_path / "ids"), "--nosyslog",
         "--pidfile", str(tmp_path / "pid"), "-t", "30"],
        capture_output=True, text=True, timeout=60,
        env=dict(os.environ, HOME=str(tmp_path)))
    assert r.returncode == 0, r.stdout + r.stderr
    got = (tmp_path / "got").read_text()
    assert all(f"Subject: fetch {i}" in got for i in range(3))
    assert files(pabal, "alice") == []


# ---- many, and the end

def test_many_sessions(make_pabal):
    names = [f"u{i}" for i in range(12)]
    pabal = make_pabal(users=names)
    for name in names:
        put(pabal, name, b"Subject: for %s\n\nx\n" % name.encode())
    clients = [pabal.pop(name) for name in names]
    for name, c in zip(names, clients):
        assert f"Subject: for {name}".encode() in c.retr(1)[1]
        c.dele(1)
    for c in clients:
        c.quit()
    assert all(files(pabal, name) == [] for name in names)


def test_session_limit(make_pabal):
    pabal = make_pabal(("pop3d", "session_limit", "1"),
                       ("pop3d", "isolation", "uid"))
    with pop(pabal, "alice"):
        with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\]"):
            pabal.pop("bob")
    wait(lambda: pabal.events("pop3d.session-end"), "the end of the session")
    with pop(pabal, "bob") as c:
        c.noop()


@pytest.mark.allow("child.killed")
def test_lock_ends_with_its_process(make_pabal):
    pabal = make_pabal()
    put(pabal, "alice", b"Subject: stays\n\nx\n")
    with Raw(pabal) as c:
        c.ask("DELE 1")
        for pid in pabal.pids("pop3d"):
            os.kill(pid, signal.SIGKILL)
        assert c.at_end()
    pabal.wait_event("child.killed", daemon="pop3d")
    with pop(pabal) as c:
        assert c.stat()[0] == 1


def test_stop_deletes_nothing(make_pabal):
    pabal = make_pabal()
    put(pabal, "alice", b"Subject: stays\n\nx\n")
    with Raw(pabal) as c:
        c.ask("DELE 1")
        pabal.stop()
        assert c.at_end()
    assert len(files(pabal, "alice")) == 1
    pabal.start()
    with pop(pabal) as c:
        assert c.stat()[0] == 1


def test_login_is_answered_before_a_long_list_is_read(make_pabal):
    """Commands sent ahead wait, and see the whole; a client that leaves
    meanwhile leaves no lock."""
    pabal = make_pabal(*CONF)
    n = 5000
    for _ in range(n):
        put(pabal, "alice", b"Subject: x\n\ny\n")
    with Raw(pabal, login=False) as c:
        c.ask(f"USER alice@{DOMAIN}")
        assert c.ask(f"PASS {PASSWORD}") == b"+OK Logged in\r\n"
    with Raw(pabal, login=False) as c:
        c.send(f"USER alice@{DOMAIN}\r\nPASS {PASSWORD}\r\n")
        assert c.line().startswith(b"+OK")
        reply = c.line()
        while reply.startswith(b"-ERR [IN-USE]"):  # its end is not seen yet
            c.send(f"USER alice@{DOMAIN}\r\nPASS {PASSWORD}\r\n")
            assert c.line().startswith(b"+OK")
            reply = c.line()
        c.send("STAT\r\nLIST\r\nQUIT\r\n")
        assert c.line() == b"+OK %d %d\r\n" % (n, 17 * n)
        assert c.line().startswith(b"+OK")
        assert c.rest() == [b"%d 17\r\n" % (i + 1) for i in range(n)]
        assert c.line().startswith(b"+OK")
    with pop(pabal) as c:
        assert c.stat() == (n, 17 * n)


def uidl(pabal, user="alice"):
    with pop(pabal, user) as c:
        found = [line.split()[1].decode() for line in c.uidl()[1]]
        assert [c.uidl(i + 1).split()[2].decode()
                for i in range(len(found))] == found
        c.quit()
    return found


@pytest.mark.parametrize("unpack,form", (
    ("%08x%08x", "dovecot"), ("UID{0}-{1}", "courier")))
def test_uidl_outlives_all(make_pabal, unpack, form):
    """Sessions, a start, the loss of the index, and the server before, whose
    list says which messages have which UIDs (RFC 1939 7)."""
    p = make_pabal(("pop3d", "uidl_format", form), users=("alice",))
    names = [put(p, "alice", b"Subject: %d\n\nx\n" % i) for i in range(4)]
    owner = os.stat(p.maildir("alice"))
    listed = os.path.join(p.maildir("alice"), "dovecot-uidlist")
    uids = (5, 17, 123456, 4)
    with open(listed, "w") as f:
        f.write(f"3 V1234567890 N200000 G{'0' * 31}1\n")
        for uid, name in sorted(zip(uids, names)):
            f.write(f"{uid} :{name}\n")
    os.chown(listed, owner.st_uid, owner.st_gid)

    def of(uid, validity):
        return unpack.format(uid, validity) if "{" in unpack else \
            unpack % (uid, validity)

    want = [of(uid, 1234567890) for uid in sorted(uids)]
    assert uidl(p) == want
    p.send("one more")
    p.wait_mail("alice", "one more")
    want.append(of(200000, 1234567890))
    assert uidl(p) == want
    p.pabal("restart")
    assert uidl(p) == want
    p.pabal("mailbox", "rebuild", f"alice@{DOMAIN}")
    assert uidl(p) == want
    p.stop()
    shutil.rmtree(os.path.join(p.maildir("alice"), "pabal.index"))
    p.start()
    assert uidl(p) == want
    with pop(p) as c:
        c.dele(2)
        c.quit()
    del want[1]
    assert uidl(p) == want

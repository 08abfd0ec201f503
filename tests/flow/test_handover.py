# SPDX-License-Identifier: ISC
"""Sessions as login hands them in: the client sees no seam, in the clear and
behind TLS, and what goes wrong on the way costs nobody else anything."""
import contextlib
import imaplib
import os
import poplib
import signal
import socket
import ssl

import pytest

from pabal import PASSWORD, wait

ALICE = "alice@pabal.test"
LOGIN = f'LOGIN {ALICE} "{PASSWORD}"'
WAYS = ["imap", "imaps", "starttls"]


class Imap:
    """A client that shows every byte."""

    def __init__(self, pabal, way, source="127.0.0.1"):
        service = "imaps" if way == "imaps" else "imap"
        self.sock = socket.create_connection(
            ("127.0.0.1", pabal.port(service)), 30, (source, 0))
        if way == "imaps":
            self.wrap(pabal)
        self.file = self.sock.makefile("rb")
        self.read()
        if way == "starttls":
            self.send("t STARTTLS\r\n")
            assert self.read().startswith("t OK")
            self.wrap(pabal)
            self.file = self.sock.makefile("rb")

    def wrap(self, pabal):
        self.sock = pabal.tls().wrap_socket(
            self.sock, server_hostname="mail.pabal.test")

    def send(self, text):
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def read(self):
        return self.file.readline().decode(errors="replace").rstrip("\r\n")

    def ask(self, command, tag="a"):
        """The lines up to and with the tagged answer."""
        self.send(f"{tag} {command}\r\n")
        return self.until(tag)

    def until(self, tag):
        lines = []
        while True:
            line = self.file.readline().decode(errors="replace")
            assert line, f"the end before {tag}: {lines[-5:]}"
            lines.append(line.rstrip("\r\n"))
            if line.startswith(tag + " "):
                return lines

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.mark.parametrize("way", WAYS)
def test_login_answer_carries_capabilities(pabal, way):
    with Imap(pabal, way) as c:
        answer = c.ask(LOGIN)
        assert len(answer) == 1
        assert answer[0].startswith("a OK [CAPABILITY IMAP4rev1 ")
        assert "STARTTLS" not in answer[0] and "AUTH=" not in answer[0]
        said = answer[0].split("[CAPABILITY ")[1].split("]")[0]
        assert c.ask("CAPABILITY", "b")[0] == "* CAPABILITY " + said


@pytest.mark.parametrize("way", WAYS)
def test_commands_behind_the_login_are_not_lost(pabal, way):
    with Imap(pabal, way) as c:
        c.send(f"a {LOGIN}\r\nb NOOP\r\nc SELECT INBOX\r\nd LOGOUT\r\n")
        for tag in "abcd":
            assert c.until(tag)[-1].startswith(tag + " OK")
        assert c.file.read() == b""


def test_client_that_shuts_down_its_side(pabal):
    """Everything in one go and then the end: all is answered."""
    with Imap(pabal, "imap") as c:
        c.send(f"a {LOGIN}\r\nb SELECT INBOX\r\nc LOGOUT\r\n")
        c.sock.shutdown(socket.SHUT_WR)
        got = c.file.read().decode()
        assert "a OK" in got and "b OK" in got and "c OK" in got


def test_byte_by_byte_over_the_seam(pabal):
    with Imap(pabal, "imaps") as c:
        for b in f"a {LOGIN}\r\nb NOOP\r\n".encode():
            c.send(bytes([b]))
        assert c.until("a")[-1].startswith("a OK")
        assert c.until("b")[-1].startswith("b OK")


@pytest.mark.parametrize("service", ["pop3", "pop3s"])
def test_pop3_seam(pabal, service):
    sock = pabal.raw(service)
    if service == "pop3s":
        sock = pabal.tls().wrap_socket(sock, server_hostname="mail.pabal.test")
    sock.sendall(f"USER {ALICE}\r\nPASS {PASSWORD}\r\nSTAT\r\nQUIT\r\n"
                 .encode())
    lines = sock.makefile("rb").read().decode().splitlines()
    sock.close()
    assert len(lines) == 5 and all(x.startswith("+OK") for x in lines)


def test_pop3_maildrop_in_use(pabal):
    held = pabal.pop("bob")
    c = pabal.pop(login=False)
    c.user("bob@pabal.test")
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        c.pass_(PASSWORD)
    # and the client may go on where it is
    assert c.user(ALICE).startswith(b"+OK")
    held.quit()
    c.close()
    wait(lambda: freed(pabal), "the maildrop's release")


def freed(pabal):
    try:
        pabal.pop("bob").quit()
        return True
    except poplib.error_proto:
        return False


@pytest.mark.parametrize("way", WAYS)
def test_large_messages_both_ways(pabal, way):
    """Eight megabytes up and down, every byte as it was."""
    body = b"".join(b"%08d %s\r\n" % (i, b"z" * 70) for i in range(100000))
    mail = b"Subject: large\r\n\r\n" + body
    with Imap(pabal, way) as c:
        c.ask(LOGIN)
        c.ask("CREATE large-" + way, "b")
        c.send(b"c APPEND large-%s {%d+}\r\n" % (way.encode(), len(mail)))
        c.send(mail + b"\r\n")
        assert c.until("c")[-1].startswith("c OK")
        c.ask("SELECT large-" + way, "d")
        c.send("e FETCH 1 BODY.PEEK[]\r\n")
        while "BODY[]" not in (line := c.read()):
            pass
        assert line.endswith("{%d}" % len(mail))
        assert c.file.read(len(mail)) == mail
        assert c.until("e")[-1].startswith("e OK")


def own_kib(pids):
    """What the processes hold themselves; whoever else runs shares the rest."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            total += next(int(x.split()[1]) for x in f
                          if x.startswith("Pss_Anon:"))
    return total


def test_client_that_does_not_read(pabal):
    """What it asked for does not pile up in login or imapd."""
    body = b"x" * 70 + b"\r\n"
    mail = b"Subject: heavy\r\n\r\n" + body * 120000
    with Imap(pabal, "imaps") as c:
        c.ask(LOGIN)
        c.ask("CREATE heavy", "b")
        c.send(b"c APPEND heavy {%d+}\r\n" % len(mail) + mail + b"\r\n")
        assert c.until("c")[-1].startswith("c OK")
        c.ask("SELECT heavy", "d")
        before = own_kib(pabal.pids("login") + pabal.pids("imapd"))
        for i in range(8):
            c.send(f"f{i} FETCH 1 BODY.PEEK[]\r\n")
        # a well-behaved client beside it is served meanwhile
        with Imap(pabal, "imaps") as d:
            assert d.ask(LOGIN)[-1].startswith("a OK")
            for _ in range(20):
                assert d.ask("NOOP")[-1].startswith("a OK")
        after = own_kib(pabal.pids("login") + pabal.pids("imapd"))
        # the sanitizers keep what was freed
        assert after - before < 8000 or os.environ.get("PABAL_SANITIZE")
        for i in range(8):
            assert c.until(f"f{i}")[-1].startswith(f"f{i} OK")


def test_three_hundred_sessions_of_one_user(pabal):
    held = []
    for i in range(300):
        c = Imap(pabal, "imap" if i % 2 else "imaps")
        assert c.ask(LOGIN)[-1].startswith("a OK")
        held.append(c)
    for c in held:
        assert c.ask("NOOP", "n")[-1].startswith("n OK")
        c.close()


@pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                    reason="the sanitizers' memory is another")
def test_a_session_in_idle_is_small(make_pabal):
    """An IDLE lasts for hours: it keeps nothing that a command needs."""
    p = make_pabal()
    with contextlib.ExitStack() as held:
        def idle(sessions):
            for _ in range(sessions):
                c = held.enter_context(Imap(p, "imap"))
                assert c.ask(LOGIN)[-1].startswith("a OK")
                c.ask("SELECT INBOX", "b")
                c.send("c IDLE\r\n")
                assert c.read().startswith("+")

        idle(20)
        before = own_kib(p.pids("imapd"))
        idle(200)
        assert (own_kib(p.pids("imapd")) - before) / 200 < 3.5


def test_client_gone_amid_a_transfer(pabal):
    mail = b"Subject: gone\r\n\r\n" + b"y" * 70 * 20000 + b"\r\n"
    with Imap(pabal, "imaps") as c:
        c.ask(LOGIN)
        c.send(b"b APPEND INBOX {%d+}\r\n" % len(mail) + mail[:100000])
    with Imap(pabal, "imaps") as c:
        c.ask(LOGIN)
        status = c.ask("STATUS INBOX (MESSAGES)", "b")
        assert "MESSAGES 0" in status[0]


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_login_ends_and_clear_sessions_live_on(make_pabal):
    """A session without TLS does not need login any more."""
    p = make_pabal()
    with Imap(p, "imap") as c, Imap(p, "imaps") as d:
        assert c.ask(LOGIN)[-1].startswith("a OK")
        assert d.ask(LOGIN)[-1].startswith("a OK")
        for pid in p.pids("login"):
            os.kill(pid, signal.SIGKILL)
        assert c.ask("NOOP", "b")[-1].startswith("b OK")
        try:
            assert d.file.read() == b""
        except (ConnectionResetError, ssl.SSLError):
            pass
        wait(lambda: back(p), "a new login")
        assert c.ask("SELECT INBOX", "c")[-1].startswith("c OK")


def back(p):
    try:
        with Imap(p, "imaps") as c:
            return c.ask(LOGIN)[-1].startswith("a OK")
    except (OSError, AssertionError):
        return False


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_imapd_ends_and_the_next_login_works(make_pabal):
    p = make_pabal()
    with Imap(p, "imaps") as c:
        assert c.ask(LOGIN)[-1].startswith("a OK")
        for pid in p.pids("imapd"):
            os.kill(pid, signal.SIGKILL)
        assert c.file.read() == b""
    wait(lambda: back(p), "a new imapd")


# The service, and what login may say while imapd has the session, but has not
# answered: in the clear imapd may be writing to the same socket.
WORDS = [("imap", ""), ("imaps", "* BYE [UNAVAILABLE] ")]


@pytest.mark.allow("child.killed", "ipc.dropped")
@pytest.mark.parametrize("way, words", WORDS)
def test_imapd_hangs_amid_a_login(make_pabal, way, words):
    """The client is not left waiting for ever."""
    p = make_pabal()
    p.imap().logout()
    pids = p.pids("imapd")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    with Imap(p, way) as c:
        since = p.mark()
        c.send(f"a {LOGIN}\r\n")
        p.wait_event("auth.ok", since, protocol="imap")
        # login has told imapd of it as soon as it answers another client
        with Imap(p, way) as other:
            assert other.ask("NOOP")[-1].startswith("a OK")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        got = c.file.read().decode()
        assert got.startswith(words) if words else got == ""
    wait(lambda: back(p), "a new imapd")


@pytest.mark.allow("child.killed", "ipc.dropped")
@pytest.mark.parametrize("way, words", WORDS)
def test_login_stops_amid_a_login(make_pabal, way, words):
    """What imapd has been handed it serves, and login does not talk between."""
    p = make_pabal()
    p.imap().logout()
    pids = p.pids("imapd")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        with Imap(p, way) as c:
            since = p.mark()
            c.send(f"a {LOGIN}\r\n")
            p.wait_event("auth.ok", since, protocol="imap")
            with Imap(p, way) as other:
                assert other.ask("NOOP")[-1].startswith("a OK")
            logins = p.pids("login")
            for pid in logins:
                os.kill(pid, signal.SIGTERM)
            wait(lambda: not set(logins) & set(p.pids("login")), "their end")
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            if words:
                assert c.file.read().decode().startswith(words)
            else:
                assert c.until("a")[-1].startswith("a OK")
                assert c.ask("NOOP", "b")[-1].startswith("b OK")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_stop_says_goodbye(make_pabal):
    p = make_pabal()
    with Imap(p, "imap") as c, Imap(p, "imaps") as d, Imap(p, "imap") as e:
        c.ask(LOGIN)
        d.ask(LOGIN)
        p.stop()
        for client in (c, d, e):
            assert client.read().startswith("* BYE ")


def test_imaplib_and_poplib(pabal):
    c = imaplib.IMAP4_SSL("127.0.0.1", pabal.port("imaps"),
                          ssl_context=relaxed(pabal), timeout=30)
    c.authenticate("PLAIN", lambda _: f"\0{ALICE}\0{PASSWORD}".encode())
    assert c.select("INBOX")[0] == "OK"
    c.logout()
    d = poplib.POP3_SSL("127.0.0.1", pabal.port("pop3s"),
                        context=relaxed(pabal), timeout=30)
    d.user(ALICE)
    d.pass_(PASSWORD)
    d.quit()


def relaxed(pabal):
    """These libraries check for the address they connected to."""
    context = pabal.tls()
    context.check_hostname = False
    return context

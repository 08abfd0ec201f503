# SPDX-License-Identifier: ISC
"""The front end of POP3 and IMAP before a session is handed in: greeting,
capabilities, STARTTLS, refusals, limits, guessing, garbage."""
import base64
import contextlib
import imaplib
import os
import poplib
import signal
import socket
import ssl
import subprocess
import time

import pytest

from pabal import PABAL, PASSWORD, PATIENCE, wait

ALICE = "alice@pabal.test"
CONF = [("auth", "penalty_delay", "100ms"),
        ("auth", "penalty_free", "3"),
        ("login", "max_errors", "10")]


class Line:
    """A client that reads and writes lines, from an address of its choice."""

    def __init__(self, pabal, service, source="127.0.0.1", tls=None):
        self.sock = socket.create_connection(
            ("127.0.0.1", pabal.port(service)), 30, (source, 0))
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock,
                                        server_hostname="mail.pabal.test")
        self.file = self.sock.makefile("rb")
        self.greeting = self.read()

    def read(self):
        return self.file.readline().decode(errors="replace").rstrip("\r\n")

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def ask(self, line):
        self.send(line + "\r\n")
        return self.read()

    def start_tls(self, context):
        self.sock = context.wrap_socket(self.sock,
                                        server_hostname="mail.pabal.test")
        self.file = self.sock.makefile("rb")

    def at_end(self):
        """The server closes; nothing more comes."""
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


def capabilities(line):
    return set(line.split("CAPABILITY ", 1)[1].split("]")[0].split())


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


# ---- IMAP

def test_imap_greeting_tells_capabilities(pabal):
    with Line(pabal, "imap") as c:
        assert c.greeting.startswith("* OK [CAPABILITY IMAP4rev1 ")
        caps = capabilities(c.greeting)
        assert {"STARTTLS", "SASL-IR", "LITERAL+", "AUTH=PLAIN"} <= caps
        assert "LOGINDISABLED" not in caps
        assert capabilities(c.ask("a CAPABILITY")) == caps
        assert c.read() == "a OK CAPABILITY completed"


def test_imap_simple_commands(pabal):
    with Line(pabal, "imap") as c:
        assert c.ask("a NOOP") == "a OK NOOP completed"
        assert c.ask("b ID NIL").startswith('* ID ("name" ')
        assert c.read() == "b OK ID completed"
        assert c.ask('c ID ("name" "x")').startswith("* ID ")
        assert c.read() == "c OK ID completed"
        assert c.ask("d LOGOUT").startswith("* BYE ")
        assert c.read() == "d OK LOGOUT completed"
        assert c.at_end()


@pytest.mark.parametrize("line,answer", [
    ("a SELECT INBOX", "a BAD "),
    ("a XYZZY", "a BAD "),
    ("a", "a BAD "),
    ("a NOOP more", "a BAD "),
    ("a LOGIN", "a BAD "),
    ("a LOGIN alice", "a BAD "),
    ("a LOGIN alice pass word", "a BAD "),
    ('a LOGIN "alice x', "a BAD "),
    ("a ID x", "a BAD "),
    ("a AUTHENTICATE", "a BAD "),
    ("a AUTHENTICATE NTLM", "a NO [CANNOT] "),
    ("a AUTHENTICATE PLAIN not-base-64", "a BAD "),
    ("a AUTHENTICATE PLAIN =", "a BAD "),
    ("a LOGIN {9999999}", "a NO [LIMIT] "),
    ("", "* BAD "),
    ("* NOOP", "* BAD "),
    ("GET / HTTP/1.1", "GET BAD "),
])
def test_imap_refuses(pabal, line, answer):
    with Line(pabal, "imap") as c:
        assert c.ask(line).startswith(answer)
        assert c.ask("z NOOP") == "z OK NOOP completed"


def test_imap_pipelined_commands_in_one_packet(pabal):
    with Line(pabal, "imap") as c:
        c.send("a NOOP\r\nb CAPABILITY\r\nc BOGUS\r\nd NOOP\r\n")
        answers = [c.read() for _ in range(5)]
        assert answers[0] == "a OK NOOP completed"
        assert answers[2] == "b OK CAPABILITY completed"
        assert answers[3].startswith("c BAD ")
        assert answers[4] == "d OK NOOP completed"


def test_imap_byte_by_byte(pabal):
    with Line(pabal, "imap") as c:
        for b in b"a LOGIN {5}\r\n":
            c.send(bytes([b]))
        assert c.read().startswith("+ ")
        for b in b"alice {5+}\r\nwrong\r\n":
            c.send(bytes([b]))
        assert c.read().startswith("a NO [AUTHENTICATIONFAILED] ")


@pytest.mark.parametrize("login", [
    f"LOGIN {ALICE} wrong",
    f'LOGIN "{ALICE}" "wr\\"ong"',
    "LOGIN nobody@pabal.test wrong",
    "LOGIN nobody@elsewhere.test wrong",
    f"AUTHENTICATE PLAIN {plain(ALICE, 'wrong')}",
])
def test_imap_wrong_password_and_unknown_user_look_alike(pabal, login):
    with Line(pabal, "imap", "127.0.1.1") as c:
        assert c.ask("a " + login) == \
            "a NO [AUTHENTICATIONFAILED] Authentication failed"


def test_imap_sasl_exchange(pabal):
    with Line(pabal, "imap", "127.0.1.2") as c:
        assert c.ask("a AUTHENTICATE PLAIN") == "+ "
        assert c.ask("*").startswith("a BAD ")
        assert c.ask("b AUTHENTICATE LOGIN") == "+ VXNlcm5hbWU6"
        assert c.ask(base64.b64encode(ALICE.encode()).decode()) == \
            "+ UGFzc3dvcmQ6"
        assert c.ask(base64.b64encode(b"wrong").decode()).startswith(
            "b NO [AUTHENTICATIONFAILED] ")


# ---- POP3

def test_pop3_capa_is_truthful(pabal):
    c = poplib.POP3("127.0.0.1", pabal.port("pop3"), timeout=30)
    c.host = "mail.pabal.test"  # as the certificate has it
    capa = c.capa()
    assert {"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
            "USER", "SASL", "STLS"} <= set(capa)
    c.stls(pabal.tls())
    assert "STLS" not in c.capa()
    c.quit()


@pytest.mark.parametrize("lines,answer", [
    (["PASS x"], "-ERR "),
    (["USER"], "-ERR "),
    (["USER alice", "PASS"], "-ERR "),
    (["STAT"], "-ERR "),
    (["CAPA x"], "-ERR "),
    (["APOP alice x"], "-ERR "),
    (["AUTH NTLM"], "-ERR "),
    (["AUTH PLAIN x"], "-ERR "),
    (["AUTH PLAIN", "*"], "-ERR "),
    (["USER alice", "PASS wrong"], "-ERR [AUTH] "),
    (["USER nobody", "PASS wrong"], "-ERR [AUTH] "),
    (["QUIT"], "+OK"),
])
def test_pop3_answers(pabal, lines, answer):
    with Line(pabal, "pop3", "127.0.1.3") as c:
        assert c.greeting.startswith("+OK ")
        for line in lines:
            got = c.ask(line)
        assert got.startswith(answer)


# ---- TLS

def test_starttls(pabal):
    c = imaplib.IMAP4("127.0.0.1", pabal.port("imap"), timeout=30)
    c.host = "mail.pabal.test"  # as the certificate has it
    c.starttls(pabal.tls())
    assert "STARTTLS" not in c.capabilities
    assert c.sock.version() in ("TLSv1.2", "TLSv1.3")
    c.logout()


@pytest.mark.parametrize("service,greeting", [("imaps", "* OK "),
                                              ("pop3s", "+OK ")])
def test_tls_from_the_first_byte(pabal, service, greeting):
    with Line(pabal, service, tls=pabal.tls()) as c:
        assert c.greeting.startswith(greeting)
        assert "STARTTLS" not in c.greeting


@pytest.mark.parametrize("service,command,more", [
    ("imap", "a STARTTLS\r\n", "b NOOP\r\n"),
    ("pop3", "STLS\r\n", "NOOP\r\n"),
])
def test_nothing_before_tls_survives(pabal, service, command, more):
    """RFC 9051 11.1: a command that somebody put behind STARTTLS."""
    with Line(pabal, service) as c:
        c.send(command + more)
        assert "Begin TLS" in c.read()
        assert c.at_end()


def test_pop3_forgets_the_user_at_stls(pabal):
    with Line(pabal, "pop3") as c:
        assert c.ask("USER " + ALICE).startswith("+OK")
        assert c.ask("STLS").startswith("+OK")
        c.start_tls(pabal.tls())
        assert c.ask("PASS " + PASSWORD).startswith("-ERR ")


def test_starttls_twice(pabal):
    with Line(pabal, "imap") as c:
        assert c.ask("a STARTTLS").startswith("a OK")
        c.start_tls(pabal.tls())
        assert c.ask("b STARTTLS").startswith("b BAD ")


def test_no_password_in_the_clear(make_pabal):
    p = make_pabal(("pabal", "cleartext_login_networks", ""))
    with Line(p, "imap") as c:
        caps = capabilities(c.greeting)
        assert "LOGINDISABLED" in caps and "AUTH=PLAIN" not in caps
        assert c.ask(f'a LOGIN {ALICE} "{PASSWORD}"').startswith(
            "a NO [PRIVACYREQUIRED] ")
        assert c.ask("b AUTHENTICATE PLAIN").startswith(
            "b NO [PRIVACYREQUIRED] ")
        assert c.ask("c STARTTLS").startswith("c OK")
        c.start_tls(p.tls())
        assert "AUTH=PLAIN" in capabilities(c.ask("d CAPABILITY"))
    with Line(p, "pop3") as c:
        assert c.ask("USER " + ALICE).startswith("-ERR ")
        assert c.ask("AUTH PLAIN").startswith("-ERR ")
        c.send("CAPA\r\n")
        capa = []
        while (line := c.read()) != ".":
            capa.append(line)
        assert "USER" not in capa and "STLS" in capa
    assert not p.events("auth.ok") and not p.events("auth.refused")


def test_tls_garbage(pabal):
    for service in ("imaps", "pop3s", "imap", "pop3"):
        with socket.create_connection(("127.0.0.1", pabal.port(service)),
                                      30) as s:
            s.sendall(b"\x16\x03\x01\x02\x00" + bytes(range(256)) * 3 + b"\n")
            # It may be gone already: a reset is a fair answer.
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_WR)
                while s.recv(4096):
                    pass
    with Line(pabal, "imaps", tls=pabal.tls()) as c:
        assert c.ask("a NOOP") == "a OK NOOP completed"


# ---- limits

def test_too_many_mistakes(pabal):
    with Line(pabal, "imap") as c:
        for _ in range(10):
            assert c.ask("x BOGUS").startswith("x BAD ")
        assert c.read().startswith("* BYE ")
        assert c.at_end()


@pytest.mark.parametrize("service,end", [("imap", "* BYE [TOOBIG] "),
                                         ("pop3", "-ERR [SYS/PERM] ")])
def test_endless_line(pabal, service, end):
    with Line(pabal, service) as c:
        try:
            for _ in range(64):
                c.send(b"x" * 1024)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert c.read().startswith(end)


def test_endless_literal_unasked(pabal):
    with Line(pabal, "imap") as c:
        assert c.ask("a LOGIN {99999999+}").startswith("* BYE [TOOBIG] ")


def test_binary_garbage(pabal):
    for service in ("imap", "pop3"):
        with Line(pabal, service) as c:
            try:
                c.send(bytes(range(256)) * 100 + b"\r\n" * 100)
                while c.read():
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
    with Line(pabal, "imap") as c:
        assert c.ask("a NOOP") == "a OK NOOP completed"


def test_login_takes_too_long(make_pabal):
    p = make_pabal(("login", "login_timeout", "1s"))
    with Line(p, "imap") as c, Line(p, "pop3") as d, p.raw("imaps") as e:
        assert c.read().startswith("* BYE ")
        assert c.at_end()
        assert d.read().startswith("-ERR [SYS/TEMP] ")
        assert e.recv(100) == b""


def test_too_many_connections(make_pabal):
    p = make_pabal(("login", "max_sessions_per_client", "3"),
                   ("pabal", "trusted_networks", "192.0.2.0/24"))
    held = [Line(p, "imap") for _ in range(3)]
    with Line(p, "imap") as c:
        assert c.greeting.startswith("* BYE [LIMIT] ")
        assert c.at_end()
    with Line(p, "imap", "127.0.0.9") as c:
        assert c.greeting.startswith("* OK ")
    held.pop().close()
    wait(lambda: welcome(p), "room for one more")
    for c in held:
        c.close()


def welcome(p):
    with Line(p, "imap") as c:
        return c.greeting.startswith("* OK ")


def test_thousands_of_idle_connections(pabal):
    held = [pabal.raw("imap") for _ in range(900)]
    for s in held:
        assert s.recv(6) == b"* OK ["
    with Line(pabal, "imap", "127.0.0.8") as c:
        assert c.ask("a NOOP") == "a OK NOOP completed"
    for s in held:
        s.close()


# ---- guessing

def test_guessing_grows_slow_and_the_owner_gets_in(make_pabal):
    p = make_pabal(("auth", "penalty_delay", "300ms"),
                   ("login", "max_auth_failures", "100"))
    spent = []
    with Line(p, "imap", "127.0.2.1") as c:
        for i in range(6):
            start = time.monotonic()
            assert c.ask(f"a{i} LOGIN {ALICE} wrong").startswith(f"a{i} NO ")
            spent.append(time.monotonic() - start)
    # 300, 600 and 1200 ms before the fourth to sixth attempt
    assert spent[3] >= 0.3 and spent[4] >= 0.6 and spent[5] >= 1.2
    since = p.mark()
    start = time.monotonic()
    with Line(p, "imap", "127.0.2.2") as c:
        c.send(f'a LOGIN {ALICE} "{PASSWORD}"\r\n')
        p.wait_event("auth.ok", since)
    # Who guessed would wait twice as long as the last time.
    assert time.monotonic() - start < 2.4


def test_many_guesses_at_once(make_pabal):
    """Of a flood in parallel a few are looked at, the rest wait or go."""
    p = make_pabal(("auth", "penalty_delay", "1s"))
    held = [Line(p, "pop3", "127.0.3.1") for _ in range(50)]
    for i, c in enumerate(held):
        c.send(f"USER {ALICE}\r\nPASS wrong{i}\r\n")
    p.wait_event("auth.refused", result="limited")
    tried = p.events("auth.refused", result="refused")
    assert len(tried) < 10
    with Line(p, "pop3", "127.0.3.2") as c:
        c.send(f"USER {ALICE}\r\nPASS {PASSWORD}\r\n")
        p.wait_event("auth.ok", client="127.0.3.2")
    for c in held:
        c.close()


def test_attempts_in_one_connection_end(pabal):
    with Line(pabal, "pop3", "127.0.4.1") as c:
        for _ in range(5):
            assert c.ask("USER bob@pabal.test").startswith("+OK")
            assert c.ask("PASS wrong").startswith("-ERR [AUTH] ")
        assert c.read().startswith("-ERR [SYS/TEMP] ")
        assert c.at_end()


# ---- what changes

def test_disabled_account(pabal):
    pabal.pabal("user", "set", "bob@pabal.test", "login", "no")
    with Line(pabal, "imap", "127.0.5.1") as c:
        assert c.ask(f'a LOGIN bob@pabal.test "{PASSWORD}"').startswith(
            "a NO [AUTHORIZATIONFAILED] ")
        assert c.ask("b LOGIN bob@pabal.test wrong").startswith(
            "b NO [AUTHENTICATIONFAILED] ")
    pabal.pabal("user", "set", "bob@pabal.test", "login", "yes")


def test_password_change_counts_at_once(pabal):
    since = pabal.mark()
    pabal.add_user("carol")
    with Line(pabal, "imap", "127.0.5.2") as c:
        c.send(f'a LOGIN carol@pabal.test "{PASSWORD}"\r\n')
        pabal.wait_event("auth.ok", since, account="carol@pabal.test")
    pabal.pabal("user", "password", "carol@pabal.test", input="new\n")
    with Line(pabal, "imap", "127.0.5.3") as c:
        assert c.ask(f'a LOGIN carol@pabal.test "{PASSWORD}"').startswith(
            "a NO [AUTHENTICATIONFAILED] ")
    pabal.pabal("user", "del", "carol@pabal.test")
    with Line(pabal, "imap", "127.0.5.4") as c:
        assert c.ask("a LOGIN carol@pabal.test new").startswith(
            "a NO [AUTHENTICATIONFAILED] ")


def test_passwords_are_not_logged(pabal):
    since = pabal.mark()
    with Line(pabal, "imap", "127.0.5.5") as c:
        c.ask("a LOGIN alice@pabal.test hunter2hunter2")
        c.ask("b AUTHENTICATE PLAIN " + plain(ALICE, "hunter2hunter2"))
    pabal.wait_event("auth.refused", since)
    assert "hunter2" not in pabal.log()


def test_auth_ends_amid_logins(make_pabal):
    """A login under way gets a temporary refusal; the next one works."""
    import os
    import signal
    p = make_pabal()
    p.allowed = ["child.killed", "ipc.dropped"]
    pid = min(p.pids("auth"))
    os.kill(pid, signal.SIGSTOP)
    with Line(p, "imap", "127.0.6.1") as c:
        c.send(f"a LOGIN {ALICE} wrong\r\n")
        os.kill(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGCONT) if os.path.exists(f"/proc/{pid}") else 0
        assert c.read().startswith(("a NO [UNAVAILABLE] ",
                                    "a NO [AUTHENTICATIONFAILED] "))
        wait(lambda: c.ask(f"b LOGIN {ALICE} wrong").startswith(
            "b NO [AUTHENTICATIONFAILED] "), "a new auth")


# ---- the stop

def test_stop_does_not_wait_for_a_login(make_pabal):
    """The daemon that the login waits for does not answer any more."""
    pabal = make_pabal()
    held = pabal.pids("auth")
    with Line(pabal, "imap") as c:
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        try:
            c.send(f'a LOGIN {ALICE} "{PASSWORD}"\r\n')
            wait(lambda: pabal.events("session.start"), "the session")
            pabal.running = False
            stop = subprocess.Popen([PABAL, "-d", pabal.dir, "stop"])
            assert c.read().startswith("* BYE ")
        finally:
            for pid in held:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        assert stop.wait(PATIENCE) == 0

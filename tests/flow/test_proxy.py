# SPDX-License-Identifier: ISC
"""Clients behind a proxy that speaks the PROXY protocol, on every kind of
listener.  The proxy is 127.0.0.3; whom it connects for counts."""
import base64
import contextlib
import poplib
import socket
import struct

import pytest

from pabal import DOMAIN, PASSWORD, PATIENCE, at_once
from smtptalk import ALICE, Talk

PROXY = "127.0.0.3"
CLIENT = "198.51.100.7"
SIX = "2001:db8::7"
CONF = [(d, "proxy_protocol_hosts", PROXY) for d in ("smtpd", "login")] + [
    ("smtpd", "proxy_protocol_timeout", "1s"),
    ("pabal", "trusted_networks", "127.0.0.0/8 203.0.113.0/24"),
    ("pabal", "cleartext_login_networks", "203.0.113.0/24")]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(client=CLIENT, port=4711):
    family = "TCP6" if ":" in client else "TCP4"
    server = "2001:db8::1" if ":" in client else "192.0.2.1"
    return f"PROXY {family} {client} {server} {port} 25\r\n".encode()


def v2(client=CLIENT, port=4711, tlvs=b""):
    family, what = (socket.AF_INET6, 0x21) if ":" in client else \
        (socket.AF_INET, 0x11)
    ip = socket.inet_pton(family, client)
    block = ip + ip + struct.pack("!HH", port, 25) + tlvs
    return SIGNATURE + struct.pack("!BBH", 0x21, what, len(block)) + block


LOCAL = SIGNATURE + b"\x20\0\0\0"


class Proxied:
    """An instance as it is seen through the proxy: raw() is all Talk needs."""

    def __init__(self, pabal, header):
        self.pabal, self.header = pabal, header
        self.tls = pabal.tls

    def raw(self, service):
        s = at_once(socket.create_connection(
            ("127.0.0.1", self.pabal.port(service)), PATIENCE, (PROXY, 0)))
        s.sendall(self.header)
        return s

    def line(self, service, tls=False):
        """The first line of a session, and the session."""
        s = self.raw(service)
        if tls:
            s = self.tls().wrap_socket(s, server_hostname="mail." + DOMAIN)
        f = s.makefile("rwb", 0)
        return f.readline().decode(), f


def started(pabal, since, client=CLIENT, port="4711"):
    e = pabal.wait_event("session.start", since, client=client)
    assert e["port"] == port
    assert pabal.wait_event("session.proxied", since, sid=e["sid"],
                            client=client)["proxy"] == PROXY
    return e


@pytest.mark.parametrize("header, client", [
    (v1(), CLIENT), (v2(), CLIENT), (v1(SIX), SIX),
    (v2(SIX, tlvs=b"\x04\0\x64" + b"t" * 100), SIX)])
def test_a_message(pabal, header, client):
    since = pabal.mark()
    subject = f"through a proxy {len(header)}"
    with Talk(Proxied(pabal, header), greet="EHLO client.example") as t:
        # The proxy is trusted, the client is not.
        assert t.say("MAIL FROM:<s@example.org>").startswith("250 ")
        assert t.say("RCPT TO:<x@far.example>").startswith("550 5.7.1")
        assert t.say("RSET").startswith("250 ")
        assert t.deliver(f"Subject: {subject}\r\n\r\n.\r\n").startswith("250")
    started(pabal, since, client)
    assert pabal.wait_event("mail.accepted", since)["client"] == client
    head = pabal.wait_mail("alice", subject).decode()
    literal = f"IPv6:{client}" if ":" in client else client
    assert f"Received: from client.example ([{literal}])" in head


def test_what_is_of_the_proxys_own(pabal):
    for header in (LOCAL, b"PROXY UNKNOWN\r\n"):
        with Talk(Proxied(pabal, header), greet="EHLO c") as t:
            assert t.say("MAIL FROM:<s@example.org>").startswith("250 ")
            assert t.say("RCPT TO:<x@far.example>").startswith("250 ")


@pytest.mark.parametrize("header", [v1(), v2()])
def test_tls_from_the_first_byte(pabal, header):
    """The ClientHello may stand in the same packet as the header."""
    since = pabal.mark()
    for service, greeting in (("submissions", "220 "), ("imaps", "* OK "),
                              ("pop3s", "+OK ")):
        line, f = Proxied(pabal, header).line(service, tls=True)
        assert line.startswith(greeting)
        f.close()
        started(pabal, since)
        since = pabal.mark()


def test_hello_with_the_header(pabal):
    ctx = pabal.tls()
    from ssl import MemoryBIO, SSLWantReadError
    incoming, outgoing = MemoryBIO(), MemoryBIO()
    conn = ctx.wrap_bio(incoming, outgoing, server_hostname="mail." + DOMAIN)
    with pytest.raises(SSLWantReadError):
        conn.do_handshake()
    with contextlib.closing(
            Proxied(pabal, v1() + outgoing.read()).raw("imaps")) as s:
        while True:
            incoming.write(s.recv(65536))
            with contextlib.suppress(SSLWantReadError):
                conn.do_handshake()
                break
            s.sendall(outgoing.read())
        s.sendall(outgoing.read())
        while True:
            with contextlib.suppress(SSLWantReadError):
                assert conn.read(5) == b"* OK "
                break
            incoming.write(s.recv(65536))


@pytest.mark.parametrize("service, greeting", [
    ("lmtp", "220 "), ("submission", "220 "), ("imap", "* OK "),
    ("pop3", "+OK ")])
def test_every_listener(pabal, service, greeting):
    since = pabal.mark()
    line, f = Proxied(pabal, v2()).line(service)
    assert line.startswith(greeting)
    f.close()
    started(pabal, since)


def test_logins(pabal):
    """The networks that may log in in the clear, and who is penalised."""
    since = pabal.mark()
    line, f = Proxied(pabal, v1()).line("pop3")
    f.write(f"USER {ALICE}\r\nPASS x\r\nQUIT\r\n".encode())
    said = f.read().decode()
    assert "-ERR" in said and "TLS" in said.upper()
    line, f = Proxied(pabal, v1("203.0.113.9")).line("pop3")
    f.write(f"USER {ALICE}\r\n".encode())
    assert f.readline().startswith(b"+OK")
    f.write(b"PASS wrong\r\n")
    assert f.readline().startswith(b"-ERR")
    assert pabal.wait_event("auth.refused", since)["client"] == "203.0.113.9"
    f.write(f"USER {ALICE}\r\nPASS {PASSWORD}\r\nQUIT\r\n".encode())
    assert b"+OK" in f.read()
    assert pabal.wait_event("login.ok", since)["client"] == "203.0.113.9"
    # A session that was handed in, without TLS, goes on by itself.
    line, f = Proxied(pabal, v2("203.0.113.9")).line("imap")
    f.write(f'a LOGIN {ALICE} "{PASSWORD}"\r\nb NOOP\r\nc LOGOUT\r\n'.encode())
    said = f.read().decode()
    assert "a OK" in said and "b OK" in said and "c OK" in said


def test_submission(pabal):
    plain = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    since = pabal.mark()
    with Talk(Proxied(pabal, v1()), "submissions", greet="EHLO c") as t:
        assert t.say(f"AUTH PLAIN {plain}").startswith("235 ")
    assert pabal.wait_event("smtpd.auth-ok", since)["client"] == CLIENT


@pytest.mark.parametrize("header, why", [
    (b"EHLO c\r\n", "no valid header"),
    (b"PROXY TCP4 198.51.100.7 x 1 2\r\n", "no valid header"),
    (b"PROXY TCP4 198.51.100.7", "timeout"),
    (SIGNATURE + b"\x21\x11\xff\xff", "no valid header"),
    (b"\x16\x03\x01\x02\x00\x01\x00", "no valid header")])
def test_a_proxy_must_say_for_whom(pabal, header, why):
    since = pabal.mark()
    with contextlib.closing(Proxied(pabal, header).raw("smtp")) as s:
        with contextlib.suppress(ConnectionError):
            assert s.recv(100) == b""
    e = pabal.wait_event("session.proxy-refused", since)
    assert (e["client"], e["protocol"], e["why"]) == (PROXY, "smtp", why)
    assert pabal.events("session.start", since) == []


def test_from_others_it_is_garbage(pabal):
    since = pabal.mark()
    with Talk(pabal) as t:
        assert t.say(v1().decode().strip()).startswith("500 5.5.1")
        assert t.say("EHLO c").startswith("250")
        assert t.say("MAIL FROM:<s@example.org>").startswith("250 ")
    assert pabal.wait_event("session.start", since)["client"] == "127.0.0.1"
    with contextlib.closing(poplib.POP3("127.0.0.1", pabal.port("pop3"),
                                        timeout=PATIENCE)) as c:
        with pytest.raises(poplib.error_proto):
            c._shortcmd("PROXY UNKNOWN")


def test_limits_are_the_clients(make_pabal):
    p = make_pabal(("smtpd", "proxy_protocol_hosts", PROXY),
                   ("smtpd", "max_sessions_per_client", "2"),
                   ("smtpd", "client_connection_rate_limit", "4"),
                   ("smtpd", "rate_time_unit", "1h"))
    held = []
    for want in ("220 ", "220 ", "421 4.7.0 "):
        line, f = Proxied(p, v1()).line("smtp")
        assert line.startswith(want)
        held.append(f)
    line, f = Proxied(p, v2("198.51.100.8")).line("smtp")
    assert line.startswith("220 ")
    for f in held:
        f.close()
    Proxied(p, v1()).line("smtp")[1].close()
    line, f = Proxied(p, v1()).line("smtp")
    assert line.startswith("421 4.7.0 ") and "rate" in line
    assert p.wait_event("session.rate-limited")["client"] == CLIENT


def test_a_stop_does_not_wait_for_a_header(make_pabal):
    p = make_pabal(("smtpd", "proxy_protocol_hosts", PROXY),
                   ("smtpd", "proxy_protocol_timeout", "1m"))
    with contextlib.closing(Proxied(p, b"PROXY ").raw("smtp")) as s:
        p.stop()
        with contextlib.suppress(ConnectionError):
            assert s.recv(100) == b""

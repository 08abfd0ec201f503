# SPDX-License-Identifier: ISC
"""Bytes of a TLS record that never becomes whole hold up nobody but their
sender, on every port, and against the sending side."""
import contextlib
import os
import socket
import socketserver
import threading

import pytest

from pabal import wait
from sink import Sink

CONF = [("smtpd", "command_timeout", "2s"),
        ("login", "login_timeout", "2s")]
IMPLICIT = ["submissions", "imaps", "pop3s"]
COMMANDS = {"smtp": b"EHLO x\r\nSTARTTLS\r\n",
            "submission": b"EHLO x\r\nSTARTTLS\r\n",
            "imap": b"a STARTTLS\r\n",
            "pop3": b"STLS\r\n"}
ANSWERS = {"smtp": b"220 2.0.0", "submission": b"220 2.0.0",
           "imap": b"a OK", "pop3": b"+OK Begin"}


def greeting(pabal, service):
    """What another client gets to see."""
    with socket.create_connection(("127.0.0.1", pabal.port(service)), 10) as s:
        if service in IMPLICIT:
            s = pabal.tls().wrap_socket(s, server_hostname="mail.pabal.test")
        with s.makefile("rb") as f:
            return f.readline()


def ended(sock):
    """The server ends the session by itself, before this gives up."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(4096):
            pass


@pytest.mark.parametrize("octets", [b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"
                                    b"\x03\x03\x00"])
@pytest.mark.parametrize("service", IMPLICIT + list(COMMANDS))
def test_part_of_a_record(pabal, service, octets):
    with contextlib.ExitStack() as held:
        socks = [held.enter_context(socket.create_connection(
            ("127.0.0.1", pabal.port(service)), 30)) for _ in range(16)]
        for s in socks:
            if service in COMMANDS:
                s.sendall(COMMANDS[service])
                seen = b""
                while ANSWERS[service] not in seen:
                    seen += s.recv(4096)
            s.sendall(octets)
        for _ in range(8):
            assert greeting(pabal, service)
        for s in socks:
            ended(s)


def test_stop_and_reload(make_pabal):
    pabal = make_pabal(("smtpd", "command_timeout", "1h"),
                       ("login", "login_timeout", "10m"))
    with contextlib.ExitStack() as held:
        for service in IMPLICIT:
            for _ in range(8):
                s = held.enter_context(socket.create_connection(
                    ("127.0.0.1", pabal.port(service)), 30))
                s.sendall(b"\x16")
        pabal.reload()
        pabal.stop()
        pabal.start()


class Half(socketserver.ThreadingTCPServer):
    """A host that agrees to STARTTLS and sends one octet of it."""
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 50

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 half ESMTP\r\n")
            for line in self.rfile:
                if line.upper().startswith(b"EHLO"):
                    self.wfile.write(b"250-half\r\n250 STARTTLS\r\n")
                else:
                    self.wfile.write(b"220 2.0.0 go\r\n")
                    assert self.rfile.read(1) == b"\x16"
                    self.wfile.write(b"\x16")
                    self.server.held += 1
                    break
            self.server.over.wait(60)

    def __init__(self):
        self.held, self.over = 0, threading.Event()
        super().__init__(("127.0.0.1", 0), self.Session)


def test_hosts_that_send_part_of_a_record(make_pabal):
    pabal = make_pabal(("qmgr", "smtp_concurrency_start", "16"))
    with Half() as half, Sink() as sink:
        threading.Thread(target=half.serve_forever, daemon=True).start()
        with open(os.path.join(pabal.dir, "etc", "transports"), "w") as f:
            for i in range(16):
                f.write(f"h{i}.test smtp:"
                        f"[127.0.0.1]:{half.server_address[1]}\n")
            f.write(f"good.test smtp:{sink.nexthop}\n")
        pabal.pabal("map", "transports")
        for i in range(16):
            pabal.send("held", to=f"u@h{i}.test")
        wait(lambda: half.held == 16, "hosts that hold their clients")
        for i in range(8):
            pabal.send(f"good {i}", to="u@good.test")
        for i in range(8):
            wait(lambda: sink.find(f"good {i}"), "mail for the other host")
        assert pabal.queue_count() == 16
        pabal.reload()
        half.over.set()
        half.shutdown()

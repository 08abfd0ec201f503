# SPDX-License-Identifier: ISC
"""A destination that is down: mail for it is put off together, and not one
message of it is lost when the host comes back."""
import smtplib
import socket
import socketserver
import ssl
import threading

import pytest

import sink as sinks
from dnsserver import DnsServer
from pabal import DOMAIN, wait

N = 40


FEW = 12  # more than the failures that make a host be down


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP server that takes everything and remembers the subjects."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port):
        self.subjects = []
        super().__init__(("127.0.0.1", port), Session)


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 sink ESMTP\r\n")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250 PIPELINING\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                for text in self.rfile:
                    if text == b".\r\n":
                        break
                    if text.lower().startswith(b"subject: "):
                        self.server.subjects.append(text[9:].strip().decode())
                self.wfile.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.allow("dest.down")
def test_nothing_is_lost_while_a_host_is_down(make_pabal):
    port = free_port()
    pabal = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{port}"),
                       ("qmgr", "retry_schedule", "1h"))
    with smtplib.SMTP("127.0.0.1", pabal.port("smtp")) as s:
        for i in range(N):
            s.sendmail(f"alice@{DOMAIN}", ["x@example.org"],
                       f"Subject: number {i}\r\n\r\nbody\r\n")
    pabal.wait_event("dest.down")
    wait(lambda: len(pabal.events("mail.deferred")) >= N, "all put off")
    assert pabal.queue_count() == N
    # What was put off must also survive being read from the disk again.
    pabal.stop()
    pabal.start()
    assert pabal.queue_count() in (0, N)
    wait(lambda: pabal.queue_count() == N, "the spool read again")
    sink = Sink(port)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    try:
        pabal.pabal("queue", "flush")
        pabal.wait_queue(0)
        assert sorted(sink.subjects) == sorted(
            f"number {i}" for i in range(N))
    finally:
        sink.shutdown()
        sink.server_close()


def said(p):
    """What was said of recipients.  A process that must begin anew for the port
    says nothing of the host."""
    return [(e["dsn"], e["text"]) for e in p.events("rcpt.result")
            if e["dsn"] != "4.3.0"]


def send_few(p, domain):
    for i in range(FEW):
        p.send(f"number {i}", to=f"x@{domain}")


@pytest.mark.allow("dest.down")
def test_a_host_that_is_busy_is_down(make_pabal):
    with sinks.Sink(CONNECT=lambda *_: "421 4.3.2 busy") as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop),
                       ("qmgr", "retry_schedule", "1h"))
        send_few(p, "example.org")
        p.wait_event("dest.down", why="421 4.3.2 busy")
        assert {dsn for dsn, _ in said(p)} == {"4.3.2"}
        assert sink.sessions < FEW


@pytest.mark.parametrize("dsn, tls, records", (
    # the host answers, but its certificate is nobody's that we trust
    ("4.7.5", "verify", {"MX": ["10 mx.host.test."]}),
    # nobody was dialled: the domain's own name servers fail
    ("4.4.3", "may", "SERVFAIL"),
))
def test_what_says_nothing_of_a_host(make_pabal, dsn, tls, records):
    """A domain that cannot be asked for, or is not safe enough, does not stop
    mail of others for the same hosts."""
    with DnsServer() as dns, sinks.Sink() as sink:
        dns.records["mx.host.test"] = {"A": ["127.0.0.1"]}
        dns.records["d.test"] = records
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                       ("smtp", "tls_policy", tls),
                       ("qmgr", "retry_schedule", "1h"))
        with open(f"{p.dir}/etc/transports", "w") as f:
            f.write(f"d.test smtp:d.test:{sink.port}\n")
        p.pabal("map", "transports")
        sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        sink.tls.load_cert_chain(f"{p.dir}/tls/cert.pem", f"{p.dir}/tls/key.pem")
        send_few(p, "d.test")
        wait(lambda: len(said(p)) == FEW, "a word on each")
        assert {one for one, _ in said(p)} == {dsn}
        assert p.events("dest.down") == []
        if tls == "verify":
            assert sink.sessions >= FEW

# SPDX-License-Identifier: ISC
"""A destination that is down: mail for it is put off together, and not one
message of it is lost when the host comes back."""
import smtplib
import socket
import socketserver
import threading

import pytest

from pabal import DOMAIN, wait

N = 40


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

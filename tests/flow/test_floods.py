# SPDX-License-Identifier: ISC
"""Strangers by the hundred who say nothing, say too much, or never listen:
memory stays bounded, others are served meanwhile, and all of it comes back
when they have gone."""
import base64
import contextlib
import os
import resource
import select
import shutil
import socket
import ssl
import struct
import subprocess

import pytest

from pabal import DOMAIN, PASSWORD, message, wait
from imapraw import Imap
from smtptalk import Talk

CONF = [("smtpd", "max_junk_commands", "4000000"),
        ("smtpd", "max_errors", "100000"),
        ("login", "max_errors", "100000")]
CLIENTS = 250
# What one session may make a process grow, with all that it waits to say.
SESSION_KIB = 256
LOGIN = f'a LOGIN alice@{DOMAIN} "{PASSWORD}"\r\n'.encode()
POP = f"USER alice@{DOMAIN}\r\nPASS {PASSWORD}\r\n".encode()
MAIL = (b"MAIL FROM:<a@example.org>\r\nRCPT TO:<alice@" + DOMAIN.encode() +
        b">\r\nDATA\r\n")
BIG = message("big", "A line of a large message.\r\n" * 20000)
TLS = ["submissions", "imaps", "pop3s"]


def rss_kib(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/status") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
    return 0


def memory(pabal):
    """{daemon: KiB of all its processes}"""
    found = {}
    for pid, name in pabal.processes().items():
        found[name] = found.get(name, 0) + rss_kib(pid)
    return found


def sockets(pabal):
    """Sockets that the daemons hold, where this user may look."""
    n = 0
    for pid in pabal.processes():
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
    return n


def served(pabal, subject):
    """A message comes in and is read over both protocols."""
    pabal.send(subject, to="bob@" + DOMAIN)
    pabal.wait_mail("bob", subject)
    c = pabal.imap("bob")
    assert c.select("INBOX")[0] == "OK"
    assert c.search(None, "SUBJECT", f'"{subject}"')[1][0] != b""
    c.logout()
    pop = pabal.pop("bob")
    assert pop.stat()[0] > 0
    pop.quit()


def warm(pabal):
    """The flooding account's processes are there, and serve it."""
    assert pabal.imap("alice").logout()[0] == "BYE"
    pabal.pop("alice").quit()


def reset(sock):
    """Gone with an RST, as from a host that was switched off."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


class Flood:
    """CLIENTS connections that send BEGIN and then MORE for as long as the
    other side takes it, and read nothing."""

    def __init__(self, pabal, service, begin=b"", more=b"", clients=CLIENTS):
        self.socks = []
        for _ in range(clients):
            s = pabal.raw(service)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.setblocking(False)
            self.socks.append(s)
        self.begin, self.more = begin, more

    def push(self):
        """Until the server takes no more from anybody."""
        todo = {s.fileno(): (s, self.begin) for s in self.socks}
        budget = dict.fromkeys(todo, 1 << 20)
        poll = select.poll()
        for fd in todo:
            poll.register(fd, select.POLLOUT)
        while todo:
            ready = poll.poll(300)
            if not ready:
                break
            for fd, _ in ready:
                s, left = todo[fd]
                left = left or self.more
                try:
                    n = s.send(left[:65536]) if left else 0
                except BlockingIOError:
                    continue
                except OSError:  # the server had enough
                    n = budget[fd]
                budget[fd] -= n
                todo[fd] = (s, left[n:])
                if budget[fd] <= 0 or not (left[n:] or self.more):
                    del todo[fd]
                    poll.unregister(fd)

    def end(self):
        for i, s in enumerate(self.socks):
            if i % 2:
                reset(s)
            else:
                s.close()


@pytest.fixture(scope="module", autouse=True)
def enough_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


FLOODS = {
    # no octet, and half a command
    "silent": ("smtp", b"", b""),
    "silent-imap": ("imap", b"", b""),
    "half-a-line": ("smtp", b"EHLO cli", b""),
    "half-a-login": ("imap", b'a LOGIN "ali', b""),
    "half-a-message": ("smtp", b"EHLO c\r\n" + MAIL + b"Subject: half", b""),
    "half-an-auth": ("submission", b"EHLO c\r\nAUTH PLAIN\r\nAGFsa", b""),
    "half-of-pop3": ("pop3", b"USER ali", b""),
    "half-of-sieve": ("managesieve", b"AUTHENTICATE \"PLAIN\" {500+}\r\nAAA", b""),
    "half-of-lmtp": ("lmtp", b"LHLO c\r\n" + MAIL + b"Subject: half", b""),
    # answers that nobody reads
    "unread-smtp": ("smtp", b"EHLO c\r\n", b"NOOP\r\n" * 10000),
    "unread-help": ("smtp", b"EHLO c\r\n", b"HELP\r\n" * 10000),
    "unread-lmtp": ("lmtp", b"LHLO c\r\n", b"VRFY x\r\n" * 10000),
    "unread-capability": ("imap", b"", b"a CAPABILITY\r\n" * 5000),
    "unread-capa": ("pop3", b"", b"CAPA\r\n" * 10000),
    "unread-capability": ("managesieve", b"", b"CAPABILITY\r\n" * 10000),
    "unread-errors": ("imap", b"", b"a NONSENSE\r\n" * 5000),
    # the same behind the login
    "unread-list": ("imap", LOGIN, b'a LIST "" *\r\n' * 5000),
    "unread-fetch": ("imap", LOGIN + b"a SELECT INBOX\r\n",
                     b"a FETCH 1:* BODY.PEEK[]\r\n" * 1000),
    "unread-retr": ("pop3", POP, b"RETR 1\r\n" * 10000),
    "unread-search": ("imap", LOGIN + b"a SELECT INBOX\r\n",
                      b"a SEARCH TEXT line\r\n" * 1000),
    # lines and literals without an end
    "endless-line": ("smtp", b"", b"x" * 65536),
    "endless-message-line": ("smtp", b"EHLO c\r\n" + MAIL, b"x" * 65536),
    "endless-imap": ("imap", b"a LOGIN ", b"x" * 65536),
    "endless-after-login": ("imap", LOGIN + b"a SELECT ", b"x" * 65536),
    "endless-literal": ("imap", LOGIN + b"a APPEND INBOX {18446744073709551615+}\r\n",
                        b"x" * 65536),
    "literal-before-login": ("imap", b"a LOGIN {18446744073709551615}\r\n",
                             b"x" * 65536),
    "many-literals": ("imap", LOGIN, b"a SELECT {1+}\r\nx {1+}\r\nx\r\n" * 3000),
    "wildcards": ("imap", LOGIN, b'a LIST "" "' + b"*%" * 400 + b'x"\r\n'),
    "sets": ("imap", LOGIN + b"a SELECT INBOX\r\n",
             b"a FETCH " + b"1:*," * 1500 + b"1 (UID)\r\n"),
    "nested": ("imap", LOGIN + b"a SELECT INBOX\r\n",
               b"a SEARCH " + b"(" * 3000 + b"\r\n"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood(pabal, name):
    service, begin, more = FLOODS[name]
    if not pabal.find_mail("alice", "big"):
        with pabal.smtp() as s:
            s.sendmail("a@example.org", ["alice@" + DOMAIN], BIG)
        pabal.wait_mail("alice", "big")
    warm(pabal)
    served(pabal, f"before {name}")
    open_before = sockets(pabal)
    before = memory(pabal)
    flood = Flood(pabal, service, begin, more)
    try:
        flood.push()
        served(pabal, f"beside {name}")
        after = memory(pabal)
        grown = {d: after[d] - before.get(d, 0) for d in after
                 if after[d] - before.get(d, 0) > CLIENTS * SESSION_KIB}
        if not os.environ.get("PABAL_SANITIZE"):
            assert grown == {}
    finally:
        flood.end()
    wait(lambda: sockets(pabal) <= open_before + 16, "their end")
    warm(pabal)
    served(pabal, f"after {name}")
    assert pabal.queue_count() == 0


# ---- a reset in every state

def plain(user):
    return base64.b64encode(
        f"\0{user}@{DOMAIN}\0{PASSWORD}".encode()).decode().encode()


STEPS = {
    "smtp": [b"EHLO c\r\n", b"MAIL FROM:<a@example.org>\r\n",
             b"RCPT TO:<alice@" + DOMAIN.encode() + b">\r\n", b"DATA\r\n",
             b"Subject: reset\r\n\r\nx"],
    "submission": [b"EHLO c\r\n", b"AUTH PLAIN\r\n", plain("alice") + b"\r\n",
                   b"STARTTLS\r\n", b"\x16\x03\x01\x02"],
    "lmtp": [b"LHLO c\r\n", b"MAIL FROM:<a@example.org>\r\n",
             b"RCPT TO:<alice@" + DOMAIN.encode() + b">\r\n", b"DATA\r\n", b"."],
    "imap": [b"a CAPABILITY\r\n", LOGIN, b"a SELECT INBOX\r\n",
             b"a FETCH 1 BODY.PEEK[]\r\n", b"a APPEND INBOX {10}\r\n", b"12345"],
    "imap-idle": [b"a AUTHENTICATE PLAIN\r\n", plain("alice") + b"\r\n",
                  b"a SELECT INBOX\r\n", b"a IDLE\r\n", b"DO"],
    "pop3": [b"CAPA\r\n", POP, b"STAT\r\n", b"RETR 1\r\n", b"DELE 1\r\n",
             b"UIDL\r\n"],
}


@pytest.mark.parametrize("dialogue", STEPS)
def test_reset_in_every_state(pabal, dialogue):
    service = dialogue.split("-")[0]
    warm(pabal)
    served(pabal, f"before the resets of {dialogue}")
    before, queued = sockets(pabal), pabal.queue_count()
    mails = pabal.count_mails("alice")
    for steps in range(len(STEPS[dialogue]) + 1):
        for listens in (True, False):
            for _ in range(10):
                s = pabal.raw(service)
                for step in STEPS[dialogue][:steps]:
                    if listens:
                        s.settimeout(0.02)
                        with contextlib.suppress(OSError):
                            s.recv(4096)
                        s.settimeout(None)
                    with contextlib.suppress(OSError):
                        s.sendall(step)
                reset(s)
    wait(lambda: sockets(pabal) <= before + 16, "the end of all sessions")
    served(pabal, f"after the resets of {dialogue}")
    assert pabal.queue_count() == queued
    assert pabal.count_mails("alice") == mails


# ---- TLS

@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("service", TLS)
def test_renegotiation_is_refused(pabal, service):
    """The client's R asks for a new handshake of TLS 1.2; the session ends or
    goes on, and no second handshake is made."""
    r = subprocess.run(
        ["openssl", "s_client", "-tls1_2", "-connect",
         f"127.0.0.1:{pabal.port(service)}", "-CAfile", pabal.cafile()],
        input=b"R\n", capture_output=True, timeout=60)
    out = r.stdout + r.stderr
    assert b"RENEGOTIATING" in out
    assert out.count(b"verify return:1") <= 1 or b"no renegotiation" in out
    served(pabal, f"after the renegotiation of {service}")


@pytest.mark.parametrize("service", ["smtp", "submission", "imap", "pop3",
                                     "managesieve"])
def test_handshakes_that_stop(pabal, service):
    """A client hello of a real library, cut at every 16th octet."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    ask = {"imap": b"a STARTTLS\r\n", "pop3": b"STLS\r\n",
           "managesieve": b"STARTTLS\r\n"}.get(
        service, b"EHLO c\r\nSTARTTLS\r\n")
    socks = []
    for cut in range(0, len(hello), 16):
        s = pabal.raw(service)
        s.sendall(ask)
        seen = b""
        while not any(w in seen for w in (b"220 2.0.0", b"a OK", b"+OK Begin", b'OK "Begin')):
            seen += s.recv(4096)
        s.sendall(hello[:cut])
        socks.append(s)
    served(pabal, f"beside the handshakes of {service}")
    for i, s in enumerate(socks):
        reset(s) if i % 2 else s.close()


def test_talk_goes_on_beside_a_flood(make_pabal):
    """A session that was open before is not ended by those that follow."""
    pabal = make_pabal(("smtpd", "max_sessions_per_client", "100"))
    with Talk(pabal, greet="EHLO c") as t, Imap(pabal) as c:
        flood = Flood(pabal, "smtp", b"EHLO c\r\n", b"NOOP\r\n" * 1000, 300)
        flood.push()
        assert t.deliver("Subject: goes on\r\n\r\nx\r\n.\r\n").startswith("250 ")
        c.ok("NOOP")
        flood.end()
    pabal.wait_mail("alice", "goes on")

# SPDX-License-Identifier: ISC
"""Rates of clients: limits that all processes of a service share.  The time unit
is an hour, so nothing here is over before it ends."""
import os
import signal
import socket

import pytest

from imapraw import Imap
from pabal import DOMAIN, PASSWORD, wait
from smtptalk import ALICE, Talk

STRANGERS = ("pabal", "trusted_networks", "192.0.2.0/24")
HOUR = [(d, "rate_time_unit", "1h") for d in ("smtpd", "login")]


def first(p, service, source="127.0.0.1"):
    """What a new connection reads first."""
    with socket.create_connection(("127.0.0.1", p.port(service)), 60,
                                  (source, 0)) as s, s.makefile("rb") as f:
        return f.readline().decode()


def test_connections(make_pabal):
    p = make_pabal(STRANGERS, *HOUR,
                   ("smtpd", "client_connection_rate_limit", "6"))
    said = [first(p, "smtp") for _ in range(10)]
    assert [line[:4] for line in said] == ["220 "] * 6 + ["421 "] * 4
    assert said[-1].startswith("421 4.7.0 ")
    assert first(p, "smtp", "127.0.0.9").startswith("220 ")
    # another service counts for itself
    assert first(p, "submission").startswith("220 ")
    rates = p.events("session.rate-limited")
    assert [(e["client"], e["what"], e["limit"]) for e in rates] == [
        ("127.0.0.1", "connections", "6")]
    # new processes know what the old ones have counted
    since, n = p.mark(), len(p.events("child.ready", service="smtp"))
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("[smtp]", "[smtp]\nmax_sessions = 50"))
    p.reload()
    wait(lambda: len(p.events("child.ready", since, service="smtp")) == n,
         "the new processes")
    assert first(p, "smtp").startswith("421 4.7.0 ")
    p.conf("smtpd", "client_connection_rate_limit", "100")
    p.reload()
    assert first(p, "smtp").startswith("220 ")
    metrics = p.pabal("metrics").splitlines()
    assert any(line.startswith("pabal_rate_refused_total{") and
               'daemon="smtpd"' in line for line in metrics)


@pytest.mark.allow("child.killed", "ipc.dropped")
@pytest.mark.parametrize("service, daemon, word", [
    ("smtp", "smtpd", "220 "), ("imap", "login", "* OK ")])
def test_sessions_of_all_processes(make_pabal, service, daemon, word):
    """What one may have at a time, whichever processes have taken it; and who
    dies takes his sessions with him."""
    LIMIT, TRIES = 6, 30
    p = make_pabal(STRANGERS, (daemon, "max_sessions_per_client", str(LIMIT)))
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace(f"[{service}]",
                             f"[{service}]\nprocesses = 3"))
    p.stop()
    p.start()

    def connect():
        s = socket.create_connection(("127.0.0.1", p.port(service)), 60)
        line = s.makefile("rb").readline().decode()
        if line.startswith(word):
            return s
        s.close()
        return None

    held = [s for s in (connect() for _ in range(TRIES)) if s]
    assert len(held) == LIMIT
    for pid in p.pids(daemon):
        os.kill(pid, signal.SIGKILL)

    def again():
        held.extend(s for s in (connect() for _ in range(LIMIT)) if s)
        return len(held) >= 2 * LIMIT

    def alive():
        try:
            return again()
        except OSError:
            return False

    wait(alive, "as many sessions again")
    for s in held:
        s.close()


def test_trusted_clients_have_no_limit(make_pabal):
    p = make_pabal(*HOUR, ("smtpd", "client_connection_rate_limit", "1"),
                   ("login", "client_connection_rate_limit", "1"))
    for service, word in (("smtp", "220 "), ("imap", "* OK "), ("pop3", "+OK ")):
        for _ in range(3):
            assert first(p, service).startswith(word)


def test_messages_and_recipients(make_pabal):
    p = make_pabal(STRANGERS, *HOUR, ("smtpd", "client_message_rate_limit", "3"),
                   ("smtpd", "client_recipient_rate_limit", "4"))
    for i in range(2):
        with Talk(p, greet="EHLO c") as t:
            assert t.deliver(f"Subject: {i}\r\n\r\nx\r\n.\r\n").startswith("250 ")
    with Talk(p, greet="EHLO c") as t:
        assert t.say("MAIL FROM:<a@example.org>").startswith("250 ")
        said = [t.say(f"RCPT TO:<{ALICE}>")[:9] for _ in range(3)]
        assert said == ["250 2.1.5", "250 2.1.5", "450 4.7.1"]
        # those that were accepted get their message
        assert t.say("DATA").startswith("354")
        assert t.say("Subject: some\r\n\r\nx\r\n.").startswith("250 ")
        assert t.say("MAIL FROM:<a@example.org>").startswith("450 4.7.1 ")
    p.wait_mail("alice", "some")
    assert [e["what"] for e in p.events("session.rate-limited")] == ["recipients",
                                                             "messages"]


def test_connections_to_login(make_pabal):
    p = make_pabal(STRANGERS, *HOUR,
                   ("login", "client_connection_rate_limit", "2"))
    for service, words in (("imap", ["* OK ", "* OK ", "* BYE [LIMIT] "]),
                           ("pop3", ["+OK ", "+OK ", "-ERR [SYS/TEMP] "])):
        for word in words:
            assert first(p, service).startswith(word)


def test_logins(make_pabal):
    p = make_pabal(STRANGERS, *HOUR, ("login", "client_auth_rate_limit", "2"))
    for i in range(3):
        with Imap(p, login=False) as c:
            status, text, _ = c.cmd(f'LOGIN alice@{DOMAIN} "{PASSWORD}"')
            assert status == (b"OK" if i < 2 else b"NO")
            assert i < 2 or text.startswith(b"[UNAVAILABLE] ")

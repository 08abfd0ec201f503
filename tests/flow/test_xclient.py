# SPDX-License-Identifier: ISC
"""XCLIENT: a host that may say for which client it speaks (127.0.0.3), and
others, who may not."""
import base64
import socket
import subprocess

from pabal import DOMAIN, PASSWORD, PATIENCE
from smtptalk import ALICE, Talk

HOST = "127.0.0.3"
CLIENT = "198.51.100.7"
CONF = [("smtpd", "xclient_hosts", HOST),
        ("smtpd", "proxy_protocol_hosts", "127.0.0.4"),
        ("smtp", "relayhost", "[127.0.0.1]:1")]


class From:
    """The instance as it is seen from another address of this host."""

    def __init__(self, pabal, source):
        self.pabal, self.source = pabal, source
        self.tls = pabal.tls

    def raw(self, service):
        return socket.create_connection(
            ("127.0.0.1", self.pabal.port(service)), PATIENCE,
            (self.source, 0))


def test_only_for_those_who_may(pabal):
    with Talk(pabal, greet="EHLO c") as t:
        assert "XCLIENT" not in t.ehlo
        assert t.say(f"XCLIENT ADDR={CLIENT}").startswith("550 5.7.0")
    with Talk(From(pabal, HOST), greet="EHLO c") as t:
        assert "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR " \
            "DESTPORT\n" in t.ehlo


def test_a_client_in_its_place(pabal):
    since = pabal.mark()
    with Talk(From(pabal, HOST), greet="EHLO filter.example") as t:
        assert t.say(f"XCLIENT NAME=far.example ADDR={CLIENT} PORT=4711") \
            .startswith("220 ")
        assert t.say("MAIL FROM:<s@example.org>").startswith("503 ")
        t.say("EHLO client.example")
        # This host is trusted, the client is not.
        assert t.say("MAIL FROM:<s@example.org>").startswith("250 ")
        assert t.say("RCPT TO:<x@far.example>").startswith("550 5.7.1")
        assert t.say("RSET").startswith("250 ")
        assert t.deliver("Subject: in its name\r\n\r\n.\r\n") \
            .startswith("250 ")
    e = pabal.wait_event("smtpd.xclient", since)
    assert (e["client"], e["proxy"], e["account"]) == (CLIENT, HOST, "")
    assert pabal.wait_event("mail.accepted", since)["client"] == CLIENT
    head = pabal.wait_mail("alice", "in its name").decode()
    assert f"Received: from client.example (far.example [{CLIENT}])" in head


def test_a_login_is_believed(pabal):
    since = pabal.mark()
    with Talk(From(pabal, HOST), "submission", greet="EHLO c") as t:
        assert t.say("MAIL FROM:<>").startswith("530 ")
        assert t.say(f"XCLIENT ADDR={CLIENT} LOGIN={ALICE} HELO=c "
                     "PROTO=ESMTP").startswith("220 ")
        assert t.deliver("Subject: as alice\r\n\r\n.\r\n",
                         sender=ALICE).startswith("250 ")
        # It ends with the client it was said of.
        assert t.say("XCLIENT ADDR=198.51.100.8").startswith("220 ")
        assert t.say("EHLO c").startswith("250")
        assert t.say("MAIL FROM:<>").startswith("530 ")
    e = pabal.wait_event("mail.accepted", since)
    assert (e["account"], e["protocol"]) == (ALICE, "ESMTPA")
    pabal.wait_mail("alice", "as alice")


def test_penalties_are_the_clients(pabal):
    wrong = base64.b64encode(f"\0{ALICE}\0wrong".encode()).decode()
    right = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    since = pabal.mark()
    with Talk(From(pabal, HOST), "submission", greet="EHLO c") as t:
        t.starttls()
        t.say("EHLO c")
        assert t.say("XCLIENT ADDR=IPV6:2001:db8::9").startswith("220 ")
        t.say("EHLO c")
        assert t.say(f"AUTH PLAIN {wrong}").startswith("535 ")
        assert t.say(f"AUTH PLAIN {right}").startswith("235 ")
    assert pabal.wait_event("auth.refused", since)["client"] == "2001:db8::9"
    assert pabal.wait_event("smtpd.auth-ok", since)["client"] == "2001:db8::9"


def swaks(pabal, source, *args):
    return subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{pabal.port('smtp')}",
         "--local-interface", source, "--from", "s@example.org",
         "--to", ALICE, "--helo", "client.example", *args],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=4 * PATIENCE, check=False)


def test_swaks(pabal):
    r = swaks(pabal, HOST, "--header", "Subject: swaks by xclient",
              "--xclient-addr", CLIENT, "--xclient-name", "far.example",
              "--xclient-proto", "ESMTP")
    assert r.returncode == 0, r.stdout
    head = pabal.wait_mail("alice", "swaks by xclient").decode()
    assert f"(far.example [{CLIENT}])" in head
    for version in ("1", "2"):
        subject = f"swaks by proxy {version}"
        r = swaks(pabal, "127.0.0.4", "--header", f"Subject: {subject}",
                  "--proxy-version", version, "--proxy-family",
                  "TCP4" if version == "1" else "AF_INET",
                  *(() if version == "1" else ("--proxy-protocol", "STREAM")),
                  "--proxy-source", CLIENT, "--proxy-source-port", "4711",
                  "--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25")
        assert r.returncode == 0, r.stdout
        assert f"([{CLIENT}])" in pabal.wait_mail("alice", subject).decode()


def test_limits_are_the_clients(make_pabal):
    p = make_pabal(("smtpd", "xclient_hosts", HOST),
                   ("smtpd", "max_sessions_per_client", "2"),
                   ("smtpd", "client_message_rate_limit", "1"),
                   ("smtpd", "rate_time_unit", "1h"),
                   ("pabal", "trusted_networks", "192.0.2.0/24"))
    talks = [Talk(From(p, HOST)) for _ in range(5)]
    said = [t.say(f"XCLIENT ADDR={CLIENT} HELO=c PROTO=ESMTP")
            for t in talks]
    assert [s[:4] for s in said] == ["220 "] * 2 + ["421 "] * 3
    assert talks[0].say("MAIL FROM:<>").startswith("250 ")
    assert talks[1].say("MAIL FROM:<>").startswith("450 4.7.1")
    assert p.wait_event("session.rate-limited")["client"] == CLIENT
    for t in talks:
        t.close()

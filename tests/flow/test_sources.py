# SPDX-License-Identifier: ISC
"""From which addresses of this host mail goes on (the table
source_addresses)."""
import json
import os
import socket
import threading

import pytest

from pabal import DOMAIN, PASSWORD, PATIENCE, message, wait
from sink import Sink

# All of 127.0.0.0/8 is this host's.
ONE, TWO, THREE, FOUR = (f"127.0.0.{n}" for n in (11, 12, 13, 14))


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


def ports(*sinks):
    """smtp may use the ports of SINKS from its start."""
    return ("smtp", "ports", " ".join(str(s.port) for s in sinks))


def trusting(p):
    context = p.tls()
    context.check_hostname = False
    return context


def client(m):
    """The address that message M came from."""
    return m.session.sock.getpeername()[0]


def test_who_goes_from_where(make_pabal):
    """By login, sender, the sender's domain, the host, and for all; each with
    the name that stands with the address; the log and `pabal trace` say it."""
    with Sink() as sink, Sink() as by_host:
        p = make_pabal(ports(sink, by_host))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n"
                               f"host.test smtp:{by_host.nexthop}\n")
        table(p, "source_addresses",
              f"login=alice@{DOMAIN} {ONE}=one.test\n"
              f"news@a.test {TWO} 2001:db8::1=six.test\n"
              f"@a.test {THREE}=three.test\n"
              f"127.0.0.1 {FOUR}\n")
        for subject, sender, to in (
                ("by sender", "News@A.test", "x@far.test"),
                ("by domain", "other@a.test", "x@far.test"),
                ("by host", "x@b.test", "x@host.test"),
                ("no login", f"login=alice@{DOMAIN}", "x@far.test")):
            p.send(subject, to=to, sender=sender)
            p.wait_queue(0)
        with p.smtp() as s:
            s.starttls(context=trusting(p))
            s.login(f"alice@{DOMAIN}", PASSWORD)
            s.sendmail(f"alice@{DOMAIN}", ["x@far.test"], message(
                "by login", sender=f"alice@{DOMAIN}"))
        p.wait_queue(0)
        host = p.pabal("conf", "get", "pabal", "hostname").strip()
        got = {m.header("Subject"): (client(m), m.session.helo)
               for m in sink.messages + by_host.messages}
        assert got == {"by sender": (TWO, host),
                       "by domain": (THREE, "three.test"),
                       "by host": (FOUR, host), "no login": (FOUR, host),
                       "by login": (ONE, "one.test")}
        [e] = p.events("rcpt.result", source=ONE)
        assert f"source={ONE}" in p.pabal("trace", e["qid"])
        table(p, "source_addresses", "")
        p.send("as before", to="x@far.test", sender="news@a.test")
        p.wait_queue(0)
        [m] = sink.find("as before")
        assert client(m) == "127.0.0.1"


def test_sessions_are_not_shared(make_pabal):
    """A session is for mail from its address, and is used again for that."""
    with Sink() as sink:
        p = make_pabal(ports(sink), ("smtp", "session_idle", "5m"))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        table(p, "source_addresses", f"@a.test {ONE}\n@b.test {TWO}\n"
                                     f"@c.test {TWO}=c.test\n")
        for i, d in enumerate("abcabc"):
            p.send(f"{i}", to="x@far.test", sender=f"x@{d}.test")
            p.wait_queue(0)
        assert [client(m) for m in sink.messages] == [ONE, TWO, TWO] * 2
        assert sink.sessions == 3


def test_limits_are_for_an_address(make_pabal):
    """One delivery at once to the site, and yet two, from two addresses: each
    waits for the other in the middle."""
    both = threading.Barrier(2)

    def end(line, session):
        if session.sender and "later" not in session.sender:
            both.wait(PATIENCE)
        return None

    with Sink(END=end) as sink:
        p = make_pabal(ports(sink))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        table(p, "limits", "127.0.0.1 sessions=1\n")
        table(p, "source_addresses", f"@a.test {ONE}\n@b.test {TWO}\n")
        p.send("one", to="x@far.test", sender="x@a.test")
        p.send("two", to="x@far.test", sender="x@b.test")
        p.wait_queue(0)
        assert {client(m) for m in sink.messages} == {ONE, TWO}
        assert sink.peak == 2
        known = json.loads(p.pabal("queue", "why", "--json", "127.0.0.1"))
        assert known["sites"][0]["source"] in (ONE, TWO)


def test_several_take_turns(make_pabal):
    """Of several addresses messages have one each, and keep it."""
    with Sink(RCPT=["450 4.2.1 later"] * 12) as sink:
        p = make_pabal(ports(sink), ("qmgr", "retry_schedule", "1s"))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        table(p, "source_addresses", f"* {ONE} {TWO} {THREE}\n")
        for i in range(12):
            p.send(f"turn {i}", to="x@far.test")
        p.wait_queue(0)
        by_message = {}
        for e in p.events("rcpt.result"):
            by_message.setdefault(e["qid"], set()).add(e["source"])
        assert len(by_message) == 12
        assert all(len(v) == 1 for v in by_message.values())
        assert len(set().union(*by_message.values())) > 1


def test_family_fits(make_pabal):
    """Mail that has only an IPv6 address does not go by IPv4."""
    with Sink() as sink:
        p = make_pabal(ports(sink), ("qmgr", "retry_schedule", "1h"))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        table(p, "source_addresses", "@a.test 2001:db8::1\n")
        since = p.mark()
        p.send("four", to="x@far.test", sender="x@a.test")
        e = p.wait_event("rcpt.result", since)
        assert (e["status"], e["dsn"]) == ("tempfail", "4.4.4")
        assert "source_addresses" in e["text"]
        assert not sink.sessions


def test_ipv6(make_pabal):
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with Sink() as sink:
        # The listener of the sink is IPv4's: one more for IPv6.
        six = socket.socket(socket.AF_INET6)
        six.bind(("::1", 0))
        six.listen(10)
        sink.listener, old = six, sink.listener
        threading.Thread(target=sink.accept, daemon=True).start()
        port = six.getsockname()[1]
        p = make_pabal(("smtp", "ports", str(port)))
        table(p, "transports", f"far.test smtp:[::1]:{port}\n")
        table(p, "source_addresses", f"* {ONE}=four.test ::1=six.test\n")
        p.send("six", to="x@far.test")
        p.wait_queue(0)
        assert [(client(m), m.session.helo) for m in sink.messages] == \
            [("::1", "six.test")]
        old.close()


def test_an_address_of_another_host(make_pabal):
    """It is told before, and mail waits: nothing goes from another address."""
    with Sink() as sink:
        p = make_pabal(ports(sink), ("qmgr", "retry_schedule", "1h"))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        table(p, "source_addresses", f"@a.test 192.0.2.77\n* {ONE}\n")
        out = p.pabal_fails("check")
        assert "@a.test has 192.0.2.77: Cannot assign requested address" in out
        assert ONE not in out
        assert "@a.test has 192.0.2.77" in p.pabal("conf", "check")
        since = p.mark()
        p.send("waits", to="x@far.test", sender="x@a.test")
        e = p.wait_event("rcpt.result", since)
        assert (e["status"], e["source"]) == ("tempfail", "192.0.2.77")
        assert "from 192.0.2.77: Cannot assign requested address" in e["text"]
        assert not sink.sessions
        table(p, "source_addresses", f"@a.test {TWO}\n")
        p.pabal("queue", "retry", "--all")
        p.wait_queue(0)
        assert client(sink.messages[0]) == TWO


def test_a_mistake_defers(make_pabal):
    """What the table says cannot be read: no other address is taken."""
    with Sink() as sink:
        p = make_pabal(ports(sink),
                       ("lookup", "source_addresses", "text:source_addresses"),
                       ("qmgr", "retry_schedule", "1h"))
        table(p, "transports", f"far.test smtp:{sink.nexthop}\n")
        with open(os.path.join(p.dir, "etc", "source_addresses"), "w") as f:
            f.write("@a.test out.a.test\n")
        assert "expected ADDRESS" in p.pabal_fails("map", "source_addresses")
        since = p.mark()
        wait(lambda: not p.send("waits", to="x@far.test", sender="x@a.test"),
             "a message taken")
        e = p.wait_event("rcpt.unroutable", since)
        assert e["dsn"] == "4.3.0"
        assert not sink.sessions

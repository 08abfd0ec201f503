# SPDX-License-Identifier: ISC
"""The table limits: what a site that is dialled gets at once, in a session and
in a time, whatever domains it serves and however many processes deliver."""
import os
import socket
import threading

from dnsserver import DnsServer
from pabal import wait
from sink import Sink

MANY = 24
KEPT = [("qmgr", "smtp_concurrency", "20"),
        ("qmgr", "smtp_concurrency_start", "20"),
        ("qmgr", "retry_schedule", "1h")]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PORT = free_port()


class Slow:
    """What a sink says to DATA: 354, when it is let go; and how many messages
    were between that and their end at once."""

    def __init__(self):
        self.go = threading.Event()
        self.now = self.peak = 0
        self.lock = threading.Lock()

    def data(self, line, session):
        with self.lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
        self.go.wait(60)

    def end(self, line, session):
        with self.lock:
            self.now -= 1


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


def transports(p, domains):
    table(p, "transports",
          "".join(f"{d} smtp:{d}:{PORT}\n" for d in domains))


def make(make_pabal, dns, *conf):
    return make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                      *KEPT, *conf)


def test_sessions_of_one_site(make_pabal):
    """Many domains with the same hosts are one site: the entry of a host that
    is dialled binds them together, over all processes."""
    domains = [f"d{n}.test" for n in range(MANY)]
    slow = Slow()
    with DnsServer() as dns, \
            Sink(host="127.0.7.1", port=PORT, DATA=slow.data,
                 END=slow.end) as sink:
        dns.records["mx1.host.test"] = {"A": ["127.0.7.1"]}
        for d in domains:
            dns.records[d] = {"MX": ["10 mx1.host.test."]}
        p = make(make_pabal, dns)
        transports(p, domains)
        table(p, "limits", ".host.test sessions=2 messages=3\n")
        for d in domains:
            p.send(f"to {d}", to=f"u@{d}")
        wait(lambda: slow.now == 2, "two sessions")
        assert p.queue_count() == MANY
        slow.go.set()
        p.wait_queue(0)
        assert len(sink.messages) == MANY
        assert slow.peak == 2
        # each of three messages
        by_session = {}
        for m in sink.messages:
            n = m.session.number
            by_session[n] = by_session.get(n, 0) + 1
        assert max(by_session.values()) <= 3
        assert sink.sessions >= MANY // 3


def test_own_and_shared(make_pabal):
    """The entry of a domain makes it a site of its own; one that is shared binds
    all sites it is for together."""
    slow = Slow()
    with DnsServer() as dns, \
            Sink(host="127.0.7.2", port=PORT, DATA=slow.data,
                 END=slow.end) as sink:
        dns.records["mx.any.test"] = {"A": ["127.0.7.2"]}
        domains = ["own.test", "o1.test", "o2.test"]
        shared = [f"s{n}.test" for n in range(6)]
        for d in domains:
            dns.records[d] = {"MX": ["10 mx.any.test."]}
        for d in shared:
            dns.records[f"{d[:2]}.mx.all.test"] = {"A": ["127.0.7.2"]}
            dns.records[d] = {"MX": [f"10 {d[:2]}.mx.all.test."]}
        p = make(make_pabal, dns)
        transports(p, domains + shared)
        table(p, "limits", "own.test sessions=1\n"
                           ".all.test sessions=2 shared\n"
                           "* sessions=3\n")
        for d in domains + shared:
            for n in range(4):
                p.send(f"{n} to {d}", to=f"u@{d}")
        wait(lambda: slow.now == 1 + 3 + 2, "each site's sessions")
        slow.go.set()
        p.wait_queue(0)
        assert slow.peak == 6
        assert len(sink.messages) == 4 * (len(domains) + len(shared))


def test_rate_behind_the_relayhost(make_pabal):
    """A rate counts recipients of all domains that a relayhost gets; what has
    its turn later waits, and a new entry lets it go."""
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop), *KEPT)
        table(p, "limits", "127.0.0.1 rate=5/1d\n")
        for n in range(4):
            p.send(f"mail {n}", to=[f"a@r{n}.test", f"b@r{n}.test"])
        wait(lambda: sum(len(m.rcpts) for m in sink.messages) == 5,
             "the recipients of a day")
        assert p.queue_count() == 2
        p.pabal("check")
        table(p, "limits", "127.0.0.1 rate=1000/1h\n")
        # what comes next brings the entry along
        p.send("last", to="a@last.test")
        p.wait_queue(0)
        assert sum(len(m.rcpts) for m in sink.messages) == 9


def test_what_waits_too_long_is_put_off(make_pabal):
    """Excess mail does not stay in memory, and is no failed attempt."""
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop), *KEPT)
        table(p, "limits", "127.0.0.1 interval=1d\n")
        for n in range(25):
            p.send(f"mail {n}", to=f"a@r{n}.test")
        event = p.wait_event("mail.deferred")
        assert event["attempts"] == "0"
        wait(lambda: len(p.events("mail.deferred")) == 4, "the excess")
        assert len(sink.messages) == 1
        shown = p.pabal("queue", "list")
        assert "than limits allow" in shown


def test_mistakes_are_told(make_pabal):
    p = make_pabal()
    path = os.path.join(p.dir, "etc", "limits")
    with open(path, "w") as f:
        f.write("a.test sessions=0\nb.test speed=9\n")
    out = p.pabal_fails("map", "limits")
    assert "sessions=1 to 10000" in out and "speed=9" in out


def test_the_sample(make_pabal):
    p = make_pabal(users=())
    sample = os.path.join(os.path.dirname(__file__), "..", "..", "etc",
                          "limits")
    with open(sample) as f:
        table(p, "limits", f.read())
    p.pabal("check")

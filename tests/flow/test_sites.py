# SPDX-License-Identifier: ISC
"""Limits are those of the hosts that are dialled, not of domains."""
import os
import re
import shutil
import socket
import threading

from dnsserver import DnsServer
from pabal import PATIENCE, wait
from sink import Sink


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


LIMIT = 3
DOMAINS = 50
PORT = free_port()
CONF = [("qmgr", "smtp_concurrency", str(LIMIT)),
        ("qmgr", "smtp_concurrency_start", str(LIMIT))]


def test_the_table_that_is_shipped(make_pabal):
    """It is one as it stands."""
    p = make_pabal()
    shutil.copy(os.path.join(os.path.dirname(__file__), "../../etc/limits"),
                os.path.join(p.dir, "etc", "limits"))
    p.pabal("map", "limits")
    assert re.search(r"ok +table +limits\n", p.pabal("check"))


def prepare(instance):
    with open(os.path.join(instance.dir, "etc", "transports"), "w") as f:
        for n in range(DOMAINS):
            f.write(f"s{n}.test smtp:s{n}.test:{PORT}\n")
    instance.pabal("map", "transports")


class Slow:
    """What a sink says to DATA: 354, when it is let go."""

    def __init__(self):
        self.go = threading.Event()
        self.waiting = 0

    def __call__(self, line, session):
        self.waiting += 1
        self.go.wait(PATIENCE)


def check(p, sink, slow, domain):
    for n in range(DOMAINS):
        p.send(f"site {n}", to=f"u@{domain(n)}")
    wait(lambda: slow.waiting == LIMIT, "as many sessions as there may be")
    assert p.queue_count() == DOMAINS
    slow.go.set()
    p.wait_queue(0)
    assert len(sink.messages) == DOMAINS
    assert sink.peak == LIMIT


def test_domains_of_one_host(make_pabal):
    slow = Slow()
    with DnsServer() as dns, \
            Sink(host="127.0.6.1", port=PORT, DATA=slow) as sink:
        dns.records["mx.host.test"] = {"A": ["127.0.6.1"]}
        for n in range(DOMAINS):
            dns.records[f"s{n}.test"] = {"MX": ["10 mx.host.test."]}
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"))
        check(p, sink, slow, lambda n: f"s{n}.test")


def test_domains_behind_the_relayhost(make_pabal):
    slow = Slow()
    with Sink(DATA=slow) as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop))
        check(p, sink, slow, lambda n: f"r{n}.test")


def test_hosts_are_looked_up_once(make_pabal):
    """qmgr asks for what smtpd has asked for, but not for every message: a relay
    and its site are kept for a moment, too."""
    ROUNDS, MAILS = 100, 10

    def asked():
        [line] = [line for line in p.pabal("metrics").splitlines()
                  if line.startswith("pabal_lookup_addresses")]
        return int(line.split()[-1])

    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop))
        for n in range(1, ROUNDS + 1):
            for _ in range(MAILS):
                p.send("again", to="u@far.test")
            p.wait_queue(0)
            # smtpd asks for each recipient
            if asked() < 2 * n * MAILS:
                break
        else:
            raise AssertionError("every message's recipient was looked up")

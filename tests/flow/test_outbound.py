# SPDX-License-Identifier: ISC
"""Mail to other hosts under trouble: what test_smtp_out leaves out."""
import contextlib
import email
import os
import re
import socket
import ssl
import threading

import pytest

from badhosts import (CONF, DNS, PORT, TLS_CAPS, check, host, impatient,
                      make_cert, prepare, server_context, settings,
                      tlsa_data)
from badsmtp import BABBLE, DROP, HANG, RESET, BadSmtp, Hole
from dnsserver import DnsServer
from pabal import DOMAIN, message, wait
from queued import rewrite, with_line, with_requiretls
from sink import Sink
from test_auth import tls
from test_sieve_delivery import script

__all__ = ["CONF", "host", "impatient", "prepare"]  # what pytest looks for


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


def metric(pabal, name):
    """Of all processes together."""
    return sum(float(line.split()[-1]) for line in
               pabal.pabal("metrics").splitlines()
               if re.match(rf"{name}(_total)?[{{ ]", line))


# ---- replies at each stage

@pytest.mark.parametrize("helo,status,dsn", [
    ("250 old.example", "relayed", "2.0.0"),
    ("451 4.3.5 not now", "tempfail", "4.3.5"),
    ("550 5.7.1 not you", "permfail", "5.7.1"),
    (DROP, "tempfail", "4.4.2"), (RESET, "tempfail", "4.4.2"),
    (BABBLE, "tempfail", "4.5.0"), ("421 4.3.2 closing", "tempfail", "4.3.2")])
def test_helo(host, helo, status, dsn):
    h = host(EHLO="550 5.5.1 never heard of", HELO=helo)
    h.send()
    check(h, status, dsn)


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA",
                                  "DOT"])
@pytest.mark.parametrize("how", [DROP, RESET, "421 4.3.2 closing"])
def test_one_command_at_a_time(host, step, how):
    """What ends a session, where commands are not pipelined: tried again, and
    delivered once."""
    h = host(caps=("8BITMIME",), **{step: how})
    h.send()
    assert h.result()["status"] == "tempfail"
    h.bad.steps[step] = BadSmtp().steps.get(step) or "250 hello"
    h.retry()
    assert h.result()["status"] == "relayed"
    assert len(h.bad.messages) == 1


@pytest.mark.parametrize("reply,status,dsn", [
    ("454 4.7.0 not today", "tempfail", "4.7.0"),
    ("554 5.7.0 never", "permfail", "5.7.0"),
    ("421 4.3.2 closing", "tempfail", "4.3.2"), (DROP, "tempfail", "4.7.5"),
    (RESET, "tempfail", "4.7.5"), (BABBLE, "tempfail", "4.7.5")])
def test_starttls_that_is_needed(host, pabal, reply, status, dsn):
    with settings(pabal, tls_policy="encrypt"):
        h = host(caps=TLS_CAPS, STARTTLS=reply)
        h.send()
        check(h, status, dsn)
        assert h.bad.commands("MAIL") == []


@pytest.mark.parametrize("step", ["DATA", "STARTTLS"])
def test_babble_at(host, step):
    h = host(caps=TLS_CAPS, **{step: BABBLE})
    h.send()
    if step == "STARTTLS":  # then without
        check(h, "relayed", "2.0.0")
    else:
        check(h, "tempfail", "4.5.0", "malformed SMTP reply")


def test_babble_then_the_next_host(host):
    h, other = host(GREETING=BABBLE), host()
    DNS.records[h.domain] = {"MX": [f"10 mx.{h.domain}.",
                                    f"20 mx.{other.domain}."]}
    h.send()
    check(h, "delivered", "2.0.0")


@pytest.mark.usefixtures("impatient")
class TestSilence:
    @pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT",
                                      "DATA", "DOT"])
    def test_one_command_at_a_time(self, host, step):
        h = host(caps=("8BITMIME",), **{step: HANG})
        h.send()
        check(h, "tempfail", "4.4.2", "timeout")

    def test_one_octet_of_tls(self, host, pabal):
        h = host(caps=TLS_CAPS, tls="octet")
        h.send()
        check(h, "relayed", "2.0.0")
        assert not h.bad.messages[0].tls
        with settings(pabal, tls_policy="encrypt"):
            h = host(caps=TLS_CAPS, tls="octet")
            h.send()
            check(h, "tempfail", "4.7.5", "timeout")

    @pytest.mark.parametrize("step", ["GREETING", "MAIL", "DOT"])
    def test_trickle(self, host, step):
        """Each octet of a reply comes in time, its end does not."""
        def trickle(session):
            pause = threading.Event()
            while True:
                session.sock.sendall(b"2")
                pause.wait(0.05)
        h = host(**{step: trickle})
        h.send()
        check(h, "tempfail", "4.4.2", "timeout")

    def test_lies_about_pipelining(self, host):
        """What came together with a command is thrown away."""
        def forget(session):
            session.file.peek()
            session.file.read(len(session.file.peek()))
            return "250 2.1.0 ok"
        h = host(MAIL=forget)
        h.send()
        check(h, "tempfail", "4.4.2", "timeout")
        assert h.bad.messages == []


def test_replies_in_pieces(host):
    def pieces(text):
        def say(session):
            for c in text.encode()[:-1]:
                session.sock.sendall(bytes([c]))
            return text[-1]
        return say
    h = host(GREETING=pieces("220-one\r\n220 two"),
             EHLO=pieces("250-bad.example\r\n250 DSN"))
    h.send()
    check(h, "delivered", "2.0.0")


def test_lies_about_size(host):
    """It announces more than it takes."""
    h = host(caps=("PIPELINING", "SIZE 100000000"), DOT="552 5.3.4 too big")
    h.send()
    check(h, "permfail", "5.3.4", "552 5.3.4 too big")


def test_utf8_of_one_recipient(host):
    """What only his address asks for is not to the others' cost."""
    h = host(caps=("8BITMIME", "PIPELINING", "DSN"))
    with h.pabal.smtp() as s:
        s.ehlo()
        s.mail("sender@example.org", ["SMTPUTF8"])
        s.command_encoding = "utf-8"
        for user in ("우편", "u"):
            assert s.docmd("RCPT", f"TO:<{user}@{h.domain}>")[0] == 250
        s.data(b"Subject: letter\r\n\r\nhi\r\n")
    assert h.result()["status"] == "delivered"
    [r] = [h.pabal.wait_event("rcpt.result", h.since, status="permfail")]
    assert r["dsn"] == "5.6.7"
    assert h.bad.messages[0].rcpts == [f"u@{h.domain}"]
    assert "SMTPUTF8" not in h.bad.commands("MAIL")[0]


# ---- which host

def test_mx_of_equal_preference_take_turns(host):
    a, b = host(), host()
    DNS.records[a.domain] = {"MX": [f"10 mx.{a.domain}.",
                                    f"10 mx.{b.domain}."]}
    with settings(a.pabal, session_idle="0s"):
        for n in range(60):  # one in 2^59 for the same host each time
            a.send(users=[f"u{n}"])
            assert a.result(f"u{n}")["status"] == "delivered"
            if a.bad.messages and b.bad.messages:
                break
    assert a.bad.messages and b.bad.messages


@pytest.fixture
def own_port(make_pabal):
    """make(records) is an instance that resolves them."""
    with DnsServer() as dns:
        def make(records, *settings):
            dns.records.update(records)
            return make_pabal(
                ("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                ("qmgr", "retry_schedule", "1h"), *settings)
        yield make


@needs_ipv6
def test_own_address_among_the_mx(own_port):
    """By whatever name: it and what is worse is not tried (RFC 5321 5.1)."""
    p = own_port({
        "us.example.test": {"A": ["127.0.0.1"]},
        "us6.example.test": {"AAAA": ["::1"]},
        "nat.example.test": {"A": ["192.0.2.25"]},
        "better.example.test": {"A": ["127.0.9.1"]},  # nobody listens
        "worse.example.test": {"A": ["127.0.9.2"]},
        "best.test": {"MX": ["10 us.example.test.",
                             "20 worse.example.test."]},
        "equal.test": {"MX": ["10 us6.example.test.",
                              "10 worse.example.test."]},
        "public.test": {"MX": ["10 nat.example.test."]},
        "second.test": {"MX": ["5 better.example.test.",
                               "10 us.example.test.",
                               "20 worse.example.test."]},
    }, ("lookup", "own_addresses", "192.0.2.25"))
    for domain in ("best", "equal", "public"):
        p.send("loop", to=f"u@{domain}.test")
        r = p.wait_event("rcpt.result", to=f"u@{domain}.test")
        assert (r["status"], r["dsn"]) == ("permfail", "5.4.6"), r
        assert "best mail exchanger" in r["text"]
    p.send("loop", to="u@second.test")
    r = p.wait_event("rcpt.result", to="u@second.test")
    assert (r["status"], r["dsn"]) == ("tempfail", "4.4.1"), r
    assert "better.example.test" in r["text"]
    assert metric(p, "pabal_smtp_attempts") == 1
    p.pabal("queue", "delete", "--all")


@pytest.mark.parametrize("records", [
    {"slow.test": "DROP"},
    {"slow.test": {"MX": ["10 mx.slow.test."]}, "mx.slow.test": "DROP"}])
def test_name_servers_that_do_not_answer(own_port, records):
    p = own_port(records, ("lookup", "dns_timeout", "1s"))
    p.send("later", to="u@slow.test")
    r = p.wait_event("rcpt.result", to="u@slow.test")
    assert (r["status"], r["dsn"]) == ("tempfail", "4.4.3"), r
    p.pabal("queue", "delete", "--all")


def test_own_addresses_are_addresses(make_pabal):
    p = make_pabal(users=())
    p.conf("lookup", "own_addresses", "mail.example.org")
    assert "own_addresses" in p.pabal_fails("reload")
    p.pabal("conf", "unset", "lookup", "own_addresses")


@needs_ipv6
def test_both_families_at_once(host, pabal):
    """IPv6 does not answer, for minutes; IPv4 is there after a moment."""
    with settings(pabal, connect_timeout="5m"), Hole(host="::1", port=PORT):
        h = host()
        DNS.records[f"mx.{h.domain}"]["AAAA"] = ["::1"]
        h.send()
        assert "[127.0.1." in check(h, "delivered", "2.0.0")["host"]
        wait(lambda: metric(pabal, "pabal_smtp_sessions") == 0, "the end")


@needs_ipv6
def test_slower_address_is_not_forgotten(host, pabal):
    """The address that connected first has no service: the other one is asked
    after all."""
    with settings(pabal, connect_timeout="5m"), \
            Hole(host="::1", port=PORT) as six:
        opened = []

        def busy(_):
            if not opened:
                opened.append(six.open())
            return "421 4.3.2 busy"
        h = host(GREETING=busy)
        DNS.records[f"mx.{h.domain}"]["AAAA"] = ["::1"]
        h.send()
        assert "[::1]" in check(h, "delivered", "2.0.0")["host"]
        assert len(six.messages) == 1
        wait(lambda: metric(pabal, "pabal_smtp_sessions") == 0, "the end")


def test_all_addresses_dead(host, pabal):
    h = host()
    for kind, address in (("A", f"127.0.2.{h.bad.host.split('.')[3]}"),
                          ("AAAA", "::1")):
        DNS.records[f"mx.{h.domain}"][kind] = [address]
    h.send()
    check(h, "tempfail", "4.4.1", "Connection refused")
    assert h.bad.sessions == []


# ---- LIMITS (RFC 9422)

def rcpts_of(bad):
    return [len(m.rcpts) for m in bad.messages]


@pytest.mark.parametrize("pipelining", [True, False])
def test_rcptmax(host, pipelining):
    h = host(caps=("LIMITS RCPTMAX=2",) + ("PIPELINING",) * pipelining)
    h.send(users="abcde")
    for user in "abcde":
        assert h.result(user)["status"] == "relayed"
    assert rcpts_of(h.bad) == [2, 2, 1]
    assert len(h.bad.sessions) == 1


def test_rcptmax_when_the_first_are_refused(host):
    """Who was not tried yet does not wait for those."""
    h = host(caps=("LIMITS RCPTMAX=1",))
    h.bad.steps["RCPT"] = {f"no@{h.domain}": "550 5.1.1 no",
                           f"later@{h.domain}": "450 4.2.1 later",
                           "*": "250 ok"}
    h.send(users=("no", "later", "yes"))
    assert [h.result(u)["status"] for u in ("no", "later", "yes")] == [
        "permfail", "tempfail", "relayed"]
    assert len(h.bad.commands("MAIL")) == 3
    assert len(h.results("yes")) == 1


def test_mailmax(host):
    h = host(caps=("PIPELINING", "LIMITS RCPTMAX=1 MAILMAX=2"))
    h.send(users="abcde")
    for user in "abcde":
        assert h.result(user)["status"] == "relayed"
    h.send(users="f")
    assert h.result("f")["status"] == "relayed"
    wait(lambda: all(s.ended.is_set() for s in h.bad.sessions), "QUIT")
    counts = [sum(c.startswith("MAIL") for c in s.commands)
              for s in h.bad.sessions]
    assert sum(counts) == 6 and max(counts) == 2, counts
    assert all(s.commands[-1] == "QUIT" for s in h.bad.sessions)


def test_rcptdomainmax(make_pabal):
    with BadSmtp(caps=("PIPELINING", "LIMITS RCPTDOMAINMAX=2")) as bad:
        p = make_pabal()
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            f.write(f"* smtp:[127.0.0.1]:{bad.port}\n")
        p.pabal("map", "transports")
        rcpts = [f"{u}@{d}.test" for u in "xy" for d in ("a", "b", "c")]
        with p.smtp() as s:
            s.sendmail("sender@example.org", rcpts, message("domains"))
        p.wait_queue(0)
    taken = [m.rcpts for m in bad.messages]
    assert sorted(r for m in taken for r in m) == sorted(rcpts)
    assert max(len(m) for m in taken) == 4, taken
    for s in bad.sessions:
        said = {c.split("@")[1] for c in s.commands if c.startswith("RCPT")}
        assert len(said) <= 2, said


# ---- TLS sessions that are resumed, and policies of next hops

def versions():
    return [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", versions())
def test_sessions_are_resumed(host, pabal, version):
    tls = server_context(pabal)
    tls.maximum_version = version
    with settings(pabal, session_idle="0s"):
        h, other = (host(caps=TLS_CAPS, tls=tls) for _ in range(2))
        before = metric(pabal, "pabal_smtp_tls_resumed")
        for n, to in enumerate((h, h, h, other)):
            to.send(users=[f"u{n}"])
            assert to.result(f"u{n}")["status"] == "relayed"
        told = [e["resumed"] for e in pabal.events("smtp.tls", h.since)]
        assert told == ["no", "yes", "yes", "no"]
        assert [s.resumed for s in h.bad.sessions] == [False, True, True]
        assert metric(pabal, "pabal_smtp_tls_resumed") == before + 2
    # Sessions of before a reload are not.
    h.send(users=["v"])
    assert h.result("v")["status"] == "relayed"
    assert not h.bad.sessions[-1].resumed


def test_a_resumption_that_fails(host, pabal):
    """A whole handshake comes before the clear text."""
    tls = server_context(pabal)

    def go(session):
        bad = session.server
        bad.tls = "garbage" if len(bad.sessions) == 2 else tls
        return "220 2.0.0 go"
    with settings(pabal, session_idle="0s"):
        h = host(caps=TLS_CAPS, STARTTLS=go)
        for n in range(2):
            h.send(users=[f"u{n}"])
            assert h.result(f"u{n}")["status"] == "relayed"
    assert [m.tls for m in h.bad.messages] == [True, True]
    assert [(s.tls, s.resumed) for s in h.bad.sessions] == [
        (True, False), (False, False), (True, False)]


def write_policies(pabal, text):
    with open(os.path.join(pabal.dir, "etc", "tls_policies"), "w") as f:
        f.write(text)
    pabal.pabal("map", "tls_policies")


@pytest.fixture
def policies(pabal):
    yield lambda text: write_policies(pabal, text)
    write_policies(pabal, "")


def test_a_session_that_was_not_verified_is_not_resumed(host, pabal, policies):
    """Nor is a connection that waits for more mail used."""
    h = host(caps=TLS_CAPS, tls=server_context(pabal))
    h.send(users="a")
    assert h.result("a")["status"] == "relayed"
    policies(f"{h.domain} verify\n")
    h.send(users="b")
    r = h.result("b")
    assert (r["status"], r["dsn"]) == ("tempfail", "4.7.5")
    assert "certificate" in r["text"]
    policies(f"{h.domain} may\n")
    h.send(users="c")
    assert h.result("c")["status"] == "relayed"
    assert len(h.bad.messages) == 2


def test_policies_of_next_hops(host, pabal, policies):
    plain = [host(caps=("PIPELINING",)) for _ in range(4)]
    under = [host(caps=TLS_CAPS, tls=server_context(pabal)) for _ in range(2)]
    DNS.records["sub." + plain[3].domain] = DNS.records[plain[3].domain]
    policies("# how TLS is used\n"
             f"{plain[0].domain} encrypt\n"
             f"{plain[1].domain} verify\n"
             f".{plain[2].domain} encrypt\n"
             f"{under[0].domain} none\n")
    for h, dsn in ((plain[0], "4.7.4"), (plain[1], "4.7.4"),
                   (plain[2], "2.0.0"), (under[0], "2.0.0"),
                   (under[1], "2.0.0")):
        h.send()
        assert h.result()["dsn"] == dsn, h.domain
    assert under[0].bad.commands("STARTTLS") == []
    assert under[1].bad.messages[0].tls
    # It is the next hop that has a policy, in brackets too.
    with open(os.path.join(pabal.dir, "etc", "transports"), "a") as f:
        f.write(f"hop.test smtp:sub.{plain[3].domain}:{PORT}\n"
                f"literal.test smtp:[{plain[3].bad.host}]:{PORT}\n")
    pabal.pabal("map", "transports")
    policies(f".{plain[3].domain} encrypt\n[{plain[3].bad.host}] encrypt\n")
    for to in ("u@hop.test", "u@literal.test"):
        pabal.send("policy", to=to)
        assert pabal.wait_event("rcpt.result", plain[3].since,
                                to=to)["dsn"] == "4.7.4"


def test_policies_that_cannot_be(host, pabal, policies):
    """The map refuses them; one that is there all the same stops mail, it is not
    passed over."""
    path = os.path.join(pabal.dir, "etc", "tls_policies")
    for line in ("a.test secure", "a.test may mx.a.test", "u@a.test may",
                 "a.test verify *.a.test"):
        with open(path, "w") as f:
            f.write(line + "\n")
        assert "expected" in pabal.pabal_fails("map", "tls_policies") or \
            "only verify" in pabal.pabal_fails("map", "tls_policies")
    h = host()
    policies(f"{h.domain} dane\n")
    h.pabal.allowed = ["lookup.entry-invalid"]
    h.send()
    check(h, "tempfail", "4.4.3", "dns_trust_anchor")
    assert h.bad.sessions == []


class Verified:
    """An instance that trusts the certificates of its hosts, each for a domain
    of its own: hosts[DOMAIN]; "a.test b.test" is one with two MX."""

    def __init__(self, stack, make_pabal, folder, hosts, *settings, dns=DNS):
        os.chmod(folder, 0o755)
        self.bads, routes = {}, []
        with open(os.path.join(folder, "ca"), "wb") as ca:
            for n, (name, more) in enumerate(hosts.items()):
                more = dict(more)
                cert, key = make_cert(folder, more.pop("cert",
                                                       f"mx.{name}.test"))
                with open(cert, "rb") as c:
                    ca.write(c.read())
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                tls.load_cert_chain(cert, key)
                address = f"127.0.3.{n + 1}"
                self.bads[name] = stack.enter_context(BadSmtp(
                    host=address, port=PORT, **{"tls": tls, **more}))
                dns.records[f"{name}.test"] = {"MX": [f"10 mx.{name}.test."]}
                dns.records[f"mx.{name}.test"] = {"A": [address]}
                routes.append(f"{name}.test smtp:{name}.test:{PORT}\n")
        self.p = make_pabal(
            ("smtp", "tls_ca_file", os.path.join(folder, "ca")), *settings)
        with open(os.path.join(self.p.dir, "etc", "transports"), "w") as f:
            f.write("".join(routes))
        self.p.pabal("map", "transports")

    def send(self, name, **kw):
        self.p.send("verified", to=f"u@{name}.test", **kw)

    def result(self, name, since=0):
        r = self.p.wait_event("rcpt.result", since, to=f"u@{name}.test")
        return r["status"], r["dsn"], r["text"]


def test_names_that_a_policy_verifies(make_pabal, tmp_path):
    caps = {"caps": TLS_CAPS}
    with contextlib.ExitStack() as stack:
        v = Verified(stack, make_pabal, str(tmp_path), {
            "own": caps, "other": {**caps, "cert": "mx.provider.test"},
            "beneath": {**caps, "cert": "a.b.provider.example"},
            "wrong": caps, "default": {**caps, "cert": "mx.none.test"}})
        write_policies(
            v.p, "own.test verify\n"
            "other.test verify mx.x.test mx.provider.test\n"
            "beneath.test verify .provider.example\n"
            "wrong.test verify mx.provider.test\n"
            "default.test verify\n")
        for name, dsn in (("own", "2.0.0"), ("other", "2.0.0"),
                          ("beneath", "2.0.0"), ("wrong", "4.7.5"),
                          ("default", "4.7.5")):
            v.send(name)
            status, got, text = v.result(name)
            assert got == dsn, (name, text)
            assert dsn == "2.0.0" or "hostname mismatch" in text
        told = [e["verified"] for e in v.p.events("smtp.tls")]
        assert told == ["yes"] * 3


def test_a_password_goes_to_a_host_of_its_next_hop(make_pabal, tmp_path):
    """Whatever a table says of its TLS: what lookup answers is not what our own
    configuration says of the relay."""
    caps = {"caps": (*TLS_CAPS, "AUTH PLAIN")}
    hosts = {"own": caps, "other": {**caps, "cert": "mx.provider.test"},
             "less": {**caps, "cert": "mx.none.test"}}
    with contextlib.ExitStack() as stack:
        v = Verified(stack, make_pabal, str(tmp_path), hosts,
                     ("smtp", "tls_policy", "verify"))
        v.p.secret("smtp", "relay_auth", "".join(
            f"{n}.test:{PORT} * user:secret\n" for n in hosts))
        v.p.reload()
        write_policies(v.p, "other.test verify mx.provider.test\n"
                            "less.test may\n")
        for name, dsn in (("own", "2.0.0"), ("other", "4.7.5"),
                          ("less", "4.7.5")):
            v.send(name)
            status, got, text = v.result(name)
            assert got == dsn, (name, text)
        assert [len(v.bads[n].secrets) for n in hosts] == [1, 0, 0]


# ---- REQUIRETLS (RFC 8689)

@contextlib.contextmanager
def unresolved(domains, dns=DNS):
    """Their name servers fail, so that mail for them waits."""
    kept = {d: dns.records[d] for d in domains}
    dns.records.update((d, "SERVFAIL") for d in domains)
    yield
    dns.records.update(kept)


def anchored(dns, folder):
    """Settings of an instance that believes DNS, which is signed."""
    anchor = os.path.join(folder, "anchor")
    with open(anchor, "w") as f:
        f.write(dns.trust_anchor())
    return (("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
            ("lookup", "dns_trust_anchor", anchor))


REQUIRETLS = ("PIPELINING", "STARTTLS", "REQUIRETLS", "DSN")
# name: the host, and what becomes of mail for it
HOSTS = {
    "yes": ({"caps": REQUIRETLS}, "delivered", "2.0.0"),
    "late": ({"caps": TLS_CAPS, "tls_caps": REQUIRETLS}, "delivered", "2.0.0"),
    "early": ({"caps": REQUIRETLS, "tls_caps": ("DSN",)}, "permfail",
              "5.7.30"),
    "lacks": ({"caps": TLS_CAPS}, "permfail", "5.7.30"),
    "clear": ({"caps": ("REQUIRETLS",)}, "permfail", "5.7.10"),
    "wrong": ({"caps": REQUIRETLS, "cert": "mx.somebody.test"}, "permfail",
              "5.7.10"),
    "cut": ({"caps": REQUIRETLS, "STARTTLS": DROP}, "tempfail", "4.7.5"),
    "garbage": ({"caps": REQUIRETLS, "tls": "garbage"}, "tempfail", "4.7.5"),
    "lacks-first": ({"caps": TLS_CAPS}, "delivered", "2.0.0"),
    "dead-first": ({"caps": TLS_CAPS}, "tempfail", "4.4.1"),
}


# Who has sent what fails, where that is not somebody here.
SENDERS = {"lacks": "a@yes.test", "clear": "a@lacks.test"}


def test_requiretls(make_pabal, tmp_path):
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(DnsServer(signed=True))
        v = Verified(stack, make_pabal, str(tmp_path),
                     {k: h for k, (h, _, _) in HOSTS.items()},
                     ("qmgr", "retry_schedule", "1h"),
                     ("smtp", "tls_policy", "none"),
                     *anchored(dns, str(tmp_path)), dns=dns)
        with unresolved([f"{name}.test" for name in HOSTS], dns):
            for name in HOSTS:
                v.send(name, sender=SENDERS.get(name, "alice@pabal.test"),
                       body="the secret\r\n")
                v.p.wait_event("rcpt.result", to=f"u@{name}.test",
                               dsn="4.4.3")
        dns.records["lacks-first.test"] = {
            "MX": ["10 mx.lacks-first.test.", "20 mx.yes.test."]}
        dns.records["dead-first.test"] = {
            "MX": ["10 gone.test.", "20 mx.dead-first.test."]}
        dns.records["gone.test"] = {"A": ["127.0.2.1"]}
        since = v.p.mark()
        rewrite(v.p, with_requiretls)
        v.p.pabal("queue", "flush")
        for name, (_, status, dsn) in HOSTS.items():
            got = v.result(name, since)
            assert got[:2] == (status, dsn), (name, got)
        taken = v.bads["yes"]
        # yes, lacks-first, and the report on what yes.test sent to lacks.test
        wait(lambda: len(taken.messages) == 3, "the report")
        # A report comes through without REQUIRETLS, but not in the clear.
        lacks = v.bads["lacks"]
        wait(lambda: lacks.messages, "the report without")
        assert [m.sender for m in lacks.messages] == [""]
        assert b"5.7.10" in lacks.messages[0].body
        assert b"the secret" not in lacks.messages[0].body
        for name, bad in v.bads.items():
            assert all(m.tls for m in bad.messages)
            assert all("REQUIRETLS" in c for s in bad.sessions
                       for c in s.commands
                       if c.startswith("MAIL") and name != "lacks")
        assert len(lacks.commands("MAIL")) == 1
        for name in ("early", "clear", "wrong", "cut", "garbage"):
            assert v.bads[name].commands("MAIL") == [], name
        [report] = [m for m in taken.messages if m.sender == ""]
        assert report.rcpts == ["a@yes.test"]
        assert b"5.7.30" in report.body and b"the secret" not in report.body
        assert b"text/rfc822-headers" in report.body
        # Mail that does not ask for it has its own sessions.
        n = len(taken.sessions)
        v.send("yes")
        wait(lambda: len(taken.messages) == 4, "the other")
        assert len(taken.sessions) == n + 1
        assert not taken.messages[-1].tls
        v.p.pabal("queue", "delete", "--all")


def test_requiretls_is_kept_on_the_way(make_pabal):
    """Over an alias and a script's redirect (RFC 8689 5): what would go on in the
    clear, had it not been asked for, comes back."""
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop))
        p.pabal("alias", "set", f"on@{DOMAIN}", "alias@far.example")
        script(p, 'redirect "script@far.example";')
        with p.smtp() as c:
            c.starttls(context=tls(p))
            c.ehlo("client.example")
            for text, options in (("plainly", []), ("secretly", ["REQUIRETLS"])):
                c.sendmail(f"bob@{DOMAIN}", [f"on@{DOMAIN}", f"alice@{DOMAIN}"],
                           message(text), options)
        for to in ("alias", "script"):
            got = wait(lambda: (lambda e: len(e) == 2 and e)(
                p.events("rcpt.result", to=f"{to}@far.example")), f"both to {to}")
            assert sorted(e["dsn"] for e in got) == ["2.0.0", "5.7.10"], got
        wait(lambda: len(sink.find("plainly")) == 2, "those without it")
        assert sink.find("secretly") == []


def test_requiretls_by_dane(make_pabal, tmp_path):
    """A host's TLSA records do as well as an authority; one that has none that
    are usable is not verified."""
    cert, key = make_cert(str(tmp_path), "mx.any.test")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    digest = tlsa_data(cert)["SPKI256"]
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(DnsServer(signed=True))
        bads = {}
        for n, (name, tlsa) in enumerate((
                ("match", f"3 1 1 {digest}"), ("unusable", f"1 1 1 {digest}"),
                ("mismatch", "3 1 1 " + "00" * 32))):
            address, domain = f"127.0.5.{n + 1}", f"{name}.test"
            bads[name] = stack.enter_context(
                BadSmtp(host=address, port=PORT, caps=REQUIRETLS, tls=tls))
            dns.records.update({
                domain: "SERVFAIL", f"mx.{domain}": {"A": [address]},
                f"_{PORT}._tcp.mx.{domain}": {"TLSA": [tlsa]}})
        os.chmod(str(tmp_path), 0o755)
        p = make_pabal(*anchored(dns, str(tmp_path)),
                       ("qmgr", "retry_schedule", "1h"))
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            for name in bads:
                f.write(f"{name}.test smtp:{name}.test:{PORT}\n")
        p.pabal("map", "transports")
        for name in bads:
            p.send("dane", to=f"u@{name}.test", sender="alice@pabal.test")
            p.wait_event("rcpt.result", to=f"u@{name}.test", dsn="4.4.3")
            dns.records[f"{name}.test"] = {"MX": [f"10 mx.{name}.test."]}
        since = p.mark()
        rewrite(p, with_requiretls)
        p.pabal("queue", "flush")
        for name, dsn in (("match", "2.0.0"), ("unusable", "5.7.10"),
                          ("mismatch", "5.7.10")):
            r = p.wait_event("rcpt.result", since, to=f"u@{name}.test")
            assert r["dsn"] == dsn, r
            assert len(bads[name].messages) == (dsn == "2.0.0")


# ---- CHUNKING and BINARYMIME (RFC 3030)

IMAGE = b"\x89PNG\r\n\x1a\n\0\0\r.\r\n.\r\n" + bytes(range(256)) * 400
CHUNKING = ("CHUNKING", "BINARYMIME", "8BITMIME", "SIZE 10000000", "DSN")
BINARY = (b"MIME-Version: 1.0\r\n"
          b"Content-Type: multipart/KIND; boundary=\"=b\"\r\n"
          b"Content-Transfer-Encoding: binary\r\n\r\n--=b\r\n"
          b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n"
          b"\r\n" + IMAGE + b"\r\n--=b\r\nContent-Type: text/plain\r\n\r\n"
          b"text\r\n--=b--\r\n")


def as_binary(head, body):
    """The message of that subtype in BINARY's form, as intake would have it."""
    kind = b"signed" if b"signed" in body else b"mixed"
    head = [w for w in head if not w.startswith(b"body ")]
    fields = [w for w in body[:body.index(b"\r\n\r\n")].splitlines(True)
              if not w.lower().startswith((b"mime-", b"content-"))]
    return with_line(head, b"body BINARYMIME"), \
        b"".join(fields).rstrip() + b"\r\n" + BINARY.replace(b"KIND", kind)


def image_of(raw):
    return [part.get_payload(decode=True) for part in
            email.message_from_bytes(raw).walk()
            if part.get_content_type() == "image/png"]


def binary_hosts():
    refuse = "554 5.6.0 no such image"
    # caps, more, subject, status, dsn, how the image comes
    return [
        (CHUNKING, {}, "mixed", "delivered", "2.0.0", "binary"),
        (CHUNKING + ("PIPELINING",), {}, "mixed", "delivered", "2.0.0",
         "binary"),
        (CHUNKING, {}, "signed", "delivered", "2.0.0", "binary"),
        (CHUNKING, {"DOT": refuse}, "mixed", "permfail", "5.6.0", None),
        (CHUNKING + ("PIPELINING",), {"RCPT": "550 5.1.1 no"}, "mixed",
         "permfail", "5.1.1", None),
        (CHUNKING, {"MAIL": DROP}, "mixed", "tempfail", "4.4.2", None),
        (CHUNKING, {"DOT": DROP}, "mixed", "tempfail", "4.4.2", None),
        (("CHUNKING", "8BITMIME", "DSN"), {}, "mixed", "delivered", "2.0.0",
         "base64"),
        (("BINARYMIME", "8BITMIME", "PIPELINING", "DSN"), {}, "mixed",
         "delivered", "2.0.0", "base64"),
        (("PIPELINING",), {}, "mixed", "relayed", "2.0.0", "base64"),
        (("8BITMIME",), {}, "signed", "permfail", "5.6.3", None),
    ]


def test_binarymime(make_pabal):
    cases = binary_hosts()
    with contextlib.ExitStack() as stack:
        p = make_pabal(("qmgr", "retry_schedule", "1h"))
        bads = [stack.enter_context(BadSmtp(
            host=f"127.0.4.{n + 1}", port=PORT, caps=caps, **more))
            for n, (caps, more, *_) in enumerate(cases)]
        with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
            for n in range(len(cases)):
                DNS.records[f"bin{n}.test"] = {"A": [f"127.0.4.{n + 1}"]}
                f.write(f"bin{n}.test smtp:bin{n}.test:{PORT}\n")
        p.pabal("map", "transports")
        with unresolved([f"bin{n}.test" for n in range(len(cases))]):
            for n, (_, _, subject, *_) in enumerate(cases):
                p.send(subject, to=f"u@bin{n}.test",
                       sender="alice@pabal.test")
                p.wait_event("rcpt.result", to=f"u@bin{n}.test", dsn="4.4.3")
        since = p.mark()
        rewrite(p, as_binary)
        p.pabal("queue", "flush")
        for n, (_, _, subject, status, dsn, form) in enumerate(cases):
            r = p.wait_event("rcpt.result", since, to=f"u@bin{n}.test")
            assert (r["status"], r["dsn"]) == (status, dsn), (n, r)
            if form is None:
                assert bads[n].messages == []
                continue
            [m] = bads[n].messages
            [mail] = bads[n].commands("MAIL")
            assert bool(bads[n].commands("BDAT")) == (form == "binary")
            assert ("BODY=BINARYMIME" in mail) == (form == "binary")
            if form == "binary":
                assert m.body.endswith(
                    BINARY.replace(b"KIND", subject.encode()))
                size = re.search(r"SIZE=(\d+)", mail)
                assert int(size[1]) == len(m.body)
            else:
                assert image_of(m.body) == [IMAGE], n
                assert b"\0" not in m.body and b": binary" not in m.body
        # Nothing binary goes into a report.
        [report] = wait(lambda: [m for m in p.mails("alice")
                                 if b"5.6.3" in m], "the report")
        assert b"text/rfc822-headers" in report and b"\0" not in report
        p.pabal("queue", "delete", "--all")

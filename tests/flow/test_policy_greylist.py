# SPDX-License-Identifier: ISC
"""policy's rule greylist: who waits, who need not, and that it is remembered."""
import base64
import os
import signal
import stat

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PASSWORD, wait
from smtptalk import Talk

HOST, NEXT, FAR, GOOD = "192.0.2.9", "192.0.2.200", "198.51.100.9", "192.0.2.1"
TO = f"alice@{DOMAIN}"
ZONE = {
    "soft.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 ~all"']},
    "_dmarc.soft.test": {"TXT": ['"v=DMARC1; p=none"']},
    "7.2.0.192.wl.test": {"A": ["127.0.5.1"]},
}
NEVER = "1h"  # a delay that is over in no test
WAITS = "451 4.7.1 Greylisted, try again in "


@pytest.fixture(scope="module")
def dns():
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture
def make(make_pabal, dns):
    return lambda *more, delay=NEVER, mode="enforce": make_pabal(
        ("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
        ("smtpd", "xclient_hosts", "127.0.0.1"), ("policy", "greylist", mode),
        ("policy", "greylist_delay", delay), *more, users=("alice", "bob"))


def stranger(p, ip):
    t = Talk(p)
    addr = f"IPV6:{ip}" if ":" in ip else ip
    assert t.say(f"XCLIENT ADDR={addr}").startswith("220 ")
    assert t.say("EHLO host.test").startswith("250-")
    return t


def rcpt(p, ip=HOST, sender="a@x.test", to=TO):
    with stranger(p, ip) as t:
        assert t.say(f"MAIL FROM:<{sender}>").startswith("250 ")
        return t.say(f"RCPT TO:<{to}>")


def comes_back(p, **kw):
    assert rcpt(p, **kw).startswith(WAITS)
    wait(lambda: rcpt(p, **kw).startswith("250 "), "the end of the delay")


def path(p):
    return os.path.join(p.dir, "lib", "policy", "greylist")


def test_comes_back(make):
    p = make(delay="1s")
    comes_back(p)
    # from any host of its network, for any sender of the domain
    assert rcpt(p, NEXT, "b@x.test").startswith("250 ")
    p.conf("policy", "greylist_delay", NEVER)
    p.reload()
    for other in ({"ip": FAR}, {"sender": "a@y.test"}, {"to": f"bob@{DOMAIN}"},
                  {"ip": "2001:db8::1"}):
        assert rcpt(p, **other).startswith(WAITS), other
        assert rcpt(p, **other).startswith(WAITS), other
    assert rcpt(p).startswith("250 ")
    assert p.events("policy.verdict", rule="greylist")[0]["action"] == "defer"
    # nobody is kept waiting for whom nobody lives here
    assert rcpt(p, FAR, to=f"nobody@{DOMAIN}").startswith("550 ")


@pytest.mark.allow("child.killed")
def test_survives(make):
    """A restart, and kill -9 of policy; the file is its own."""
    p = make(delay="1s")
    comes_back(p, sender="a@one.test")
    p.conf("policy", "greylist_delay", NEVER)
    p.reload()
    assert rcpt(p, sender="a@two.test").startswith(WAITS)
    p.stop()
    p.start()
    assert rcpt(p, sender="b@one.test").startswith("250 ")
    pid, = p.pids("policy")
    os.kill(pid, signal.SIGKILL)
    assert rcpt(p, sender="c@one.test").startswith("250 ")
    p.conf("policy", "greylist_delay", "1s")
    p.reload()
    # the first try was before all that
    wait(lambda: rcpt(p, sender="a@two.test").startswith("250 "), "two.test")
    st = os.stat(path(p))
    assert stat.S_IMODE(st.st_mode) == 0o600
    assert st.st_size == 32 * 1_000_000 + 40


def test_who_need_not_wait(make):
    p = make(("policy", "dnsbl", "warn"), ("policy", "dnsbl_sites", "wl.test*-1"),
             ("policy", "access", "enforce"))
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write("recipient=postmaster@ accept\n")
    p.pabal("map", "access")
    assert rcpt(p, "192.0.2.7").startswith("250 "), "a list knows it as good"
    assert rcpt(p, GOOD, "a@soft.test").startswith("250 "), "SPF"
    assert rcpt(p, "198.51.100.1", "a@soft.test").startswith(WAITS)
    wait(lambda: rcpt(p, FAR, to=f"postmaster@{DOMAIN}").startswith("250 "), "access")
    with Talk(p, greet="EHLO x") as t:  # a trusted network
        t.say("MAIL FROM:<a@x.test>")
        assert t.say(f"RCPT TO:<{TO}>").startswith("250 ")
    with stranger(p, FAR) as t:
        t.starttls()
        t.say("EHLO host.test")
        plain = base64.b64encode(f"\0{TO}\0{PASSWORD}".encode()).decode()
        assert t.say(f"AUTH PLAIN {plain}").startswith("235 ")
        t.say(f"MAIL FROM:<{TO}>")
        assert t.say(f"RCPT TO:<bob@{DOMAIN}>").startswith("250 ")


def bring(p, ip, sender, author):
    with stranger(p, ip) as t:
        t.say(f"MAIL FROM:<{sender}>")
        assert t.say(f"RCPT TO:<{TO}>").startswith("250 ")
        t.say("DATA")
        return t.say(f"From: <{author}>\r\nSubject: x\r\n\r\nx\r\n.")


def test_good_mail_makes_known(make):
    """DMARC passes: the network and the domain are known for all recipients."""
    p = make()
    assert rcpt(p, NEXT, "a@soft.test").startswith(WAITS)
    assert bring(p, GOOD, "a@soft.test", "a@other.test").startswith("250 ")
    assert rcpt(p, NEXT, "a@soft.test").startswith(WAITS), "nobody vouches for it"
    assert bring(p, GOOD, "a@soft.test", "a@soft.test").startswith("250 ")
    for to in (TO, f"bob@{DOMAIN}"):
        assert rcpt(p, NEXT, "b@soft.test", to).startswith("250 ")
    assert rcpt(p, FAR, "a@soft.test").startswith(WAITS)


def test_warns(make):
    p = make(mode="warn")
    assert rcpt(p).startswith("250 ")
    assert p.events("policy.verdict", rule="greylist")[0]["mode"] == "warn"


@pytest.mark.allow("greylist-lost")
def test_damaged_and_without_a_place(make):
    p = make(delay="1s")
    assert rcpt(p).startswith(WAITS)
    p.stop()
    with open(path(p), "r+b") as f:
        f.write(b"\0" * 100)
    p.start()
    assert p.events("policy.greylist-lost")[0]["why"] == "greylist was damaged"
    comes_back(p, sender="a@one.test")
    p.stop()
    os.rename(os.path.dirname(path(p)), os.path.join(p.dir, "gone"))
    p.start()
    assert "no directory" in p.events("policy.greylist-lost")[-1]["why"]
    comes_back(p, sender="a@one.test")

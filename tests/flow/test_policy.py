# SPDX-License-Identifier: ISC
"""policy: what strangers are told at each stage, against a DNS of the test's
own; what happens when it is slow, ends, or is not there."""
import os
import re
import signal

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, wait
from smtptalk import Talk

GOOD, BAD = "192.0.2.1", "192.0.2.66"
ZONE = {
    "good.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']},
    "soft.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 ~all"']},
    "says.test": {"TXT": ['"v=spf1 exp=why.test -all"']},
    "why.test": {"TXT": ['"%{i} is none of ours"']},
    "broken.test": "SERVFAIL",
    "silent.test": "DROP",
    "deep.test": {"TXT": ['"v=spf1 include:good.test -all"']},
    "many.test": {"TXT": [
        '"v=spf1 ' + " ".join(f"a:h{i}.test" for i in range(9)) + ' -all"']},
    **{f"h{i}.test": {"A": ["192.0.2.1" if i == 8 else "192.0.2.200"]}
       for i in range(9)},
}


@pytest.fixture(scope="module")
def dns():
    with DnsServer(ZONE) as server:
        yield server


def settings(dns, *more):
    """Whoever is told of by XCLIENT is a stranger here."""
    return (("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
            ("smtpd", "xclient_hosts", "127.0.0.1"), *more)


@pytest.fixture
def make(make_pabal, dns):
    return lambda *more: make_pabal(*settings(dns, *more), users=("alice",))


@pytest.fixture
def p(make):
    return make(("policy", "spf", "enforce"))


def stranger(p, ip=GOOD, helo="host.test"):
    t = Talk(p)
    assert t.say(f"XCLIENT ADDR={ip}").startswith("220 ")
    assert t.say(f"EHLO {helo}").startswith("250-")
    return t


def mail(p, sender, ip=GOOD, **kw):
    with stranger(p, ip, **kw) as t:
        return t.say(f"MAIL FROM:<{sender}>")


def spf(p, since=0):
    return [e["result"] for e in p.events("policy.spf", since)]


def test_spf(p, dns):
    """What is checked, what is said, and what is logged."""
    refused = (f"550 5.7.23 {BAD} may not send mail for good.test (SPF)")
    for sender, ip, kw, reply, result in (
            ("a@good.test", GOOD, {}, "250 2.1.0 ", "pass"),
            ("a@good.test", BAD, {}, refused, "fail"),
            ("a@deep.test", GOOD, {}, "250 ", "pass"),
            ("a@soft.test", BAD, {}, "250 ", "softfail"),
            ("a@none.test", BAD, {}, "250 ", "none"),
            ("a@many.test", GOOD, {}, "250 ", "pass"),
            ("", BAD, {"helo": "good.test"}, refused, "fail"),
            ("", GOOD, {"helo": "good.test"}, "250 ", "pass"),
            ("a@says.test", BAD, {}, f"550 5.7.23 {BAD} may not send mail for says.test "
             f"(SPF); its owner says: {BAD} is none of ours", "fail"),
            ("a@broken.test", GOOD, {}, "451 4.7.24 ", "temperror")):
        since = p.mark()
        assert mail(p, sender, ip, **kw).startswith(reply), (sender, ip)
        assert spf(p, since) == [result]
    with Talk(p, greet="EHLO x") as t:  # not a stranger
        assert t.say("MAIL FROM:<a@says.test>").startswith("250 ")
    metrics = p.pabal("metrics")
    assert re.search(r'pabal_policy_asked_total\{[^}]*rule="spf"[^}]*\} 10\n', metrics)
    assert re.search(r'pabal_policy_verdicts_total\{[^}]*action="refuse"[^}]*\} 3\n', metrics)


def test_verdicts_of_a_connection_are_kept(p, dns):
    with stranger(p) as t:
        for _ in range(3):
            assert t.say("MAIL FROM:<a@deep.test>").startswith("250 ")
            assert t.say("RSET").startswith("250 ")
            asked = len(dns.queries)
            since = p.mark()
        assert spf(p, 0) == ["pass"] * 3
        assert len(dns.queries) == asked, "the third asked again"
        # another client under the same connection is another one
        assert t.say(f"XCLIENT ADDR={BAD}").startswith("220 ")
        assert t.say("EHLO host.test").startswith("250-")
        assert t.say("MAIL FROM:<a@deep.test>").startswith("550 5.7.23 ")
        assert spf(p, since)[-1] == "fail"


def test_warn_and_off(make):
    """Shadow mode tells what would happen; off asks nothing."""
    p = make()
    assert mail(p, "a@good.test", BAD).startswith("250 ")
    verdict = p.wait_event("policy.verdict")
    assert verdict["rule"] == "spf" and verdict["action"] == "refuse"
    assert verdict["mode"] == "warn" and verdict["stage"] == "mail"
    assert re.search(r'pabal_policy_warnings_total\{[^}]*action="refuse"[^}]*\} 1\n',
                     p.pabal("metrics"))
    p.conf("policy", "spf", "off")
    p.reload()
    since = p.mark()
    assert mail(p, "a@good.test", BAD).startswith("250 ")
    assert not p.events("policy.spf", since)
    p.conf("policy", "spf", "enforce")
    p.reload()
    wait(lambda: mail(p, "a@good.test", BAD).startswith("550 "), "the rule")


def test_pipelined(p):
    """Commands behind one that waits keep their order and their replies."""
    with stranger(p, BAD) as t:
        t.send("MAIL FROM:<a@good.test>\r\nRCPT TO:<alice@%s>\r\n"
               "MAIL FROM:<a@soft.test>\r\nRCPT TO:<alice@%s>\r\nNOOP\r\n"
               % (DOMAIN, DOMAIN))
        codes = [t.reply()[:3] for _ in range(5)]
        assert codes == ["550", "503", "250", "250", "250"]


@pytest.mark.allow("policy-unavailable")
def test_slow_dns(make):
    """One answer that never comes delays that session alone, for so long."""
    p = make(("policy", "spf", "enforce"), ("policy", "dns_timeout", "1s"))
    with stranger(p) as slow:
        slow.send("MAIL FROM:<a@silent.test>\r\n")
        assert mail(p, "a@good.test").startswith("250 ")
        assert slow.reply().startswith("451 4.7.24 ")
        assert slow.say("MAIL FROM:<a@good.test>").startswith("250 ")


@pytest.mark.allow("policy-unavailable", "exited", "ended", "killed", "signal")
@pytest.mark.parametrize("action, reply", (("defer", "451 4.3.0 "), ("accept", "250 ")))
def test_policy_hangs(make, action, reply):
    p = make(("policy", "spf", "enforce"), ("smtpd", "policy_timeout", "1s"),
             ("smtpd", "policy_unavailable", action))
    assert mail(p, "a@good.test", BAD).startswith("550 ")
    pid, = p.pids("policy")
    os.kill(pid, signal.SIGSTOP)
    try:
        with stranger(p, BAD) as t:
            assert t.say("MAIL FROM:<a@good.test>").startswith(reply)
            assert t.say("RSET").startswith("250 ")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert p.wait_event("smtpd.policy-unavailable")["action"] == action
    wait(lambda: mail(p, "a@good.test", BAD).startswith("550 "), "policy")


@pytest.mark.allow("child", "exited", "killed", "signal", "ended")
def test_policy_is_killed_while_it_is_asked(make):
    """The next process of it answers."""
    p = make(("policy", "spf", "enforce"))
    with stranger(p) as t:
        pid, = p.pids("policy")
        os.kill(pid, signal.SIGSTOP)
        t.send("MAIL FROM:<a@deep.test>\r\n")
        os.kill(pid, signal.SIGKILL)
        assert t.reply().startswith("250 ")
        assert spf(p) == ["pass"]
        assert p.pids("policy") != [pid]


def test_client_leaves_while_it_is_judged(make):
    p = make(("policy", "spf", "enforce"), ("policy", "dns_timeout", "2s"))
    for _ in range(20):
        with stranger(p) as t:
            t.send("MAIL FROM:<a@silent.test>\r\n")
    assert mail(p, "a@good.test").startswith("250 ")


def test_master_conf_of_before(make):
    """Without the service mail is not judged, and check says so."""
    p = make(("policy", "spf", "enforce"))
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    assert "master:policy" not in p.pabal("check")
    with open(path, "w") as f:
        f.write(text.replace("[policy]\ndaemon = policy\n", ""))
    assert "conf set master:policy daemon policy" in p.pabal("check")
    p.stop()
    p.start()
    assert mail(p, "a@good.test", BAD).startswith("250 ")
    p.conf("master:policy", "daemon", "policy")
    p.reload()
    wait(lambda: mail(p, "a@good.test", BAD).startswith("550 "), "policy")

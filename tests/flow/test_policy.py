# SPDX-License-Identifier: ISC
"""policy: what strangers are told at each stage, against a DNS of the test's
own; what happens when it is slow, ends, or is not there."""
import json
import os
import re
import signal

import pytest

from dkimsign import Key
from dnsserver import DnsServer
from pabal import DOMAIN, wait
from sink import Sink
from smtptalk import Talk

GOOD, BAD = "192.0.2.1", "192.0.2.66"
KEY = Key("keyed.test")
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
    "sends.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']},
    "_dmarc.sends.test": {"TXT": ['"v=DMARC1; p=reject"']},
    "junk.test": {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']},
    "_dmarc.junk.test": {"TXT": ['"v=DMARC1; p=quarantine"']},
    "_dmarc.down.test": "SERVFAIL",
    "s._domainkey.keyed.test": {"TXT": [KEY.record]},
    "six.test": {"TXT": [
        '"v=spf1 a:h0.test a:h1.test a:h2.test ip6:2001:db8::/32 -all"']},
    "football.example.com": {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']},
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


@pytest.mark.allow("policy-unavailable", "exited", "ended", "killed", "signal")
def test_mail_waits_for_some_rules_and_not_for_others(make):
    """Where policy keeps silent: it waits for what is enforced, unless that is said
    to be optional."""
    def told(setting, refused, code, said):
        since = p.mark()
        p.conf("policy", *setting)
        p.reload()
        p.wait_event("proc.reloaded", since, daemon="policy")
        assert mail(p, "a@good.test", BAD).startswith(said), setting
        pid, = p.pids("policy")
        since = p.mark()
        os.kill(pid, signal.SIGSTOP)
        try:
            with stranger(p, BAD) as t:
                assert t.say("MAIL FROM:<a@good.test>").startswith(code), setting
        finally:
            os.kill(pid, signal.SIGCONT)
        e = p.wait_event("smtpd.policy-unavailable", since)
        assert e["action"] == ("defer" if refused else "accept")
    p = make(("policy", "spf", "enforce"), ("policy", "dmarc", "off"),
             ("policy", "from_disguised", "warn"), ("smtpd", "policy_timeout", "1s"))
    told(("optional_rules", "dmarc"), True, "451 4.3.0 ", "550 ")
    told(("optional_rules", "reverse spf"), False, "250 ", "550 ")
    told(("optional_rules", ""), True, "451 4.3.0 ", "550 ")
    told(("spf", "warn"), False, "250 ", "250 ")
    p.conf("policy", "optional_rules", "spam")
    assert "there is no rule spam" in p.pabal_fails("conf", "check")


def test_rule_is_off_on_a_service(make):
    p = make(("policy", "spf", "enforce"), ("policy", "dmarc", "enforce"),
             ("policy", "rules_off", "smtp:spf lmtp:dmarc"))
    assert mail(p, "a@good.test", BAD).startswith("250 ")
    since = p.mark()
    p.conf("policy", "rules_off", "submission:spf")
    p.reload()
    p.wait_event("proc.reloaded", since, daemon="policy")
    assert mail(p, "a@good.test", BAD).startswith("550 ")
    for wrong in ("spf", "smtp:none", ":spf", "smtp:"):
        p.conf("policy", "rules_off", wrong)
        assert f"rules_off: {wrong} is not SERVICE:RULE" in \
            p.pabal_fails("conf", "check")


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


def test_check_names_the_rules(make):
    """Which are on, and what they lack."""
    def rules(p):
        return [line.split(None, 2)[1:] for line in p.pabal("check").splitlines()
                if line.split()[1:2] == ["rules"]]
    p = make(("policy", "spf", "enforce"), ("policy", "helo_own", "off"))
    (_, said), = rules(p)
    modes = dict(part.split(":") for part in said.split("; "))
    assert modes["enforce"].split() == ["spf", "dmarc", "from_disguised"]
    assert "helo_name" in modes["warn"].split() and "helo_own" in modes["off"].split()
    for name in ("dnsbl", "rates", "greylist"):
        p.conf("policy", name, "warn")
    p.conf("policy", "rate_limits", "")
    p.conf("policy", "spf", "off")
    os.rename(os.path.join(p.dir, "lib"), os.path.join(p.dir, "gone"))
    said = "\n".join(detail for _, detail in rules(p)[1:])
    for words in ("dnsbl_sites is empty", "rate_limits is empty", "conf set policy spf warn",
                  "there is no directory"):
        assert words in said


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


# ---- at the end of a message


def text(subject, author, more="", body="Hello.\r\n"):
    return (f"From: <{author}>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n"
            f"Date: Tue, 1 Dec 2026 00:00:00 +0000\r\n{more}\r\n{body}")


def bring(p, message, sender, ip=GOOD, to=("alice",)):
    with stranger(p, ip) as t:
        assert t.say(f"MAIL FROM:<{sender}>").startswith("250 ")
        for name in to:
            assert t.say(f"RCPT TO:<{name}@{DOMAIN}>").startswith("250 ")
        assert t.say("DATA").startswith("354 ")
        return t.say(message.rstrip("\r\n") + "\r\n.")


def delivered(p, subject, folder=None):
    """The message as it stands in its file, once it is there."""
    def find():
        for found in p.mails("alice", folder):
            found = found.replace(b"\r\n", b"\n").decode()
            if f"Subject: {subject}\n" in found:
                return found
        return None
    return wait(find, subject)


def results_of(message):
    """The fields in front, unfolded: what was put by us first."""
    head = message.split("\n\n", 1)[0]
    head = re.sub(r"\n[ \t]+", " ", head)
    return [line for line in head.split("\n")
            if line.startswith("Authentication-Results:")]


@pytest.fixture(scope="module")
def shared(request, dns):
    """An instance with the presets."""
    from pabal import Instance
    p = Instance(users=("alice", "bob"))
    for setting in settings(dns):
        p.conf(*setting)
    p.start()
    yield p
    alarms = p.alarms()
    p.close()
    assert not alarms


def test_pass_is_told_and_forged_results_are_not(shared):
    p = shared
    forged = "".join(
        f"Authentication-Results: {text}\r\n" for text in (
            f"mail.{DOMAIN}; dmarc=pass header.from=bank.test",
            f"(x) MAIL.{DOMAIN}.\r\n ; spf=pass",
            f'"mail.{DOMAIN}" 1; dkim=pass',
            "other.test; dmarc=pass header.from=kept.test"))
    reply = bring(p, text("pass", "a@sends.test", forged), "a@sends.test")
    assert reply.startswith("250 ")
    message = delivered(p, "pass")
    ours, other = results_of(message)
    assert ours.startswith(f"Authentication-Results: mail.{DOMAIN}; spf=pass ")
    assert "dmarc=pass" in ours and "header.from=sends.test" in ours
    assert "kept.test" in other
    order = [line.split(":")[0] for line in message.split("\n")
             if re.match(r"[A-Z][-A-Za-z]*:", line)]
    assert order[:4] == ["Return-Path", "Delivered-To", "Authentication-Results", "Received"]
    event = p.events("policy.auth")[-1]
    assert event["dmarc"] == "pass" and event["spf"] == "pass"
    assert event["qid"] in reply


def test_rejected_as_the_domain_asks(shared):
    p = shared
    since = p.mark()
    reply = bring(p, text("rejected", "a@sends.test"), "x@none.test", BAD)
    assert reply == "550 5.7.26 sends.test: the policy of its domain (DMARC)"
    verdict = p.wait_event("policy.verdict", since, rule="dmarc")
    assert verdict["action"] == "refuse"
    assert p.queue_count() == 0


@pytest.mark.parametrize("head, why", (
    ("From: <a@none.test>\r\nFrom: <b@none.test>\r\n", "From"),
    ("From: a@none.test b@none.test\r\n", "From")))
def test_ambiguous_authors(shared, head, why):
    reply = bring(shared, head + "Subject: x\r\n\r\nx\r\n", "x@none.test", BAD)
    assert reply.startswith("550 5.7.1 ") and why in reply


def test_quarantined_into_junk(shared):
    p = shared
    assert bring(p, text("junk", "a@junk.test"), "x@none.test", BAD).startswith("250 ")
    message = delivered(p, "junk", "Junk")
    assert "dmarc=fail" in results_of(message)[0]
    with p.imap() as c:
        assert c.select("Junk")[0] == "OK"
        assert b"dmarc=fail" in c.fetch("1", "(BODY[HEADER.FIELDS (Authentication-Results)])")[1][0][1]


LOOKALIKES = (   # From, its rule, why
    (f'"The Boss boss@{DOMAIN}" <x@none.test>', "from_own", "shows an address of ours"),
    (f"{DOMAIN} support <x@none.test>", "from_own", "shows a domain of ours"),
    ("boss@" + DOMAIN.replace("l", "1"), "from_own", "looks like one of ours"),
    ('"ann@bank.test" <x@none.test>', "from_other", "shows another address"),
    ("=?utf-8?q?Boss=E2=80=AE?= <x@none.test>", "from_disguised", "turns text around"),
    ("=?utf-8?b?YUBiYW5rLnRlc3Q=?=@none.test", "from_disguised", "encoded word"),
    ("x@xn--80ak6aa92e.test", "from_disguised", "look like Latin"),
    (" ".join(["=?utf-8?q?" + "=E2=80=8B" * 6 + "?=\r\n"] * 40) +
     f" =?utf-8?q?boss=40{DOMAIN}?= <x@none.test>", "from_own", "shows an address of ours"))


def test_look_alikes(shared, tmp_path):
    """What From shows and is not: a warning where it may be honest, Junk where
    it is not; rejected where that is wanted; check-mail says the same."""
    p = shared

    def written(n, author):
        return f"From: {author}\r\nSubject: alike {n}\r\n\r\nHello.\r\n"
    for n, (author, rule, why) in enumerate(LOOKALIKES):
        since = p.mark()
        assert bring(p, written(n, author), "x@none.test", BAD).startswith("250 ")
        delivered(p, f"alike {n}", "Junk" if rule == "from_disguised" else None)
        event = p.wait_event("policy.verdict", since, rule=rule)
        assert why in event["why"] and event["action"] == "quarantine"
        assert event["mode"] == ("enforce" if rule == "from_disguised" else "warn")
        path = tmp_path / "message"
        path.write_text(written(n, author))
        told = json.loads(p.pabal("check-mail", str(path), "--json", "--client", BAD))
        told = {r["rule"]: r for r in told["rules"]}
        assert told[rule]["result"] == "quarantine" and why in told[rule]["why"]
        assert told[rule]["mode"] == event["mode"]
    since = p.mark()
    # Names in charsets of all kinds are names, and such as shift are not disguised.
    for n, author in enumerate((
            '"Ann ann@none.test" <x@none.test>',
            "=?ISO-2022-JP?B?GyRCO0VAaBsoQg==?= <x@none.test>",
            "=?iso-2022-kr?b?GyQpQw4zLz4+D0E=?= <x@none.test>",
            "=?koi8-r?b?8NLJ18XU?= <x@none.test>")):
        assert bring(p, written(f"no{n}", author),
                     "x@none.test", BAD).startswith("250 ")
        delivered(p, f"alike no{n}")
        path.write_text(written("no", author))
        told = json.loads(p.pabal("check-mail", str(path), "--json", "--client", BAD))
        assert {r["result"] for r in told["rules"] if r["rule"][:5] == "from_"} == \
            {"accept"}, told
    assert not [e for e in p.events("policy.verdict", since) if e["rule"][:5] == "from_"]
    p.conf("policy", "from_action", "reject")
    p.conf("policy", "from_own", "enforce")
    p.conf("policy", "dmarc", "off")    # the message is read all the same
    p.reload()
    try:
        reply = bring(p, written("rejected", LOOKALIKES[0][0]), "x@none.test", BAD)
        assert reply == "550 5.7.1 From is misleading: the name shows an address of ours"
    finally:
        for name in ("from_action", "from_own", "dmarc"):
            p.pabal("conf", "unset", "policy", name)
        p.reload()


def test_temporary_failure_is_deferred(shared):
    reply = bring(shared, text("down", "a@down.test"), "x@none.test", BAD)
    assert reply.startswith("451 4.7.1 down.test: ")


def test_those_who_are_known_are_not_judged(shared):
    p = shared
    since = p.mark()
    p.send("from a trusted network", sender="a@sends.test")
    message = p.find_mail("alice", "from a trusted network") or p.wait_mail(
        "alice", "from a trusted network")
    assert "Authentication-Results" not in str(message)
    assert not p.events("policy.auth", since)


@pytest.mark.parametrize("size", (100, 20_000, 60_000, 1_500_000))
def test_whatever_its_size_imap_tells_the_truth(shared, size):
    """Sizes, structure and text of a message that has fields in front."""
    p = shared
    subject = f"size{size}"
    line = "x" * 70 + "\r\n"
    body = (f"--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n--b\r\n"
            f"Content-Type: text/plain\r\n\r\n{line * (size // 72 + 1)}--b--\r\n")
    more = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    assert bring(p, text(subject, "a@sends.test", more, body), "a@sends.test",
                 to=("alice", "bob")).startswith("250 ")
    delivered(p, subject)
    with p.imap() as c:
        c.select("INBOX")
        number = c.search(None, "SUBJECT", subject)[1][0].decode()
        whole = c.fetch(number, "(RFC822.SIZE BODY.PEEK[] BODY.PEEK[1] BODY.PEEK[2])")[1]
        parts = [x[1] for x in whole if isinstance(x, tuple)]
        said = int(re.search(rb"RFC822.SIZE (\d+)", whole[0][0]).group(1))
        assert len(parts[0]) == said
        assert parts[1].strip() == b"first"
        assert parts[2] == (line * (size // 72 + 1)).encode()[:-2]
        assert b"Authentication-Results: mail." in parts[0].split(b"\r\n\r\n")[0]


def test_limits_of_checks(make, tmp_path):
    """What SPF counts as void, and how long a key may be, is said by parameters, to
    policy and to check-mail."""
    message = KEY.sign([("From", "a@keyed.test"), ("Subject", "keyed")], b"Hello.\r\n")
    path = tmp_path / "message"
    path.write_bytes(message)
    p = make(("policy", "spf_strict_voids", "yes"), ("policy", "dkim_key_bits_max", "2047"))

    def told():
        since = p.mark()
        bring(p, message.decode(), "x@six.test", "IPV6:2001:db8::1")
        e = p.wait_event("policy.auth", since)
        said = json.loads(p.pabal("check-mail", str(path), "--json", "--client",
                                  "2001:db8::1", "--from", "x@six.test"))
        assert [said["spf"]["result"], said["dkim"][0]["result"]] == [e["spf"], e["dkim"]]
        return e["spf"], e["dkim"]
    assert told() == ("permerror", "policy")
    p.pabal("conf", "unset", "policy", "spf_strict_voids")
    p.pabal("conf", "unset", "policy", "dkim_key_bits_max")
    p.reload()
    assert told() == ("pass", "pass")


def test_shadow_mode(make):
    p = make(("policy", "dmarc", "warn"))
    assert bring(p, text("warned", "a@sends.test"), "x@none.test", BAD).startswith("250 ")
    assert "dmarc=fail" in results_of(delivered(p, "warned"))[0]
    assert p.wait_event("policy.verdict", rule="dmarc")["mode"] == "warn"


@pytest.mark.parametrize("setting", (
    ("dmarc_exempt_hosts", BAD), ("dmarc_exempt_domains", "sends.test")))
def test_exempt(make, setting):
    p = make(("policy", *setting), ("policy", "received_spf", "yes"))
    assert bring(p, text("exempt", "a@sends.test"), "x@none.test", BAD).startswith("250 ")
    message = delivered(p, "exempt")
    assert "dmarc=fail" in results_of(message)[0]
    assert "Received-SPF: none receiver=" in message


@pytest.mark.allow("child.killed", "killed")
def test_sent_on_with_what_was_found(make):
    """Over a failure and the end of qmgr the fields stay before the message."""
    with Sink(END=["451 4.3.0 later", None]) as sink:
        p = make(("pabal", "relayhost", f"[127.0.0.1]:{sink.port}"),
                 ("qmgr", "retry_schedule", "3s"))
        p.pabal("alias", "set", "far", "x@far.test")
        large = text("large", "a@sends.test", body=("y" * 70 + "\r\n") * 2000)
        reply = bring(p, large, "a@sends.test", to=("far",))
        assert reply.startswith("250 ")
        qid = reply.split()[-1]
        p.wait_event("mail.deferred", qid=qid)
        shown = p.pabal("queue", "show", qid)
        assert "judged " in shown and "Authentication-Results: mail." in shown
        message = p.pabal("queue", "show", qid, "--message")
        assert message.startswith("Authentication-Results: mail.")
        os.kill(p.pids("qmgr")[0], signal.SIGKILL)
        wait(lambda: len(sink.messages) == 1, "the message", 60)
        data = sink.messages[0].data
        assert data.startswith(b"Authentication-Results: mail.")
        assert data.replace(b"\r\n", b"\n") == message.replace("\r\n", "\n").encode()
        p.wait_queue(0)


def test_what_a_command_gets(make, open_dir):
    open_dir.chmod(0o777)
    p = make(("pipe", "private_tmp", "no"))
    p.pabal("alias", "set", "command", f"|cat >{open_dir}/got")
    assert bring(p, text("piped", "a@sends.test"), "a@sends.test",
                 to=("command",)).startswith("250 ")
    p.wait_queue(0)
    with open(open_dir / "got") as f:
        assert results_of(f.read())[0].startswith(f"Authentication-Results: mail.{DOMAIN};")


@pytest.mark.allow("child.killed", "killed")
def test_policy_ends_at_the_end_of_a_message(make):
    """The next one gets the file again."""
    p = make()
    large = text("killed", "a@sends.test", body=("y" * 70 + "\r\n") * 3000)
    with stranger(p) as t:
        assert t.say("MAIL FROM:<a@sends.test>").startswith("250 ")
        assert t.say(f"RCPT TO:<alice@{DOMAIN}>").startswith("250 ")
        assert t.say("DATA").startswith("354 ")
        pid, = p.pids("policy")
        os.kill(pid, signal.SIGSTOP)
        t.send(large + ".\r\n")
        os.kill(pid, signal.SIGKILL)
        assert t.reply().startswith("250 ")
    assert "dmarc=pass" in results_of(delivered(p, "killed"))[0]


def test_check_mail_of_a_queued_message(shared, dns):
    """With the session that it came in, and without what was put in front."""
    p = shared
    p.pabal("alias", "set", "away", "x@broken.test")
    reply = bring(p, text("queued", "a@sends.test"), "a@sends.test", to=("away",))
    assert reply.startswith("250 ")
    qid = reply.split()[-1]
    p.wait_event("mail.deferred", qid=qid)
    out = p.pabal("check-mail", qid)
    assert re.search(r"(?m)^spf +pass sends.test", out)
    assert re.search(r"(?m)^dmarc +pass sends.test", out)
    assert "no message of the queue" in p.pabal_fails("check-mail", "NOSUCHID")
    p.pabal("queue", "delete", qid)

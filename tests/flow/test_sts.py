# SPDX-License-Identifier: ISC
"""MTA-STS (RFC 8461): policies of other domains, fetched, kept and followed."""
import glob
import json
import os
import re
import signal
import subprocess

import pytest

from badhosts import PORT, TLS_CAPS, tlsa_data
from pabal import PABAL, Failed, wait
from policyhost import PolicyHost, policy
from queued import rewrite, with_requiretls
from stshosts import sts  # noqa: F401 (a fixture)


# ---- policies

LONG = policy("none") + "\r\n" * 40000
# name, what its host gives; what is said
BAD = [
    ("redirect", {"status": 301, "headers": ["Location: https://mta-sts.good.test/"]},
     "sts-policy-fetch-error", "redirects are not followed"),
    ("missing", {"status": 404}, "sts-policy-fetch-error", "404"),
    ("html", {"type": "text/html", "body": policy("none")},
     "sts-policy-fetch-error", "text/plain"),
    ("untyped", {"type": "", "body": policy("none")}, "sts-policy-fetch-error",
     "text/plain"),
    ("long", LONG, "sts-policy-fetch-error", "64 KiB"),
    ("header", {"headers": ["X: " + "y" * 900] * 99, "body": policy("none")},
     "sts-policy-fetch-error", "header"),
    ("wrong", "version: STSv1\nmode: enforce\nmax_age: 1\n", "sts-policy-invalid", "no mx"),
    ("other-ca", {"cert": False, "body": policy("none")}, "sts-webpki-invalid",
     "certificate"),
    ("other-name", {"cert": "mta-sts.elsewhere.test", "body": policy("none")},
     "sts-webpki-invalid", ""),
]


def test_policies(sts):
    s = sts()
    s.domain("good.test", policy("enforce", ["MX.good.test", "*.mail.test"]), "20250101Z")
    s.domain("typed.test", {"type": "Text/Plain; charset=utf-8",
                            "body": policy("testing", ["a.test"])})
    s.domain("none.test", policy("none"))
    for name, given, *_ in BAD:
        s.domain(f"{name}.test", given)
    s.domain("hostless.test", policy("none"))
    s.dns.records["mta-sts.hostless.test"] = {}
    s.domain("closed.test", policy("none"))
    s.dns.records["mta-sts.closed.test"] = {"A": ["127.0.9.2"]}
    s.domain("two.test", policy("none"))
    s.dns.records["_mta-sts.two.test"]["TXT"] *= 2
    s.dns.records["_mta-sts.two.test"]["TXT"][1] = '"v=STSv1; id=2;"'
    s.domain("without.test", None)
    s.domain("among.test", policy("none"))
    s.dns.records["_mta-sts.among.test"]["TXT"] += ['"other"', '"v=STSv2; id=1"']
    p = s.p
    for name in ("good", "typed", "none", "among"):
        p.pabal("sts", "refresh", f"{name}.test")
    for name, _, result, why in BAD:
        since = p.mark()
        assert why in p.pabal_fails("sts", "refresh", f"{name}.test"), name
        e = p.events("sts.fetch-failed", since, domain=f"{name}.test")
        assert [x["result"] for x in e] == [result], name
    for name, why in (("hostless", "no address"), ("closed", "onnect"),
                      ("two", "no record"), ("without", "no record")):
        assert why in p.pabal_fails("sts", "refresh", f"{name}.test"), name
    shown = s.show()
    # Those that could not be had are there with the reason.
    for name, result, why in [(n, r, w) for n, _, r, w in BAD] + [
            ("hostless", "sts-policy-fetch-error", "no address"),
            ("closed", "sts-policy-fetch-error", "onnect")]:
        bad = shown.pop(f"{name}.test")
        assert (bad["mode"], bad["policy"], bad["fetched"]) == (None, None, None)
        assert bad["result"] == result and why in bad["why"], bad
        assert bad["failed"] and re.match(r"\d{4}-", bad["failed"]), bad
    assert "sts-policy-invalid" in p.pabal("sts", "show", "wrong.test")
    assert sorted(shown) == ["among.test", "good.test", "none.test", "typed.test"]
    good = shown["good.test"]
    assert (good["failed"], good["result"], good["why"]) == (None, None, None)
    assert (good["mode"], good["policy"], good["mx"]) == (
        "enforce", "20250101Z", "mx.good.test *.mail.test")
    assert good["fetched"] < good["valid_until"]
    assert s.show("typed.test")["typed.test"]["mode"] == "testing"
    assert s.show("without.test") == {}
    assert "mta-sts.two.test" not in s.web.requests
    p.pabal_fails("sts", "refresh", "no domain")
    text = open(os.path.join(p.dir, "lib", "sts", "good.test")).read()
    assert text.endswith("mx: mx.good.test\nmx: *.mail.test\n"), text


def test_cache_survives(sts):
    """Death and stops; what is corrupt is no policy, and goes."""
    s = sts()
    p = s.p
    for n in range(30):
        s.domain(f"d{n}.test", policy("enforce", [f"mx.d{n}.test"]))
        p.pabal("sts", "refresh", f"d{n}.test")
    before = s.show()
    assert len(before) == 30
    pid = s.pid()
    p.allowed.append("child.killed")
    os.kill(pid, signal.SIGKILL)
    wait(lambda: p.pids("sts") not in ([], [pid]), "another sts")
    assert s.show() == before
    p.stop()
    folder = os.path.join(p.dir, "lib", "sts")
    with open(os.path.join(folder, "d1.test"), "w") as f:
        f.write("id: 1\nfetched: 5\n")
    with open(os.path.join(folder, "d2.test"), "w"):
        pass
    with open(os.path.join(folder, ".d3.test.0123abcd"), "w"):
        pass
    s.dns.stop()
    s.web.policies.clear()
    p.start()
    after = s.show()
    assert after == {k: v for k, v in before.items() if k not in ("d1.test", "d2.test")}
    assert len(os.listdir(folder)) == 28
    assert {e["domain"] for e in p.events("sts.cache-failed")} == {"d1.test", "d2.test"}
    s.dns.start()


def test_limit_of_the_cache(sts):
    """The one that was unused for the longest time goes, with its file."""
    s = sts(("sts", "cache_limit", "3"))
    for n in range(5):
        s.domain(f"d{n}.test", policy("none"))
        s.p.pabal("sts", "refresh", f"d{n}.test")
        if n == 2:
            s.p.pabal("sts", "refresh", "d0.test")
    s.domain("nothing.test", None)
    s.p.pabal_fails("sts", "refresh", "nothing.test")
    assert sorted(s.show())[-1] == "d4.test"
    assert sorted(os.listdir(os.path.join(s.p.dir, "lib", "sts"))) == sorted(s.show())
    assert len(s.show()) <= 4 and "d0.test" in s.show() and "d1.test" not in s.show()


# ---- mail

def results(s, name, since=0):
    return [(e["policy"], e["result"]) for e in
            s.p.events("smtp.tls-result", since, domain=name)]


# name, mode, mx of the policy, what the host is; status, dsn, text, tls,
# under TLS; what is reported
MAIL = [
    ("well", "enforce", "mx.well.test", {}, "relayed", "2.0.0", "", "sts", True, []),
    ("wild", "enforce", "*.wild.test", {}, "relayed", "2.0.0", "", "sts", True, []),
    ("level", "enforce", "*.test", {}, "tempfail", "4.7.5",
     "no mail exchanger (mx.level.test) is one of its MTA-STS policy", None, None,
     ["validation-failure"]),
    ("mismatch", "enforce", "other.mismatch.test", {}, "tempfail", "4.7.5",
     "MTA-STS", None, None, ["validation-failure"]),
    ("plain", "enforce", "mx.plain.test", {"cert": None}, "tempfail", "4.7.4",
     "MTA-STS", "sts", None, ["starttls-not-supported"]),
    ("other-ca", "enforce", "mx.other-ca.test", {"cert": False}, "tempfail", "4.7.5",
     "MTA-STS", "sts", None, ["certificate-not-trusted"]),
    ("other-name", "enforce", "mx.other-name.test", {"cert": "other-name.test"},
     "tempfail", "4.7.5", "mismatch", "sts", None, ["certificate-host-mismatch"]),
    ("expired", "enforce", "mx.expired.test", {"days": -1}, "tempfail", "4.7.5",
     "expired", "sts", None, ["certificate-expired"]),
    ("broken", "enforce", "mx.broken.test", {"tls": "garbage"}, "tempfail", "4.7.5",
     "MTA-STS", "sts", None, ["validation-failure"]),
    ("t-well", "testing", "mx.t-well.test", {}, "relayed", "2.0.0", "", "sts-testing",
     True, []),
    ("t-mismatch", "testing", "other.test", {}, "relayed", "2.0.0", "", "sts-testing",
     True, ["validation-failure"]),
    ("t-plain", "testing", "mx.t-plain.test", {"cert": None}, "relayed", "2.0.0", "",
     "none", False, ["starttls-not-supported"]),
    ("t-other-ca", "testing", "mx.t-other-ca.test", {"cert": False}, "relayed",
     "2.0.0", "", "sts-testing", True, ["certificate-not-trusted"]),
    ("t-broken", "testing", "mx.t-broken.test", {"tls": "garbage"}, "relayed", "2.0.0",
     "", "none", False, ["validation-failure"]),
    ("off", "none", None, {"cert": False}, "relayed", "2.0.0", "", "may", True, []),
]


def test_mail(sts):
    s = sts()
    bads = {}
    for name, mode, mx, kw, *_ in MAIL:
        s.domain(f"{name}.test", policy(mode, [mx] if mx else []))
        bads[name] = s.mx(f"{name}.test", f"mx.{name}.test", **kw)
    for name, mode, _, _, status, dsn, text, used, tls, reported in MAIL:
        r = s.send(f"{name}.test")
        assert (r["status"], r["dsn"]) == (status, dsn), r
        assert text in r["text"], r
        assert r.get("tls") == (used or ""), r
        assert [m.tls for m in bads[name].messages] == ([] if tls is None else [tls]), name
        assert results(s, f"{name}.test") == [("sts", x) for x in reported], name
    counted = [re.search(r'policy="(.*?)",result="(.*?)"} (\d+)', line).groups()
               for line in s.p.pabal("metrics").splitlines()
               if line.startswith("pabal_smtp_tls_results_total{")]
    counts = {}
    for by, result, n in counted:
        counts[by, result] = counts.get((by, result), 0) + int(n)
    assert counts == {
        ("no-policy-found", "successful"): 1, ("sts", "successful"): 3,
        ("sts", "validation-failure"): 5, ("sts", "starttls-not-supported"): 2,
        ("sts", "certificate-not-trusted"): 2, ("sts", "certificate-expired"): 1,
        ("sts", "certificate-host-mismatch"): 1}, counts


def test_next_host(sts):
    """What is not in the policy, or not verified, is not talked to; another is."""
    s = sts()
    s.domain("d.test", policy("enforce", ["bad.d.test", "good.d.test"]))
    out = s.mx("d.test", "out.d.test", 1)
    bad = s.mx("d.test", "bad.d.test", 2, cert=False)
    good = s.mx("d.test", "good.d.test", 3)
    r = s.send("d.test")
    assert (r["status"], r["tls"]) == ("relayed", "sts"), r
    assert "good.d.test[" in r["host"]
    assert len(good.messages) == 1 and good.messages[0].tls
    assert bad.messages == out.messages == []
    assert results(s, "d.test") == [("sts", "validation-failure"),
                                    ("sts", "certificate-not-trusted")]


def test_policy_of_the_domain(sts):
    """Not of its mail exchanger's, which has none of its own for others; and two
    domains at one host, of which one asks for more."""
    s = sts()
    s.domain("a.test", policy("enforce", ["mx.a.test"]))
    s.domain("b.test", None)
    host = s.mx("b.test", "mx.b.test", cert=False)
    s.dns.records["a.test"]["MX"] = ["10 mx.b.test."]
    assert s.send("b.test")["tls"] == "may"
    assert s.send("a.test")["dsn"] == "4.7.5"
    s.publish("a.test", policy("enforce", ["mx.b.test"]), "2")
    assert "4.7.5" == s.send("a.test")["dsn"]
    assert s.send("b.test")["tls"] == "may"
    assert len(host.messages) == 2
    # A route elsewhere is the administrator's word.
    with open(os.path.join(s.p.dir, "etc", "transports"), "w") as f:
        f.write(f"a.test smtp:[mx.b.test]:{PORT}\n")
    s.p.pabal("map", "transports")
    assert s.send("a.test")["tls"] == "may"
    # And so is what the table says of it.
    s.domain("b.test", None)
    assert s.send("a.test")["dsn"] == "4.7.5"
    with open(os.path.join(s.p.dir, "etc", "tls_policies"), "w") as f:
        f.write("a.test encrypt\n")
    s.p.pabal("map", "tls_policies")
    assert s.send("a.test")["tls"] == "encrypt"


def test_relayhost(sts):
    """A host that the administrator names is no mail exchanger of the recipient's
    domain; of a relayhost that is a domain, that domain's policy counts (RFC 8461
    3.4)."""
    s = sts()
    s.domain("strict.test", policy("enforce", ["other.test"]))
    s.domain("relay.test", policy("enforce", ["mx.relay.test"]))
    s.mx("relay.test", "mx.relay.test")
    with open(os.path.join(s.p.dir, "etc", "transports"), "w") as f:
        f.write("")
    s.p.pabal("map", "transports")
    s.p.conf("pabal", "relayhost", f"[mx.relay.test]:{PORT}")
    s.p.reload()
    assert s.send("strict.test")["tls"] == "may"
    assert s.web.requests == []
    s.p.conf("pabal", "relayhost", f"relay.test:{PORT}")
    s.p.reload()
    assert s.send("strict.test")["tls"] == "sts"
    assert s.web.requests == ["mta-sts.relay.test"]


def test_kept_while_all_fails(sts):
    """Neither the record nor the web server is needed for what is known; a new
    one that cannot be had does not end the one before."""
    s = sts()
    s.domain("d.test", policy("enforce", ["mx.d.test"]), "1")
    host = s.mx("d.test", "mx.d.test", cert=False)
    assert s.send("d.test")["dsn"] == "4.7.5"
    for record in ({}, {"TXT": ['"nothing"']}, {"TXT": ['"v=STSv1; id=2;"']}):
        s.web.policies["d.test"] = {"status": 500}
        s.dns.records["_mta-sts.d.test"] = record
        assert s.send("d.test")["dsn"] == "4.7.5", record
    assert s.web.requests.count("mta-sts.d.test") == 2
    why = s.p.pabal("queue", "why", "d.test")
    assert "mta-sts     enforce, 1, mx.d.test; sts-policy-fetch-error: HTTP status 500" \
        in why, why
    why = json.loads(s.p.pabal("queue", "why", "d.test", "--json"))
    assert "enforce, 1, mx.d.test" in json.dumps(why)
    qid = s.p.events("rcpt.result", to="u@d.test")[0]["qid"]
    assert "tls=sts" in s.p.pabal("trace", qid)
    assert s.p.events("sts.fetch-failed", domain="d.test", policy="2")
    s.domain("e.test", policy("enforce", ["mx.e.test"]))
    s.mx("e.test", "mx.e.test", cert=False)
    s.p.pabal("sts", "refresh", "e.test")
    s.dns.records["_mta-sts.e.test"] = "SERVFAIL"
    assert s.send("e.test")["dsn"] == "4.7.5"
    # A new id: fetched before anything fails by the old one.
    s.publish("d.test", policy("none"), "3")
    assert s.send("d.test")["status"] == "relayed"
    assert len(host.messages) == 1
    # The same id: nothing is fetched.
    n = len(s.web.requests)
    assert s.send("d.test")["status"] == "relayed"
    assert len(s.web.requests) == n


def test_waits_no_longer_than_it_may(sts):
    """A web server that says nothing holds mail of an unknown domain up for
    mta_sts_timeout, and nobody else's; its policy comes later."""
    s = sts(("smtp", "mta_sts_timeout", "500ms"))
    s.domain("slow.test", {"silent": True, "body": policy("enforce", ["no.test"])})
    s.domain("other.test", None)
    s.mx("slow.test", "mx.slow.test")
    s.mx("other.test", "mx.other.test")
    since = s.p.mark()
    s.p.send("slow", to="u@slow.test")
    wait(lambda: s.web.requests, "a request")
    assert s.send("other.test")["status"] == "relayed"
    r = s.p.wait_event("rcpt.result", since, to="u@slow.test")
    assert (r["status"], r["tls"]) == ("relayed", "may")
    s.web.release.set()
    s.p.wait_event("sts.policy", domain="slow.test")
    assert s.send("slow.test")["dsn"] == "4.7.5"


def test_slow_hosts_leave_room(sts):
    """However many hosts of one network take all the time there is, the policy of
    a domain whose host answers is there for its mail."""
    s = sts(("smtp", "mta_sts_timeout", "3s"))
    slow = [f"slow{n}.test" for n in range(110)]
    for name in slow:
        s.dns.records[f"mta-sts.{name}"] = {"A": [s.web.address]}
        s.publish(name, {"silent": True, "body": policy("none")})
    s.domain("good.test", policy("enforce", ["mx.good.test"]))
    s.mx("good.test", "mx.good.test")
    other = s.stack.enter_context(PolicyHost(s.ca, "127.0.10.1", s.web.port))
    other.policies["good.test"] = s.web.policies.pop("good.test")
    s.dns.records["mta-sts.good.test"] = {"A": [other.address]}
    asked = [subprocess.Popen([PABAL, "-d", s.p.dir, "sts", "refresh", name],
                              stderr=subprocess.DEVNULL) for name in slow]
    try:
        wait(lambda: {q[0] for q in s.dns.queries} >= {f"mta-sts.{n}" for n in slow},
             "110 that are to be fetched")
        assert s.send("good.test")["tls"] == "sts"
    finally:
        for each in asked:
            each.kill()
            each.wait()
        s.web.release.set()


def test_no_policy_host_is_inside(sts):
    """What the DNS of a stranger says leads to nothing that only this host
    reaches."""
    s = sts(("sts", "inside_networks", "127.0.0.0/8 [::1]"))
    s.domain("d.test", policy("enforce", ["mx.d.test"]))
    for records in ({"A": [s.web.address]}, {"AAAA": [f"::ffff:{s.web.address}"]},
                    {"A": [s.web.address], "AAAA": ["::1"]}):
        s.dns.records["mta-sts.d.test"] = records
        assert "inside_networks" in s.p.pabal_fails("sts", "refresh", "d.test")
        s.p.stop()  # with what lookup remembers
        s.p.start()
    assert s.web.requests == []


def test_fetch_error_is_reported(sts):
    s = sts()
    s.domain("d.test", {"status": 404})
    s.mx("d.test", "mx.d.test")
    assert s.send("d.test")["tls"] == "may"
    assert results(s, "d.test") == [("sts", "sts-policy-fetch-error")]


@pytest.mark.parametrize("what", ("may", "defer"))
def test_without_sts(sts, what):
    """sts does not answer: what was enforced stays so, others go on, or wait."""
    s = sts(("smtp", "mta_sts_timeout", "200ms"), ("smtp", "mta_sts_unavailable", what))
    s.domain("strict.test", policy("enforce", ["mx.strict.test"]))
    s.domain("tested.test", policy("testing", ["mx.tested.test"]))
    s.domain("new.test", policy("enforce", ["mx.new.test"]))
    strict = s.mx("strict.test", "mx.strict.test", cert=False)
    s.mx("tested.test", "mx.tested.test")
    s.mx("new.test", "mx.new.test", cert=False)
    assert s.send("strict.test")["dsn"] == "4.7.5"
    assert s.send("tested.test")["tls"] == "sts-testing"
    pid = s.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        r = s.send("strict.test")
        assert r["dsn"] == "4.7.5" and "STARTTLS" in r["text"], r
        for name in ("tested.test", "new.test"):
            r = s.send(name)
            assert r["tls"] == ("may" if what == "may" else ""), r
            assert ("sts does not answer" in r["text"]) == (what == "defer"), r
    finally:
        os.kill(pid, signal.SIGCONT)
    assert {(e["domain"], e["action"]) for e in s.p.events("smtp.sts-unavailable")} == {
        ("strict.test", "enforce"), ("new.test", what), ("tested.test", what)}
    assert strict.messages == []


def test_killed_on_the_way(sts):
    """Mail that waits for a policy is not lost with sts, and asks the next one."""
    s = sts()
    s.p.allowed.append("child.killed")
    s.domain("d.test", {"silent": True, "body": policy("enforce", ["mx.d.test"])})
    host = s.mx("d.test", "mx.d.test")
    since = s.p.mark()
    s.p.send("killed", to="u@d.test")
    wait(lambda: s.web.requests, "a request")
    os.kill(s.pid(), signal.SIGKILL)
    wait(lambda: len(s.web.requests) > 1, "another request")
    s.web.release.set()
    r = s.p.wait_event("rcpt.result", since, to="u@d.test")
    assert (r["status"], r["tls"]) == ("relayed", "sts"), r
    assert len(host.messages) == 1


def tls_of(p, domain):
    """How TLS will be used with the hosts of DOMAIN, where nobody has mail for it."""
    r = subprocess.run([PABAL, "-d", p.dir, "queue", "why", domain, "--json"],
                       capture_output=True, text=True, timeout=120)
    assert r.returncode in (0, 1), r
    return json.loads(r.stdout)["route"]["tls"]


def test_told_before_a_session(sts):
    """`queue why` and `trace` say how TLS will be used, and why: by policy (fetched if
    need be), by the table, by tls_policy; and what REQUIRETLS changes."""
    s = sts()
    p = s.p
    for name, text in (("strict", policy("enforce", ["mx.strict.test"])),
                       ("tested", policy("testing", ["else.test"])),
                       ("none", None), ("site", policy("enforce", ["mx.site.test"])),
                       ("broken", {"status": 500})):
        s.domain(f"{name}.test", text)
        s.mx(f"{name}.test", f"mx.{name}.test", RCPT="451 4.7.1 later")
    with open(os.path.join(p.dir, "etc", "tls_policies"), "w") as f:
        f.write("site.test encrypt\n")
    p.pabal("map", "tls_policies")
    for name, used, why in (
            ("strict", "sts", "(mode enforce) has this host"),
            ("tested", "sts-testing", "does not have this host, which is reported"),
            ("none", "may", "tls_policy of smtp.conf is may; none.test has no MTA-STS"),
            ("site", "encrypt", "the table tls_policies says encrypt for site.test"),
            ("broken", "may", "not to be had (sts-policy-fetch-error)")):
        told, = tls_of(p, f"{name}.test")
        assert (told["host"], told["policy"]) == (f"mx.{name}.test", used), told
        assert why in told["why"], told
    qid = s.send("strict.test")["qid"]
    wait(lambda: '"waiting"' in p.pabal("queue", "list", "--json"), "it to wait")
    for said in (p.pabal("trace", qid), p.pabal("queue", "why", qid)):
        assert "tls         sts with mx.strict.test: the MTA-STS policy of strict.test" \
            in said, said
    rewrite(p, with_requiretls)
    assert "verify with mx.strict.test: the message asks for it (REQUIRETLS)" in \
        p.pabal("queue", "why", qid)


def test_dane_before_sts(sts):
    """A host with TLSA records is judged by them alone (RFC 8461 2), others by
    the policy."""
    s = sts(signed=True)
    rows = (("both", ["other.test"], "3 1 1 SPKI256", False, "2.0.0", "dane"),
            ("wrong", ["mx.wrong.test"], "3 1 1 ZERO", "mx.wrong.test", "4.7.5", "dane"),
            ("sts", ["mx.sts.test"], None, "mx.sts.test", "2.0.0", "sts"),
            ("neither", ["other.test"], None, "mx.neither.test", "4.7.5", "sts"))
    for name, mx, tlsa, cert, dsn, used in rows:
        domain, host = f"{name}.test", f"mx.{name}.test"
        s.domain(domain, policy("enforce", mx))
        s.mx(domain, host, cert=cert)
        if tlsa:
            ca = s.web.others if cert is False else s.ca
            data = tlsa_data(os.path.join(ca.folder, f"{host}30.crt"))
            s.dns.records[f"_{PORT}._tcp.{host}"] = {
                "TLSA": [" ".join(data.get(w, w) for w in tlsa.split())]}
        # Before any session: what will be used, and why.
        told, = tls_of(s.p, domain)
        assert (told["host"], told["policy"]) == (
            host, "-" if name == "neither" else used), told
        assert ("TLSA record" if used == "dane" else f"policy of {domain}") in told["why"]
        r = s.send(domain)
        assert (r["dsn"], r["tls"]) == (dsn, used), r
    assert results(s, "both.test") == []
    assert results(s, "wrong.test") == [("tlsa", "validation-failure")]
    assert results(s, "neither.test") == [("sts", "validation-failure")]


# ---- RFC 8689

REQUIRETLS = (*TLS_CAPS, "REQUIRETLS")
# name, its policy, what the host is; what becomes of mail that requires TLS
REQUIRED = [
    ("enforced", ("enforce", ["mx.enforced.test"]), {}, "2.0.0", ""),
    ("tested", ("testing", ["mx.tested.test"]), {}, "2.0.0", ""),
    # Whoever writes MX records without DNSSEC could write any.
    ("without", None, {}, "5.7.10", "neither DNSSEC nor"),
    ("off", ("none", []), {}, "5.7.10", "neither DNSSEC nor"),
    ("other", ("testing", ["else.test"]), {}, "5.7.10", "neither DNSSEC nor"),
    ("untrusted", ("testing", ["mx.untrusted.test"]), {"cert": False}, "5.7.10",
     "certificate"),
    ("lacks", ("enforce", ["mx.lacks.test"]), {"caps": TLS_CAPS}, "5.7.30",
     "does not offer REQUIRETLS"),
    # In doubt it waits.
    ("unfetched", {"status": 500}, {}, "4.7.5", "cannot be had"),
    ("servfail", None, {}, "4.7.5", "cannot be had"),
]


def test_requiretls_by_policy(sts):
    """A mail exchanger's name is believed by MTA-STS (RFC 8689 4.2.1, step 2)."""
    s = sts()
    hosts = {}
    for name, given, kw, *_ in REQUIRED:
        domain = f"{name}.test"
        s.domain(domain, policy(*given) if isinstance(given, tuple) else given)
        hosts[name] = s.mx(domain, f"mx.{name}.test", **{"caps": REQUIRETLS, **kw})
    s.dns.records["_mta-sts.servfail.test"] = "SERVFAIL"
    # The domain's own name needs nobody to vouch for it.
    s.domain("self.test", None)
    hosts["self"] = s.mx("self.test", "self.test", caps=REQUIRETLS)
    rows = [*REQUIRED, ("self", None, {}, "2.0.0", "")]
    kept = {f"{r[0]}.test": s.dns.records[f"{r[0]}.test"] for r in rows}
    s.dns.records.update(dict.fromkeys(kept, "SERVFAIL"))
    for name, *_ in rows:
        assert s.send(f"{name}.test")["dsn"] == "4.4.3"
    s.dns.records.update(kept)
    since = s.p.mark()
    rewrite(s.p, with_requiretls)
    s.p.pabal("queue", "flush")
    for name, _, _, dsn, text in rows:
        r = s.p.wait_event("rcpt.result", since, to=f"u@{name}.test")
        assert r["dsn"] == dsn and text in r["text"], r
        assert len(hosts[name].messages) == (dsn == "2.0.0"), name
        assert all(m.tls for m in hosts[name].messages)


def test_tls_required_no(sts):
    """What the domain publishes does not keep such a message from it; TLS is used
    as it can be had, and that it was so is told."""
    s = sts(signed=True)
    s.domain("cert.test", policy("enforce", ["mx.cert.test"]))
    s.mx("cert.test", "mx.cert.test", cert=False)
    s.domain("plain.test", policy("enforce", ["mx.plain.test"]))
    s.mx("plain.test", "mx.plain.test", cert=None)
    s.domain("other.test", policy("enforce", ["else.test"]))
    s.mx("other.test", "mx.other.test")
    s.domain("dane.test", None)
    s.mx("dane.test", "mx.dane.test")
    zero = "00" * 32
    s.dns.records[f"_{PORT}._tcp.mx.dane.test"] = {"TLSA": [f"3 1 1 {zero}"]}
    rows = (("cert", "waived", "sts", ["certificate-not-trusted"]),
            ("plain", "none", "sts", ["starttls-not-supported"]),
            ("other", "waived", "sts", ["validation-failure"]),
            ("dane", "waived", "tlsa", []))
    for name, used, by, reported in rows:
        domain = f"{name}.test"
        assert s.send(domain)["dsn"][:3] == "4.7"
        since = s.p.mark()
        s.p.send("no", to=f"w@{domain}", TLS_Required="No")
        r = s.p.wait_event("rcpt.result", since, to=f"w@{domain}")
        assert (r["status"], r["tls"]) == ("relayed", used), r
        waived = s.p.events("smtp.tls-waived", since, qid=r["qid"])
        assert [e["policy"] for e in waived] == [by], waived
        assert [x for _, x in results(s, domain, since)] == reported
        assert f"tls={used}" in s.p.pabal("trace", r["qid"])
    assert sum(int(n) for n in re.findall(
        r"pabal_smtp_tls_waived_total(?:\{[^}]*\})? (\d+)", s.p.pabal("metrics"))) == 4
    # What the administrator says is no policy of the domain's, and REQUIRETLS
    # counts before the field.
    since = s.p.mark()
    s.dns.records["cert.test"], kept = "SERVFAIL", s.dns.records["cert.test"]
    s.p.stop()  # with what lookup remembers
    s.p.start()
    s.p.send("both", to="b@cert.test", TLS_Required="No")
    s.p.wait_event("rcpt.result", since, to="b@cert.test", dsn="4.4.3")
    s.dns.records["cert.test"] = kept
    rewrite(s.p, with_requiretls)
    since = s.p.mark()
    s.p.pabal("queue", "flush")
    assert s.p.wait_event("rcpt.result", since, to="b@cert.test")["dsn"] == "5.7.10"
    with open(os.path.join(s.p.dir, "etc", "tls_policies"), "w") as f:
        f.write("cert.test verify\n")
    s.p.pabal("map", "tls_policies")
    since = s.p.mark()
    s.p.send("said", to="v@cert.test", TLS_Required="No")
    assert s.p.wait_event("rcpt.result", since, to="v@cert.test")["dsn"] == "4.7.5"


def test_tls_required_header_is_not_heard(sts):
    s = sts(("smtp", "tls_required_header", "no"))
    s.domain("d.test", policy("enforce", ["mx.d.test"]))
    s.mx("d.test", "mx.d.test", cert=False)
    s.p.send("no", to="u@d.test", TLS_Required="No")
    assert s.p.wait_event("rcpt.result", to="u@d.test")["dsn"] == "4.7.5"


def test_refreshed_before_the_end(sts):
    """A policy is fetched again before it ends, at a time that cannot be told;
    one that cannot be had anew counts until then, and no longer."""
    s = sts()
    s.domain("d.test", policy("enforce", ["mx.d.test"], 600))
    s.p.pabal("sts", "refresh", "d.test")
    path = os.path.join(s.p.dir, "lib", "sts", "d.test")

    def age(seconds):
        """As though it had been fetched so long ago."""
        s.p.stop()
        text = open(path).read()
        then = int(re.search(r"fetched: (\d+)", text)[1]) - seconds
        with open(path, "w") as f:
            f.write(re.sub(r"fetched: \d+", f"fetched: {then}", text))
        s.p.start()
    s.mx("d.test", "mx.d.test", cert=False)
    s.publish("d.test", {"status": 500}, "2")
    age(500)
    assert s.send("d.test")["dsn"] == "4.7.5"
    age(500)
    s.p.wait_event("sts.expired", domain="d.test")
    assert s.show() == {} and not os.path.exists(path)
    assert s.send("d.test")["tls"] == "may"


def test_fetched_again_behind_the_end(sts):
    """However lately its record was looked up."""
    s = sts(("sts", "check_interval", "1h"))
    s.domain("d.test", policy("enforce", ["mx.d.test"], 1))
    s.mx("d.test", "mx.d.test")
    s.send("d.test")
    s.p.wait_event("sts.expired", domain="d.test")
    since = s.p.mark()
    s.send("d.test")
    s.p.wait_event("sts.policy", since, domain="d.test")


def test_switched_off(sts):
    s = sts(("smtp", "mta_sts", "no"))
    s.domain("d.test", policy("enforce", ["no.test"]))
    s.mx("d.test", "mx.d.test")
    assert s.send("d.test")["tls"] == "may"
    assert s.web.requests == [] and s.show() == {}
    assert not [q for q in s.dns.queries if q[0].startswith("_mta-sts")]

# SPDX-License-Identifier: ISC
"""reporter: TLS reports (RFC 8460) to the domains that ask for them, of
sessions that smtp had with their mail exchangers."""
import email
import email.policy
import gzip
import json
import os
import re

import pytest

from badhosts import PORT, tlsa_data
from pabal import DOMAIN, wait
from policyhost import policy
from stshosts import sts  # noqa: F401 (a fixture)

ON = (("pabal", "tls_reports", "yes"),
      ("reporter", "report_organization", "Tests & Sons"),
      ("reporter", "report_contact", f"tls@{DOMAIN}"))


def asks(s, name, rua):
    s.dns.records[f"_smtp._tls.{name}"] = {"TXT": [f'"v=TLSRPTv1; rua={rua}"']}


def told(p, n):
    """All that smtp has told of is in the table, or waits for it."""
    wait(lambda: sum(map(int, re.findall(
        r"pabal_smtp_tls_reported_total\{[^}]*\} (\d+)\n", p.pabal("metrics")))) == n,
        f"{n} results told of")


def send(p):
    return json.loads(p.pabal("report", "tls", "send", "--json"))


def reports(bad, n=1):
    """{policy-domain: (mail, report)} of those that BAD has got."""
    def got():
        return [m for m in bad.messages if b"TLS-Report-Domain" in m.body]
    wait(lambda: len(got()) >= n, f"{n} reports")
    found = {}
    for each in got():
        m = email.message_from_bytes(each.body, policy=email.policy.default)
        report = json.loads(gzip.decompress(list(m.iter_parts())[1].get_content()))
        found[m["TLS-Report-Domain"]] = m, report
    return found


def collector(s):
    """Where reports go."""
    s.domain("rep.test", None)
    return s.mx("rep.test", "mx.rep.test")


FAILS = [
    # mode, mx of the policy, what the host is; the result
    ("plain", "testing", "mx.plain.test", {"cert": None}, "starttls-not-supported"),
    ("ca", "testing", "mx.ca.test", {"cert": False}, "certificate-not-trusted"),
    ("name", "testing", "mx.name.test", {"cert": "x.test"}, "certificate-host-mismatch"),
    ("old", "enforce", "mx.old.test", {"days": -1}, "certificate-expired"),
    ("other", "testing", "other.test", {}, "validation-failure"),
    ("garbage", "enforce", "mx.garbage.test", {"tls": "garbage"}, "validation-failure"),
]


def test_reports(sts):  # noqa: F811
    s = sts(*ON)
    to = collector(s)
    for name, mode, mx, kw, _ in FAILS:
        s.domain(f"{name}.test", policy(mode, [mx]))
        s.mx(f"{name}.test", f"mx.{name}.test", **kw)
        asks(s, f"{name}.test", "http://rep.test/x,mailto:tls@rep.test")
        s.send(f"{name}.test")
    s.domain("well.test", policy("enforce", ["*.well.test"], 86401))
    s.mx("well.test", "mx.well.test")
    asks(s, "well.test", "mailto:tls@rep.test")
    for _ in range(3):
        s.send("well.test")
    s.domain("none.test", None)
    s.mx("none.test", "mx.none.test")
    asks(s, "none.test", "mailto:tls@rep.test")
    s.send("none.test")
    # one that does not ask, one that asks in a way that nobody can serve
    for name, rua in (("silent", None), ("web", "http://rep.test/x")):
        s.domain(f"{name}.test", None)
        s.mx(f"{name}.test", f"mx.{name}.test")
        if rua:
            asks(s, f"{name}.test", rua)
        s.send(f"{name}.test")
    told(s.p, len(FAILS) + 6)
    before = s.p.mark()
    assert send(s.p) == {"sent": len(FAILS) + 2, "left": 0}
    got = reports(to, len(FAILS) + 2)
    assert sorted(got) == sorted([f"{f[0]}.test" for f in FAILS] + ["none.test", "well.test"])
    for name, mode, mx, _, result in FAILS:
        report = got[f"{name}.test"][1]
        (one,) = report["policies"]
        assert one["policy"] == {
            "policy-type": "sts", "policy-domain": f"{name}.test", "mx-host": [mx],
            "policy-string": ["version: STSv1", f"mode: {mode}", f"mx: {mx}",
                              "max_age: 604800"]}
        assert one["summary"] == {"total-successful-session-count": 0,
                                  "total-failure-session-count": 1}, name
        (failure,) = one["failure-details"]
        assert failure["result-type"] == result, name
        assert failure["failed-session-count"] == 1
        if name != "old" or "receiving-ip" in failure:
            assert failure["receiving-mx-hostname"] == f"mx.{name}.test"
            assert failure["receiving-ip"].startswith("127.0.9.")
            assert failure["sending-mta-ip"].startswith("127.")
    m, report = got["well.test"]
    assert report["organization-name"] == "Tests & Sons"
    assert report["contact-info"] == f"tls@{DOMAIN}"
    (one,) = report["policies"]
    assert one["policy"]["policy-string"][-1] == "max_age: 86401"
    assert one["summary"] == {"total-successful-session-count": 3,
                              "total-failure-session-count": 0}
    assert "failure-details" not in one
    start, end = (report["date-range"][k] for k in ("start-datetime", "end-datetime"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", start) and start <= end
    assert m.get_content_type() == "multipart/report"
    assert m.get_param("report-type") == "tlsrpt"
    assert m["TLS-Report-Submitter"] and m["TLS-Required"] == "No"
    assert m["Subject"].startswith("Report Domain: well.test Submitter: ")
    assert report["report-id"] in m["Subject"]
    part = list(m.iter_parts())[1]
    assert part.get_content_type() == "application/tlsrpt+gzip"
    assert re.fullmatch(r"\S+!well\.test!\d+!\d+!\w+\.json\.gz", part.get_filename())
    (one,) = got["none.test"][1]["policies"]
    assert one["policy"] == {"policy-type": "no-policy-found", "policy-domain": "none.test"}
    assert [e["domain"] for e in s.p.events("report.not-sent", before)] == ["web.test"]
    # once, and reports are not reported of
    told(s.p, len(FAILS) + 6)
    assert send(s.p) == {"sent": 0, "left": 0}


def web_reports(s, since=0):
    """[(policy-domain, URI)] of what was posted; each as it should be."""
    got = []
    for host, target, header, body in s.web.posted[since:]:
        assert header["content-type"] == "application/tlsrpt+gzip"
        assert header["host"] == f"{host}:{s.web.port}" and "expect" not in header
        report = json.loads(gzip.decompress(body))
        got.append((report["policies"][0]["policy"]["policy-domain"], host + target))
    return got


def test_posted(sts):  # noqa: F811
    """By HTTPS: to each URI in order, at once or later, and nowhere inside."""
    s = sts(*ON, ("sts", "inside_networks", "127.0.9.251"))
    port = s.web.port
    to = collector(s)
    s.web.takes.update({
        "web.rep.test/made": {"status": 201, "body": "x" * 100000},
        "web.rep.test/gone": {"status": 404},
        "web.rep.test/moved": {"status": 301, "headers": ("Location: https://rep.test/",)},
        "web.rep.test/busy": {"status": 503},
        "web.rep.test/slow": {"status": 429},
        "false.rep.test/": {"cert": False}})
    for name in ("web", "false"):
        s.dns.records[f"{name}.rep.test"] = {"A": [s.web.address]}
    s.dns.records["inside.rep.test"] = {"A": ["127.0.9.251"]}
    url = "https://web.rep.test"
    wants = {
        "one.test": f"{url}/made",
        "query.test": f"HTTPS://web.rep.test:{port}?a=b%2C",
        "both.test": f"{url}/b,mailto:tls@rep.test,{url}/a",
        "refused.test": f"{url}/gone,{url}/moved,https://inside.rep.test/,"
                        f"https://web.rep.test:1/,https://127.0.9.1/",
        "later.test": f"{url}/busy,{url}/gone,{url}/c,{url}/slow,https://false.rep.test/"}
    for name, rua in wants.items():
        s.domain(name, None)
        s.mx(name, f"mx.{name}")
        asks(s, name, rua)
        s.send(name)
    told(s.p, len(wants))
    since = s.p.mark()
    assert send(s.p) == {"sent": 3, "left": 1}
    assert web_reports(s) == [
        ("both.test", "web.rep.test/b"), ("both.test", "web.rep.test/a"),
        ("later.test", "web.rep.test/busy"), ("later.test", "web.rep.test/gone"),
        ("later.test", "web.rep.test/c"), ("later.test", "web.rep.test/slow"),
        ("one.test", "web.rep.test/made"), ("query.test", "web.rep.test/?a=b%2C"),
        ("refused.test", "web.rep.test/gone"), ("refused.test", "web.rep.test/moved")]
    m, report = reports(to)["both.test"]
    assert report == json.loads(gzip.decompress(s.web.posted[0][3]))
    assert [e["to"] for e in s.p.events("report.posted", since)] == [
        f"{url}/b", f"{url}/a", f"{url}/c", f"{url}/made", wants["query.test"]]
    refused = {e["to"]: e["why"] for e in s.p.events(
        "report.destination-refused", since, domain="refused.test")}
    assert refused == {
        f"{url}/gone": "HTTP status 404",
        f"{url}/moved": "HTTP status 301 (redirects are not followed)",
        "https://inside.rep.test/": "its host has addresses of inside_networks alone",
        "https://web.rep.test:1/": "its port is another than https_port",
        "https://127.0.9.1/": "it is no https URI"}
    assert [e["domain"] for e in s.p.events("report.not-sent", since)] == ["refused.test"]
    assert {e["to"] for e in s.p.events("report.post-failed", since)} == {
        f"{url}/busy", f"{url}/slow", "https://false.rep.test/"}
    # What is left goes to those that did not have it, after a restart, too.
    first = len(s.web.posted)
    s.p.stop()
    s.p.start()
    del s.web.takes["web.rep.test/busy"]
    assert send(s.p) == {"sent": 0, "left": 1}
    del s.web.takes["web.rep.test/slow"], s.web.takes["false.rep.test/"]
    s.web.contexts.clear()
    assert send(s.p) == {"sent": 1, "left": 0}
    assert web_reports(s, first) == [
        ("later.test", "web.rep.test/busy"), ("later.test", "web.rep.test/slow"),
        ("later.test", "web.rep.test/slow"), ("later.test", "false.rep.test/")]
    ids = {json.loads(gzip.decompress(b))["report-id"] for _, _, _, b in s.web.posted
           if json.loads(gzip.decompress(b))["policies"][0]["policy"][
               "policy-domain"] == "later.test"}
    assert len(ids) == 1
    assert send(s.p) == {"sent": 0, "left": 0}
    told(s.p, 0)  # counted from the restart on: reports are not reported of
    # Both are told afterwards: what was posted, and where it could not be.
    rows = json.loads(s.p.pabal("tlsrpt", "--sent", "--json"))
    posted = [r for r in rows if r["result"] == "taken"]
    assert {"way": "https", "to": f"{url}/made", "domain": "one.test", "detail": "201"}.items() \
        <= [r for r in posted if r["domain"] == "one.test"][0].items()
    assert {r["to"] for r in rows if r["domain"] == "refused.test" and
            r["result"] == "refused"} == set(refused)
    assert [r for r in rows if r["way"] == "mail" and r["domain"] == "both.test"]
    assert f"{url}/made" in s.p.pabal("tlsrpt", "--sent", "--since", "1h")
    (day,) = json.loads(s.p.pabal("report", "--json"))
    assert {r["name"]: r["count"] for r in day["reports_sent"]}["tls by HTTPS"] == len(posted)
    assert any(f"refused.test {url}/gone" in r["name"] for r in day["reports_failed"])
    assert "Reports to other hosts" in s.p.pabal("report")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STRANGE = {
    # what is said, and what then is taken
    "endless": ({"raw": CHUNKED, "endless": b"4000\r\n" + b"x" * 0x4000 + b"\r\n"}, True),
    "cut": ({"raw": b"HTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\nab"}, True),
    "slow": ({"raw": CHUNKED, "silent": True}, True),
    "junk": ({"raw": CHUNKED + b"no chunk\r\n"}, True),
    "continue": ({"raw": b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + CHUNKED,
                  "silent": True}, True),
    "hints": ({"raw": b"HTTP/1.1 103 Hints\r\n\r\n"}, False),
    "line": ({"raw": b"HTTP/1.1 200 OK\r\nA: ", "endless": b"x" * 0x4000}, False),
    "header": ({"raw": b"HTTP/1.1 200 OK\r\n", "endless": b"A: b\r\n" * 1000}, False),
}


def test_an_answer_is_its_header(sts):  # noqa: F811
    """What comes behind it, or does not, has no report posted again."""
    s = sts(*ON, ("sts", "fetch_timeout", "5m"))
    s.dns.records["rep.test"] = {"A": [s.web.address]}
    names = {}
    for name, (says, taken) in STRANGE.items():
        s.web.takes[f"rep.test/{name}"] = says
        names.setdefault(taken, []).append(f"https://rep.test/{name}")
    for domain, uris in (("a.test", names[True]), ("b.test", names[False])):
        s.domain(domain, None)
        s.mx(domain, f"mx.{domain}")
        asks(s, domain, ",".join(uris))
        s.send(domain)
    told(s.p, 2)
    since = s.p.mark()
    assert send(s.p) == {"sent": 1, "left": 1}
    assert [e["to"] for e in s.p.events("report.posted", since)] == names[True]
    assert [t for _, t in web_reports(s)] == [u[8:] for ns in (True, False)
                                              for u in names[ns]]
    why = {e["to"].rsplit("/")[-1]: e["why"]
           for e in s.p.events("report.post-failed", since)}
    assert why.pop("hints")
    assert why == {n: "its header is too large" for n in ("line", "header")}
    wait(lambda: len(s.web.ended) == len(STRANGE), "connections that were closed")


def test_cas_that_cannot_be_read_are_told_of(sts):  # noqa: F811
    """What is damaged in the file is found when a host is asked first."""
    s = sts(*ON)
    s.dns.records["rep.test"] = {"A": [s.web.address]}
    s.p.stop()
    with open(s.ca.file, "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    since = s.p.mark()
    s.p.start()
    s.domain("d.test", policy("enforce", ["mx.d.test"]))
    for _ in range(2):
        s.p.pabal_fails("sts", "refresh", "d.test")
    (one,) = [e for e in s.p.events("sts.no-ca", since)]
    assert one["file"] == s.ca.file and "certificate" in one["why"]
    # smtp says it as well, with the first host that it speaks TLS with.
    s.mx("d.test", "mx.d.test")
    s.send("d.test")
    s.send("d.test", "again")
    (one,) = s.p.events("smtp.no-ca", since)
    assert (one["file"], one["level"]) == (s.ca.file, "warning") and "certificate" in one["why"]
    (row,) = [r for r in json.loads(s.p.pabal("check", "--json")) if r["what"] == "authorities"]
    assert row["verdict"] == "warning" and s.ca.file in row["detail"]
    # One that is not there is told of at the start; where it is needed, with the error.
    os.rename(s.ca.file, s.ca.file + ".gone")
    since = s.p.mark()
    s.p.pabal("restart")
    s.p.wait_event("smtp.no-ca", since)
    s.p.conf("smtp", "tls_policy", "verify")
    assert "tls_ca_file of smtp.conf" in s.p.pabal_fails("check")
    s.p.conf("smtp", "tls_policy", "may")


def test_sessions_are_counted_once(sts):  # noqa: F811
    """Not each message in them."""
    s = sts(*ON, ("smtp", "session_idle", "60s"))
    to = collector(s)
    s.domain("d.test", None)
    host = s.mx("d.test", "mx.d.test")
    asks(s, "d.test", "mailto:tls@rep.test")
    for _ in range(4):
        s.send("d.test")
    n = len(host.sessions)
    assert n < 4
    told(s.p, n)
    assert send(s.p)["sent"] == 1
    (one,) = reports(to)["d.test"][1]["policies"]
    assert one["summary"]["total-successful-session-count"] == n


def test_a_report_comes_through(sts):  # noqa: F811
    """To a host whose own policy keeps other mail from it; it is signed, and not
    counted."""
    s = sts(*ON)
    s.domain("bad.test", policy("enforce", ["mx.bad.test"]))
    bad = s.mx("bad.test", "mx.bad.test", cert=False)
    asks(s, "bad.test", "mailto:tls@bad.test")
    s.p.pabal("dkim", "add", DOMAIN, "--now")
    assert s.send("bad.test")["dsn"] == "4.7.5"
    told(s.p, 1)
    assert send(s.p)["sent"] == 1
    m, report = reports(bad)["bad.test"]
    assert f"d={DOMAIN};" in m["DKIM-Signature"]
    assert report["policies"][0]["summary"]["total-failure-session-count"] == 1
    assert len(bad.messages) == 1
    told(s.p, 1)
    assert send(s.p) == {"sent": 0, "left": 0}


def test_tlsa(sts):  # noqa: F811
    """The policy of a host with TLSA records is those; a report does not go by
    them."""
    s = sts(*ON, signed=True)
    s.domain("d.test", None)
    bad = s.mx("d.test", "mx.d.test")
    zero = tlsa_data(os.path.join(s.ca.folder, "mx.d.test30.crt"))["ZERO"]
    s.dns.records[f"_{PORT}._tcp.mx.d.test"] = {"TLSA": [f"3 1 1 {zero}"]}
    asks(s, "d.test", "mailto:tls@d.test")
    assert s.send("d.test")["dsn"] == "4.7.5"
    told(s.p, 1)
    assert send(s.p)["sent"] == 1
    (one,) = reports(bad)["d.test"][1]["policies"]
    assert one["policy"] == {
        "policy-type": "tlsa", "policy-domain": "d.test",
        "policy-string": [f"3 1 1 {zero.lower()}"]}
    assert [f["result-type"] for f in one["failure-details"]] == ["validation-failure"]
    told(s.p, 1)


@pytest.mark.parametrize("record", [
    ['"v=TLSRPTv1; rua=mailto:a@rep.test"', '"v=TLSRPTv1; rua=mailto:b@rep.test"'],
    ['"v=TLSRPTv1; rua=mailto:a@rep.test; rua=mailto:b@rep.test"'],
    ['"v=TLSRPTv2; rua=mailto:a@rep.test"']])
def test_records_that_ask_for_nothing(sts, record):  # noqa: F811
    s = sts(*ON)
    s.domain("d.test", None)
    s.mx("d.test", "mx.d.test")
    s.dns.records["_smtp._tls.d.test"] = {"TXT": record}
    s.send("d.test")
    told(s.p, 1)
    assert send(s.p) == {"sent": 0, "left": 0}


def test_off_is_off(sts):  # noqa: F811
    s = sts()
    s.domain("d.test", None)
    s.mx("d.test", "mx.d.test")
    s.send("d.test")
    told(s.p, 0)
    assert "tls_reports is not set" in s.p.pabal_fails("report", "tls", "send")


def test_the_dns_is_waited_for(sts):  # noqa: F811
    s = sts(*ON)
    to = collector(s)
    s.domain("d.test", None)
    s.mx("d.test", "mx.d.test")
    s.dns.records["_smtp._tls.d.test"] = "SERVFAIL"
    s.send("d.test")
    told(s.p, 1)
    assert send(s.p) == {"sent": 0, "left": 1}
    asks(s, "d.test", "mailto:tls@rep.test")
    s.p.stop()  # with what lookup remembers
    s.p.start()
    assert send(s.p) == {"sent": 1, "left": 0}
    assert "d.test" in reports(to)


# ---- reports of others

FIELDS = ("domain", "policy", "sessions", "result", "host", "reporter", "reason")


def tlsrpt(p, *args):
    return [tuple(r[k] for k in FIELDS)
            for r in json.loads(p.pabal("tlsrpt", "--json", *args))]


def test_ours_are_read_by_ours(sts, tmp_path):  # noqa: F811
    s = sts(*ON)
    to = collector(s)
    s.domain("d.test", policy("testing", ["mx.d.test"]))
    s.mx("d.test", "mx.d.test", cert=False)
    asks(s, "d.test", "mailto:tls@rep.test")
    s.send("d.test")
    s.send("d.test")
    told(s.p, 2)
    assert send(s.p)["sent"] == 1
    m, report = reports(to)["d.test"]
    body = next(x.body for x in to.messages if b"TLS-Report-Domain" in x.body)
    packed = list(m.iter_parts())[1].get_content()
    names = [str(tmp_path / n) for n in ("whole", "packed", "plain")]
    for name, data in zip(names, (body, packed, gzip.decompress(packed))):
        with open(name, "wb") as f:
            f.write(data)
    (row,) = tlsrpt(s.p, names[0])
    assert row[:6] == ("d.test", "sts", 2, "certificate-not-trusted", "mx.d.test",
                       "Tests & Sons"), row
    assert row[6] == report["policies"][0]["failure-details"][0]["failure-reason-code"]
    for each in names:
        assert tlsrpt(s.p, each) == [row]
    # the same report in three forms is one
    assert tlsrpt(s.p, *names) == [row]
    assert re.search(r"(?m)^d\.test +sts +2 +certificate-not-trusted ",
                     s.p.pabal("tlsrpt", names[2]))
    # and in a mailbox, between other mail
    s.p.send("no report")
    with s.p.lmtp() as c:
        c.sendmail("", ["alice@" + DOMAIN], body)
    wait(lambda: s.p.count_mails("alice") >= 2, "the report in the mailbox")
    assert tlsrpt(s.p, "--mailbox", "alice@" + DOMAIN) == [row]


def report_of(name="x.test", extra="", ident="1"):
    return json.dumps({
        "organization-name": "o", "report-id": ident, "policies": [{
            "policy": {"policy-type": "sts", "policy-domain": name},
            "summary": {"total-successful-session-count": 7}}]}).replace(
                '"policies"', extra + '"policies"').encode()


HOSTILE = {
    "bomb": (gzip.compress(report_of(extra='"a": "' + " " * (40 << 20) + '", ')),
     "bytes when unpacked"),
    "deep": (report_of(extra='"a": ' + "[" * 100000), "too deep"),
    "cut": (report_of()[:-3], "no TLS report"),
    "nothing": (b"", "no TLS report"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no TLS report"),
    "damaged": (gzip.compress(report_of())[:-30], "cannot be unpacked"),
}


def test_hostile_reports(pabal, tmp_path):
    """Each is refused with a word, and the next one is read all the same."""
    good = str(tmp_path / "good")
    with open(good, "wb") as f:
        f.write(report_of("\x1b]0;x\x07\x9b31m.test", ident="good"))
    for name, (data, why) in HOSTILE.items():
        bad = str(tmp_path / "bad")
        with open(bad, "wb") as f:
            f.write(data)
        out = pabal.pabal_fails("tlsrpt", bad, good)
        assert why in out, (name, out)
    out = pabal.pabal("tlsrpt", good)
    # It gives no orders to a terminal.
    assert "\x1b" not in out and "\x9b" not in out and "0;x" in out
    assert "which file" in pabal.pabal_fails("tlsrpt")

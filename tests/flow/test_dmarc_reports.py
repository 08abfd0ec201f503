# SPDX-License-Identifier: ISC
"""reporter: DMARC aggregate reports to the domains that ask for them, once, to
whom it is allowed, signed; and those of others, read."""
import email
import email.policy
import gzip
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ET

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PABAL, PATIENCE, wait
from sink import Sink
from smtptalk import Talk

NS = "{urn:ietf:params:xml:ns:dmarc-2.0}"
GOOD, BAD = "192.0.2.1", "192.0.2.66"
SPF = {"TXT": ['"v=spf1 ip4:192.0.2.1 -all"']}
ZONE = {
    "one.test": SPF,
    "_dmarc.one.test": {"TXT": [
        '"v=DMARC1; p=reject; sp=quarantine; aspf=s; rua=mailto:dmarc@one.test"']},
    "two.test": SPF,
    "_dmarc.two.test": {"TXT": [
        '"v=DMARC1; p=none; rua=mailto:two@agree.test, mailto:two@refuse.test"']},
    "two.test._report._dmarc.agree.test": {"TXT": ['"v=DMARC1;"']},
    "three.test": SPF,
    "_dmarc.three.test": {"TXT": [
        '"v=DMARC1; p=quarantine; rua=mailto:a@three.test!1k"']},
    "four.test": SPF,
    "_dmarc.four.test": {"TXT": ['"v=DMARC1; p=reject"']},
    "five.test": SPF,
    "_dmarc.five.test": {"TXT": ['"v=DMARC1; p=none; rua=mailto:five@later.test"']},
    "five.test._report._dmarc.later.test": {"TXT": ['"v=DMARC1"']},
}


@pytest.fixture
def dns():
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def make(make_pabal, dns, sink):
    def one(*more):
        return make_pabal(
            ("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
            ("smtpd", "xclient_hosts", "127.0.0.1"),
            ("pabal", "relayhost", sink.nexthop),
            ("pabal", "dmarc_reports", "yes"),
            ("reporter", "report_organization", "Tests & Sons"),
            ("reporter", "report_contact", f"dmarc@{DOMAIN}"), *more,
            users=("alice",))
    return one


@pytest.fixture
def p(make):
    return make()


def mail(p, domain, ip=GOOD, n=1, sender=None, subject="x"):
    """From a stranger; the reply to each."""
    replies = []
    for _ in range(n):
        with Talk(p) as t:
            assert t.say(f"XCLIENT ADDR={ip}").startswith("220 ")
            assert t.say("EHLO host.test").startswith("250-")
            t.say(f"MAIL FROM:<{sender or 'a@' + domain}>")
            t.say(f"RCPT TO:<alice@{DOMAIN}>")
            t.say("DATA")
            replies.append(t.say(f"From: a@{domain}\r\nSubject: {subject}\r\n\r\nx\r\n."))
    return replies


def send(p):
    return json.loads(p.pabal("report", "dmarc", "send", "--json"))


def counted(p, n):
    """All that policy has told of is in the table, or waits for it."""
    wait(lambda: re.search(rf"pabal_policy_reported_total\{{[^}}]*\}} {n}\n",
                           p.pabal("metrics")), f"{n} messages told of")


def reports(sink, n):
    wait(lambda: len(sink.messages) >= n, f"{n} reports at the sink")
    return {m.rcpts[0].split(">")[0].strip("<"): m for m in sink.messages}


def parse(m):
    return email.message_from_bytes(m.data, policy=email.policy.default)


def parts(m):
    return list(parse(m).iter_parts())


def xml(m):
    attachment = parts(m)[1]
    assert attachment.get_content_type() == "application/gzip"
    return ET.fromstring(gzip.decompress(attachment.get_content()))


def text(element, path):
    found = element.find("/".join(NS + name for name in path.split("/")))
    return found.text if found is not None else None


def rows(root):
    """{(source, disposition, dkim, spf, reason): count}"""
    return {(text(r, "row/source_ip"),
             *(text(r, f"row/policy_evaluated/{k}")
               for k in ("disposition", "dkim", "spf", "reason/type"))):
            int(text(r, "row/count")) for r in root.findall(NS + "record")}


def test_reports(p, sink):
    """Of three domains that ask for them, one of which takes only small ones;
    another does not ask."""
    assert mail(p, "one.test", n=3) and mail(p, "one.test", BAD, n=2)[0].startswith("550 ")
    mail(p, "sub.one.test", sender="b@one.test")
    mail(p, "two.test", BAD)
    mail(p, "three.test")
    mail(p, "four.test")
    counted(p, 8)
    before = p.mark()
    assert send(p) == {"sent": 2, "left": 0}
    got = reports(sink, 2)
    assert set(got) == {"dmarc@one.test", "two@agree.test"}
    one = got["dmarc@one.test"]
    assert one.sender.startswith("<>") and len(one.rcpts) == 1
    assert one.header("Auto-Submitted") == "auto-generated"
    assert one.header("From") == f"<dmarc@{DOMAIN}>"
    subject = re.fullmatch(
        r"Report Domain: one\.test Submitter: (\S+) Report-ID: <(\S+)>",
        parse(one)["Subject"])
    assert subject, one.data
    name = parts(one)[1].get_filename()
    assert re.fullmatch(rf"{re.escape(subject[1])}!one\.test!\d+!\d+!\w+\.xml\.gz", name)
    root = xml(one)
    assert text(root, "report_metadata/org_name") == "Tests & Sons"
    assert text(root, "report_metadata/email") == f"dmarc@{DOMAIN}"
    assert text(root, "report_metadata/report_id") == subject[2]
    begin, end = (int(text(root, f"report_metadata/date_range/{k}"))
                  for k in ("begin", "end"))
    assert begin <= end and [str(begin), str(end)] == name.split("!")[2:4]
    assert [text(root, f"policy_published/{k}") for k in
            ("domain", "p", "sp", "np", "adkim", "aspf", "testing")] == [
                "one.test", "reject", "quarantine", "quarantine", "r", "s", "n"]
    assert rows(root) == {
        (GOOD, "pass", "fail", "pass", None): 3,
        (BAD, "reject", "fail", "fail", None): 2,
        # strict: SPF of one.test is not that of sub.one.test
        (GOOD, "quarantine", "fail", "fail", None): 1}
    first = root.find(NS + "record")
    assert text(first, "identifiers/envelope_from") == "one.test"
    assert text(first, "auth_results/spf/domain") == "one.test"
    assert rows(xml(got["two@agree.test"])) == {
        (BAD, "none", "fail", "fail", None): 1}
    assert p.events("report.destination-refused", before, to="two@refuse.test")
    assert p.events("report.not-sent", before, domain="three.test")
    # once
    assert send(p) == {"sent": 0, "left": 0}
    assert len(sink.messages) == 2
    # and the next is about what came since
    mail(p, "one.test")
    counted(p, 9)
    assert send(p) == {"sent": 1, "left": 0}
    wait(lambda: len(sink.messages) == 3, "the next report")
    root = xml(sink.messages[2])
    assert int(text(root, "report_metadata/date_range/begin")) > end
    assert rows(root) == {(GOOD, "pass", "fail", "pass", None): 1}


def test_what_is_not_done_has_a_reason(make, sink):
    p = make(("policy", "dmarc", "warn"))
    mail(p, "one.test", BAD)
    p.conf("policy", "dmarc", "enforce")
    p.conf("policy", "dmarc_exempt_hosts", BAD)
    p.reload()
    mail(p, "one.test", BAD)
    counted(p, 2)
    assert send(p)["sent"] == 1
    assert rows(xml(reports(sink, 1)["dmarc@one.test"])) == {
        (BAD, "none", "fail", "fail", "local_policy"): 1,
        (BAD, "none", "fail", "fail", "trusted_forwarder"): 1}


def test_it_is_signed(p, dns, sink):
    p.pabal("dkim", "add", DOMAIN, "--now")
    mail(p, "one.test")
    counted(p, 1)
    assert send(p)["sent"] == 1
    m = reports(sink, 1)["dmarc@one.test"]
    assert f"d={DOMAIN};" in m.header("DKIM-Signature")


def test_off_is_off(make, sink):
    p = make(("pabal", "dmarc_reports", "no"))
    mail(p, "one.test")
    assert "pabal_policy_reported_total" in p.pabal("metrics")
    counted(p, 0)
    assert "dmarc_reports is not set" in p.pabal_fails("report", "dmarc", "send")
    assert not sink.messages


@pytest.mark.parametrize("contact", ["dmarc", "<dmarc@good.test>", "a@b, c@d"])
def test_the_contact_is_an_address(make, contact):
    p = make()
    p.conf("reporter", "report_contact", contact)
    assert "report_contact: expected an address" in p.pabal_fails("conf", "check")


def test_reports_cause_no_reports(p, sink):
    """A report that is what it says is not reported; a forged one is."""
    subject = "Report Domain: x Submitter: y Report-ID: z"
    mail(p, "one.test", subject=subject)
    mail(p, "one.test", BAD, subject=subject)
    counted(p, 1)
    assert send(p)["sent"] == 1
    assert rows(xml(reports(sink, 1)["dmarc@one.test"])) == {
        (BAD, "reject", "fail", "fail", None): 1}


def test_the_dns_is_waited_for(p, dns, sink):
    mail(p, "five.test")
    counted(p, 1)
    name = "five.test._report._dmarc.later.test"
    agrees, dns.records[name] = dns.records[name], "SERVFAIL"
    assert send(p) == {"sent": 0, "left": 1}
    dns.records[name] = agrees
    p.conf("lookup", "dns_servers", f"127.0.0.1:{dns.port}")
    p.stop()  # with what lookup remembers
    p.start()
    assert send(p) == {"sent": 1, "left": 0}
    assert "five@later.test" in reports(sink, 1)


def test_who_gets_it_is_asked_when_it_is_sent(p, dns, sink):
    """Whom the domain names then, not when its mail came; and nobody, if it names
    nobody any more."""
    def say(record):
        dns.records["_dmarc.one.test"] = record if isinstance(record, str) else {
            "TXT": record}
        p.stop()  # with what lookup remembers
        p.start()
    mail(p, "one.test")
    in_table(p, 1)
    say("SERVFAIL")
    assert send(p) == {"sent": 0, "left": 1}
    say(['"v=DMARC1; p=reject; rua=mailto:new@one.test"'])
    assert send(p) == {"sent": 1, "left": 0}
    assert set(reports(sink, 1)) == {"new@one.test"}
    for nobody in (['"v=DMARC1; p=reject"'], [],
                   [f'"v=DMARC1; p=none; rua=mailto:{n}@one.test"' for n in "ab"]):
        say(['"v=DMARC1; p=reject; rua=mailto:new@one.test"'])
        mail(p, "one.test")
        in_table(p, 1)
        say(nobody)
        assert send(p) == {"sent": 0, "left": 0}
    assert len(sink.messages) == 1


def in_table(p, n):
    wait(lambda: re.search(rf"pabal_reporter_messages_total\{{[^}}]*\}} {n}\n",
                           p.pabal("metrics")), f"{n} messages in the table")


def kill_reporter(p):
    pid = p.pids("reporter")[0]
    p.allowed.append("child.killed")
    os.kill(pid, signal.SIGKILL)
    wait(lambda: set(p.pids("reporter")) - {pid}, "another reporter")


def test_what_was_counted_survives(p, sink):
    for n in range(2):
        mail(p, "one.test", n=2)
        in_table(p, 2)
        kill_reporter(p)
    p.stop()
    p.start()
    mail(p, "one.test")
    in_table(p, 1)
    assert send(p) == {"sent": 1, "left": 0}
    assert rows(xml(reports(sink, 1)["dmarc@one.test"])) == {
        (GOOD, "pass", "fail", "pass", None): 5}


def test_killed_while_it_sends(p, sink):
    """Whether qmgr has the report nobody knows then: it is not sent again, and
    the log says so."""
    mail(p, "one.test")
    in_table(p, 1)
    p.allowed.append("report.unconfirmed")
    qmgr = p.pids("qmgr")[0]
    os.kill(qmgr, signal.SIGSTOP)
    try:
        asked = subprocess.Popen([PABAL, "-d", p.dir, "report", "dmarc", "send"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        p.wait_event("report.made", domain="one.test")
        kill_reporter(p)
        asked.wait(PATIENCE)
    finally:
        os.kill(qmgr, signal.SIGCONT)
    p.wait_event("report.unconfirmed", domain="one.test")
    assert send(p) == {"sent": 0, "left": 0}
    p.wait_queue(0)
    assert len(sink.messages) <= 1
    # what comes afterwards is reported as ever
    mail(p, "one.test")
    in_table(p, 1)
    assert send(p) == {"sent": 1, "left": 0}


# ---- reports of others

FIELDS = ("domain", "source", "messages", "from", "disposition", "dkim", "spf",
          "reason")


def dmarc(p, *args):
    return [tuple(r[k] for k in FIELDS)
            for r in json.loads(p.pabal("dmarc", "--json", *args))]


def test_ours_are_read_by_ours(p, sink, tmp_path):
    mail(p, "one.test", n=3)
    mail(p, "one.test", BAD, n=2)
    counted(p, 5)
    assert send(p)["sent"] == 1
    m = reports(sink, 1)["dmarc@one.test"]
    rows_of_it = [("one.test", GOOD, 3, "one.test", "pass", "fail", "pass", ""),
                  ("one.test", BAD, 2, "one.test", "reject", "fail", "fail", "")]
    whole, packed, plain = (str(tmp_path / n) for n in ("whole", "packed", "plain"))
    for name, data in ((whole, m.data), (packed, parts(m)[1].get_content()),
                       (plain, gzip.decompress(parts(m)[1].get_content()))):
        with open(name, "wb") as f:
            f.write(data)
        assert dmarc(p, name) == rows_of_it, name
    # the same report in three forms is one
    assert dmarc(p, whole, packed, plain) == rows_of_it
    # as a person reads it
    assert re.search(rf"(?m)^one\.test +{re.escape(BAD)} +2 ", p.pabal("dmarc", plain))
    # and in a mailbox, between other mail
    p.send("no report")
    with p.lmtp() as c:
        c.sendmail("", ["alice@" + DOMAIN], m.data)
    wait(lambda: p.count_mails("alice") >= 5, "the report in the mailbox")
    assert dmarc(p, "--mailbox", "alice@" + DOMAIN) == rows_of_it
    assert "there is no Nowhere" in p.pabal_fails(
        "dmarc", "--mailbox", "alice@" + DOMAIN, "Nowhere")


def report_of(*records, name="x.test", doctype="", extra=""):
    return (f'<?xml version="1.0"?>{doctype}<feedback><report_metadata>'
            f"<org_name>o</org_name><report_id>1{extra}</report_id></report_metadata>"
            f"<policy_published><domain>{name}</domain></policy_published>"
            + "".join(records) + "</feedback>").encode()


RECORD = ("<record><row><source_ip>192.0.2.7</source_ip><count>1</count></row>"
          "</record>")


HOSTILE = {
    "entities": (report_of(doctype='<!DOCTYPE l [<!ENTITY a "aa">]>'),
     "markup that is not taken"),
    "external": (report_of(
        doctype='<!DOCTYPE l SYSTEM "file:///etc/passwd">'), "markup that is not taken"),
    "bomb": (lambda: gzip.compress(
        report_of("<x>" + " " * (80 << 20) + "</x>")), "bytes when unpacked"),
    "deep": (report_of("<a>" * 1000), "too deep"),
    "many": (lambda: report_of(RECORD * 200001), "too many records"),
    "cut": (report_of(RECORD)[:-20], "it ends too early"),
    "nothing": (b"", "it ends too early"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no aggregate report"),
    "damaged": (gzip.compress(report_of(RECORD))[:-30], "cannot be unpacked"),
    "no zip": (b"PK\3\4" + b"\xff" * 100, "encrypted"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_report(p, tmp_path, name):
    """It is refused with a word, and the next one is read all the same."""
    data, why = HOSTILE[name]
    if callable(data):  # much to be made at each import
        data = data()
    bad, good = str(tmp_path / "bad"), str(tmp_path / "good")
    with open(bad, "wb") as f:
        f.write(data)
    with open(good, "wb") as f:
        f.write(report_of(RECORD, extra="good"))
    out = p.pabal_fails("dmarc", bad, good)
    assert why in out
    assert re.search(r"(?m)^x\.test +192\.0\.2\.7 ", out), out


def test_a_report_of_many_rows(p, tmp_path):
    """One that is there to fill memory and terminal: its messages are counted, and
    what other reports say is still to be seen."""
    def row(n):
        source = f"2001:db8::{n >> 16:x}:{n & 0xffff:x}"
        return (f"<record><row><source_ip>{source}</source_ip><count>1</count>"
                "</row></record>")
    many, other = (str(tmp_path / n) for n in ("many", "other"))
    with open(many, "wb") as f:
        f.write(report_of("".join(map(row, range(100000))), name="many.test"))
    with open(other, "wb") as f:
        f.write(report_of(RECORD, name="x.test", extra="2"))
    got = dmarc(p, many, other)
    assert len(got) == 2002
    assert got[0][:3] == ("many.test", "others", 98000)
    assert got[-1][0] == "x.test"


def test_a_report_gives_no_orders_to_a_terminal(p, tmp_path):
    bad = str(tmp_path / "bad")
    with open(bad, "wb") as f:
        f.write(report_of(RECORD, name="\x1b]0;x\x07&#x9b;31m.test"))
    out = p.pabal("dmarc", bad)
    assert "\x1b" not in out and "\x9b" not in out and "?]0;x??31m.test" in out

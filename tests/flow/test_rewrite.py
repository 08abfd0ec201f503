# SPDX-License-Identifier: ISC
"""Own mail is rewritten: a sender or From that is not the login's, and addresses
by the tables canonical and masquerade; copies by the table bcc."""
import contextlib
import os
import re
import signal
import smtplib

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PASSWORD, message, wait
from sink import Sink
from test_chain import table
from test_dkim import add, all_pass
from test_srs import path, rcpts

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
HOST = f"laptop.{DOMAIN}"
FAR = "u@far.example"


@pytest.fixture(scope="module")
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def make(make_pabal, sink):
    return lambda *conf: make_pabal(("pabal", "relayhost", sink.nexthop),
                                    ("qmgr", "retry_schedule", "1s"), *conf)


def submit(p, subject, sender=ALICE, to=(BOB,), field=None, body=b"", options=()):
    """The reply that refuses it, or None."""
    raw = message(subject, sender=sender, to=to[0])
    if field is not None:
        raw = re.sub(rb"(?m)^From: .*\r\n", lambda _: field.encode(), raw)
    with p.smtp("submission") as s:
        s.ehlo()
        s.login(ALICE, PASSWORD)
        s.mail(sender, options)
        for rcpt in to:
            code, text = s.rcpt(rcpt)
            if code != 250:
                return f"{code} {text.decode()}"
        code, text = s.data(raw + body)
        return None if code == 250 else f"{code} {text.decode()}"


def head(mail):
    return re.sub(r"\r?\n[ \t]+", " ", re.split(rb"\r?\n\r?\n", mail)[0].decode())


def field(mail, name):
    return re.findall(rf"(?m)^{name}: *(.*?)\r?$", head(mail))


def test_somebody_elses_name(make):
    p = make(("smtpd", "sender_login", "rewrite"))
    since = p.mark()
    assert submit(p, "other", sender=BOB,
                  field=f'From: "Bob, B" <{BOB}> (x)\r\n') is None
    mail = p.wait_mail("bob", "other")
    assert field(mail, "From") == [f'"Bob, B" <{ALICE}> (x)']
    assert field(mail, "X-Original-From") == [f'"Bob, B" <{BOB}> (x)']
    assert field(mail, "Return-Path") == [f"<{ALICE}>"]
    [e] = p.events("mail.rewritten", since)
    assert (e["from"], e["was_from"], e["author"]) == (ALICE, BOB, "replaced")
    assert e["account"] == ALICE
    [a] = p.events("mail.accepted", since)
    assert a["from"] == ALICE and a["qid"] == e["qid"]
    assert "mail.rewritten" in p.pabal("trace", e["qid"])
    # His own is as it was.
    assert submit(p, "own", field=f"From: Alice <{ALICE}>\r\n") is None
    mail = p.wait_mail("bob", "own")
    assert field(mail, "From") == [f"Alice <{ALICE}>"]
    assert not field(mail, "X-Original-From")
    assert len(p.events("mail.rewritten", since)) == 1


def test_the_body_stays(make):
    """A large one, which is in a file, and a small one."""
    p = make(("smtpd", "sender_login", "rewrite"))
    for size in (1, 3000):
        body = b"From: x@y.example\r\n..dot \xc3\xbc\r\n" * 20 * size
        assert submit(p, f"body {size}", sender=BOB, body=body) is None
        mail = p.wait_mail("bob", f"body {size}")
        assert mail.replace(b"\r\n", b"\n").endswith(body.replace(b"\r\n", b"\n"))
        assert field(mail, "From") == [ALICE]
        assert len(field(mail, "Received")) == 1


def test_no_from(make):
    p = make(("smtpd", "sender_login", "rewrite"))
    assert submit(p, "none", sender=BOB, field="") is None
    assert field(p.wait_mail("bob", "none"), "From") == [f"<{ALICE}>"]


@pytest.mark.parametrize("bad", [
    f"From: {ALICE}\r\nFrom: {BOB}\r\n", f"From: <{BOB}\r\n", "From: alice\r\n",
    f"From: {BOB} x <{BOB}> {BOB}\r\n"])
def test_what_cannot_be_replaced_is_refused(make, bad):
    p = make(("smtpd", "sender_login", "rewrite"))
    assert submit(p, "bad", field=bad).startswith("550 5.7.1 ")


def test_hosts_are_hidden(make, sink):
    p = make()
    table(p, "masquerade", f"{DOMAIN}\nlab.{DOMAIN} keep\nroot@ keep\n")
    since = p.mark()
    assert submit(p, "hidden", sender=f"alice@{HOST}", to=[FAR],
                  field=f"From: Alice <alice@{HOST}>\r\nReply-To: x@a.lab.{DOMAIN},\r\n"
                        f" root@{HOST}\r\nCc: Bob <bob@{HOST}>\r\n") is None
    wait(lambda: sink.find("hidden"), "the message")
    m = sink.find("hidden")[0]
    assert path(m.sender) == ALICE
    assert m.header("From") == f"Alice <{ALICE}>"
    assert m.header("Cc") == f"Bob <{BOB}>"
    assert m.header("Reply-To") == f"x@a.lab.{DOMAIN}, root@{HOST}"
    assert m.header("X-Original-From") is None
    [e] = p.events("mail.rewritten", since)
    assert (e["addresses"], e["author"]) == ("2", "kept")


def test_canonical(make, sink):
    p = make()
    p.pabal("alias", "set", f"alice.smith@{DOMAIN}", ALICE)
    table(p, "canonical", f"sender=alice Alice.Smith@{DOMAIN}\n"
                          "recipient=@old.example @new.example\n"
                          f"nick {BOB}\n")
    # Copies are by what a sender has become.
    table(p, "bcc", f"sender=alice@{DOMAIN} before@else.example\n"
                    f"sender=alice.smith@{DOMAIN} after@else.example\n")
    assert submit(p, "mapped", sender=f"alice+d@{DOMAIN}", to=["u@old.example", f"nick@{DOMAIN}"],
                  field=f"From: A <{ALICE}>\r\nCc: {ALICE}, v@OLD.example\r\n") is None
    wait(lambda: sink.find("mapped"), "the message")
    wait(lambda: {r for m in sink.find("mapped") for r in rcpts(m)} == {
        "u@new.example", "after@else.example"}, "the message and its copy")
    m = next(m for m in sink.find("mapped") if "u@new.example" in rcpts(m))
    assert path(m.sender) == f"Alice.Smith+d@{DOMAIN}"
    assert m.header("From") == f"A <Alice.Smith@{DOMAIN}>"
    assert m.header("Cc") == f"{ALICE}, v@new.example"
    assert m.header("To") == "u@new.example"
    p.wait_mail("bob", "mapped")
    # Nobody's mail from outside.
    p.send("stranger", to=ALICE, sender="v@old.example")
    assert "old.example" in head(p.wait_mail("alice", "stranger"))


def test_an_address_that_becomes_his_own(make):
    """The owner check is of what goes out; nothing else gets through by that."""
    p = make()
    table(p, "masquerade", f"{DOMAIN}\n")
    assert submit(p, "his", sender=f"alice@{HOST}") is None
    assert field(p.wait_mail("bob", "his"), "From") == [ALICE]
    assert submit(p, "not his", sender=f"bob@{HOST}").startswith("550 5.7.1 ")
    assert submit(p, "nor this", field=f"From: alice@{HOST}, x@far.example\r\n") \
        .startswith("550 5.7.1 ")


def test_signatures_cover_what_goes_out(make_pabal, sink):
    """Rewritten, then signed: it verifies; and a copy arrives once."""
    with DnsServer({}) as dns:
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                       ("pabal", "relayhost", sink.nexthop),
                       ("smtpd", "sender_login", "rewrite"))
        add(p, dns)
        table(p, "masquerade", f"{DOMAIN}\n")
        table(p, "bcc", f"sender={ALICE} copy@else.example\n")
        assert submit(p, "signed", sender=f"bob@{HOST}", to=[FAR],
                      field=f"From: =?utf-8?q?B=C3=B6b?= <bob@{HOST}>\r\n",
                      body=b"text\r\n") is None
        wait(lambda: sum(len(m.rcpts) for m in sink.find("signed")) == 2, "both")
        for m in sink.find("signed"):
            assert m.header("From") == f"=?utf-8?q?B=C3=B6b?= <{ALICE}>"
            assert path(m.sender) == ALICE
            all_pass(p, m.data)
        p.wait_queue()
        assert sorted(r for m in sink.find("signed") for r in rcpts(m)) == [
            "copy@else.example", FAR]


def test_reports_go_to_the_new_sender(make):
    with Sink(RCPT=lambda line, s: "550 5.1.1 nobody") as far:
        p = make(("smtpd", "sender_login", "rewrite"))
        table(p, "transports", f"gone.example smtp:{far.nexthop}\n")
        table(p, "canonical", "recipient=@was.example @gone.example\n")
        assert submit(p, "lost", sender=BOB, to=["u@was.example"]) is None
        report = wait(lambda: next((m for m in p.mails("alice")
                                    if b"multipart/report" in m), None), "a report")
        assert b"Final-Recipient: rfc822; u@gone.example" in report
        assert re.search(rb"Original-Recipient: rfc822; ?u@was.example", report), report
        p.wait_queue()
        assert not p.mails("bob")


def test_others_mail_is_only_rewritten_where_that_is_set(make):
    p = make()
    table(p, "masquerade", "far.example\n")
    table(p, "canonical", f"recipient=nick {ALICE}\n")
    p.send("as it came", to=ALICE, sender="u@host.far.example")
    assert field(p.wait_mail("alice", "as it came"), "From") == ["u@host.far.example"]
    p.conf("smtpd", "rewrite_clients", "trusted")
    p.reload()
    p.send("rewritten", to=f"nick@{DOMAIN}", sender="u@host.far.example")
    mail = p.wait_mail("alice", "rewritten")
    assert field(mail, "From") == ["u@far.example"]
    assert field(mail, "Return-Path") == ["<u@far.example>"]
    with p.lmtp() as s:
        s.ehlo()
        assert s.sendmail("u@host.far.example", [ALICE], message(
            "lmtp", sender="u@host.far.example")) == {}
    assert field(p.wait_mail("alice", "lmtp"), "From") == ["u@host.far.example"]


def test_a_table_that_cannot_be_read(make):
    """Mail is not sent as it came, and copies are not left out: later."""
    p = make()
    for name in ("canonical", "masquerade", "bcc"):
        cdb = os.path.join(p.dir, "etc", name + ".cdb")
        with open(cdb, "wb") as f:
            f.write(b"no table")
        wait(lambda: (submit(p, "x") or "").startswith("451 4.3.0 "), name)
        os.unlink(cdb)
        wait(lambda: submit(p, "y") is None, f"no {name}")


@pytest.mark.parametrize("name, line, complaint", [
    ("canonical", "alice bob", "expected one address"),
    ("masquerade", f"root@{DOMAIN} keep", "expected DOMAIN or NAME@"),
    ("bcc", f"{ALICE} {BOB}", "expected *, or sender= or recipient=")])
def test_tables_are_checked(make_pabal, name, line, complaint):
    p = make_pabal()
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(line + "\n")
    assert complaint in p.pabal_fails("map", name)


def test_classes_are_checked(make_pabal):
    p = make_pabal()
    p.conf("lookup", "masquerade_classes", "header_sender body")
    assert "masquerade_classes: expected" in p.pabal_fails("check")


def test_smtputf8(make):
    p = make()
    table(p, "canonical", "sender=alice Ünal@bücher.example\n")
    p.pabal("alias", "set", "Ünal@bücher.example", ALICE)
    assert submit(p, "ascii").startswith("550 5.6.7 ")
    assert submit(p, "utf8", options=["SMTPUTF8"]) is None
    assert "Ünal@" in field(p.wait_mail("bob", "utf8"), "From")[0]


# ---- hostile headers

@pytest.mark.parametrize("fields, refused", [
    ("To: " + "a@b.c," * 40000 + "\r\n", "554 5.6.0 "),
    ("To: " + "a@b.c,\r\n " * 10001 + "x@y.z\r\n", "554 5.6.0 "),
    ("To: " + "a@b.c,\r\n " * 9900 + "x@y.z\r\n", None),
    ("To: " + "(" * 100000 + "\r\n", None),
    ("To: " + "\"" + "\\\"" * 50000 + "\r\n", None),
    ("Cc: " + "<" * 100000 + "@" * 50000 + "\r\n", None),
    ("Cc: " + ("a@" + "h." * 120 + f"{DOMAIN}, ") * 400 + "\r\n", None),
    ("To: g:" * 30000 + "\r\n", "554 5.6.0 "),
], ids=["long", "many", "as many as may be", "comments", "quotes", "brackets", "labels",
        "groups"])
def test_hostile_headers(make, fields, refused):
    p = make()
    table(p, "masquerade", f"{DOMAIN}\n")
    reply = submit(p, "hostile", field=f"From: {ALICE}\r\n{fields}")
    assert reply is None if refused is None else reply.startswith(refused), reply
    if refused is None:
        p.wait_mail("bob", "hostile")
    assert submit(p, "after") is None


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_killed_in_between(make):
    """smtpd ends while it rewrites: the client is not told that it is there, and
    nothing of it stays; what he was told of is there once."""
    p = make(("smtpd", "sender_login", "rewrite"))
    told = []
    for n in range(12):
        raw = message(f"kill {n}", sender=BOB) + b"x" * 70 + b"\r\n" * (20000 * (n % 2))
        with contextlib.suppress(smtplib.SMTPException, OSError):
            with p.smtp("submission") as s:
                s.ehlo()
                s.login(ALICE, PASSWORD)
                s.mail(BOB)
                s.rcpt(BOB)
                s.docmd("DATA")
                s.send(raw + b"\r\n.\r\n")
                if n % 3 == 0:
                    for pid in p.pids("smtpd"):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                if s.getreply()[0] == 250:
                    told.append(n)
        p.status()
    assert told
    p.wait_queue()
    for n in told:
        mail = p.wait_mail("bob", f"kill {n}")
        assert field(mail, "From") == [ALICE]
        assert sum(b"Subject: kill %d\n" % n in m.replace(b"\r\n", b"\n")
                   for m in p.mails("bob")) == 1
    p.stop()
    left = [f for _, _, names in os.walk(os.path.join(p.dir, "spool", "tmp"))
            for f in names]
    assert not left

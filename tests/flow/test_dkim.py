# SPDX-License-Identifier: ISC
"""Mail that goes out is signed by DKIM: which, with what keys, and that others
verify it, whatever became of the message on its way."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PABAL, PASSWORD, PATIENCE, message, wait
from sink import Sink
from test_sieve_delivery import script

FAR = "u@far.example"


@pytest.fixture
def dns():
    with DnsServer({}) as d:
        yield d


@pytest.fixture
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def host(make_pabal, dns, sink):
    """An instance whose mail goes to the sink, and whose DNS is ours."""
    def make(*settings, to=sink):
        return make_pabal(
            ("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
            ("pabal", "relayhost", to.nexthop), *settings)
    return make


def rows(p, domain=DOMAIN):
    return json.loads(p.pabal("dkim", "show", domain, "--json"))


def text_of(record):
    """The TXT of a record as a zone file has it."""
    return "".join(re.findall(r'"([^"]*)"', record))


def publish(p, dns, *selectors):
    """What is printed goes into the DNS; as a file for check-mail."""
    for r in rows(p):
        if selectors and r["selector"] not in selectors:
            continue
        name = f"{r['selector']}._domainkey.{r['domain']}"
        text = text_of(r["record"])
        dns.records[name] = {"TXT": [" ".join(
            f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))]}


def add(p, dns, *args):
    p.pabal("dkim", "add", DOMAIN, *args)
    publish(p, dns)
    p.pabal("dkim", "add", DOMAIN)


def texts(p):
    return {f"{r['selector']}._domainkey.{r['domain']}": text_of(r["record"])
            for r in rows(p)}


def sent(p, sink, subject, **kw):
    p.send(subject, to=FAR, **kw)
    return wait(lambda: sink.find(subject), f"{subject} at the sink")[0].data


def signatures(data):
    head = data.split(b"\r\n\r\n", 1)[0].decode(errors="replace")
    return re.findall(r"(?im)^DKIM-Signature:(.*(?:\r\n[ \t].*)*)", head)


def verdict(p, data):
    """The results of pabal check-mail, by selector."""
    with tempfile.TemporaryDirectory() as d:
        zone, mail = os.path.join(d, "zone"), os.path.join(d, "mail")
        with open(zone, "w") as f:
            for name, text in texts(p).items():
                f.write(f'{name} TXT "{text}"\n')
        with open(mail, "wb") as f:
            f.write(data)
        r = subprocess.run(
            [PABAL, "check-mail", mail, "--zone", zone, "--json"],
            capture_output=True, text=True, timeout=PATIENCE, check=True)
    return {d["selector"]: d["result"] for d in json.loads(r.stdout)["dkim"]}


def all_pass(p, data, n=2):
    v = verdict(p, data)
    assert len(v) == n and set(v.values()) == {"pass"}, (v, data[:3000])


def local(subject, **kw):
    return {"sender": "alice@" + DOMAIN, **kw}


# ---- keys and selectors

def test_a_selector_waits_for_the_dns(host, dns, sink):
    p = host()
    out = p.pabal("dkim", "add", DOMAIN)
    assert "records to publish in the DNS:" in out and "v=DKIM1; k=rsa; p=" in out
    assert all(r["published"] == "no" and not r["used"] for r in rows(p))
    assert not signatures(sent(p, sink, "before", **local("before")))
    p.wait_event("dkim.unpublished", domain=DOMAIN)
    publish(p, dns)
    out = p.pabal("dkim", "add", DOMAIN)
    assert "records to publish" not in out
    assert all(r["published"] == "yes" and r["used"] for r in rows(p))
    data = sent(p, sink, "after", **local("after"))
    assert len(signatures(data)) == 2
    all_pass(p, data)
    # On top of all, and RSA above Ed25519.
    assert data.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert p.wait_event("dkim.signed", domain=DOMAIN)["signatures"] == "2"


def test_now_asks_nobody(host, dns, sink):
    p = host()
    p.pabal("dkim", "add", DOMAIN, "--selector", "mail", "--now")
    all_pass(p, sent(p, sink, "now", **local("now")))
    assert {r["selector"] for r in rows(p)} == {"mail", "mail-ed25519"}
    assert not [q for q in dns.queries if "_domainkey" in q[0]
                and q[0].startswith("never")]


def test_another_key_in_the_dns(host, dns, sink):
    p = host()
    p.pabal("dkim", "add", DOMAIN, "--selector", "s")
    dns.records[f"s._domainkey.{DOMAIN}"] = {"TXT": ['"v=DKIM1; p=QUJD"']}
    publish(p, dns, "s-ed25519")
    data = sent(p, sink, "other", **local("other"))
    assert [r["published"] for r in rows(p)
            if r["selector"] == "s"] == ["another key"]
    assert len(signatures(data)) == 1
    all_pass(p, data, 1)


def test_rotation(host, dns, sink):
    p = host()
    p.pabal("dkim", "add", DOMAIN, "--selector", "one")
    publish(p, dns)
    assert "one" in verdict(p, sent(p, sink, "r1", **local("r1")))
    p.pabal("dkim", "rotate", DOMAIN, "--selector", "two")
    # The old ones go on until the new ones can be seen.
    data = sent(p, sink, "r2", **local("r2"))
    assert set(verdict(p, data)) == {"one", "one-ed25519"}
    publish(p, dns)
    p.pabal("dkim", "add", DOMAIN)
    data = sent(p, sink, "r3", **local("r3"))
    assert set(verdict(p, data)) == {"two", "two-ed25519"}
    all_pass(p, data)
    for s in ("one", "one-ed25519"):
        assert "removed" in p.pabal("dkim", "remove", DOMAIN, "--selector", s)
    assert {r["selector"] for r in rows(p)} == {"two", "two-ed25519"}
    p.pabal("dkim", "remove", DOMAIN)
    assert not signatures(sent(p, sink, "r4", **local("r4")))


def test_refusals(host):
    p = host()
    p.pabal("dkim", "add", DOMAIN, "--selector", "s")
    assert "already" in p.pabal_fails(
        "dkim", "rotate", DOMAIN, "--selector", "s")
    assert "no such key" in p.pabal_fails(
        "dkim", "remove", DOMAIN, "--selector", "t")
    assert "no such key" in p.pabal_fails("dkim", "remove", "other.test")
    assert "there are no keys of other.test" in p.pabal_fails(
        "dkim", "rotate", "other.test")
    assert "none of the domains of this host" in p.pabal(
        "dkim", "add", "other.test")
    assert "none of the domains" not in p.pabal("dkim", "add", DOMAIN)
    assert "expected a domain" in p.pabal_fails("dkim", "add", "../etc")
    assert "--selector" in p.pabal_fails(
        "dkim", "add", DOMAIN, "--selector", "a/b")


def test_keys_are_for_keys_alone(host):
    p = host()
    p.pabal("dkim", "add", DOMAIN)
    top = os.path.join(p.dir, "signing")
    for folder, _, files in os.walk(top):
        assert os.stat(folder).st_mode & 0o7 == 0
        for f in files:
            assert os.stat(os.path.join(folder, f)).st_mode & 0o77 == 0
    assert [d for d in json.loads(p.pabal("privileges", "--json"))
            if "signing" in d["dirs"].split()] == [
        d for d in json.loads(p.pabal("privileges", "--json"))
        if d["daemon"] == "keys"]


# ---- which mail is signed

def test_authors(host, dns, sink):
    """One author, of a domain that has keys, or whose parent has."""
    p = host()
    add(p, dns)
    data = sent(p, sink, "sub", sender=f"x@sub.{DOMAIN}")
    all_pass(p, data)
    assert f"d={DOMAIN}" in signatures(data)[0]
    assert not signatures(sent(p, sink, "far", sender="x@far.example"))
    # The envelope's sender does not matter.
    with p.smtp() as s:
        s.ehlo()
        s.sendmail("x@far.example", [FAR], message(
            "list", sender="alice@" + DOMAIN))
    all_pass(p, wait(lambda: sink.find("list"), "it")[0].data)
    for subject, author in (
            ("two", f"alice@{DOMAIN}, x@far.example"),
            ("odd", f"alice@{DOMAIN} <x@far.example>")):
        with p.smtp() as s:
            s.ehlo()
            s.sendmail("x@far.example", [FAR], (
                f"From: {author}\r\nSubject: {subject}\r\n\r\nx\r\n"))
        m = wait(lambda: sink.find(subject), subject)[0]
        assert not signatures(m.data), author


def test_strangers_are_not_signed(host, dns, sink):
    """What a stranger sends in our name is forwarded as it came."""
    p = host(("pabal", "trusted_networks", "10.0.0.0/8"))
    add(p, dns)
    p.pabal("alias", "set", "away", FAR)
    p.send("forged", to="away@" + DOMAIN, sender="alice@" + DOMAIN)
    m = wait(lambda: sink.find("forged"), "the forged one")[0]
    assert not signatures(m.data)
    # Who has logged in is no stranger.
    with p.smtp("submission") as s:
        s.ehlo()
        s.login("alice@" + DOMAIN, PASSWORD)
        s.sendmail("alice@" + DOMAIN, [FAR],
                   message("mine", sender="alice@" + DOMAIN))
    all_pass(p, wait(lambda: sink.find("mine"), "mine")[0].data)


def test_what_a_script_sends(host, dns, sink):
    """A redirect of what a stranger sent in our name is none of ours; its answer
    is, and what somebody who has logged in sends is where it is redirected."""
    p = host(("pabal", "trusted_networks", "10.0.0.0/8"))
    add(p, dns)
    script(p, f'''require ["vacation", "copy"];
        redirect :copy "{FAR}";
        vacation :subject "away" "I am away.";''')
    with p.smtp() as s:
        s.sendmail("x@far.example", ["alice@" + DOMAIN], message(
            "forged", sender="bob@" + DOMAIN))
    m = wait(lambda: sink.find("forged"), "the forged one")[0]
    assert not signatures(m.data), m.data
    all_pass(p, wait(lambda: sink.find("away"), "the answer")[0].data)
    with p.smtp("submission") as s:
        s.ehlo()
        s.login("bob@" + DOMAIN, PASSWORD)
        s.sendmail("bob@" + DOMAIN, ["alice@" + DOMAIN], message(
            "of bob", sender="bob@" + DOMAIN))
    all_pass(p, wait(lambda: sink.find("of bob"), "it")[0].data)


def test_sendmail_is_signed(host, dns, sink):
    p = host(("pabal", "trusted_networks", "10.0.0.0/8"))
    add(p, dns)
    subprocess.run([PABAL, "-d", p.dir, "sendmail", "-f", "bob@" + DOMAIN,
                    FAR], input=(f"From: bob@{DOMAIN}\nSubject: local\n\nx\n"),
                   text=True, check=True, timeout=PATIENCE)
    all_pass(p, wait(lambda: sink.find("local"), "it")[0].data)


def test_reports_are_signed(host, dns):
    with Sink(RCPT=lambda line, s: "550 5.1.1 no" if "nobody@" in line
              else None) as sink:
        p = host(to=sink)
        add(p, dns)
        p.send("bounced", to="nobody@far.example", sender="x@far.example")
        m = wait(lambda: [m for m in sink.messages if m.sender.startswith(
            "<>")], "the report")[0]
        all_pass(p, m.data)


# ---- whatever becomes of a message

def test_converted_after_all(host, dns):
    """A host without 8BITMIME gets another text, and it is that which is
    signed."""
    with Sink(keywords=("PIPELINING", "SIZE 100000000")) as sink:
        p = host(to=sink)
        add(p, dns)
        raw = (f"From: alice@{DOMAIN}\r\nSubject: eight\r\n"
               "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: 8bit\r\n\r\n"
               + ".Grüße\r\n" * 50000).encode()
        with p.smtp() as s:
            s.ehlo()
            s.sendmail("alice@" + DOMAIN, [FAR], raw)
        m = wait(lambda: sink.find("eight"), "it")[0]
        assert m.data.isascii() and b"=C3=BC" in m.data
        all_pass(p, m.data)


@pytest.mark.parametrize("body", [
    "", "\r\n\r\n", ".\r\n..\r\n", "no end of line", "x" * 990 + "\r\n",
    "line\r\n" * 400000], ids=["empty", "blank", "dots", "no-end", "long",
                               "large"])
def test_bodies(host, dns, sink, body):
    p = host()
    add(p, dns)
    with p.smtp() as s:
        s.ehlo()
        s.sendmail("alice@" + DOMAIN, [FAR],
                   f"From: alice@{DOMAIN}\r\nSubject: body\r\n\r\n{body}")
    all_pass(p, wait(lambda: sink.find("body"), "it")[0].data)


def test_one_signature_for_many_hosts(host, dns, sink):
    """Made once, as long as one process sends it."""
    p = host()
    add(p, dns)
    sent(p, sink, "warm", **local("warm"))
    since = p.mark()
    with p.smtp() as s:
        s.ehlo()
        s.sendmail("alice@" + DOMAIN, [f"u{n}@far{n}.example"
                                       for n in range(20)],
                   message("many", sender="alice@" + DOMAIN))
    p.wait_queue(0)
    for m in sink.find("many"):
        all_pass(p, m.data)
    assert len(p.events("dkim.signed", since)) <= len(p.pids("smtp"))


@pytest.mark.allow("child.killed")
@pytest.mark.parametrize("end", ("answers", "killed", "hosts gone"))
def test_many_hosts_wait_for_one_signature(host, dns, sink, end):
    """That is being made, while all of them are at the line already; and for
    another where the first comes to nothing."""
    p = host(("qmgr", "retry_schedule", "1s"))
    add(p, dns)
    sent(p, sink, "warm", **local("warm"))
    since, pids = p.mark(), len(p.pids("smtp"))
    keys, = p.pids("keys")
    os.kill(keys, signal.SIGSTOP)
    try:
        with p.smtp() as s:
            s.ehlo()
            s.sendmail("alice@" + DOMAIN, [f"u{n}@far{n}.example"
                                           for n in range(20)],
                       message("many", sender="alice@" + DOMAIN))
        wait(lambda: sink.now > 2 * pids, "more sessions than one for each")
        if end == "hosts gone":
            for sock in sorted(sink.open, key=lambda s: s.fileno())[:pids]:
                sock.shutdown(socket.SHUT_RDWR)
    finally:
        os.kill(keys, signal.SIGKILL if end == "killed" else signal.SIGCONT)
    p.wait_queue(0)
    assert len({r for m in sink.find("many") for r in m.rcpts}) == 20
    for m in sink.find("many"):
        all_pass(p, m.data)
    if end != "killed":
        assert len(p.events("dkim.signed", since)) <= pids


@pytest.mark.allow("child.killed")
def test_without_keys_mail_waits(host, dns, sink):
    """Never unsigned because keys was away for a moment."""
    p = host(("qmgr", "retry_schedule", "1s"))
    add(p, dns)
    path = os.path.join(p.dir, "signing", "dkim", DOMAIN)
    for name in os.listdir(path):
        os.chown(os.path.join(path, name), 0, 0) if os.getuid() == 0 else None
        os.chmod(os.path.join(path, name), 0)
    if os.getuid() != 0 or not p.pids("keys"):
        pytest.skip("needs another user's files")
    p.reload()
    p.send("waits", to=FAR, sender="alice@" + DOMAIN)
    wait(lambda: "keys does not sign" in p.pabal("queue", "list", "--json"),
         "the delay")
    assert not sink.find("waits")
    like = os.stat(os.path.join(p.dir, "tls", "key.pem"))
    for name in os.listdir(path):
        os.chown(os.path.join(path, name), like.st_uid, like.st_gid)
        os.chmod(os.path.join(path, name), 0o600)
    all_pass(p, wait(lambda: sink.find("waits"), "it")[0].data)


# ---- what others find

def test_python_dkim(host, dns, sink):
    dkim = pytest.importorskip("dkim")
    p = host()
    add(p, dns)
    data = sent(p, sink, "python", **local("python"))
    known = texts(p)

    def txt(name, timeout=5):
        return known[name.decode().rstrip(".")].encode()
    for n in range(2):
        assert dkim.DKIM(data).verify(idx=n, dnsfunc=txt)


def test_opendkim(host, dns, sink, tmp_path):
    opendkim = shutil.which("opendkim") or "/usr/sbin/opendkim"
    if not os.path.exists(opendkim):
        pytest.skip("opendkim is not installed")
    p = host()
    add(p, dns, "--selector", "s")
    data = sent(p, sink, "opendkim", **local("opendkim"))
    # It knows RSA in all versions, Ed25519 in some.
    (tmp_path / "mail").write_bytes(data)
    (tmp_path / "keys").write_text("".join(
        f"{name} {text}\n" for name, text in texts(p).items()))
    (tmp_path / "conf").write_text(
        f"Mode v\nTestPublicKeys {tmp_path}/keys\nSyslog no\n")
    r = subprocess.run([opendkim, "-x", str(tmp_path / "conf"), "-t",
                        str(tmp_path / "mail")], capture_output=True,
                       text=True, timeout=PATIENCE)
    out = r.stdout + r.stderr
    assert r.returncode == 0 and re.search(r"verification.*succeeded", out), out

# SPDX-License-Identifier: ISC
"""One command tells why mail waits; what waits by what it has in common; copies
of it; and what would be done before it is done."""
import email
import glob
import json
import mailbox
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading

import pytest

from badsmtp import BadSmtp
from dnsserver import DnsServer
from pabal import DOMAIN, PABAL, message, wait
from queued import rewrite_file, with_line
from sink import Sink


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PORT = free_port()
KEPT = [("qmgr", "retry_schedule", "1h")]


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


def why(p, name):
    return json.loads(p.pabal("queue", "why", name, "--json"))


def site(p, name):
    told, = why(p, name)["sites"]
    return told


def listed(p, *args):
    return json.loads(p.pabal("queue", "list", *args, "--json"))


# ---- why

def test_host_that_says_no(make_pabal):
    """A host that answers, temporarily no: what waits is its reason, by domain,
    by address, by host and by site, and after a new start as well."""
    domains = ["one.test", "two.test"]
    with DnsServer() as dns, \
            BadSmtp(host="127.0.8.1", port=PORT,
                    RCPT="451 4.7.1 greylisted, come again"):
        dns.records["mx1.host.test"] = {"A": ["127.0.8.1"]}
        for d in domains:
            dns.records[d] = {"MX": ["10 mx1.host.test."]}
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"),
                       *KEPT)
        p.stop()        # a new port is one that smtp starts anew for
        table(p, "transports",
              "".join(f"{d} smtp:{d}:{PORT}\n" for d in domains))
        p.start()
        for d in domains:
            p.send(f"to {d}", to=[f"a@{d}", f"b@{d}"])
        for d in domains:
            for u in "ab":
                p.wait_event("rcpt.result", to=f"{u}@{d}", dsn="4.7.1")
        wait(lambda: len(listed(p, "state=waiting")) == 2, "both to wait")
        name = listed(p)[0]["recipients"][0]["site"]
        assert "mx1.host.test" in name
        for asked in ("mx1.host.test", name, name.split(":", 1)[1]):
            told = site(p, asked)
            assert told["site"] == name
            assert told["cause"] == "retry"
            assert (told["messages"], told["recipients"]) == (2, 4)
            assert "greylisted" in told["reasons"][0]["text"]
            assert told["reasons"][0]["recipients"] == 4
        told = why(p, "one.test")
        assert (told["messages"], told["recipients"]) == (1, 2)
        assert told["route"]["site"] == name
        assert [(s["site"], s["messages"]) for s in told["sites"]] == [
            (name, 2)]
        told = why(p, "b@two.test")
        assert (told["messages"], told["recipients"]) == (1, 1)
        qid = listed(p)[0]["qid"]
        assert why(p, qid)["sites"][0]["site"] == name
        out = p.pabal("queue", "why", "two.test")
        assert "greylisted" in out and name in out
        assert "greylisted" in p.pabal("queue", "why", qid)
        # Held.
        p.pabal("queue", "hold", "site=mx1.host.test*")
        assert site(p, "mx1.host.test")["cause"] == "held"
        p.stop()
        p.start()
        assert site(p, "mx1.host.test")["held"] == 2
        assert [m["recipients"][0]["site"] for m in listed(p)] == [name] * 2
        # A table that is lost is made from the files, which say it as well.
        p.stop()
        for f in ("data.mdb", "stamp"):
            os.unlink(os.path.join(p.dir, "spool", "index", f))
        p.start()
        wait(lambda: p.queue_count() == 2, "all messages")
        assert site(p, "mx1.host.test")["held"] == 2


def test_unknown(make_pabal):
    p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{PORT}"))
    hop = f"smtp:[127.0.0.1]:{PORT}"
    for name in ("nowhere.test", "u@nowhere.test", "smtp:mx.nowhere.test"):
        assert "no mail waits" in p.pabal_fails("queue", "why", name)
    for name in ("nowhere.test", "u@nowhere.test"):
        # The way that mail would take all the same: the relayhost, not the domain.
        r = subprocess.run([PABAL, "-d", p.dir, "queue", "why", name, "--json"],
                           capture_output=True, text=True, timeout=60)
        told = json.loads(r.stdout)
        assert (r.returncode, told["cause"], told["sites"]) == (1, "none", [])
        assert (told["route"]["nexthop"], told["route"]["site"]) == (hop, hop)
        assert told["route"]["relayhost"] is True
        assert told["route"]["tls"] == [
            {"host": f"[127.0.0.1]:{PORT}", "policy": "may",
             "why": "tls_policy of smtp.conf is may"}]
        assert f"relay to {hop} (relayhost)" in p.pabal_fails("queue", "why", name)
    assert "no such message" in p.pabal_fails("queue", "why", "0ABCDEFGHJKMN")
    assert "not an address" in p.pabal_fails("queue", "why", "a@b@")


def untried(path):
    """The message is held from the start, and nobody has tried to deliver it."""
    rewrite_file(path, lambda head, body: (with_line(head, b"hold a filter"), body))
    with open(path, "r+b") as f:
        data = f.read()
        at = data.index(b"\n", data.index(b"\nend ") + 1) + 1
        f.truncate(at + int(re.search(rb"^size (\d+)$", data, re.M)[1]))


def test_never_tried(make_pabal):
    """What had no attempt waits for where it would go: the relayhost."""
    with Sink(RCPT=lambda line, s: "451 4.7.1 later") as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop), *KEPT)
        p.send("one", to="a@far.test")
        wait(lambda: listed(p, "state=waiting"), "it to wait")
        p.stop()
        for path in glob.glob(os.path.join(p.dir, "spool", "[nc]*", "??", "*")):
            untried(path)
        p.start()
        p.send("two", to="b@other.test")
        wait(lambda: listed(p, "state=waiting"), "another")
        told = site(p, "far.test")
        assert (told["site"], told["cause"]) == (f"smtp:{sink.nexthop}", "held")
        assert (told["messages"], told["held"]) == (1, 1)
        assert [m["held"] for m in listed(p, "state=held")] == ["a filter"]
        assert "no mail waits" not in p.pabal("queue", "why", "far.test")


def test_mailbox(make_pabal):
    """Mail that waits for somebody here has no site: what keeps it is told of the
    process that delivers it."""
    p = make_pabal(*KEPT)
    p.allowed = ["local."]
    home = p.maildir("alice")
    os.rename(os.path.join(home, "tmp"), os.path.join(home, "gone"))
    with open(os.path.join(home, "tmp"), "w"):
        pass
    p.send("stuck")
    wait(lambda: len(listed(p, "state=waiting")) == 1, "it to wait")
    told = why(p, "alice@" + DOMAIN)
    assert told["route"]["kind"] == "mailbox"
    assert (told["messages"], told["waiting"]) == (1, 1)
    assert told["reasons"][0]["text"]
    assert [s["cause"] for s in told["sites"]] in ([], ["retry"])
    assert "next attempt" in p.pabal("queue", "why", "alice@" + DOMAIN)


def test_dead_host(make_pabal):
    """Nobody listens: after some failures it is down, and why says so, until
    when, and that one delivery will probe it."""
    p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{PORT}"), *KEPT)
    name = f"smtp:[127.0.0.1]:{PORT}"
    for n in range(6):
        p.send(f"dead {n}", to=f"u{n}@far{n}.test")
    p.wait_event("dest.down")
    wait(lambda: len(listed(p, "state=waiting")) == 6, "all to wait")
    told = site(p, "far1.test")
    assert told["site"] == name
    assert told["failures"] >= 5
    assert told["probe"] or 0 < told["down_seconds"] <= 60
    assert told["cause"] == ("probe" if told["probe"] else "down")
    assert told["reason"]
    assert (told["messages"], told["waiting"]) == (6, 6)
    out = p.pabal("queue", "why", name)
    assert "down: " in out and "probes it" in out and "queue retry" in out
    top = json.loads(p.pabal("queue", "top", "--by", "site", "--json"))
    assert [(t["name"], t["messages"]) for t in top] == [(name, 6)]
    assert p.pabal("queue", "count", f"site={name.replace('[', '*')}") in \
        ("0\n", "6\n")
    assert p.pabal("queue", "count", "site=smtp:*") == "6\n"
    assert p.pabal("queue", "count", "site=other*") == "0\n"


class Slow:
    def __init__(self):
        self.go = threading.Event()
        self.here = threading.Event()

    def __call__(self, line, session):
        self.here.set()
        self.go.wait(60)


def test_limits(make_pabal):
    """What the table limits lets through, and when the next may go; and as many
    sessions as there may be."""
    slow = Slow()
    with Sink(DATA=slow) as sink:
        p = make_pabal(("pabal", "relayhost", sink.nexthop), *KEPT)
        table(p, "limits", "127.0.0.1 sessions=1\n")
        for n in range(3):
            p.send(f"mail {n}", to=f"u@r{n}.test")
        assert slow.here.wait(60)
        wait(lambda: site(p, "r2.test").get("waiting_turns") == 2,
             "two to wait for their turn")
        told = site(p, "r2.test")
        assert told["cause"] == "sessions"
        assert (told["deliveries"], told["limit"]) == (1, 1)
        assert told["limits"] == "127.0.0.1 sessions=1"
        assert (told["messages"], told["active"]) == (3, 3)
        assert "are in use" in p.pabal("queue", "why", "r2.test")
        slow.go.set()
        p.wait_queue(0)
        table(p, "limits", "127.0.0.1 rate=2/1d\n")
        for n in range(4):
            p.send(f"mail {n}", to=f"u@r{n}.test")
        wait(lambda: len(sink.messages) == 5, "those of a day")
        wait(lambda: site(p, "r3.test")["cause"] == "rate", "the rate")
        told = site(p, "r3.test")
        assert (told["sent"], told["rate"]) == (2, 2)
        assert told["rate_seconds"] == 86400
        assert 86400 * 0.9 < told["pause_seconds"] <= 86400 * 1.1
        assert told["messages"] == 2
        assert "2 recipients go in 1d" in p.pabal("queue", "why", "r3.test")


# ---- what waits

@pytest.fixture
def waiting(make_pabal):
    """Five messages that wait."""
    p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{PORT}"), *KEPT)
    for n in range(4):
        with p.smtp() as s:
            s.ehlo()
            s.sendmail(f"s{n % 2}@pabal.test",
                       ["a@far.test", f"b{n}@far.test"],
                       message(f"wait {n}", body=f"From {n}\r\n>From x\r\n"))
    with p.smtp() as s:
        s.ehlo()
        s.sendmail("", ["a@far.test"], message("null sender"))
    wait(lambda: len(listed(p, "state=waiting")) == 5, "all to wait")
    return p


def test_top(waiting):
    def top(*args):
        return {t["name"]: t["messages"] for t in json.loads(
            waiting.pabal("queue", "top", *args, "--json"))}

    assert top("--by", "sender") == {
        "s0@pabal.test": 2, "s1@pabal.test": 2, "<>": 1}
    assert sum(top("--by=age").values()) == 5
    # A message with two recipients there is one.
    assert top("domain") == {"far.test": 5}
    assert top("--by", "state", "sender=s0@*") == {"waiting": 2}
    assert "expected" in waiting.pabal_fails("queue", "top", "--by", "colour")
    assert "100ms" in waiting.pabal_fails("queue", "top", "--watch=1x")


def read_until(fd, want, seen=b""):
    while not want(seen):
        ready, _, _ = select.select([fd], [], [], 60)
        assert ready, seen
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        assert piece, seen
        seen += piece
    return seen


def test_watch(waiting):
    """A screen that is drawn again and ends with the terminal as it was; into a
    file one table after the other."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(PABAL, [PABAL, "-d", waiting.dir, "queue", "top", "sender",
                         "--watch=100ms"])
    seen = read_until(fd, lambda s: s.count(b"5 messages") >= 2)
    assert seen.startswith(b"\x1b[?1049h")
    os.write(fd, b"\x03")
    seen = read_until(fd, lambda s: b"\x1b[?1049l" in s, seen)
    assert b"\x1b[?25h" in seen and b"\x1b[?7h" in seen
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(fd)
    with subprocess.Popen(
            [PABAL, "-d", waiting.dir, "queue", "top", "sender",
             "--watch=100ms"], stdout=subprocess.PIPE) as w:
        seen = read_until(w.stdout.fileno(),
                          lambda s: s.count(b"s0@pabal.test") >= 2)
        assert b"\x1b" not in seen
        w.send_signal(signal.SIGINT)
        w.stdout.read()
        assert w.wait(60) == 0


# ---- copies

def test_export_files(waiting, tmp_path):
    p = waiting
    before = listed(p)
    assert "export: 5 messages" in p.pabal("queue", "export", "--to", str(tmp_path))
    assert listed(p) == before
    assert sorted(os.listdir(tmp_path)) == sorted(
        m["qid"] + e for m in before for e in (".eml", ".json"))
    for m in before:
        envelope = json.loads((tmp_path / f"{m['qid']}.json").read_text())
        assert envelope["sender"] == m["sender"]
        assert envelope["recipients"] == [
            r["address"] for r in m["recipients"]]
        text = (tmp_path / f"{m['qid']}.eml").read_bytes()
        assert len(text) == envelope["size"]
        assert email.message_from_bytes(text)["Subject"]
        shown = subprocess.run(
            [PABAL, "-d", p.dir, "queue", "show", "--message", m["qid"]],
            stdout=subprocess.PIPE, check=True).stdout
        assert shown == text
    # Nothing is replaced, and the rest is done.
    first = tmp_path / f"{before[0]['qid']}.eml"
    first.write_text("mine")
    last = before[-1]["qid"]
    for e in (".eml", ".json"):
        (tmp_path / (last + e)).unlink()
    said = p.pabal_fails("queue", "export", "--to", str(tmp_path))
    assert "is there already" in said and "export: 1 message\n" in said
    assert first.read_text() == "mine"
    assert len(os.listdir(tmp_path)) == 10
    other = before[2]["qid"]
    (tmp_path / f"{other}.eml").unlink()
    (tmp_path / f"{other}.json").write_text("mine, too")
    said = p.pabal_fails("queue", "export", other, "--to", str(tmp_path))
    assert "File exists" in said and "export: 0 messages\n" in said
    assert (tmp_path / f"{other}.json").read_text() == "mine, too"
    assert len(os.listdir(tmp_path)) == 9
    # An export that was killed between the two has left the first.
    (tmp_path / f"{other}.json").write_text(
        f'{{"qid":"{other}","sender":"of before"}}')
    p.pabal("queue", "export", other, "--to", str(tmp_path))
    assert json.loads((tmp_path / f"{other}.json").read_text())["sender"] == \
        before[2]["sender"]
    (tmp_path / f"{other}.eml").unlink()
    # What a postmaster does next.
    text = (tmp_path / f"{before[1]['qid']}.eml").read_bytes()
    subprocess.run([PABAL, "-d", p.dir, "sendmail", "-i", "-f",
                    before[1]["sender"], "alice@" + DOMAIN],
                   input=text, check=True, timeout=60)
    assert p.wait_mail("alice", "wait 1")


def test_export_mbox(waiting, tmp_path):
    p = waiting
    path = tmp_path / "mbox"
    with open(path, "wb") as f:
        subprocess.run([PABAL, "-d", p.dir, "queue", "export",
                        "sender=s0@*", "--to", "-"], stdout=f, check=True)
    text = path.read_bytes()
    assert b"\r" not in text
    assert b"\n>From 0\n>>From x\n" in text
    box = mailbox.mbox(path)
    assert [m["Subject"] for m in box] == ["wait 0", "wait 2"]
    assert box[0]["X-Envelope-From"] == "<s0@pabal.test>"
    assert box[0].get_all("X-Envelope-To") == ["<a@far.test>", "<b0@far.test>"]
    assert "where to" in p.pabal_fails("queue", "export")
    assert "missing" in p.pabal_fails(
        "queue", "export", "--to", str(tmp_path / "missing"))


# ---- before it is done

def on_terminal(p, answer, *args):
    """Exit status and what is said when somebody answers at a terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(PABAL, [PABAL, "-d", p.dir, *args])
    seen = b""
    if answer is not None:
        seen = read_until(fd, lambda s: b"[y/N]" in s)
        os.write(fd, answer)
    try:
        while piece := os.read(fd, 65536):
            seen += piece
    except OSError:
        pass
    os.close(fd)
    return (os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
            seen.decode())


def test_dry_run(waiting):
    p = waiting
    for verb, n in (("delete", 2), ("hold", 2), ("retry", 2), ("release", 0)):
        out = p.pabal("queue", verb, "sender=s1@*", "--dry-run")
        assert f"{verb}: it would be {n} message" in out
        assert out.count("s1@pabal.test") == n
    told = json.loads(
        p.pabal("queue", "delete", "--all", "--dry-run", "--json"))
    assert (told["dry_run"], told["messages"]) == (True, 5)
    assert len(told["first"]) == 5
    qid = listed(p)[0]["qid"]
    assert "it would be 1" in p.pabal("queue", "delete", qid, "--dry-run")
    assert p.queue_count() == 5
    assert p.pabal("queue", "count", "state=held") == "0\n"


def test_question(waiting):
    """On a terminal somebody is asked, once; no is the default."""
    p = waiting
    rc, out = on_terminal(p, b"\n", "queue", "delete", "sender=s1@*")
    assert rc == 1 and "nothing was done" in out
    assert "delete: 2 messages?" in out and p.queue_count() == 5
    rc, out = on_terminal(p, b"y\n", "queue", "delete", "sender=s1@*")
    assert rc == 0 and "delete: 2 messages" in out
    assert p.queue_count() == 3
    qid = listed(p)[0]["qid"]
    rc, out = on_terminal(p, None, "queue", "delete", qid)
    assert rc == 0 and p.queue_count() == 2
    rc, out = on_terminal(p, None, "queue", "hold", "--all", "--yes")
    assert rc == 0 and "?" not in out
    # A script is not asked.
    p.pabal("queue", "delete", "--all")
    assert p.queue_count() == 0

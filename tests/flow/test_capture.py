# SPDX-License-Identifier: ISC
"""Each daemon is taken over in turn and says everything it can to everybody
(tests/probe_ipc.c), and so does a user of the host (tests/captor.c); what they
get is in doc/privileges.md.

PABAL_UPDATE=1 writes that table anew."""
import contextlib
import json
import os
import re
import subprocess

import pytest

from imapraw import Imap
from jmapclient import Jmap
from pabal import BUILD, DOMAIN, ROOT, Instance, parse_event, wait
from sieveclient import Sieve
from test_parking import held, idle

pytestmark = pytest.mark.skipif(
    "PABAL_SANITIZE" in os.environ, reason="a hundred thousand frames a pair")

CAPTORS = ("smtpd", "qmgr", "smtp", "local", "sieverun", "pipe", "login", "httpd", "imapd",
           "pop3d", "sieved", "jmapd", "parking", "auth", "lookup", "policy", "milter", "sts",
           "reporter", "keys", "logger")
# Other users are needed for the last: only root can become them.
EVERYBODY = CAPTORS + (("user",) if os.getuid() == 0 else ())
PATIENCE = 600
# Reached by a ticket alone, which auth gives for a right password.
BY_TICKET = {"imapd", "pop3d", "sieved", "jmapd"}
PLACE = DOMAIN + "/alice"
PAGE = os.path.join(ROOT, "doc", "privileges.md")
BEGIN, END = "<!-- made by tests/flow/test_capture.py -->\n", "<!-- end -->\n"

# Answers that would be a way in: none of them is ever given.
PRIZES = (r"auth_checked .*result=0 ", r"(imapd|pop3d|sieved)_taken .*ok=1 ", r"jmapd_answer .*status=2", r"master_ticket .*ok=1 ",
          r"master_shared .*text:[1-9]", r"imapd_visited .*ok=1 ",
          r"queue_committed .*ok=1 ",
          r"keys_(mail_)?signed .*signature:[1-9]", r"queue_(acted|bad_done|shown) ")


@pytest.fixture(scope="module")
def captured(request):
    p = Instance(command=os.path.join(BUILD, "probe", "pabal"))
    try:
        one_process_each(p)
        p.conf("qmgr", "retry_schedule", "1s")
        p.conf("imapd", "park_after", "20ms")
        p.conf("pabal", "relayhost", "[127.0.0.1]:9")
        p.conf("pabal", "sharing", "domain")
        p.conf("httpd", "mta_sts_policy", "testing")
        p.start()
        p.pabal("alias", "set", "command", "|cat >/dev/null")
        everybody_works(p, "before")
        before = p.processes()
        for name in CAPTORS:
            if name in BY_TICKET:
                capture_served(p, name)
            elif name == "parking":
                capture_parking(p)
            else:
                capture(p, name)
        lines = p.log() + (capture_user(p) if "user" in EVERYBODY else "")
        p.said = [parse_event(line) for line in lines.splitlines()
                  if " probe." in line]
        yield p, before
    finally:
        p.allowed.append("ipc.dropped")
        p.allowed.append("broker.refused")
        p.close()


def one_process_each(p):
    """The one that is taken over is the one that works."""
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(re.sub(r"(?m)^(daemon = .*)$", r"\1\nprocesses = 1", text))


def everybody_works(p, word):
    """Each daemon has something to do."""
    p.send(f"to alice {word}")
    p.wait_mail("alice", f"to alice {word}")
    p.send(f"to a command {word}", to=f"command@{DOMAIN}")
    since = p.mark()
    p.send(f"to another host {word}", to="x@example.net")
    wait(lambda: "agent=smtp" in p.log(since), "smtp's answer")
    p.pabal("queue", "delete", "recipient=x@example.net")
    p.pop().quit()
    Sieve(p).close()
    with Jmap(p) as jmap:
        jmap.get_session()
    assert p.http("/.well-known/mta-sts.txt", host="mta-sts." + DOMAIN)[0] == 200
    c = p.imap()
    assert c.select("INBOX")[0] == "OK"
    c.logout()
    p.wait_queue(0)


def capture_served(p, name):
    """The nursery, and a process that it has made for an account."""
    client = {"imapd": p.imap, "pop3d": p.pop, "sieved": lambda: Sieve(p),
              "jmapd": lambda: Jmap(p)}[name]()
    if name == "jmapd":
        client.get_session()
    capture(p, name, "-", PLACE)
    # What it has said may have cost the session.
    with contextlib.suppress(Exception):
        client.quit() if name == "pop3d" else client.logout()


def capture_parking(p):
    """While it has a session, and so a way to the imapd of an account."""
    with Imap(p) as client:
        client.ok("SELECT INBOX")
        idle(client)
        wait(lambda: held(p) == 1, "a parked session")
        capture(p, "parking")


def capture(p, name, *places):
    path = os.path.join(p.dir, "etc", "pabal.conf")
    with open(path) as f:
        plain = f.read()
    since = p.mark()
    with open(path, "a") as f:
        f.write(f"# captured: {name}\n")
    p.reload()
    # The log is long: the floods are in it.
    for place in places or ("-",):
        wait(lambda: f"probe.captured from={place} done={name}\n" in
             p.log(since), f"{name}'s captor to be done", PATIENCE)
    with open(path, "w") as f:
        f.write(plain)
    p.reload()


def capture_user(p):
    return subprocess.run(
        ["setpriv", "--reuid", "4001", "--regid", "nogroup", "--clear-groups",
         os.path.join(BUILD, "probe", "captor"), os.path.join(p.dir, "run")],
        stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True).stdout


def said(p, name, event="probe.message"):
    return [e for e in p.said if e["event"] == event
            and e["daemon"].split("/")[0] == name]


@pytest.mark.parametrize("name", EVERYBODY)
def test_reaches_whom_it_declares(captured, name):
    """Whatever it says of itself later."""
    p, _ = captured
    declared = {d["daemon"]: set(d["reach"].split())
                for d in json.loads(p.pabal("privileges", "--json"))}
    declared["user"] = {"master", "qmgr"}
    reached = {e["to"] for e in said(p, name, "probe.reach")
               if e["got"] == "ok"}
    # Whoever holds a session may bring it back.
    assert reached == declared[name] - (
        set() if name == "parking" else BY_TICKET)


@pytest.mark.parametrize("name", sorted(BY_TICKET))
def test_speaks_from_an_account(captured, name):
    """And has a channel of others no longer: login hangs up when a session is
    taken.  httpd does when its client has gone."""
    p, _ = captured
    for place in ("-", PLACE):
        assert [e for e in said(p, name, "probe.reach")
                if e["from"] == place], place
    assert {e["to"] for e in said(p, name, "probe.turned")} <= \
        ({"httpd"} if name == "jmapd" else set())


def test_parks_no_sessions_of_others(captured):
    """imapd, the nursery included, which has no account at all."""
    p, _ = captured
    asked = said(p, "imapd", "probe.park")
    assert {e["from"] for e in asked} == {"-", PLACE}
    assert {e["got"] for e in asked} == {"refused"}


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_its_own_messages_are_heard(captured, name):
    p, _ = captured
    messages = said(p, name)
    if any(e["got"] == "ok" for e in said(p, name, "probe.reach")):
        assert messages
    for e in messages:
        if e["must"] == "drop":
            assert e["got"] == "dropped", e
        assert e["got"] != "nothing", e


@pytest.mark.parametrize("name", EVERYBODY)
def test_no_lie_is_believed(captured, name):
    p, _ = captured
    for e in said(p, name):
        for prize in PRIZES:
            assert not re.match(prize, e["answer"] + " "), e


@pytest.mark.parametrize("name", CAPTORS)
def test_floods_end(captured, name):
    p, _ = captured
    for e in said(p, name, "probe.flood"):
        assert int(e["frames"]) == 100000, e


def test_sendmails_socket_speaks_smtp(captured):
    p, _ = captured
    ends = {e["form"]: e["got"] for e in said(p, "user", "probe.stream")}
    assert set(ends.values()) <= {"ended"}
    assert len(ends) == (6 if "user" in EVERYBODY else 0)


def test_nobody_died(captured):
    p, before = captured
    # Who serves somebody in particular may have been idle, and told to end.
    for_all = {pid for pid, name in before.items()
               if name not in ("imapd", "pop3d", "sieved", "jmapd", "local", "pipe")}
    assert for_all and for_all <= set(p.processes())
    log = p.log()
    for event in ("child.killed", "child.exited", "proc.violation",
                  "bug file="):
        assert event not in log


def test_everything_works_still(captured):
    p, _ = captured
    p.pabal("queue", "delete", "--all")
    everybody_works(p, "after")


def table(p):
    rows = ["| captured | says to | and is answered | and is heard |",
            "|---|---|---|---|"]
    for name in EVERYBODY:
        heard = {}
        for e in said(p, name):
            if e["must"] == "any":
                heard.setdefault(e["to"], {}).setdefault(
                    e["name"], set()).add(e["got"])
        for e in said(p, name, "probe.turned"):
            heard.setdefault(e["to"], {}).setdefault(e["name"], set())
        if not heard:
            rows.append(f"| {name} | nobody | | |")
        for to, messages in sorted(heard.items()):
            answered = [m for m, got in messages.items() if "answered" in got]
            taken = sorted(m for m in messages if m not in answered)
            rows.append(f"| {name} | {to} | {' '.join(answered)} "
                        f"| {' '.join(taken)} |")
    return "\n".join(rows) + "\n"


def test_page(captured):
    p, _ = captured
    with open(PAGE) as f:
        page = f.read()
    if "user" not in EVERYBODY:
        page = re.sub(r"(?m)^\| user \|.*\n", "", page)
    head, rest = page.split(BEGIN)
    tail = rest.split(END, 1)[1]
    new = head + BEGIN + table(p) + END + tail
    if "PABAL_UPDATE" in os.environ:
        with open(PAGE, "w") as f:
            f.write(new)
    assert new == page or "PABAL_UPDATE" in os.environ, \
        "PABAL_UPDATE=1 make check T=flow/capture writes doc/privileges.md"

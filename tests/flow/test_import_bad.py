# SPDX-License-Identifier: ISC
"""pabal import imap from servers that mean harm, or are broken: it ends, says
why, and what is here stays whole."""
import json
import os
import re

import pytest

from badimap import BadImap, LITERAL, fetched
from pabal import DOMAIN, wait

ALICE = f"alice@{DOMAIN}"
FLAGS, TEXTS = rb"UID FETCH \d+:\* ", rb"UID FETCH .*BODY"


def words(server, *more):
    return ["--json", "import", "imap", ALICE, "--from", server.url(),
            "--cleartext", "--no-verify", "--timeout", "2", *more]


def good(pabal, server, *more):
    row, = json.loads(pabal.pabal(*words(server, *more), input="secret\n"))
    return row


def bad(pabal, server, *more):
    return pabal.pabal_fails(*words(server, *more), input="secret\n")


def subjects(pabal):
    return sorted(re.search(rb"Subject: (\d+)", m)[1].decode()
                  for m in pabal.mails("alice"))


def hold(server):
    """Say nothing more."""
    return lambda conn, tag: server.ended.wait()


def endless(text):
    def say(conn, tag):
        while True:
            conn.sendall(text * 1000)
    return say


def test_the_server_without_harm(make_pabal):
    p = make_pabal()
    with BadImap() as s:
        assert good(p, s)["messages"] == 3
    assert subjects(p) == ["1", "2", "3"]
    assert any(c.startswith(b"EXAMINE") for c in s.commands)


@pytest.mark.parametrize("says,why", [
    ({TEXTS: b"* 1 FETCH (UID 1 FLAGS () BODY[] {99999999999}\r\n"}, "bytes"),
    ({TEXTS: b"* 1 FETCH (UID 1 FLAGS () BODY[] {18446744073709551616}\r\n"},
     "none|IMAP"),
    ({FLAGS: b"* 1 FETCH (UID 1 X {9999999}\r\n"}, "literal"),
    ({FLAGS: endless(b"x" * 100)}, "more than"),
    ({FLAGS: endless(b"* 5 EXPUNGE\r\n")}, "does not answer"),
    ({FLAGS: b"* 1 FETCH (UID 1 FLAGS (" + b"(" * 1000 + b"\r\n"}, "no IMAP"),
    ({FLAGS: b"* 1 FETCH (UID 1 X " + b"(" * 100000 + b"\r\n"}, "no IMAP"),
    ({FLAGS: b"* 1 FETCH (UID 1\0)\r\n"}, "line"),
    ({FLAGS: b"* 1 FETCH (UID 99999999999 FLAGS ())\r\n"}, "no IMAP"),
    ({FLAGS: b"other OK done\r\n"}, "not asked"),
    ({FLAGS: b"+ more\r\n"}, "wants more"),
    ({FLAGS: b"* BYE [UNAVAILABLE] \x1b[2Jleave\r\n"}, r"\?\[2Jleave"),
    ({TEXTS: b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello}} what\r\n"}, "IMAP"),
    ({TEXTS: b"* 1 EXISTS {5}\r\n"}, "missing"),
    ({rb"EXAMINE": b"* OK [UIDVALIDITY 0] x\r\n"}, "UIDVALIDITY"),
    ({rb"EXAMINE": b""}, "UIDVALIDITY"),
    ({rb"AUTHENTICATE": lambda c, tag: c.sendall(tag + b" NO no\r\n")}, "no"),
])
def test_what_is_no_answer(make_pabal, says, why):
    p = make_pabal()
    p.send("stays")
    p.wait_mail("alice", "stays")
    with BadImap(says) as s:
        assert re.search(why, bad(p, s))
    # A message that was cut off is none.
    assert len(p.mails("alice")) == 1
    with BadImap() as s:
        good(p, s)
    assert len(p.mails("alice")) == 4


def test_never_answers(make_pabal):
    p = make_pabal()
    for says in {b"": 0}, {FLAGS: 0}, {TEXTS: 0}:
        with BadImap() as s:
            s.says = [(k, hold(s)) for k in says] + s.says
            assert "says nothing" in bad(p, s)
    with BadImap(greeting=b"") as s:
        assert "says nothing" in bad(p, s)
    # Cut off in a message: what was whole before it stays.
    cut = fetched(1, LITERAL % 1) + fetched(2, LITERAL % 2)[:-8]
    with BadImap({TEXTS: lambda c, tag: (c.sendall(cut), c.shutdown(2))}) as s:
        assert "closed" in bad(p, s)
    with BadImap() as s:
        assert good(p, s)["complete"]
    assert subjects(p) == ["1", "2", "3"]


def test_uids_that_were_not_asked_for(make_pabal):
    p = make_pabal()
    text = b"".join(fetched(u, LITERAL % u) for u in (1, 1, 9, 0, 4294967295, 2))
    with BadImap({TEXTS: text}) as s:
        out = bad(p, s)
    assert json.loads(out)[0]["missing"] == 1
    assert subjects(p) == ["1", "2"]
    # The missing one comes the next time, if it can be had then.
    with BadImap() as s:
        s.port = s.port
        row = good(p, s)
    assert row["messages"] == 1 and subjects(p) == ["1", "2", "3"]
    # As new mail: its own UID is behind those that have been given.
    with p.imap() as imap:
        assert imap.select("INBOX")[0] == "OK"
        assert imap.response("UIDVALIDITY")[1][0] == b"7"
        assert imap.uid("search", "ALL")[1][0].split()[:2] == [b"1", b"2"]


def test_names_are_no_paths(make_pabal):
    p = make_pabal()
    tricks = [b"../../../../tmp/evil", b"..", b"/etc/evil", b"a//b", b".",
              b"cur", b"&AC8-etc&AC8-evil", b"x" * 3000, b"&gA-", b"\xff\xfe",
              b"tmp/../../evil", b"a\tb", b"pabal.index", b"~root"]
    listed = b"".join(b'* LIST () "/" {%d}\r\n%s\r\n' % (len(t), t)
                      for t in [b"INBOX", b"good", *tricks])
    before = set(os.listdir(os.path.dirname(p.maildir("alice"))))
    with BadImap({rb"LIST": listed}) as s:
        out = bad(p, s)
    assert "name" in out
    top = p.maildir("alice")
    assert set(os.listdir(os.path.dirname(top))) == before
    for base, dirs, _ in os.walk(p.dir):
        assert "evil" not in dirs or base.startswith(top)
    assert not os.path.exists("/tmp/evil") and not os.path.exists("/etc/evil")
    with p.imap() as imap:
        assert imap.select("good", readonly=True)[1] == [b"3"]


def test_who_talks_to_the_server_has_nothing(make_pabal):
    """The process that parses what the server says: no file, no other uid."""
    p = make_pabal()
    found = {}

    def look(conn, tag):
        # Whose end of this connection is it?
        port = conn.getpeername()[1]
        inode = next(l.split()[9] for l in open("/proc/net/tcp")
                     if l.split()[1].endswith(f":{port:04X}")
                     and l.split()[1] != "local_address")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                fds = {f: os.readlink(f"/proc/{pid}/fd/{f}")
                       for f in os.listdir(f"/proc/{pid}/fd")}
            except OSError:
                continue
            if f"socket:[{inode}]" in fds.values():
                found[pid] = fds, open(f"/proc/{pid}/status").read()
        conn.sendall(tag + b" OK done\r\n")

    with BadImap({FLAGS: look}) as s:
        good(p, s)
    (fds, status), = found.values()
    files = [t for f, t in fds.items() if f not in "012" and "socket" not in t
             and "eventpoll" not in t]
    assert files == [], fds
    assert re.search(r"NoNewPrivs:\s+1", status)
    if os.environ.get("PABAL_BUILD", "build") == "build":
        assert re.search(r"Seccomp:\s+2", status)
    if os.geteuid() == 0:
        assert not re.search(r"Uid:\s+0\b", status)
        assert re.search(r"CapEff:\s+0+\n", status)


def test_nothing_from_before_tls_counts(make_pabal):
    p = make_pabal()
    greeting = b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready\r\n"

    def inject(conn, tag):
        conn.sendall(tag + b" OK begin\r\n* CAPABILITY IMAP4rev1\r\n")

    with BadImap({rb"STARTTLS": inject}, greeting) as s:
        out = p.pabal_fails("import", "imap", ALICE, "--from", s.url(),
                            "--no-verify", input="secret\n")
    assert "in the clear" in out
    assert not any(b"AUTHENTICATE" in c for c in s.commands)
    with BadImap(greeting=b"* PREAUTH in\r\n") as s:
        assert "no TLS" in p.pabal_fails(
            "import", "imap", ALICE, "--from", s.url(), "--no-verify",
            input="secret\n")

# SPDX-License-Identifier: ISC
"""What one process of imapd or pop3d holds: an account, a domain, all mail of a
uid (parameter isolation); and what somebody inside alice's process reaches of
others' mail (tests/probe_place.c tries)."""
import contextlib
import os
import shutil
import signal

import pytest

from imapraw import Imap
from jmapclient import Jmap
from pabal import BUILD, DOMAIN, PASSWORD, alive, wait
from sieveclient import Sieve

OTHER = "other.test"
# Carol's domain is not alice's and bob's.
USERS = ("alice", "bob", "carol@" + OTHER)
WAYS = {"open", "path-fd", "any-fd", "stat", "create", "steal", "link", "mode",
        "times", "watch"}


@pytest.fixture
def make(make_pabal):
    def made(isolation, *settings, probe=False, **kw):
        if probe:
            kw["command"] = os.path.join(BUILD, "probe", "pabal")
        kw.setdefault("domains", (DOMAIN, OTHER))
        kw.setdefault("users", USERS)
        return make_pabal(("imapd", "isolation", isolation),
                          ("pop3d", "isolation", isolation), *settings, **kw)
    return made


def login(p, address):
    c = p.imap(login=False)
    c.login(address, PASSWORD)
    c.select()
    return c


def served(p, daemon="imapd"):
    """{pid: what it is for} of the processes that have sessions."""
    rows = [line.split() for line in p.status().splitlines()]
    return {int(r[4]): r[8] for r in rows
            if r[1] == daemon and r[8] != "(nursery)"}


def test_accounts_are_apart(make):
    p = make("account")
    held = [login(p, f"{u}@{DOMAIN}") for u in ("alice", "alice", "bob")]
    held.append(login(p, "carol@" + OTHER))
    assert sorted(served(p).values()) == [
        OTHER + "/carol", DOMAIN + "/alice", DOMAIN + "/bob"]
    # Two sessions of alice: one process, which hears of what the other does.
    held[0].append("INBOX", None, None, b"Subject: to myself\r\n\r\nx\r\n")
    wait(lambda: (held[1].noop(), held[1].response("EXISTS")[1])[1] != [None],
         "the message in the other session")
    for c in held:
        c.logout()


def test_domains_are_apart(make):
    p = make("domain")
    held = [login(p, a) for a in (f"alice@{DOMAIN}", f"bob@{DOMAIN}",
                                  "carol@" + OTHER)]
    assert sorted(served(p).values()) == [OTHER, DOMAIN]
    p.send("for bob", to="bob@" + DOMAIN)
    p.wait_mail("bob", "for bob")
    wait(lambda: held[1].select()[1] == [b"1"], "the message")
    for c in held:
        c.logout()


def test_one_uid_together(make):
    p = make("uid")
    held = [login(p, a) for a in (f"alice@{DOMAIN}", f"bob@{DOMAIN}",
                                  "carol@" + OTHER)]
    assert set(served(p).values()) == {"-"}
    for c in held:
        c.logout()


@pytest.mark.parametrize("isolation", ("account", "domain", "uid"))
def test_deliveries_are_told(make, isolation):
    """A session in IDLE hears of mail from local and of what POP3 removes."""
    p = make(isolation, users=("alice",))
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        c.send("i IDLE\r\n")
        assert c.line().startswith(b"+")
        p.send("news")
        while b"EXISTS" not in c.line():
            pass
        with contextlib.closing(p.pop()) as pop:
            pop.dele(1)
            pop.quit()
        while b"EXPUNGE" not in c.line():
            pass


@pytest.mark.allow("child.killed")
def test_one_process_dies_alone(make):
    p = make("account")
    alice, bob = login(p, "alice@" + DOMAIN), login(p, "bob@" + DOMAIN)
    pid = next(k for k, v in served(p).items() if v.endswith("/alice"))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Exception):
        alice.noop()
    assert bob.noop()[0] == "OK"
    # And it can be had again at once.
    login(p, "alice@" + DOMAIN).logout()
    bob.logout()


@pytest.mark.allow("child.killed")
def test_who_crashes_again_waits(make):
    """Also when he leaves meanwhile and comes again; nobody waits with him."""
    p = make("account", ("master", "restart_delay", "1m"))
    for wait_ms in (0, 60000):
        login(p, "alice@" + DOMAIN)
        pid = next(k for k, v in served(p).items() if v.endswith("/alice"))
        os.kill(pid, signal.SIGKILL)
        e = p.wait_event("child.killed", pid=pid)
        assert int(e["restart_ms"]) == wait_ms
    with p.raw("imap") as again:
        again.sendall(f'a LOGIN alice@{DOMAIN} "{PASSWORD}"\r\n'.encode())
        login(p, "bob@" + DOMAIN).logout()
        assert pid not in served(p)
        assert [k for k, v in served(p).items() if v.endswith("/alice")] == [0]


@pytest.mark.allow("child.killed")
def test_nursery_dies(make):
    """Its children live on, and another one takes its place."""
    p = make("account")
    alice = login(p, "alice@" + DOMAIN)
    rows = [line.split() for line in p.status().splitlines()]
    pid = next(int(r[4]) for r in rows if r[8] == "(nursery)")
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not alive(pid), "its end")
    login(p, "bob@" + DOMAIN).logout()
    assert alice.noop()[0] == "OK"
    alice.logout()


def test_idle_ones_end(make):
    p = make("account", ("master", "idle_timeout", "1s"))
    login(p, "alice@" + DOMAIN).logout()
    wait(lambda: not served(p), "the end of what is idle")
    assert not p.events("child.exited")
    login(p, "alice@" + DOMAIN).logout()


def test_limit_of_processes(make):
    """Who is idle makes room; without one, the login is refused politely."""
    p = make("account", ("master", "max_processes", "1"))
    with Imap(p) as c:
        c.ok("SELECT INBOX")

        def bob():
            with Imap(p, login=False) as d:
                return d.cmd(f'LOGIN bob@{DOMAIN} "{PASSWORD}"')[:2]
        status, text = bob()
        assert (status, text.split()[0]) == (b"NO", b"[UNAVAILABLE]")
        c.cmd("LOGOUT")
        wait(lambda: bob()[0] == b"OK", "alice's process to make room")
    assert p.events("auth.not-admitted")


def test_change_at_reload(make):
    p = make("uid")
    login(p, "alice@" + DOMAIN).logout()
    p.conf("imapd", "isolation", "account")
    p.reload()
    wait(lambda: not served(p), "the end of the old kind")
    c = login(p, "alice@" + DOMAIN)
    assert list(served(p).values()) == [DOMAIN + "/alice"]
    c.logout()


def test_configuration_reaches_children(make):
    """What is running hears of a reload, and so does what is yet to come."""
    p = make("account")
    alice = login(p, "alice@" + DOMAIN)
    p.conf("imapd", "max_sessions_per_user", "1")
    since = p.mark()
    p.reload()
    wait(lambda: len([e for e in p.events("proc.reloaded", since)
                      if e["daemon"] == "imapd"]) == 2, "both to know")
    bob = login(p, "bob@" + DOMAIN)
    for user in ("alice", "bob"):
        with Imap(p, login=False) as c:
            status, text, _ = c.cmd(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')
            assert (status, text.split()[0]) == (b"NO", b"[LIMIT]")
    alice.logout()
    bob.logout()


def test_account_is_made_when_first_used(make):
    p = make("account")
    shutil.rmtree(p.maildir("alice"))
    c = login(p, "alice@" + DOMAIN)
    c.append("INBOX", None, None, b"Subject: first\r\n\r\nx\r\n")
    c.logout()
    st = os.stat(p.maildir("alice"))
    assert st.st_mode & 0o777 == 0o700
    assert st.st_uid == os.stat(p.maildir("bob")).st_uid
    assert p.find_mail("alice", "first")


# ---- from inside

def reached(p, daemon, pid):
    got = {}
    for e in p.events("probe.place"):
        if e["daemon"].split("/")[0] == daemon and e["pid"] == pid:
            got.setdefault(e["target"], {})[e["what"]] = e["got"]
    return got


def probe(p, daemons=("imapd", "pop3d")):
    """What alice's processes reached, by daemon."""
    for user, domain in (("bob", DOMAIN), ("carol", OTHER)):
        with open(os.path.join(p.maildir(user, domain), "cur", "secret:2,"),
                  "w") as f:
            f.write("Subject: secret\n\nsecret\n")
            os.chown(f.fileno(), *os.stat(p.maildir(user, domain))[4:6])
    for n, path in (("bob", f"../../{DOMAIN}/bob"),
                    ("carol", p.maildir("carol", OTHER))):
        os.symlink(path, os.path.join(p.maildir("alice"), "link-to-" + n))
    login(p, "alice@" + DOMAIN).logout()
    p.pop().quit()
    Sieve(p).close()
    with Jmap(p) as jmap:
        jmap.get_session()
    found = {}
    for daemon in daemons:
        pids = {e["pid"] for e in p.events("probe.place")
                if e["daemon"].split("/")[0] == daemon}
        assert pids, daemon
        found[daemon] = reached(p, daemon, pids.pop())
        for target in ("bob", "carol"):
            assert set(found[daemon][target]) == WAYS
    return found


def may_mount():
    with open("/proc/self/status") as f:
        caps = next(line.split()[1] for line in f
                    if line.startswith("CapEff:"))
    return int(caps, 16) >> 21 & 1  # CAP_SYS_ADMIN


def out_of_reach(got):
    # Without the right to mount, the attributes of what is known by name, and
    # the names of what comes there, can be seen: Landlock has no say in that.
    seen = set() if may_mount() else {"stat", "watch"}
    return {w for w, v in got.items() if v == "ok"} <= seen


sandboxed = pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                               reason="sanitizers need no sandbox")


@sandboxed
@pytest.mark.allow("broker.refused")
def test_no_way_to_other_accounts(make):
    p = make("account", probe=True)
    for daemon, got in probe(p, ("imapd", "pop3d", "sieved", "jmapd")).items():
        assert out_of_reach(got["bob"]), (daemon, got["bob"])
        assert out_of_reach(got["carol"]), (daemon, got["carol"])
        # Nor by asking for those who could.
        asked = {e["wanted"] for e in p.events("broker.refused")
                 if e["peer"] == daemon}
        # What qmgr takes of an imapd is bounded by it (flow/imapsieve).
        may = {"qmgr"} if daemon == "imapd" else set()
        assert asked == {"imapd", "pop3d", "local", "qmgr", "auth",
                         "keys"} - may, daemon
    assert not p.events("ipc.dropped")


@sandboxed
@pytest.mark.allow("broker.refused")
def test_no_way_to_other_domains(make):
    p = make("domain", probe=True)
    for daemon, got in probe(p).items():
        assert got["bob"]["open"] == "ok", daemon
        assert out_of_reach(got["carol"]), (daemon, got["carol"])


@sandboxed
@pytest.mark.allow("broker.refused")
def test_ways_exist_where_nothing_is_apart(make):
    """The attempts are real: a process of the whole uid gets there."""
    p = make("uid", probe=True)
    for daemon, got in probe(p).items():
        for target in ("bob", "carol"):
            reached_ = {w for w, v in got[target].items() if v == "ok"}
            assert {"open", "path-fd", "any-fd", "stat", "create", "steal",
                    "link", "watch"} <= reached_, (daemon, got[target])

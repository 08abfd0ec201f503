# SPDX-License-Identifier: ISC
"""`pabal privileges` says what each daemon may do; here daemons that try
everything from inside (tests/probe.c) are compared with it."""
import json
import os
import pwd
import re
import stat
import subprocess

import pytest

from jmapclient import Jmap
from pabal import BUILD, DOMAIN, ROOT, Instance, landlock
from sieveclient import Sieve

pytestmark = pytest.mark.skipif(
    "PABAL_SANITIZE" in os.environ, reason="sanitizers need no sandbox")

# What nobody may do, whatever his rights.
NEVER = ("read", "proc", "root", "write", "listen", "raw", "setuid", "chroot",
         "ptrace", "mount", "io_uring", "bpf", "unshare", "memory", "exec")
# Calls of everybody's, with arguments that are nobody's: seccomp says no itself
# (each attempt would give another error without it).
FILTERED = ("sendto-fastopen", "sendmsg-fastopen", "fastopen-connect",
            "upper-layer", "credentials", "shutdown-read", "shutdown-both",
            "owner", "device", "pair-dgram", "pair-inet", "limit", "signal",
            "map-code", "make-code", "append", "setid", "open-door",
            "namespace")
# An attempt that succeeds exactly with a right.
WITH = {"connect": "connect", "dgram": "dgram", "unix": "unix", "fork": "fork",
        "memfd": "memfd", "host-unix": "host-unix", "symlink": "link"}


@pytest.fixture(scope="module")
def probed():
    p = Instance(command=os.path.join(BUILD, "probe", "pabal"))
    try:
        # or it has no port to go to
        p.conf("milter", "filters", '"none 127.0.0.1:25"')
        p.conf("sts", "https_port", "25")
        p.start()
        # Daemons of mailbox owners run when they are asked for.
        p.send("wakes local")
        p.wait_mail("alice", "wakes local")
        p.pabal("alias", "set", "command", "|cat >/dev/null")
        p.send("wakes pipe", to=f"command@{DOMAIN}")
        p.pop().quit()
        p.imap().logout()
        Sieve(p).close()
        with Jmap(p) as jmap:
            jmap.get_session()
        p.wait_queue(0)
        yield p
    finally:
        p.close()


def declared(p):
    return {d["daemon"]: d for d in json.loads(p.pabal("privileges", "--json"))}


def results(p, daemon):
    found = [e for e in p.events("probe.result")
             if e["daemon"].split("/")[0] == daemon]
    return {e["what"]: e["got"] for e in found}


DAEMONS = ("smtpd", "qmgr", "smtp", "local", "sieverun", "pipe", "login", "httpd", "imapd",
           "pop3d", "sieved", "jmapd", "parking", "auth", "lookup", "policy", "milter", "sts",
           "reporter", "keys", "logger")


def test_every_daemon_is_declared(probed):
    assert set(declared(probed)) == set(DAEMONS)


@pytest.mark.parametrize("daemon", DAEMONS)
def test_attempts_from_inside(probed, daemon):
    may = set(declared(probed)[daemon]["may"].split())
    got = results(probed, daemon)
    if "spawn" in may:
        # Commands of users run there: the uid is the fence.
        assert daemon == "pipe"
        assert got["setuid"] != "ok" or os.getuid() != 0
        return
    assert got, "no probe ran in " + daemon
    for what in NEVER:
        assert got[what] != "ok", what
    for what, right in WITH.items():
        assert (got[what] == "ok") == (right in may), (what, got[what])
    if landlock() >= 4:
        assert got["connect-elsewhere"] != "ok"
    for what in FILTERED:
        assert got[what] in ("EPERM", "EPIPE"), (what, got[what])
    # Not even to send a signal.
    assert got["kill"] != "ok"


@pytest.mark.parametrize("daemon", DAEMONS)
def test_runs_as_declared(probed, daemon):
    if os.getuid() != 0:
        pytest.skip("everything runs under one uid")
    user = declared(probed)[daemon]["user"]
    uids = {int(e["uid"]) for e in probed.events("probe.uid")
            if e["daemon"].split("/")[0] == daemon}
    assert uids and 0 not in uids
    if user and not user.startswith("("):
        assert uids == {pwd.getpwnam(user).pw_uid}


def test_accounts():
    """What packages, make and the programs create is what the daemons are."""
    with open(os.path.join(ROOT, "etc", "pabal.sysusers")) as f:
        created = [line.split()[1] for line in f if line.startswith("u ")]
    out = subprocess.run([os.path.join(BUILD, "pabal"), "privileges", "--json"],
                         check=True, capture_output=True).stdout
    users = [d["user"] for d in json.loads(out) if d["user"] != "(owner)"]
    assert set(users) < set(created) and "pabal-mail" in created
    assert len(users) == len(set(users)), "two daemons share an account"


def test_no_open_fd_leads_outside(probed):
    """What a process has open lies in this instance, or is no file."""
    if os.getuid() != 0:
        pytest.skip("daemons are not dumpable: only root can look into them")
    inside = set()
    for top, dirs, files in os.walk(probed.dir):
        for name in [".", *files]:
            st = os.lstat(os.path.join(top, name))
            inside.add((st.st_dev, st.st_ino))
    for pid, name in probed.processes().items():
        if name == "master":
            continue
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                st = os.stat(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            # In a mount of its own (imapd, pop3d, sieved, jmapd) the path is from there.
            if target.startswith("/") and target != "/dev/null" and \
                    not target.startswith("/memfd:"):
                assert (st.st_dev, st.st_ino) in inside, (name, fd, target)


def test_seccomp_and_no_new_privileges(probed):
    may = {d: set(v["may"].split()) for d, v in declared(probed).items()}
    for pid, name in probed.processes().items():
        with open(f"/proc/{pid}/status") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f
                          if ":\t" in line)
        if name == "master":
            continue
        assert status["NoNewPrivs"] == "1", name
        assert status["CapEff"].strip("0") == "" or os.getuid() != 0, name
        if "spawn" not in may[name.split("/")[0]]:
            assert status["Seccomp"] == "2", name


def test_only_declared_peers_are_introduced(probed):
    # These ask on purpose (tests/probe_place.c).
    assert {e["peer"] for e in probed.events("broker.refused")} <= \
        {"imapd", "pop3d", "sieved", "jmapd"}


def test_uninvited_files_are_not_served(probed):
    """Links in a mailbox lead nowhere."""
    top = probed.maildir("bob")
    link = os.path.join(top, "cur", "1.link:2,")
    os.symlink("/etc/passwd", link)
    folder = os.path.join(top, ".Evil")
    os.symlink("/etc", folder)
    c = probed.imap("bob")
    c.select("INBOX")
    typ, data = c.search(None, "BODY", "root")
    assert data in ([b""], [None])
    assert c.select("Evil")[0] == "NO"
    c.logout()
    os.unlink(link)
    os.unlink(folder)


def test_password_table_stays_with_auth(probed):
    if os.getuid() != 0:
        pytest.skip("everything runs under one uid")
    st = os.stat(os.path.join(probed.dir, "etc", "passwords"))
    assert stat.S_IMODE(st.st_mode) & 0o007 == 0

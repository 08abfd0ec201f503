# SPDX-License-Identifier: ISC
"""What people mistype, ask for, and may not do: the command says what is meant,
how it is used, and who may."""
import json
import os
import re
import subprocess

import pytest

from pabal import BUILD, DOMAIN, PABAL

USERS = ("alice",)
NOBODY = dict(user="nobody", group="nogroup", extra_groups=[], cwd="/")


def run(*args, program=PABAL, **kw):
    r = subprocess.run([program, *args], text=True, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, **kw)
    return r.returncode, r.stdout


def commands():
    """The words of every command, out of pabal's own help."""
    out = run("help")[1]
    return [line[2:20].strip() for line in out.splitlines()
            if line.startswith("  ")]


def daemons():
    return sorted(name for name in os.listdir(os.path.join(BUILD, "probe"))
                  if name not in ("pabal", "captor")) + ["master"]


# ---- what is meant

@pytest.mark.parametrize("args, meant", [
    (("statsu",), '"status"'),
    (("que", "list"), '"queue list"'),
    (("queue", "lst"), '"queue list"'),
    (("queue", "flsuh", "state=held"), '"queue flush"'),
    (("help", "relaod"), '"reload"'),
    (("user", "add", "x@" + DOMAIN, "--quotta", "5"), "--quota"),
    (("conf", "show", "smptd"), "smtpd"),
    (("conf", "get", "qmrg", "queue_lifetime"), "qmgr"),
    (("conf", "explain", "imap", "idle_timeout"), "imapd:imap|login:imap"),
    (("conf", "set", "submission", "max_recipients", "200"),
     "smtpd:submission"),
    (("conf", "set", "smtpd", "max_recipient", "200"), "max_recipients"),
    (("privileges", "lokup"), "lookup"),
    (("conf", "manual", "lcoal"), "local"),
])
def test_meant(pabal, args, meant):
    status, out = run("-d", pabal.dir, *args)
    assert status in (1, 2)
    assert re.search(f"did you mean ({meant})\\?", out), out


def test_nothing_near_is_guessed(pabal):
    for args in (("xyzzyplugh",), ("conf", "show", "xyzzyplugh")):
        status, out = run("-d", pabal.dir, *args)
        assert status != 0 and "did you mean" not in out and "there is no" in out


# ---- how it is used

def test_help_and_version_of_every_command():
    found = commands()
    assert len(found) > 50
    for words in found:
        status, out = run(*words.split(), "--help")
        assert status == 0 and out.startswith(
            f"usage: pabal [-d DIR] {words}"), words
        assert run(*words.split(), "--version") == (0, run("version")[1])
    for group in {w.split()[0] for w in found if " " in w}:
        status, out = run(group, "--help")
        assert status == 0 and f"  {group} " in out, group
    assert run("--help") == run("help")
    assert run("--version") == run("version")
    assert run("nosuch", "--help")[0] == 2


@pytest.mark.parametrize("name", ["sendmail", "mailq", "newaliases"])
def test_help_and_version_by_other_names(tmp_path, name):
    path = str(tmp_path / name)
    os.symlink(PABAL, path)
    status, out = run("--help", program=path)
    assert status == 0 and out.startswith("usage: sendmail")
    assert run("--version", program=path) == (0, run("version")[1])


@pytest.mark.parametrize("name", daemons())
def test_help_and_version_of_daemons(name):
    path = os.path.join(BUILD, name)
    version = run("version")[1].split()[1]
    status, out = run("--help", program=path)
    assert status == 0 and out.startswith(f"usage: {name}")
    status, out = run("--version", program=path)
    assert status == 0 and out.split() == ["pabal", name, version]
    assert run("--nosuch", program=path)[0] == 64


# ---- who may

def test_owners_only(pabal):
    """By another user each command says that only root may, or works."""
    if os.getuid() != 0:
        pytest.skip("needs another user")
    args = {"queue show": ["X"], "queue bad show": ["X"],
            "queue why": ["far.test"], "queue export": ["--to", "/tmp"],
            "user add": ["x@" + DOMAIN], "user del": ["alice@" + DOMAIN],
            "user set": ["alice@" + DOMAIN, "quota", "1G"],
            "user password": ["alice@" + DOMAIN],
            "user app add": ["alice@" + DOMAIN, "x"],
            "user app del": ["alice@" + DOMAIN, "x"],
            "user app list": ["alice@" + DOMAIN],
            "domain add": ["x.test"], "domain del": [DOMAIN],
            "alias add": ["x", "alice"], "alias set": ["x", "alice"],
            "alias del": ["root"], "cert install": ["/tmp"],
            "hold release": ["alice@" + DOMAIN],
            "hold delete": ["alice@" + DOMAIN],
            "queue delete": ["--all"], "queue hold": ["--all"],
            "queue release": ["--all"], "queue retry": ["--all"],
            "queue bad restore": ["all"], "queue bad delete": ["all"],
            "queue bad export": ["/tmp", "all"],
            "conf set": ["smtpd", "max_errors", "5"],
            "conf unset": ["smtpd", "max_errors"],
            "conf get": ["smtpd", "max_errors"],
            "conf explain": ["max_errors"], "conf manual": ["smtpd"],
            "domain set": [DOMAIN, "quota", "1G"],
            "init": ["--domain", "x.test"], "trace": ["x@y.test"],
            "check-mail": ["/dev/null", "--zone", "/dev/null"],
            "sieve trace": ["alice@" + DOMAIN],
            "sts refresh": ["x.test"],
            "dkim add": [DOMAIN], "dkim rotate": [DOMAIN],
            "dkim remove": [DOMAIN], "dkim show": [DOMAIN],
            "dns check": [DOMAIN], "sieve check": ["/dev/null"],
            "mailbox acl": ["alice@" + DOMAIN, "INBOX"],
            "dmarc": ["/dev/null"], "tlsrpt": ["/dev/null"],
            "sieve test": ["/dev/null", "/dev/null"]}
    free = {"user list", "domain list", "alias list", "queue list",
            "queue count", "queue top", "privileges", "check", "conf show",
            "conf get", "conf explain", "conf diff", "conf check",
            "conf manual", "check-mail", "sieve check", "sieve test", "help",
            "version"}
    since = pabal.mark()
    for words in commands():
        status, out = run("-d", pabal.dir, *words.split(),
                          *args.get(words, []), **NOBODY)
        if words in ("dmarc", "tlsrpt"):
            assert status == 1 and "report" in out
        elif words in free:
            assert status == 0, (words, out)
        elif words in ("trace", "log", "report"):
            assert status == 1 and "Permission denied" in out
        else:
            assert (status, out) == (
                1, f"pabal: {words}: only root may do this\n"), words
    assert run("newaliases", **NOBODY,
               env={"PABAL_DIR": pabal.dir}) == (
        75, "pabal: map: only root may do this\n")
    assert not pabal.events("ipc.dropped", since)
    pabal.pabal("status")


# ---- conf diff

def test_diff_is_short(make_pabal):
    p = make_pabal(users=())
    made = p.pabal("conf", "diff").splitlines()
    # What init wrote that is not so elsewhere: names, paths, ports.
    assert {line.split(" =")[0] for line in made} == {
        "policy rates",
        "pabal hostname", "pabal domains", "pabal cleartext_login_networks",
        "pabal tls_certificate", "pabal tls_key", "pabal spool_directory",
        "pabal mail_directory", "pabal table_directory",
        "pabal signing_directory", "pabal state_directory",
        "auth scram_secret"} | {
        f"master:{s} listen" for s in (
            "smtp", "submission", "submissions", "lmtp", "imap", "imaps",
            "pop3", "pop3s", "managesieve", "http", "https")} | {
        # Elsewhere these are not there.
        f"master:{s} {what}" for s in ("http", "https") for what in (
            "daemon", "protocol", "processes", "max_sessions")}
    p.conf("qmgr", "queue_lifetime", "4d")
    p.conf("smtpd", "max_errors", "20")  # as it is anyhow
    p.conf("smtpd:submission", "command_timeout", "77s")
    p.conf("master:imap", "processes", "2")
    new = [line for line in p.pabal("conf", "diff").splitlines()
           if line not in made]
    assert new == ["master:imap processes = 2", "qmgr queue_lifetime = 4d",
                   "smtpd:submission command_timeout = 77s"]
    assert p.pabal("conf", "diff", "smtpd").splitlines() == new[2:]
    assert json.loads(p.pabal("--json", "conf", "diff", "qmgr")) == [
        {"daemon": "qmgr", "name": "queue_lifetime", "value": "4d",
         "default": "5d", "changed": True}]
    # A service that was taken out, and one of one's own.
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    text = text.replace("[pop3d]\ndaemon = pop3d\n",
                        "[mine]\ndaemon = smtp\n")
    with open(path, "w") as f:
        f.write(text)
    lines = p.pabal("conf", "diff", "master").splitlines()
    assert "master:pop3d daemon =" in lines
    assert "master:mine daemon = smtp" in lines


def test_diff_of_a_host_for_itself(make_pabal):
    p = make_pabal(users=(), local=True)
    lines = p.pabal("conf", "diff", "master").splitlines()
    assert [line.split(" =")[0] for line in lines] == ["master:smtp listen"]

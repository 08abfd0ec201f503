"""pabal sieve, and the tests of the language in tests/sieve."""
import glob
import json
import os
import re
import subprocess

import pytest

from pabal import DOMAIN, message

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("PABAL_BUILD", "build"))

ALICE = "alice@" + DOMAIN
SCRIPT = """require ["fileinto", "include"];
if header :contains "subject" "invoice" {
	include "bills";
} else {
	keep;
}
"""
MESSAGE = """Return-Path: <ann@example.org>
Delivered-To: me@example.com
From: ann@example.org
To: me@example.com
Subject: Your invoice \x1b[31m

Text.
"""


@pytest.mark.parametrize("path", sorted(glob.glob(
    os.path.join(ROOT, "tests", "sieve", "*.svtest"))), ids=os.path.basename)
def test_language(path):
    r = subprocess.run([os.path.join(BUILD, "svtest"), path],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stdout


def pabal(*args):
    return subprocess.run([os.path.join(BUILD, "pabal"), "sieve", *args],
                          capture_output=True, text=True)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "main.sieve").write_text(SCRIPT)
    (tmp_path / "bills.sieve").write_text(
        'require "fileinto"; fileinto "Bills";\n')
    (tmp_path / "mail.eml").write_text(MESSAGE)
    return tmp_path


def test_check(files):
    r = pabal("check", str(files / "main.sieve"))
    assert r.returncode == 0 and "no errors" in r.stdout
    (files / "bad.sieve").write_text('keep;\nif tru { stop; }\nfileinto "x";\n')
    r = pabal("check", str(files / "bad.sieve"))
    assert r.returncode == 1
    assert "bad.sieve:2:4: error: unknown test 'tru'" in r.stdout
    assert 'bad.sieve:3:1: error: unknown command \'fileinto\'' in r.stdout
    rows = json.loads(pabal("check", str(files / "bad.sieve"), "--json").stdout)
    assert [(x["line"], x["column"], x["severity"]) for x in rows] == [
        (2, 4, "error"), (3, 1, "error")]
    assert pabal("check", str(files / "none.sieve")).returncode == 1


def test_test(files):
    args = ("test", str(files / "main.sieve"), str(files / "mail.eml"))
    r = pabal(*args)
    assert r.returncode == 0, r.stderr
    assert 'main.sieve:2: header: true' in r.stdout
    assert 'fileinto into "Bills" (line 1)' in r.stdout
    assert "\x1b" not in r.stdout
    told = json.loads(pabal(*args, "--json").stdout)
    assert told["status"] == "done"
    assert [(a["action"], a["mailbox"]) for a in told["actions"]] == [
        ("fileinto", "Bills")]
    assert {t["script"] for t in told["trace"]} == {"main.sieve", "bills"}


def test_failing_run_keeps(files):
    (files / "wrong.sieve").write_text(
        'require ["fileinto", "reject"]; fileinto "a"; reject "b";')
    r = pabal("test", str(files / "wrong.sieve"), str(files / "mail.eml"),
              "--json")
    assert r.returncode == 1
    told = json.loads(r.stdout)
    assert told["status"] == "failed" and "does not go with" in told["error"]
    assert [(a["action"], a["implicit"]) for a in told["actions"]] == [
        ("keep", True)]


@pytest.mark.skipif("PABAL_SANITIZE" in os.environ, reason="not confined")
def test_confined(files):
    """The process that parses has no rights: a filter, and no files."""
    p = subprocess.Popen(
        ["strace", "-f", "-e", "trace=seccomp,landlock_restrict_self,openat",
         os.path.join(BUILD, "pabal"), "sieve", "check",
         str(files / "main.sieve")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    lines = p.communicate()[1].splitlines()
    if not lines or "strace" in lines[0]:
        pytest.skip("no strace here")
    at = [i for i, x in enumerate(lines) if "seccomp(SECCOMP_SET_MODE" in x]
    assert at, "\n".join(lines)
    assert not [x for x in lines[at[-1]:] if "openat" in x]


def test_a_trial_knows_the_mailboxes_of_the_account(make_pabal, tmp_path):
    """pabal sieve test --user: what is not there, is there by its use or id,
    and what the quota has no room for."""
    p = make_pabal()
    with p.imap() as c:
        c.create("Work")
        c.create("Spam (USE (\\Junk))")
        box_id = re.search(rb"MAILBOXID \(([^)]*)\)",
                           c.status("Work", "(MAILBOXID)")[1][0])[1].decode()
    (tmp_path / "s.sieve").write_text('''
        require ["fileinto", "copy", "mailbox", "mailboxid", "special-use"];
        fileinto :copy "Work";
        fileinto :copy "Nowhere";
        fileinto :copy :create "Made";
        fileinto :copy :mailboxid "%s" "Gone";
        fileinto :copy :specialuse "\\\\Junk" "Elsewhere";
        if mailboxexists "Work" { keep; }''' % box_id)
    (tmp_path / "m.eml").write_bytes(message("trial"))
    files = (str(tmp_path / "s.sieve"), str(tmp_path / "m.eml"))

    def trial(*args):
        return json.loads(p.pabal("sieve", "test", *files, "--json", *args))

    told = trial("--user", ALICE)
    assert [(a["mailbox"], a.get("exists", True)) for a in told["actions"]
            if a["action"] == "fileinto"] == [
        ("Work", True), ("Nowhere", False), ("Made", True), ("Gone", True),
        ("Elsewhere", True)]
    assert told["actions"][-1]["action"] == "keep" and not told["over_quota"]
    text = p.pabal("sieve", "test", *files, "--user", ALICE)
    assert 'fileinto into "Nowhere" (line 4): there is no such mailbox, so in ' \
        "INBOX\n" in text
    assert "(--user looks)" in p.pabal("sieve", "test", *files)
    p.pabal("user", "set", ALICE, "quota", "1K")
    assert trial("--user", ALICE)["over_quota"]
    assert "expected NAME@DOMAIN" in p.pabal_fails("sieve", "test", *files,
                                                   "--user", "alice")
    assert "nobody@" in p.pabal_fails("sieve", "test", *files, "--user",
                                      "nobody@" + DOMAIN)

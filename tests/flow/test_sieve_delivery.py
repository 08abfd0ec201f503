# SPDX-License-Identifier: ISC
"""Sieve scripts decide about mail at delivery (local/sieve, sieverun)."""
import os
import re
import signal

import pytest

from pabal import DOMAIN, PASSWORD, message, wait
from sink import Sink

ALICE = "alice@" + DOMAIN
BOB = "bob@" + DOMAIN


def script(p, text, user="alice", name="main", **others):
    """As a mail program puts them there: files, and a link to the active one."""
    home = p.maildir(user)
    d = os.path.join(home, "sieve")
    os.makedirs(d, exist_ok=True)
    for n, t in {name: text, **others}.items():
        with open(os.path.join(d, n + ".sieve"), "w") as f:
            f.write(t)
    link = os.path.join(home, ".dovecot.sieve")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(f"sieve/{name}.sieve", link)
    owner = os.stat(home)
    for top, dirs, files in os.walk(d):
        for one in [top] + [os.path.join(top, f) for f in files]:
            os.chown(one, owner.st_uid, owner.st_gid)
    os.lchown(link, owner.st_uid, owner.st_gid)


def home(p, user="alice", *names):
    return os.path.join(p.maildir(user), *names)


def subjects(p, user, folder=None):
    return [re.search(rb"(?mi)^subject: *(.*?)\r?$", m)[1].decode()
            for m in p.mails(user, folder)]


def wait_in(p, subject, folder=None, user="alice"):
    wait(lambda: subject in subjects(p, user, folder),
         f"{subject} in {folder or 'INBOX'} of {user}")


def flags(p, folder, user="alice"):
    c = p.imap(user)
    assert c.select(f'"{folder}"')[0] == "OK"
    got = [re.search(rb"FLAGS \(([^)]*)\)", x)[1].decode().split()
           for x in c.fetch("1:*", "(FLAGS)")[1]]
    c.logout()
    return got


def settle(p):
    p.wait_queue(0)


def test_fileinto(pabal):
    script(pabal, '''require ["fileinto", "mailbox", "imap4flags"];
        if header :contains "subject" "work" { fileinto :create :flags ["\\\\Flagged", "$Label1"] "Work/Now"; }
        elsif header :contains "subject" "gone" { discard; }
        elsif header :contains "subject" "junk" { fileinto "Junk"; }
        elsif header :contains "subject" "nowhere" { fileinto "Does/Not/Exist"; }''')
    since = pabal.mark()
    for s in ("work 1", "gone 1", "junk 1", "plain 1", "nowhere 1"):
        pabal.send(s)
    settle(pabal)
    assert subjects(pabal, "alice", "Work.Now") == ["work 1"]
    assert subjects(pabal, "alice", "Junk") == ["junk 1"]
    assert subjects(pabal, "alice") == ["plain 1", "nowhere 1"]
    got = flags(pabal, "Work/Now")[0]
    assert "\\Flagged" in got and "$Label1" in got
    assert pabal.events("local.sieve-no-mailbox", since,
                        mailbox="Does/Not/Exist")
    # Delivered, all of them: the senders hear nothing.
    assert {e["actions"] for e in pabal.events("local.sieve", since)} == {
        "fileinto Work/Now", "discard", "fileinto Junk", "keep",
        "fileinto Does/Not/Exist"}


def test_without_a_script_nothing_runs(pabal):
    since = pabal.mark()
    pabal.send("for bob", to=BOB)
    pabal.wait_mail("bob", "for bob")
    assert not pabal.events("local.sieve", since)

# SPDX-License-Identifier: ISC
"""Scripts at IMAP events (RFC 6785): imapd/script, sieverun, qmgr."""
import os
import re
import shutil

import pytest

from imapraw import Imap
from pabal import DOMAIN, message, wait
from sieveclient import Sieve

ALICE = "alice@" + DOMAIN
SAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "etc", "sieve")

FILTER = """#!/bin/sh
cat >"$DIR/$$.new"
echo "$1" >>"$DIR/log"
mv "$DIR/$$.new" "$DIR/$1.$$"
"""


@pytest.fixture(scope="module")
def taught(shared_pabal):
    """An instance whose users teach a filter; the directory is what that has
    learned."""
    pabal = shared_pabal
    d = os.path.join(pabal.dir, "learned")
    os.mkdir(d)
    os.chmod(d, 0o777)
    program = os.path.join(d, "filter")
    with open(program, "w") as f:
        f.write(FILTER.replace("$DIR", d))
    os.chmod(program, 0o755)
    for name, text in {
            "commands": f"learn_spam {program} spam\nlearn_ham {program} ham\n",
            "transports": "spam@learn.internal pipe:learn_spam\n"
                          "ham@learn.internal pipe:learn_ham\n"}.items():
        with open(os.path.join(pabal.dir, "etc", name), "w") as f:
            f.write(text)
        pabal.pabal("map", name)
    scripts = os.path.join(pabal.dir, "etc", "sieve")
    os.mkdir(scripts)
    for name in ("learn-spam.sieve", "learn-ham.sieve"):
        shutil.copy(os.path.join(SAMPLES, name), scripts)
    for name, text in {
            "flag": 'require ["imap4flags", "environment", "imapsieve"];\n'
                    'if environment :is "imap.changedflags" "\\\\Flagged"'
                    ' { addflag "$Noted"; }',
            "broken": 'require ["vacation"]; vacation "I am away";',
            "gone": "discard;",
            "stored-and-told": 'require ["fileinto", "mailbox", "copy"];\n'
                               'fileinto :create :copy "Stored";\n'
                               'redirect :copy "spam@learn.internal";',
            "sorted": 'require ["fileinto", "mailbox", "editheader", "copy"];\n'
                      'addheader "X-Sorted" "yes";\n'
                      'fileinto :create "Sorted";'}.items():
        with open(os.path.join(scripts, name + ".sieve"), "w") as f:
            f.write(text)
    pabal.conf("pabal", "sieve_directory", scripts)
    pabal.conf("pabal", "imapsieve",
               r"learn-spam:to=\Junk:cause=copy learn-ham:from=\Junk "
               "flag:to=INBOX:cause=flag broken:to=Broken gone:to=Gone "
               "sorted:to=Inbound stored-and-told:to=Both")
    pabal.conf("pabal", "imapsieve_url", "sieve://" + DOMAIN)
    pabal.reload()
    return d


def lessons(d, kind):
    """Subjects of what was learned as KIND."""
    out = []
    for name in os.listdir(d):
        if name.startswith(kind + "."):
            with open(os.path.join(d, name), errors="replace") as f:
                out.append(re.search(r"(?m)^Subject: (.*)$", f.read())[1])
    return sorted(out)


def put(c, mailbox, *subjects):
    for s in subjects:
        assert c.append(mailbox, None, None, message(s))[0] == "OK"


def scripted(p, since, n=1, **keys):
    wait(lambda: len(p.events("imapd.script", since, **keys)) >= n,
         "scripts have run")
    return p.events("imapd.script", since, **keys)


def test_moves_teach(pabal, taught):
    c = pabal.imap()
    put(c, "INBOX", "buy now", "cheap pills", "from a friend")
    c.select("INBOX")
    assert c.uid("MOVE", "1:2", "Junk")[0] == "OK"
    wait(lambda: lessons(taught, "spam") == ["buy now", "cheap pills"],
         "two are spam")
    c.select("Junk")
    assert c.uid("MOVE", "1", "INBOX")[0] == "OK"
    wait(lambda: lessons(taught, "ham") == ["buy now"], "one is none")
    # What is thrown away is not taken back.
    since = pabal.mark()
    assert c.uid("MOVE", "2", "Trash")[0] == "OK"
    [e] = scripted(pabal, since)
    assert e["actions"] == "keep" and e["mailbox"] == "Trash"
    pabal.wait_queue(0)
    assert lessons(taught, "ham") == ["buy now"]
    # Nothing was changed, and nobody gets a report.
    c.select("INBOX")
    assert b"Deleted" not in b"".join(c.fetch("1:*", "(FLAGS)")[1])
    c.logout()
    trace = pabal.pabal("sieve", "trace", ALICE)
    assert "COPY" in trace and "learn-spam" in trace


def test_many_at_once(pabal, taught):
    """No more than a few processes, and the client does not wait."""
    c = pabal.imap()
    c.create("Many")
    n = 100
    for i in range(n):
        put(c, "Many", f"many {i}")
    c.select("Many")
    before = len(lessons(taught, "spam"))
    assert c.uid("MOVE", "1:*", "Junk")[0] == "OK"
    most = 0
    while len(lessons(taught, "spam")) < before + n:
        most = max(most, len(pabal.pids("sieverun")))
        assert c.noop()[0] == "OK"
    assert most <= 3 * (os.cpu_count() or 1) + 8
    c.logout()


def test_it_goes_on_without_the_session(pabal, taught):
    c = pabal.imap()
    put(c, "INBOX", *[f"later {i}" for i in range(20)])
    c.select("INBOX")
    uids = c.uid("SEARCH", "SUBJECT", "later")[1][0].decode().replace(" ", ",")
    assert c.uid("MOVE", uids, "Junk")[0] == "OK"
    c.logout()
    wait(lambda: len([s for s in lessons(taught, "spam")
                      if s.startswith("later")]) == 20, "all are learned")


def test_flags(pabal, taught):
    since = pabal.mark()
    c = pabal.imap()
    put(c, "INBOX", "flagged")
    c.select("INBOX")
    uid = c.uid("SEARCH", "SUBJECT", "flagged")[1][0].decode()
    assert c.uid("STORE", uid, "+FLAGS", r"(\Seen $Mine)")[0] == "OK"
    [e] = scripted(pabal, since, cause="FLAG")
    assert c.uid("STORE", uid, "+FLAGS", r"(\Flagged \Seen)")[0] == "OK"
    scripted(pabal, since, 2, cause="FLAG")
    c.noop()
    flags = c.uid("FETCH", uid, "(FLAGS)")[1][0]
    for f in (rb"\Seen", rb"\Flagged", b"$Mine", b"$Noted"):
        assert f in flags
    # Nothing changes: nothing runs.
    assert c.uid("STORE", uid, "+FLAGS", r"(\Flagged)")[0] == "OK"
    put(c, "Junk", "no event")
    c.logout()
    # What scripts do is no event either.
    assert len(pabal.events("imapd.script", since, cause="FLAG")) == 2


def test_what_fails_changes_nothing(pabal, taught):
    since = pabal.mark()
    c = pabal.imap()
    c.create("Broken")
    assert c.append("Broken", None, None, message("kept"))[0] == "OK"
    e = pabal.wait_event("imapd.script-failed", since)
    assert e["why"] == "vacation is for deliveries alone"
    c.select("Broken")
    assert b"Deleted" not in c.fetch("1", "(FLAGS)")[1][0]
    c.logout()


def test_discard_and_fileinto(pabal, taught):
    since = pabal.mark()
    c = pabal.imap()
    for box in ("Gone", "Inbound"):
        c.create(box)
        put(c, box, "to " + box)
    scripted(pabal, since, 2)
    for box in ("Gone", "Inbound"):
        c.select(box)
        assert rb"\Deleted" in c.fetch("1", "(FLAGS)")[1][0]
    c.select("Sorted")
    got = c.fetch("1", "(BODY.PEEK[])")[1][0][1]
    assert got.startswith(b"X-Sorted: yes\r\n") and b"to Inbound" in got
    c.logout()


def test_large_ones(pabal, taught):
    """They come from the file, and go on with lines as in mail."""
    body = "a line of text\r\n" * 200000
    c = pabal.imap()
    c.append("INBOX", None, None, message("large", body))
    c.select("INBOX")
    uid = c.uid("SEARCH", "SUBJECT", "large")[1][0].decode()
    c.uid("MOVE", uid, "Junk")
    wait(lambda: "large" in lessons(taught, "spam"), "it is learned")
    for name in os.listdir(taught):
        if name.startswith("spam."):
            with open(os.path.join(taught, name), newline="") as f:
                text = f.read()
            if "Subject: large" in text:
                assert text.replace("\r\n", "\n").endswith(
                    body.replace("\r\n", "\n"))
    c.logout()


def test_scripts_of_users(pabal, taught):
    with Imap(pabal) as c:
        assert b"IMAPSIEVE=sieve://" + DOMAIN.encode() in b"".join(
            c.ok("CAPABILITY"))
        c.ok("CREATE Mine")
        c.ok('SETMETADATA Mine (/shared/imapsieve/script "mine")')
    pabal.pabal("sieve", "put", ALICE, "mine", input='''
        require ["imapsieve", "environment", "fileinto", "mailbox", "copy",
                 "variables", "imap4flags"];
        if allof (environment :is "imap.cause" "APPEND",
                  environment :is "imap.mailbox" "Mine",
                  environment :is "imap.user" "%s",
                  environment :is "imap.email" "%s",
                  environment :is "imap.changedflags" "",
                  environment :is "location" "MS",
                  environment :is "phase" "post",
                  hasflag "\\\\Draft") {
            fileinto :copy :create "Found";
        }''' % (ALICE, ALICE))
    since = pabal.mark()
    c = pabal.imap()
    c.append("Mine", r"(\Draft)", None, message("of mine"))
    [e] = scripted(pabal, since, script="mine")
    assert "fileinto Found" in e["actions"]
    c.select("Found")
    assert rb"\Draft" in c.fetch("1", "(FLAGS)")[1][0]
    c.select("Mine")
    assert b"Deleted" not in c.fetch("1", "(FLAGS)")[1][0]
    c.logout()
    # An annotation of the server's is for those without one; empty is none.
    with Imap(pabal) as c:
        c.ok('SETMETADATA "" (/shared/imapsieve/script "mine")')
        c.ok("CREATE Quiet")
        c.ok('SETMETADATA Quiet (/shared/imapsieve/script "")')
        c.ok("CREATE Other")
    since = pabal.mark()
    c = pabal.imap()
    put(c, "Quiet", "quiet")
    put(c, "Other", "other")
    [e] = scripted(pabal, since)
    assert (e["mailbox"], e["actions"]) == ("Other", "keep")
    c.logout()
    with Imap(pabal) as c:
        c.ok('SETMETADATA "" (/shared/imapsieve/script NIL)')


def test_a_notice_is_from_the_account(pabal, taught):
    """Whom it says it is from is no matter of the script's, but the account's."""
    with Imap(pabal) as c:
        c.ok("CREATE Told")
        c.ok('SETMETADATA Told (/shared/imapsieve/script "tell")')
    pabal.pabal("sieve", "put", ALICE, "tell", input='''require "enotify";
        notify :from "bob@%s" :message "something came" "mailto:bob@%s";''' % (
            DOMAIN, DOMAIN))
    c = pabal.imap()
    put(c, "Told", "told")
    c.logout()
    text = pabal.wait_mail("bob", "something came").decode()
    assert re.search(r"(?m)^From: <?%s>?\r?$" % re.escape(ALICE), text), text
    assert pabal.events("imapd.script-letter-refused") == []


def test_the_extension_is_announced(pabal, taught):
    with Sieve(pabal) as s:
        assert "imapsieve" in str(s.capabilities())
    pabal.pabal("conf", "unset", "pabal", "imapsieve_url")
    pabal.reload()
    try:
        with Sieve(pabal) as s:
            assert "imapsieve" not in str(s.capabilities())
        with Imap(pabal) as c:
            assert b"IMAPSIEVE" not in b"".join(c.ok("CAPABILITY"))
    finally:
        pabal.conf("pabal", "imapsieve_url", "sieve://" + DOMAIN)
        pabal.reload()


@pytest.mark.parametrize("isolation", ["uid", "domain"])
def test_under_other_isolations(pabal, taught, isolation):
    """qmgr knows whose a letter is (lookup), where the process has many."""
    pabal.conf("imapd", "isolation", isolation)
    pabal.stop()
    pabal.start()
    try:
        c = pabal.imap("bob")
        put(c, "INBOX", "of bob " + isolation)
        c.select("INBOX")
        c.uid("MOVE", "1:*", "Junk")
        wait(lambda: "of bob " + isolation in lessons(taught, "spam"),
             "it is learned")
        # While qmgr cannot know whose it is, it is not given up.
        put(c, "INBOX", "later, of bob " + isolation)
        path = os.path.join(pabal.dir, "etc", "accounts.cdb")
        os.rename(path, path + ".away")
        since = pabal.mark()
        c.uid("MOVE", "1:*", "Junk")
        e = pabal.wait_event("imapd.script-failed", since)
        assert e["why"] == "the account cannot be looked up"
        os.rename(path + ".away", path)
        wait(lambda: "later, of bob " + isolation in lessons(taught, "spam"),
             "it is learned later")
        # What was done until then is not done again, and the rest is.
        c.create("Both")
        os.rename(path, path + ".away")
        since = pabal.mark()
        put(c, "Both", "both, of bob " + isolation)
        pabal.wait_event("imapd.script-failed", since)
        os.rename(path + ".away", path)
        scripted(pabal, since, mailbox="Both")
        wait(lambda: "both, of bob " + isolation in lessons(taught, "spam"),
             "it is learned as well")
        assert c.select("Stored")[1] == [b"1" if isolation == "uid" else b"2"]
        c.logout()
    finally:
        pabal.pabal("conf", "unset", "imapd", "isolation")
        pabal.stop()
        pabal.start()


@pytest.mark.allow("proc.reload-refused")
def test_rules_with_mistakes(pabal, taught):
    rules = pabal.pabal("conf", "get", "pabal", "imapsieve").strip()
    for text, why in (("learn-spam", "expected to= or from="),
                      ("nothing:to=INBOX", "there is no nothing.sieve")):
        pabal.conf("pabal", "imapsieve", text)
        assert why in pabal.pabal_fails("check")
    # What is refused leaves those of before.
    c = pabal.imap()
    put(c, "INBOX", "by the rules of before")
    c.select("INBOX")
    pabal.conf("pabal", "imapsieve", rules + " learn-spam")
    assert "expected to= or from=" in pabal.pabal_fails("reload")
    c.uid("MOVE", "1:*", "Junk")
    wait(lambda: "by the rules of before" in lessons(taught, "spam"), "it is learned")
    c.logout()
    pabal.conf("pabal", "imapsieve", rules)

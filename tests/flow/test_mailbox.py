# SPDX-License-Identifier: ISC
"""pabal mailbox: an administrator's work in accounts."""
import contextlib
import fcntl
import glob
import imaplib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from pabal import DOMAIN, PABAL, PATIENCE, Failed, wait

ALICE = f"alice@{DOMAIN}"


def rows(p, *args):
    return json.loads(p.pabal("--json", "mailbox", *args))


def folders(p, *who):
    return {r["folder"]: r for r in rows(p, "list", *(who or (ALICE,)))}


def test_list(make_pabal):
    p = make_pabal()
    p.pabal_fails("mailbox", "list", f"bob@{DOMAIN}x")
    p.send("one")
    p.wait_mail("alice", "one")
    with p.imap() as imap:
        imap.create("Work/2026")
        imap.select("INBOX")
        imap.copy("1", "Work/2026")
        imap.store("1", "+FLAGS", r"(\Seen)")
        running = folders(p)
    for found in running, (p.stop(), folders(p))[1]:
        inbox, work, sent = (found[n] for n in ("INBOX", "Work/2026", "Sent"))
        assert (inbox["messages"], inbox["unseen"]) == (1, 0)
        assert (work["messages"], work["unseen"], work["uidnext"]) == (1, 1, 2)
        assert work["bytes"] == inbox["bytes"] > 0
        assert work["uidvalidity"] != inbox["uidvalidity"]
        assert len(inbox["id"]) == 32 and inbox["account"] == ALICE
        # Looked at, and not made.
        assert sent["special_use"] == "\\Sent" and sent["uidnext"] is None
    assert not os.path.exists(os.path.join(p.maildir("alice"), ".Sent"))
    assert running == folders(p)


def test_many_accounts(make_pabal):
    p = make_pabal()
    for user in "alice", "bob":
        p.send("hello", to=f"{user}@{DOMAIN}")
        p.wait_mail(user, "hello")
    for who in DOMAIN, "--all":
        accounts = {r["account"] for r in rows(p, "list", who)}
        assert accounts >= {ALICE, f"bob@{DOMAIN}"}
        text = p.pabal("mailbox", "list", who)
        assert text.splitlines()[0].startswith("ACCOUNT")
        assert any(l.startswith(ALICE) for l in text.splitlines())
    assert "has no account" in p.pabal_fails("mailbox", "list", "example.org")
    assert not p.pabal("mailbox", "list", ALICE).startswith("ACCOUNT")
    p.pabal_fails("mailbox", "list")
    p.pabal_fails("mailbox", "list", ALICE, "--all")


def put(imap, folder, subject, flags="", date=None):
    typ, data = imap.append(folder, flags, date, b"From: x@example.org\r\n"
                            b"Subject: " + subject.encode() + b"\r\n\r\nbody\r\n")
    assert typ == "OK", data


def expunge(imap, folder, uids):
    imap.select(folder)
    imap.uid("store", uids, "+FLAGS.SILENT", r"(\Deleted)")
    typ, data = imap.expunge()
    assert typ == "OK", data


def fetch(imap, folder):
    """{subject: (uid, flags, date, emailid)}"""
    imap.select(folder)
    typ, data = imap.uid("fetch", "1:*", "(FLAGS INTERNALDATE EMAILID "
                         "BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert typ == "OK", data
    found = {}
    for item in data:
        if not isinstance(item, tuple):
            continue
        head = item[0].decode()
        subject = re.search(rb"(?:Subject: (.*))?\r\n", item[1])[1] or b""
        subject = subject.decode()
        found[subject] = (
            int(re.search(r"UID (\d+)", head)[1]),
            set(re.search(r"FLAGS \((.*?)\)", head)[1].split()) - {r"\Recent"},
            re.search(r'INTERNALDATE "(.*?)"', head)[1],
            re.search(r"EMAILID \((.*?)\)", head)[1])
    return found


def next_second():
    now = int(time.time())
    wait(lambda: int(time.time()) > now, "the next second")


def stamp():
    """This second; time() of its own accord may be some milliseconds behind."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time()))


def test_status(make_pabal):
    p = make_pabal()
    p.pabal("user", "set", ALICE, "quota", "1M")
    with p.imap() as imap:
        put(imap, "INBOX", "one")
        put(imap, "Sent", "two")
        row, = rows(p, "status", ALICE)
        assert (row["folders"], row["messages"]) == (2, 2)
        assert row["quota"] == 1 << 20 and 0 < row["bytes"] < 1000
        assert row["index"] == "ready" and row["index_bytes"] > 0
        assert row["kept"] == row["kept_bytes"] == 0
        expunge(imap, "INBOX", "1")
        row, = rows(p, "status", ALICE)
        assert (row["messages"], row["kept"]) == (1, 1) and row["log_gone"] >= 1
        row, = rows(p, "status", ALICE, "sent".capitalize())
        assert (row["messages"], row["special_use"]) == (1, "\\Sent")
    assert "no folder" in p.pabal_fails("mailbox", "status", ALICE, "Junk")
    assert not os.path.exists(os.path.join(p.maildir("alice"), ".Junk"))


def test_check_and_rebuild(make_pabal):
    p = make_pabal()
    with p.imap() as imap:
        for i in range(5):
            put(imap, "INBOX", f"m{i}", r"(\Seen)")
    before = fetch(p.imap(), "INBOX")
    p.stop()
    assert rows(p, "check", ALICE) == rows(p, "check", ALICE, "--thorough") == []
    cur = os.path.join(p.maildir("alice"), "cur")
    names = sorted(os.listdir(cur))
    os.unlink(os.path.join(cur, names[0]))
    os.rename(os.path.join(cur, names[1]), os.path.join(cur, names[1] + "F"))
    with open(os.path.join(cur, names[2]), "a") as f:
        f.write("more\n")
    size = os.stat(os.path.join(cur, names[3])).st_size
    with open(os.path.join(cur, names[3]), "r+") as f:
        f.write("\n" * size)
    with pytest.raises(Failed) as e:
        rows(p, "check", ALICE, "--thorough")
    found = json.loads(str(e.value).split("\n", 1)[1])
    assert sorted(r["differs"] for r in found) == [
        "file-missing", "file-missing", "file-unknown", "size", "wire-size",
        "wire-size"]
    assert {r["account"] for r in found} == {ALICE}
    # It changed nothing.
    with pytest.raises(Failed):
        rows(p, "check", ALICE, "INBOX")
    row, = rows(p, "rebuild", ALICE)
    assert (row["messages_before"], row["messages"]) == (5, 4)
    assert rows(p, "check", ALICE) == []
    # What a name says of its lines is believed until somebody reads them.
    assert "wire-size" in p.pabal_fails("mailbox", "check", ALICE, "--thorough")
    p.start()
    with p.imap() as imap:
        imap.select()
        imap.fetch("1:*", "(RFC822.SIZE BODY.PEEK[])")
    assert rows(p, "check", ALICE, "--thorough") == []
    after = fetch(p.imap(), "INBOX")
    assert {v[0] for v in after.values()} <= {v[0] for v in before.values()}


def test_rebuild_while_sessions_go_on(make_pabal):
    p = make_pabal()
    with p.imap() as imap, p.imap() as other:
        for i in range(50):
            put(imap, "INBOX", f"m{i}")
        before = fetch(imap, "INBOX")
        other.select("INBOX")
        for i in range(3):
            imap.uid("store", "1:20", "+FLAGS", rf"(\Flagged k{i})")
            row, = rows(p, "rebuild", ALICE)
            assert row["messages"] == 50 + i
            put(other, "INBOX", f"more{i}")
        after = fetch(imap, "INBOX")
        assert len(after) == 53
        for subject, (uid, flags, date, email_id) in before.items():
            assert after[subject][0] == uid and after[subject][3] == email_id
            if uid <= 20:
                assert after[subject][1] >= {r"\Flagged", "k0", "k1", "k2"}
        assert rows(p, "check", ALICE) == []


def test_undelete(make_pabal):
    p = make_pabal()
    with p.imap() as imap, p.imap() as other:
        put(imap, "INBOX", "keep me", r"(\Seen \Answered $Work)",
            '" 1-Feb-2003 04:05:06 +0000"')
        put(imap, "INBOX", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
        put(imap, "INBOX", "=?euc-kr?b?waa48Q==?=")
        before = fetch(imap, "INBOX")
        other.select("INBOX")
        expunge(imap, "INBOX", "1:3")
        assert fetch(imap, "INBOX") == {}
        kept = rows(p, "deleted", ALICE)
        assert [r["subject"] for r in kept] == ["keep me", "Grüße", "제목"]
        assert [r["uid"] for r in kept] == [1, 2, 3]
        assert {r["folder"] for r in kept} == {"INBOX"}
        assert rows(p, "deleted", ALICE, "Sent") == []
        assert len(rows(p, "deleted", ALICE, "--since", "1h")) == 3
        assert rows(p, "deleted", ALICE, "--before", "1h") == []
        assert [r["uid"] for r in rows(p, "deleted", ALICE, "--uid", "2:*")] == [2, 3]
        row, = rows(p, "undelete", ALICE, "--subject", "GRÜSSE", "--dry-run")
        assert row["messages"] == 1 and len(rows(p, "deleted", ALICE)) == 3
        row, = rows(p, "undelete", ALICE, "--subject", "GRÜSSE", "--to", "Found")
        assert (row["folder"], row["messages"]) == ("Found", 1)
        rows(p, "undelete", ALICE, "INBOX", "--uid", "1,3")
        after = fetch(imap, "INBOX")
        assert set(after) == {"keep me", "=?euc-kr?b?waa48Q==?="}
        for subject, (uid, *rest) in after.items():
            assert uid > 3 and rest == list(before[subject][1:])
        assert len(fetch(imap, "Found")) == 1
        # The other session hears of it.
        wait(lambda: other.noop() and other.response("EXISTS")[1][-1] == b"2",
             "two messages")
        assert rows(p, "deleted", ALICE) == rows(p, "check", ALICE) == []
        assert "nothing" in p.pabal_fails("mailbox", "undelete", ALICE)
    for bad in ("--uid", "x"), ("--since", "yesterday"), ("--uid", "3:1"):
        p.pabal_fails("mailbox", "deleted", ALICE, *bad)


def test_pop3_and_close(make_pabal):
    p = make_pabal()
    with p.imap() as imap:
        put(imap, "INBOX", "by pop")
        put(imap, "INBOX", "by close")
        pop = p.pop()
        pop.dele(1)
        pop.quit()
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Deleted)")
        imap.close()
        assert [r["subject"] for r in rows(p, "deleted", ALICE)] == ["by pop", "by close"]
        assert rows(p, "undelete", ALICE)[0]["messages"] == 2


def test_deleted_folder(make_pabal):
    p = make_pabal()
    with p.imap() as imap:
        imap.create("A/B")
        put(imap, "A/B", "one", r"(\Flagged Label)")
        put(imap, "A/B", "two")
        before = fetch(imap, "A/B")
        imap.select("INBOX")
        # Names of files are to have the flags.
        cur = os.path.join(p.maildir("alice"), ".A.B", "cur")
        wait(lambda: any(":2,F" in n for n in os.listdir(cur)), "flags")
        imap.delete("A/B")
        assert {(r["folder"], r["with_folder"]) for r in rows(p, "deleted", ALICE)} \
            == {("A/B", True)}
        row, = rows(p, "undelete", ALICE, "A/B")
        assert (row["messages"], row["as_it_was"]) == (2, True)
        assert fetch(imap, "A/B") == before
        imap.select("INBOX")
        imap.delete("A/B")
        imap.create("A/B")
        put(imap, "A/B", "three")
        row, = rows(p, "undelete", ALICE, "A/B")
        assert (row["messages"], row["as_it_was"]) == (2, False)
        after = fetch(imap, "A/B")
        assert set(after) == {"one", "two", "three"}
        assert after["one"][1:] == before["one"][1:]
    assert rows(p, "check", ALICE) == []


def test_restore(make_pabal):
    p = make_pabal()
    with p.imap() as imap:
        imap.create("Work")
        for subject in "early", "stays", "goes", "moves", "moves, gone":
            put(imap, "Work", subject)
        expunge(imap, "Work", "1")
        next_second()
        at = stamp()
        next_second()
        put(imap, "Work", "later")
        put(imap, "Work", "later, gone")
        expunge(imap, "Work", "3,7")
        imap.create("Else")
        imap.create("Third")
        imap.uid("MOVE", "4:5", "Else")
        imap.select("Else")
        imap.uid("MOVE", "2", "Third")
        expunge(imap, "Third", "1")
        row, = rows(p, "restore", ALICE, "Work", "--at", at, "--dry-run")
        assert row["restored"] == 3 and len(fetch(imap, "Work")) == 2
        row, = rows(p, "restore", ALICE, "Work", "--at", at)
        assert (row["restored"], row["later"], row["missing"]) == (3, 1, 0)
        all_of = {"stays", "goes", "later", "moves", "moves, gone"}
        assert set(fetch(imap, "Work")) == all_of
        assert set(fetch(imap, "Else")) == {"moves"}
        row, = rows(p, "restore", ALICE, "Work", "--at", at)
        assert (row["restored"], row["missing"]) == (0, 0)
        assert set(fetch(imap, "Work")) == all_of
        # And the folder itself.
        next_second()
        at = stamp()
        next_second()
        expunge(imap, "Work", "2")
        imap.select("INBOX")
        imap.delete("Work")
        row, = rows(p, "restore", ALICE, "Work", "--at", at)
        assert row["restored"] == 5
        assert set(fetch(imap, "Work")) == all_of
        # What another program removed is missing.
        next_second()
        at = stamp()
        next_second()
        uids = sorted(v[0] for v in fetch(imap, "Work").values())
        expunge(imap, "Work", str(uids[0]))
        cur = os.path.join(p.maildir("alice"), ".Work", "cur")
        for name in os.listdir(cur):
            if f",U={uids[1]}" in name:
                os.unlink(os.path.join(cur, name))
        wait(lambda: len(fetch(imap, "Work")) == 3, "one to be missed")
        row, = rows(p, "restore", ALICE, "Work", "--at", at)
        assert (row["restored"], row["later"], row["missing"]) == (1, 0, 1)
        rows(p, "purge", ALICE, "--everything")
        assert "future" in p.pabal_fails("mailbox", "restore", ALICE, "Work",
                                         "--at", "2999-01-01")
        row, = rows(p, "restore", ALICE, "Work", "--at", at)
        assert (row["restored"], row["missing"]) == (0, None)
    assert "no folder" in p.pabal_fails(
        "mailbox", "restore", ALICE, "None", "--at", "1h")
    p.pabal_fails("mailbox", "restore", ALICE, "Work", "--at", "soon")


def test_two_at_once(make_pabal):
    p = make_pabal()
    n = 400
    with p.imap() as imap:
        for i in range(n):
            put(imap, "INBOX", f"m{i}")
        expunge(imap, "INBOX", f"1:{n}")
        both = [subprocess.Popen([PABAL, "-d", p.dir, "--json", "mailbox", "undelete",
                                  ALICE], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        came = 0
        for one in both:
            out, err = one.communicate(timeout=PATIENCE * 4)
            assert one.returncode == 0 or "nothing" in err, err
            came += sum(r["messages"] for r in json.loads(out))
        assert came == n
        assert len(fetch(imap, "INBOX")) == n
    assert rows(p, "deleted", ALICE) == rows(p, "check", ALICE) == []


def login(p):
    """None while login still hands sessions to a process that was killed."""
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        return p.imap()


@pytest.mark.allow("child.killed")
def test_killed(make_pabal):
    """A message is there or kept, at whatever moment a process ends."""
    p = make_pabal()
    n = 300
    with p.imap() as imap:
        for i in range(n):
            put(imap, "INBOX", f"m{i}")
    for i in range(12):
        imap = wait(lambda: login(p), "a login")
        have = fetch(imap, "INBOX")
        kept = [r["subject"] for r in rows(p, "deleted", ALICE)]
        assert sorted([*have, *kept]) == sorted(f"m{k}" for k in range(n))
        if i % 2 == 0 and have:
            imap.store(f"1:{len(have)}", "+FLAGS.SILENT", r"(\Deleted)")
            imap.send(b"x EXPUNGE\r\n")
            time.sleep(random.random() / 20)
            for pid in p.pids("imapd"):
                os.kill(pid, signal.SIGKILL)
            imap.shutdown()
            continue
        imap.logout()
        one = subprocess.Popen([PABAL, "-d", p.dir, "mailbox", "undelete", ALICE],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
        time.sleep(random.random() / 10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.wait()
    rows(p, "rebuild", ALICE)
    assert rows(p, "check", ALICE) == []


def test_switched_off(make_pabal):
    p = make_pabal(("pabal", "expunge_retention", "0s"))
    with p.imap() as imap:
        put(imap, "INBOX", "x")
        expunge(imap, "INBOX", "1")
        assert rows(p, "deleted", ALICE) == []
        p.conf("pabal", "expunge_retention", "1d")
        p.reload()
    with p.imap() as imap:
        put(imap, "INBOX", "y")
        expunge(imap, "INBOX", "2")
        assert len(rows(p, "deleted", ALICE)) == 1
    row, = rows(p, "purge", ALICE)
    assert (row["removed"], row["kept"]) == (0, 1)
    row = {r["account"]: r for r in rows(p, "purge", "--all", "--everything")}[ALICE]
    assert (row["removed"], row["kept"], row["kept_bytes"]) == (1, 0, 0)


def test_locked_in(make_pabal):
    """The process that works in an account is its owner's, and confined."""
    p = make_pabal()
    p.send("one")
    p.wait_mail("alice", "one")
    p.stop()
    top = p.maildir("alice")
    shutil.rmtree(os.path.join(top, "pabal.index"))
    with open(os.path.join(top, "pabal.lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        one = subprocess.Popen([PABAL, "-d", p.dir, "mailbox", "list", ALICE],
                               stdout=subprocess.PIPE, text=True)
        try:
            def confined():
                for path in glob.glob("/proc/[0-9]*/status"):
                    try:
                        with open(path) as f:
                            status = dict(l.rstrip("\n").split(":\t", 1)
                                          for l in f if ":\t" in l)
                    except OSError:
                        continue
                    if status.get("PPid") != str(one.pid):
                        continue
                    if os.environ.get("PABAL_SANITIZE"):
                        return status
                    if status["Seccomp"] == "2" and status["NoNewPrivs"] == "1":
                        return status
                return None
            status = wait(confined, "a confined child")
            assert set(status["Uid"].split()) == {str(os.stat(top).st_uid)}
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
        assert "INBOX" in one.communicate(timeout=PATIENCE)[0]
    assert one.returncode == 0


@pytest.mark.skipif(not shutil.which("doveadm"), reason="no doveadm")
def test_no_ghosts(make_pabal):
    """Dovecot, pointed at the Maildir, sees nothing of what is kept."""
    p = make_pabal()
    with p.imap() as imap:
        imap.create("Gone")
        put(imap, "Gone", "with its folder")
        put(imap, "INBOX", "expunged")
        put(imap, "INBOX", "there")
        expunge(imap, "INBOX", "1")
        imap.select("INBOX")
        imap.delete("Gone")
    assert len(rows(p, "deleted", ALICE)) == 2
    p.stop()
    top = p.maildir("alice")
    owner = os.stat(top)

    def doveadm(*args):
        return subprocess.run(
            ["doveadm", "-c", str(conf), *args], stdout=subprocess.PIPE, text=True,
            check=True, timeout=PATIENCE, env=dict(os.environ, USER="alice", HOME="/"),
            user=owner.st_uid, group=owner.st_gid, extra_groups=[]).stdout.split()

    # beside the instance, where the owner of the mail gets to
    conf = pathlib.Path(p.dir, "dovecot.conf")
    conf.write_text(f"mail_location = maildir:{top}\nbase_dir = /tmp/none\n"
                    "log_path = /dev/null\nssl = no\n")
    os.chmod(conf, 0o644)
    assert set(doveadm("mailbox", "list")) == {"INBOX"}
    assert doveadm("search", "mailbox", "*", "all").__len__() == 2


ODD = {
    "box-fifo": (lambda f: os.mkfifo(f / "pabal-mailbox"), True),
    "box-directory": (lambda f: (f / "pabal-mailbox").mkdir(), False),
    "box-large": (lambda f: (f / "pabal-mailbox").write_bytes(bytes(1 << 17)),
                  False),
    "box-no-uids": (lambda f: (f / "pabal-mailbox").write_text(
        "pabal-mailbox 1\nuidvalidity 5\nid " + "30" * 16 +
        "\nceiling 4294967295\n"), True),
    "list-fifo": (lambda f: os.mkfifo(f / "dovecot-uidlist"), True),
    "list-large": (lambda f: os.truncate(
        os.open(f / "dovecot-uidlist", os.O_CREAT | os.O_RDWR), 1 << 30),
        False),
    "letters-fifo": (lambda f: os.mkfifo(f / "dovecot-keywords"), True),
    "letters-directory": (lambda f: (f / "dovecot-keywords").mkdir(), False),
}


def own(top):
    """TOP and what is in it belong to the mailbox owner of its directory."""
    sb = os.stat(top.parent)
    for path in [top, *top.rglob("*")]:
        os.chown(path, sb.st_uid, sb.st_gid, follow_symlinks=False)


def test_an_odd_folder_harms_no_other(make_pabal):
    """A file that is none in one folder: INBOX and delivery go on, and check
    says which folder it is."""
    p = make_pabal(users=["alice", *ODD])
    for name, (make, usable) in ODD.items():
        p.send("before", to=f"{name}@{DOMAIN}")
        p.wait_mail(name, "before")
    p.stop()
    for name, (make, usable) in ODD.items():
        top = pathlib.Path(p.maildir(name))
        folder = top / ".F"
        for sub in "cur", "new", "tmp":
            (folder / sub).mkdir(parents=True)
        (folder / "cur" / "1.m:2,S").write_text("Subject: in F\n\nx\n")
        make(folder)
        own(folder)
        shutil.rmtree(top / "pabal.index")
    p.start()
    for name, (make, usable) in ODD.items():
        who = f"{name}@{DOMAIN}"
        p.send("after", to=who)
        p.wait_mail(name, "after")
        with p.imap(name) as imap:
            assert imap.select("INBOX")[1] == [b"2"], name
            assert (imap.select("F")[0] == "OK") == usable, name
        if usable:
            p.pabal("mailbox", "check", who)
            continue
        out = p.pabal_fails("--json", "mailbox", "check", who)
        row, = json.loads(out[out.index("["):out.rindex("]") + 1])
        assert (row["differs"], row["file"]) == ("unusable", ".F"), name
        assert ".F" in p.pabal_fails("mailbox", "export", who, "--to", "-")


def test_what_is_no_folder(make_pabal):
    p = make_pabal()
    p.send("one")
    p.wait_mail("alice", "one")
    top = pathlib.Path(p.maildir("alice"))
    for name in ".inbox", ".INBOX", ".a..b", ".empty..dir":
        (top / name).mkdir()
        if name != ".empty..dir":
            (top / name / "cur").mkdir()
        own(top / name)
    out = p.pabal_fails("--json", "mailbox", "check", ALICE)
    found = json.loads(out[out.index("["):out.rindex("]") + 1])
    assert {(r["differs"], r["file"]) for r in found} == {
        ("misnamed", n) for n in (".inbox", ".INBOX", ".a..b")}
    assert "has no account" in p.pabal_fails("mailbox", "list", "nowhere.test")

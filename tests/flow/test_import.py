# SPDX-License-Identifier: ISC
"""pabal import imap: from another pabal, and from servers that mean harm."""
import imaplib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from pabal import DOMAIN, PASSWORD, message, wait

ALICE = f"alice@{DOMAIN}"
DATES = ["01-Jan-2001 10:00:00 +0000", "29-Feb-2020 23:59:59 -0500"]
# A hierarchy, names beyond ASCII, one with what is our delimiter in a Maildir.
FOLDERS = ["Work", "Work/2026", "&UvBTFw-", "a.b"]
ITEMS = "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"


def box(imap, folder):
    """UIDVALIDITY, UIDNEXT and {uid: what is seen of it} of a folder."""
    typ, _ = imap.select(f'"{folder}"', readonly=True)
    assert typ == "OK", folder
    validity = int(imap.response("UIDVALIDITY")[1][0])
    uidnext = int(imap.response("UIDNEXT")[1][0])
    found = {}
    for item in imap.uid("fetch", "1:*", ITEMS)[1] or []:
        if not isinstance(item, tuple):
            continue
        head = item[0].decode()
        uid = int(re.search(r"UID (\d+)", head)[1])
        flags = set(re.search(r"FLAGS \(([^)]*)\)", head)[1].split())
        found[uid] = (flags - {r"\Recent"},
                      time.mktime(imaplib.Internaldate2tuple(item[0])),
                      item[1])
    return validity, uidnext, found


def names(imap, command="list"):
    return {re.search(r' "?([^" ]+)"?$', line.decode())[1]
            for line in getattr(imap, command)()[1] if line}


def everything(p, user="alice"):
    with p.imap(user) as imap:
        return {n: box(imap, n) for n in names(imap)}, names(imap, "lsub")


def fill(p, n=3):
    """Mail of all kinds, with gaps between the UIDs."""
    with p.imap() as imap:
        for folder in FOLDERS:
            assert imap.create(f'"{folder}"')[0] == "OK"
        imap.subscribe("Work/2026")
        for folder in ["INBOX", "Sent"] + FOLDERS:
            for i in range(n):
                imap.append(f'"{folder}"', r"(\Seen $Label1 travel)" if i % 2
                            else r"(\Flagged)", f'"{DATES[i % 2]}"',
                            message(f"{folder} {i}", body="x" * i + "\r\n"))
            imap.select(f'"{folder}"')
            imap.store("1", "+FLAGS", r"(\Deleted)")
            imap.expunge()


def url(p, user=ALICE, service="imaps"):
    host = "localhost" if service == "imaps" else "127.0.0.1"
    return f"{service}://{user.replace('@', '%40')}@{host}:{p.port(service)}"


def args(source, *more):
    return ["--json", "import", "imap", ALICE, "--from", url(source),
            "--no-verify", *more]


def run(p, source, *more):
    row, = json.loads(p.pabal(*args(source, *more), input=PASSWORD + "\n"))
    return row


def told(p, source):
    """What it says beside its output."""
    return subprocess.run(
        [*p.prefix, p.command, "-d", p.dir, *args(source)], text=True,
        input=PASSWORD + "\n", capture_output=True, check=True).stderr


def test_all_of_an_account(make_pabal):
    old, new = make_pabal(), make_pabal()
    fill(old)
    row = run(new, old)
    assert row["complete"] and row["messages"] == 2 * (len(FOLDERS) + 2)
    there, here = everything(old), everything(new)
    assert row["bytes"] == sum(len(m[2]) for b in there[0].values()
                               for m in b[2].values())
    # With UIDs and UIDVALIDITY, flags, keywords, dates, bytes, subscriptions.
    for folder, seen in there[0].items():
        if seen[2]:
            assert here[0][folder] == seen, folder
    assert here[1] == there[1]
    # Once more there is nothing to do.
    row = run(new, old)
    assert row["messages"] == row["flags"] == 0 and row["complete"]
    assert everything(new) == here


def test_what_changes_later(make_pabal):
    old, new = make_pabal(), make_pabal()
    fill(old)
    run(new, old)
    with old.imap() as imap:
        imap.select("INBOX")
        imap.uid("store", "2", "FLAGS", r"(\Answered late)")
        imap.append("INBOX", "", None, message("came later"))
        imap.uid("store", "3", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    with new.imap() as imap:
        imap.select("Work")
        uid = imap.uid("search", "ALL")[1][0].split()[0].decode()
        imap.uid("move", uid, "Archive")
    row = run(new, old)
    assert (row["messages"], row["flags"], row["deleted"]) == (1, 1, 0)
    with new.imap() as imap:
        found = box(imap, "INBOX")[2]
        assert found[2][0] == {r"\Answered", "late"}
        assert set(found) == {2, 3, 4}
        # What was moved here did not come back.
        assert uid not in box(imap, "Work")[2]
        assert len(box(imap, "Archive")[2]) == 1
    row = run(new, old, "--delete")
    assert (row["messages"], row["deleted"]) == (0, 1)
    with new.imap() as imap:
        assert set(box(imap, "INBOX")[2]) == {2, 4}
        imap.select("INBOX")
        imap.uid("store", "4", "+FLAGS", r"(\Seen)")
    with old.imap() as imap:
        imap.select("INBOX")
        imap.uid("store", "2", "-FLAGS", "late")
    assert run(new, old, "--keep-flags")["flags"] == 0


def test_mail_on_both_sides(make_pabal):
    """Who has the other server's UIDs cached is not shown one message for
    another."""
    old, new = make_pabal(), make_pabal()
    with old.imap() as imap:
        for i in range(3):
            imap.append("INBOX", "", None, message(f"number {i}"))
    run(new, old)
    with old.imap() as a, new.imap() as b:
        assert box(a, "INBOX") == box(b, "INBOX")
        # Behind its end both sides go on, until they meet.
        b.append("INBOX", "", None, message("here"))
        assert box(a, "INBOX")[0] == box(b, "INBOX")[0]
        a.append("INBOX", "", None, message("there"))
    said = told(new, old)
    assert "INBOX: other mail has come into it" in said
    with old.imap() as a, new.imap() as b:
        there, here = box(a, "INBOX"), box(b, "INBOX")
    assert here[0] != there[0] and len(here[2]) == 5
    # It is told once.
    with old.imap() as imap:
        imap.append("INBOX", "", None, message("later"))
    assert "INBOX" not in told(new, old)
    with new.imap() as b:
        again = box(b, "INBOX")
    assert again[0] == here[0] and len(again[2]) == 6


def test_folders_that_have_mail(make_pabal):
    """UIDs cannot be kept where there are messages; nothing is lost."""
    old, new = make_pabal(), make_pabal()
    fill(old)
    new.send("was here")
    new.wait_mail("alice", "was here")
    row = run(new, old, "--folders", "INBOX,Work*,!Work/2026", "--map",
              "Work=Play/ground")
    assert row["folders"] == 2 and row["messages"] == 4
    with new.imap() as imap:
        assert len(box(imap, "INBOX")[2]) == 3
        assert len(box(imap, "Play/ground")[2]) == 2
        assert "Work" not in names(imap)
    assert run(new, old, "--folders", "INBOX")["messages"] == 0


def test_killed_and_resumed(make_pabal):
    old, new = make_pabal(), make_pabal()
    count = 1500
    with old.imap() as imap:
        for i in range(count):
            imap.append("INBOX", "", None, message(f"number {i}"))
    cur = os.path.join(new.maildir("alice"), "cur")
    for stop_at in (1, 300, 900):
        with subprocess.Popen([*new.prefix, new.command, "-d", new.dir,
                               *args(old)], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL,
                              start_new_session=True) as p:
            p.stdin.write(PASSWORD.encode() + b"\n")
            p.stdin.close()
            wait(lambda: p.poll() is not None or (os.path.isdir(cur) and
                 len(os.listdir(cur)) >= stop_at), "some messages")
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    row = run(new, old)
    assert row["complete"]
    # What was killed may have set UIDs aside for more than it brought.
    with old.imap() as a, new.imap() as b:
        validity, uidnext, messages = box(a, "INBOX")
        there = box(b, "INBOX")
    assert (there[0], there[2]) == (validity, messages)
    assert there[1] >= uidnext


def test_list_and_errors(make_pabal, tmp_path):
    old, new = make_pabal(), make_pabal()
    for user in "alice", "bob":
        old.send(f"for {user}", to=f"{user}@{DOMAIN}")
        old.wait_mail(user, f"for {user}")
    listed = tmp_path / "list"
    listed.write_text("# accounts\n\n" + "".join(
        f"{u}@{DOMAIN} {url(old, f'{u}@{DOMAIN}')} {PASSWORD}\n"
        for u in ("alice", "bob")))
    rows = json.loads(new.pabal("--json", "import", "imap", "--list",
                                str(listed), "--no-verify", "--jobs", "2"))
    assert {r["account"] for r in rows} == {ALICE, f"bob@{DOMAIN}"}
    assert all(r["messages"] == 1 and r["complete"] for r in rows)
    for user in "alice", "bob":
        new.wait_mail(user, f"for {user}")
    # What cannot be.
    fails = lambda *a, **kw: new.pabal_fails("import", "imap", *a, **kw)
    wrong = fails(ALICE, "--from", url(old), "--no-verify", input="wrong\n")
    assert "AUTHENTICATIONFAILED" in wrong
    assert "certificate" in fails(ALICE, "--from", url(old),
                                  input=PASSWORD + "\n")
    assert "is not imaps://" in fails(ALICE, "--from", "http://x", input="x\n")
    assert "NAME@DOMAIN" in fails("--list", str(listed), "--from", "x")
    nobody = fails(f"nobody@{DOMAIN}", "--from", url(old), "--no-verify",
                   input=PASSWORD + "\n")
    assert "nobody" in nobody
    # By STARTTLS, and without.
    for more in (), ("--cleartext",):
        new.pabal("import", "imap", ALICE, "--from", url(old, service="imap"),
                  "--no-verify", *more, input=PASSWORD + "\n")

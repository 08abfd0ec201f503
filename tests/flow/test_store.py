# SPDX-License-Identifier: ISC
"""Delivery by local, and the mailbox as other programs see it."""
import os
import re
import shutil
import signal

import pytest

from pabal import DOMAIN, message, wait

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
NAME = re.compile(r"\d+\.[^,:]+,S=(\d+),W=(\d+),U=(\d+)(:2,[A-Za-z]*)?$")


def files(pabal, user, folder=""):
    """{name: path} of the messages of a mailbox."""
    found = {}
    for sub in ("new", "cur"):
        top = os.path.join(pabal.maildir(user), folder, sub)
        for name in os.listdir(top):
            found[name] = os.path.join(top, name)
    return found


def drop(pabal, user, path, text):
    """Write a file into the account as another program of its owner would."""
    top = pabal.maildir(user)
    full = os.path.join(top, path)
    made = os.path.dirname(full)
    os.makedirs(made, exist_ok=True)
    with open(full, "wb") as f:
        f.write(text)
    owner = os.stat(top)
    while made.startswith(top):
        os.chown(made, owner.st_uid, owner.st_gid)
        made = os.path.dirname(made)
    os.chown(full, owner.st_uid, owner.st_gid)


def fetch(imap, what):
    """{uid: answer} of a whole mailbox."""
    typ, data = imap.uid("fetch", "1:*", what)
    assert typ == "OK"
    found = {}
    for item in data:
        text = item[0] + item[1] if isinstance(item, tuple) else item
        m = text and re.search(rb"UID (\d+)", text)
        if m:
            found[int(m[1])] = text
    return found


def test_what_lies_on_disk(pabal):
    pabal.send("on disk", sender="s@example.org")
    body = pabal.wait_mail("alice", "on disk")
    assert body.startswith(b"Return-Path: <s@example.org>\n"
                           b"Delivered-To: alice@pabal.test\nReceived: ")
    assert b"\r" not in body
    (name, path), = files(pabal, "alice").items()
    m = NAME.match(name)
    assert int(m[1]) == os.path.getsize(path) == len(body)
    assert int(m[2]) == len(body) + body.count(b"\n")
    assert "/new/" in path and m[4] is None
    assert os.stat(path).st_mode & 0o077 == 0
    # Read by a session, it has been seen to have come.
    with pabal.imap("alice") as c:
        typ, data = c.select("INBOX")
        assert (typ, data) == ("OK", [b"1"])
        assert c.response("RECENT")[1] == [b"1"]
    wait(lambda: "/cur/" in list(files(pabal, "alice").values())[0],
         "the file in cur/")


def test_folder_of_the_extension(pabal):
    pabal.send("to archive", to=f"bob+Archive@{DOMAIN}")
    pabal.send("to nowhere", to=f"bob+nowhere@{DOMAIN}")
    archive = os.path.join(pabal.maildir("bob"), ".Archive")
    wait(lambda: os.path.isdir(archive) and pabal.mails("bob", "Archive"),
         "mail in Archive")
    pabal.wait_mail("bob", "to nowhere")
    assert not os.path.exists(os.path.join(pabal.maildir("bob"), ".nowhere"))


def test_every_message_once(pabal):
    with pabal.smtp() as s:
        for i in range(60):
            s.sendmail("s@example.org",
                       [f"{u}@{DOMAIN}" for u in ("carol", "dave")],
                       message(f"batch {i}"))
    for user in ("carol", "dave"):
        wait(lambda u=user: pabal.count_mails(u) == 60, "60 messages")
        uids = sorted(int(NAME.match(n)[3]) for n in files(pabal, user))
        assert uids == list(range(1, 61))
    pabal.wait_queue(0)


def test_quota(make_pabal):
    pabal = make_pabal(("qmgr", "retry_schedule", "1h"),
                       ("pabal", "quota_warning", ""), users=("full",))
    pabal.pabal("user", "set", f"full@{DOMAIN}", "quota", "8K")
    body = "x" * 70 + "\r\n"
    for i in range(4):
        try:
            pabal.send(f"q{i}", to=f"full@{DOMAIN}", body=body * 30)
        except Exception as e:  # refused at RCPT, once lookup knows
            assert "4" in str(e) or "5" in str(e)
    wait(lambda: pabal.count_mails("full") >= 3, "what fits")
    wait(lambda: pabal.events("local.delivered"), "deliveries")
    total = sum(os.path.getsize(p) for p in files(pabal, "full").values())
    assert total <= 8 << 10


def test_foreign_files_seen_by_imap(pabal):
    text = b"Subject: dropped\n\nby hand\n"
    drop(pabal, "erin", "new/1700000000.x.other", text)
    drop(pabal, "erin", "cur/1700000001.y.other,S=9,W=9:2,FS", text)
    os.mkfifo(os.path.join(pabal.maildir("erin"), "cur", "1.fifo"))
    os.symlink("/etc/passwd",
               os.path.join(pabal.maildir("erin"), "cur", "1.link:2,"))
    with pabal.imap("erin") as c:
        assert c.select("INBOX")[1] == [b"2"]
        sizes = fetch(c, "(FLAGS RFC822.SIZE BODY.PEEK[])")
        assert len(sizes) == 2
        want = len(text) + text.count(b"\n")
        for answer in sizes.values():
            assert b"RFC822.SIZE %d" % want in answer
            assert b"by hand\r\n" in answer
        assert rb"\Flagged" in sizes[2]
        # Another program marks one as read and removes the other.
        for name, path in files(pabal, "erin").items():
            if ",U=1:" in name or name.endswith(",U=1"):
                os.rename(path, os.path.join(
                    pabal.maildir("erin"), "cur",
                    name.split(":")[0] + ":2,S"))
            elif ",U=2" in name:
                os.unlink(path)
        wait(lambda: c.noop() and c.select("INBOX")[1] == [b"1"],
             "one message less")
        assert rb"\Seen" in fetch(c, "(FLAGS)")[1]


def test_take_over(pabal):
    """A folder as Dovecot leaves it: same UIDs, UIDVALIDITY, keywords."""
    text = b"Subject: old\n\nold\n"
    drop(pabal, "frank", ".Old/dovecot-uidlist",
         b"3 V1234567890 N78 G3085f01b7f11094c501100008c4a11c1\n"
         b"5 :100.a.h,S=18,W=21\n77 :101.b.h\n")
    drop(pabal, "frank", ".Old/dovecot-keywords", b"0 $Forwarded\n1 work\n")
    drop(pabal, "frank", ".Old/cur/100.a.h,S=18,W=21:2,RSb", text)
    drop(pabal, "frank", ".Old/cur/101.b.h:2,a", text)
    drop(pabal, "frank", ".Old/cur/102.c.h:2,", text)
    with pabal.imap("frank") as c:
        assert c.select("Old")[1] == [b"3"]
        assert c.response("UIDVALIDITY")[1] == [b"1234567890"]
        flags = fetch(c, "(FLAGS)")
        assert sorted(flags) == [5, 77, 78]
        assert rb"\Answered" in flags[5] and b"work" in flags[5]
        assert b"$Forwarded" in flags[77]


def test_status_tells_no_part(make_pabal):
    """Of a mailbox that is taken in for the first time: a page of webmail asks
    once, and shows what it is told."""
    many = 4000
    p = make_pabal()
    top = p.maildir("alice")
    owner = os.stat(top)
    for folder in (f"{top}/cur", f"{top}/.Old/cur"):
        drop(p, "alice", os.path.join(folder, "0.a.h:2,"), b"Subject: x\n\n\n")
        for i in range(1, many):
            path = f"{folder}/{i}.a.h:2,{'S' * (i % 2)}"
            with open(path, "wb") as f:
                f.write(b"Subject: x\n\n\n")
            os.chown(path, owner.st_uid, owner.st_gid)
    numbers = (f"(MESSAGES {many} UNSEEN {many // 2})").encode()
    with p.imap() as c:
        assert c.status("INBOX", "(MESSAGES UNSEEN)")[1] == [
            b"INBOX " + numbers]
        c.xatom("LIST", '""', "Old", "RETURN (STATUS (MESSAGES UNSEEN))")
        assert c.response("STATUS")[1] == [b"Old " + numbers]


def test_index_lost(pabal):
    """The same UIDs and flags, in a session that goes on too."""
    for i in range(3):
        pabal.send(f"kept {i}", to=f"grace@{DOMAIN}")
        pabal.wait_mail("grace", f"kept {i}")
    uidl = {}
    with pabal.imap("grace") as c:
        c.select("INBOX")
        c.uid("store", "2", "+FLAGS", r"(\Flagged custom)")
        c.uid("store", "3", "+FLAGS", r"(\Deleted)")
        c.uid("expunge", "3") if "UIDPLUS" in c.capabilities else c.expunge()
        before = {u: sorted(re.search(rb"FLAGS \(([^)]*)", t)[1].split())
                  for u, t in fetch(c, "(FLAGS)").items()}
        assert sorted(before) == [1, 2]
        c.close()
    wait(lambda: any(n.endswith(":2,Fa") for n in files(pabal, "grace")),
         "flags in the name")
    p = pabal.pop("grace")
    uidl["before"] = p.uidl()[1]
    p.quit()
    shutil.rmtree(os.path.join(pabal.maildir("grace"), "pabal.index"))

    with pabal.imap("grace") as c:
        # The process of another session may have noticed too, and build it.
        assert c.select("INBOX")[0] == "OK"
        after = {u: sorted(re.search(rb"FLAGS \(([^)]*)", t)[1].split())
                 for u, t in fetch(c, "(FLAGS)").items()}
        assert [f for f in after[2] if f != rb"\Recent"] == \
            [f for f in before[2] if f != rb"\Recent"]
        assert sorted(after) == [1, 2]
    p = pabal.pop("grace")
    uidl["after"] = p.uidl()[1]
    p.quit()
    assert uidl["before"] == uidl["after"]
    pabal.send("next", to=f"grace@{DOMAIN}")
    pabal.wait_mail("grace", "next")
    uids = sorted(int(NAME.match(n)[3]) for n in files(pabal, "grace"))
    assert uids[:2] == [1, 2] and uids[2] > 3


@pytest.mark.allow("child.killed")
@pytest.mark.parametrize("victim", ["local", "imapd"])
def test_killed_while_mail_comes(make_pabal, victim):
    pabal = make_pabal(("qmgr", "retry_schedule", "1s"), users=("ivan",))
    c = pabal.imap("ivan")
    c.select("INBOX")
    for i in range(30):
        pabal.send(f"k{i}", to=f"ivan@{DOMAIN}")
        if i % 10 == 5:
            for pid in pabal.pids(victim):
                os.kill(pid, 9)
    wait(lambda: all(pabal.find_mail("ivan", f"k{i}") for i in range(30)),
         "all messages")
    pabal.wait_queue(0)
    uids = [int(NAME.match(n)[3]) for n in files(pabal, "ivan")]
    assert len(uids) == len(set(uids))


@pytest.mark.allow("child.killed")
def test_no_file_name_in_a_result(make_pabal):
    """A result is told to the sender; what failed here is for the log."""
    p = make_pabal(("qmgr", "retry_schedule", "1h"))
    p.send("the first")
    p.wait_mail("alice", "the first")
    p.wait_queue(0)
    for pid in p.pids("local"):  # it has the directories open
        os.kill(pid, signal.SIGKILL)
    cur = os.path.join(p.maildir("alice"), "cur")
    os.rename(cur, cur + ".away")
    os.symlink("cur.away", cur)
    since = p.mark()
    p.send("the second")
    result = p.wait_event("rcpt.result", since)
    assert result["status"] == "tempfail"
    assert result["text"] == "mailbox temporarily unavailable"
    failed = p.wait_event("local.delivery-failed", since)
    assert failed["qid"] == result["qid"]
    assert failed["account"] == f"alice@{DOMAIN}" and "cur" in failed["why"]
    os.remove(cur)
    os.rename(cur + ".away", cur)
    p.pabal("queue", "flush")
    p.wait_mail("alice", "the second")

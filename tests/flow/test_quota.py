# SPDX-License-Identifier: ISC
"""Quotas: of accounts, domains and the host, in bytes and messages; rules for
mailboxes; a full account is emptied; its owner is told by mail."""
import email
import email.policy
import imaplib
import json
import os
import random
import re
import signal
import subprocess

import pytest

from imapraw import Imap
from pabal import BUILD, DOMAIN, Failed, PASSWORD, message, wait

OTHER = "other.test"
ROOT = '"User quota"'
KB = 1024
SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))


def text(size, subject="x"):
    head = f"Subject: {subject}\r\n\r\n".encode()
    line = b"0123456789" * 6 + b"\r\n"
    body = line * (max(0, size - len(head)) // len(line) + 1)
    return head + body[:size - len(head) - 2] + b"\r\n"


def usage(c, box="INBOX"):
    """{resource: (used, limit)}; None: the mailbox has no root."""
    answers = c.ok(f"GETQUOTAROOT {box}")
    if len(answers) == 1:
        return None
    words = re.search(rb"\((.*)\)", answers[1])[1].decode().split()
    return {name: (int(used), int(limit)) for name, used, limit in
            zip(words[::3], words[1::3], words[2::3])}


def refused(c, command, *literals):
    status, why, _ = c.cmd(command, *literals)
    return (status, why.split()[0]) == (b"NO", b"[OVERQUOTA]")


def set_quota(p, user, quota):
    p.pabal("user", "set", f"{user}@{DOMAIN}", "quota", quota)


def told(p, user):
    """The messages to the owner, parsed, oldest first."""
    found = [email.message_from_bytes(m, policy=email.policy.default)
             for m in p.mails(user)
             if b"\nAuto-Submitted: auto-generated\n" in m]
    return sorted(found, key=lambda m: m["Message-ID"])


def subjects(p, user):
    return [m["Subject"] for m in told(p, user)]


def lmtp(p, user, size, subject="x"):
    """The reply to a message of SIZE."""
    with p.lmtp() as c:
        c.ehlo()
        c.mail("sender@example.org")
        code, _ = c.rcpt(f"{user}@{DOMAIN}")
        if code != 250:
            return code
        return c.data(text(size, subject))[0]


# ---- how much

def test_own_domain_host(make_pabal):
    p = make_pabal(("pabal", "quota", "3M,300"), domains=(DOMAIN, OTHER),
                   users=("alice", "bob", "carol@" + OTHER))

    def limits(user, domain=DOMAIN):
        c = p.imap(login=False)
        c.login(f"{user}@{domain}", PASSWORD)
        answer = c.getquotaroot("INBOX")[1][1][0]
        c.logout()
        return answer and re.findall(rb"(\w+) \d+ (\d+)", answer)

    host = [(b"STORAGE", b"3072"), (b"MESSAGE", b"300")]
    assert limits("alice") == host
    p.pabal("domain", "set", DOMAIN, "quota", "2M")
    assert limits("alice") == [(b"STORAGE", b"2048")]
    assert limits("carol", OTHER) == host
    set_quota(p, "bob", "0,5")
    assert limits("bob") == [(b"MESSAGE", b"5")]
    set_quota(p, "bob", "0")
    assert limits("bob") is None
    set_quota(p, "bob", "-")
    assert limits("bob") == [(b"STORAGE", b"2048")]
    rows = {r["domain"]: r for r in json.loads(p.pabal("--json", "domain", "list"))}
    assert rows[DOMAIN]["quota"] == 2 << 20 and rows[OTHER]["quota"] is None
    users = json.loads(p.pabal("--json", "user", "list"))
    assert all(u["account"][0] != "@" for u in users)
    p.pabal("domain", "set", DOMAIN, "quota", "-")
    assert limits("alice") == host
    for bad in ("much", "1G,", "1G,x", ",5"):
        assert "quota" in p.pabal_fails("domain", "set", DOMAIN, "quota", bad)
    assert "not a local domain" in p.pabal_fails(
        "domain", "set", "far.test", "quota", "1G")
    # It goes with the domain.
    p.pabal("domain", "set", OTHER, "quota", "1M")
    p.pabal("domain", "del", OTHER)
    with open(os.path.join(p.dir, "etc", "accounts")) as f:
        assert "@" + OTHER + " quota" not in f.read()


@pytest.mark.parametrize("name, value", [
    ("quota", "some"), ("quota_rules", "Trash"), ("quota_rules", "Trash:10%"),
    ("quota_rules", ":+10%"), ("quota_rules", "Trash:+x"),
    ("quota_rules", "Trash:+10"), ("quota_rules", "Trash:-10%"),
    ("quota_warning", "0%"), ("quota_warning", "101%"), ("quota_warning", "x")])
def test_invalid_parameters(shared_pabal, name, value):
    with open(os.path.join(shared_pabal.dir, "etc", "pabal.conf")) as f:
        before = f.read()
    with pytest.raises(Failed) as e:
        shared_pabal.pabal("conf", "set", "pabal", name, value)
        shared_pabal.pabal("conf", "check")
    assert name in str(e.value)
    with open(os.path.join(shared_pabal.dir, "etc", "pabal.conf"), "w") as f:
        f.write(before)


def test_messages(make_pabal):
    """RES-MESSAGE: delivery, RCPT, APPEND, MULTIAPPEND, COPY, REPLACE."""
    p = make_pabal(("qmgr", "retry_schedule", "1h"), ("pabal", "quota_warning", ""),
                   ("pabal", "quota_rules", ""), users=("alice",))
    set_quota(p, "alice", "0,4")
    for n in range(3):
        assert lmtp(p, "alice", 200, f"m{n}") == 250
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        assert usage(c) == {"MESSAGE": (3, 4)}
        assert refused(c, "COPY 1:2 Sent")
        assert usage(c) == {"MESSAGE": (3, 4)}
        assert refused(c, "APPEND Sent %L %L", text(100), text(100))
        c.append(text(100), "Sent")
        assert refused(c, "APPEND Sent %L", text(100))
        c.ok("REPLACE 1 Sent %L", text(100))  # the other one goes
        assert usage(c) == {"MESSAGE": (4, 4)}
        c.ok("MOVE 1:2 Archive")  # needs no room
        assert usage(c, "Archive") == {"MESSAGE": (4, 4)}
    # lookup knows since the last delivery; this one tells it.
    assert lmtp(p, "alice", 200) in (250, 452)
    wait(lambda: lmtp(p, "alice", 200) == 452, "a full mailbox at RCPT")
    assert len(p.mails("alice", "Archive") + p.mails("alice", "Sent")) == 4


# ---- a full account is emptied

def full(p, user="alice", quota=100 * KB):
    """Fill the account so that nothing of 5 KB fits; how many are there."""
    set_quota(p, user, str(quota))
    with Imap(p, user) as c:
        while not refused(c, "APPEND INBOX %L", text(5 * KB)):
            pass
    return len(p.mails(user))


@pytest.mark.parametrize("moves", [False, True])
def test_a_full_account_is_emptied(make_pabal, moves):
    """As Thunderbird and Roundcube do: copied to the trash, then deleted."""
    p = make_pabal(("pabal", "quota_warning", ""), users=("alice",))
    n = full(p)
    c = p.imap()
    c.select("INBOX")
    for _ in range(n):
        uid = c.uid("SEARCH", "ALL")[1][0].split()[0].decode()
        if moves:
            assert c.uid("MOVE", uid, "Trash")[0] == "OK"
            continue
        assert c.uid("COPY", uid, "Trash")[0] == "OK"
        assert c.uid("STORE", uid, "+FLAGS", r"(\Deleted)")[0] == "OK"
        assert c.expunge()[0] == "OK"
    assert c.search(None, "ALL")[1] == [b""]
    # The margin is the trash's alone.
    assert c.append("INBOX", None, None, text(8 * KB))[0] == "NO"
    assert c.append("Trash", None, None, text(8 * KB))[0] == "OK"
    c.select("Trash")
    assert c.store("1:*", "+FLAGS", r"(\Deleted)")[0] == "OK"
    assert c.expunge()[0] == "OK"
    assert c.append("INBOX", None, None, text(90 * KB))[0] == "OK"
    c.logout()


def test_rcpt_hears_of_room(make_pabal):
    """A full mailbox is refused at RCPT, and one that was emptied by IMAP no
    more, long before what was heard of it would be forgotten."""
    p = make_pabal(("pabal", "quota_warning", ""), users=("alice",))
    set_quota(p, "alice", "20K")
    while lmtp(p, "alice", 6 * KB) == 250:
        pass
    with p.lmtp() as c:
        c.ehlo()
        c.mail("sender@example.org", ["SIZE=6144"])
        assert c.rcpt(f"alice@{DOMAIN}")[0] in (452, 552)
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        wait(lambda: lmtp(p, "alice", 6 * KB) == 250, "room", 20)


def test_the_margin_ends(make_pabal):
    p = make_pabal(("pabal", "quota_warning", ""),
                   ("pabal", "quota_rules", "Trash:+10K"), users=("alice",))
    full(p)
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        c.ok("COPY 1:2 Trash")
        assert refused(c, "COPY 1:2 Trash")
        assert usage(c)["STORAGE"][0] <= 110
        # another mailbox has the special use
        c.ok("RENAME Trash Old")
        c.ok("UID STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        assert usage(c)["STORAGE"][0] <= 100


def test_ignored(make_pabal):
    p = make_pabal(("pabal", "quota_warning", ""),
                   ("pabal", "quota_rules", "Junk:ignore, Trash:+10%"),
                   users=("alice",))
    set_quota(p, "alice", "20K")
    with Imap(p) as c:
        assert usage(c, "Junk") is None
        for _ in range(5):
            c.append(text(10 * KB), "Junk")
        c.ok("CREATE Junk/more")
        c.append(text(10 * KB), "Junk/more")
        assert usage(c)["STORAGE"][0] == 0
        c.append(text(10 * KB))
        c.ok("SELECT Junk")
        c.ok("MOVE 1 INBOX")
        assert refused(c, "MOVE 1 INBOX")
        assert refused(c, "COPY 1 INBOX")
        c.ok("SELECT INBOX")
        c.ok("MOVE 1 Junk")
        assert usage(c)["STORAGE"][0] == 10
        assert lmtp(p, "alice", 9 * KB) == 250


# ---- the owner is told

def test_told_once(make_pabal):
    p = make_pabal(("qmgr", "retry_schedule", "1h"),
                   ("pabal", "quota_warning", "50% 80%"), users=("alice",))
    set_quota(p, "alice", "100K")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        c.ok("NOOP")
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+")
        assert lmtp(p, "alice", 40 * KB) == 250
        assert c.answer() == b"* 1 EXISTS"
        assert lmtp(p, "alice", 12 * KB) == 250
        while c.answer() != b"* 3 EXISTS":
            pass
        c.send(b"DONE\r\n")
        c.finish(tag)
        assert subjects(p, "alice") == ["Your mailbox is 52 % full"]
        m, = told(p, "alice")
        assert m["From"] == f"Mail Delivery System <postmaster@{DOMAIN}>"
        assert m["To"] == f"alice@{DOMAIN}" and m["Return-Path"] == "<>"
        assert m["Auto-Submitted"] == "auto-generated" and m["Message-ID"]
        assert email.utils.parsedate_to_datetime(m["Date"])
        body = m.get_content()
        assert re.search(r"52\.\d KB of 100 KB", body)
        assert f"alice@{DOMAIN}" in body
        assert all(len(line) <= 76 for line in body.splitlines())
        # A threshold is told once, whoever passes it.
        c.append(text(2 * KB))
        p.stop()
    p.start()
    assert lmtp(p, "alice", 2 * KB) == 250
    assert len(told(p, "alice")) == 1
    with Imap(p) as c:
        c.append(text(30 * KB))
        assert subjects(p, "alice")[1:] == ["Your mailbox is 87 % full"]
        # Mail that is kept out, and not what the owner himself cannot append.
        assert refused(c, "APPEND INBOX %L", text(30 * KB))
        assert len(told(p, "alice")) == 2
        p.stop()  # what lookup knows
    p.start()
    assert lmtp(p, "alice", 30 * KB) in (250, 452)
    wait(lambda: subjects(p, "alice")[2:] == ["Your mailbox is full"],
         "that it is full")
    assert lmtp(p, "alice", 30 * KB) in (250, 452, 552)
    with Imap(p) as c:
        # Down again, and up by COPY.
        c.ok("SELECT INBOX")
        c.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        c.append(text(10), "Sent")
        uid = c.append(text(16 * KB))
        assert len(told(p, "alice")) == 4  # 50 %
        for _ in range(2):
            c.ok(f"UID COPY {uid} Archive")
        assert len(told(p, "alice")) == 5  # 80 %
    assert len(p.events("store.quota-warning")) == 5
    assert "pabal_store_quota_warnings" in p.pabal("metrics")


def test_words_of_the_administrator(make_pabal):
    p = make_pabal(("pabal", "quota_warning", "10"),
                   ("pabal", "quota_warning_subject", "메일함 $percent % — $account"),
                   ("pabal", "quota_warning_text",
                    '"용량: $used / $quota\\n.\\n$$ $nothing ' + "가나다" * 400 + '"'),
                   ("pabal", "postmaster", f"bob@{DOMAIN}"),
                   users=("alice", "bob"))
    set_quota(p, "alice", "10K,1000")
    assert lmtp(p, "alice", 2 * KB) == 250
    m, = told(p, "alice")
    assert re.fullmatch(rf"메일함 2\d % — alice@{DOMAIN}", m["Subject"])
    assert m["From"] == f"Mail Delivery System <bob@{DOMAIN}>"
    body = m.get_content()
    assert re.match(r"용량: 2\.\d KB, 1 messages / 10 KB, 1000 messages\n\.\n"
                    r"\$\$ \$nothing", body)
    assert body.count("가나다") >= 398  # some stand across two lines
    assert "\ufffd" not in body
    raw, = [m for m in p.mails("alice") if b"quota@" in m]
    assert max(map(len, raw.splitlines())) < 998
    # A reload changes it.
    p.conf("pabal", "quota_warning", "")
    p.reload()
    assert lmtp(p, "alice", KB) == 250
    assert len(told(p, "alice")) == 1


@pytest.mark.parametrize("isolation", ["account", "domain", "uid"])
def test_isolation(make_pabal, isolation):
    p = make_pabal(("imapd", "isolation", isolation), users=("alice", "bob"))
    for user in ("alice", "bob"):
        set_quota(p, user, "20K")
        with Imap(p, user) as c:
            c.append(text(17 * KB))
            assert refused(c, "APPEND INBOX %L", text(17 * KB))
        assert subjects(p, user) == ["Your mailbox is 85 % full"]


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_kill(make_pabal):
    """Neither lost nor sent twice, whoever is killed when."""
    print(f"PABAL_SEED={SEED}")
    rnd = random.Random(SEED)
    p = make_pabal(("pabal", "quota_warning", "20% 40% 60% 80%"),
                   ("qmgr", "retry_schedule", "1s"), users=("alice",))
    set_quota(p, "alice", "400K")
    sent = 0
    while sent < 80:
        with p.smtp() as c:
            for _ in range(rnd.randrange(1, 9)):
                c.sendmail("sender@example.org", [f"alice@{DOMAIN}"],
                           text(4 * KB, f"n{sent}"))
                sent += 1
        for pid in p.pids("local"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    p.wait_queue(0)
    found = [int(re.search(r"(\d+) %", s)[1]) // 20 for s in subjects(p, "alice")]
    assert sorted(set(found)) == sorted(found) and found[-1] == 4, found
    bodies = p.mails("alice")
    assert {f"n{i}" for i in range(sent)} == {
        m.group(1).decode() for b in bodies
        if (m := re.search(rb"^Subject: (n\d+)", b, re.M))}


# ---- what imapd knows of it

def test_a_parked_session_knows_no_better(make_pabal):
    """What comes back from parking does not bring back an old quota."""
    p = make_pabal(("imapd", "park_after", "20ms"), users=("alice",))
    set_quota(p, "alice", "100K")
    with Imap(p) as c:
        c.ok("SELECT INBOX")
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        assert c.answer().startswith(b"+")

        def held():
            return sum(int(line.split()[-1])
                       for line in p.pabal("metrics").splitlines()
                       if line.startswith("pabal_parking_sessions{"))
        wait(lambda: held() == 1, "parked")
        set_quota(p, "alice", "200K")
        with Imap(p) as other:
            assert usage(other) == {"STORAGE": (0, 200)}
            c.send(b"DONE\r\n")
            c.finish(tag)
            assert usage(c) == {"STORAGE": (0, 200)}
            assert usage(other) == {"STORAGE": (0, 200)}


def test_counted_before_it_is_told(make_pabal):
    """An index that is new is counted to the end first."""
    p = make_pabal(users=("alice",))
    set_quota(p, "alice", "1G")
    cur = os.path.join(p.maildir("alice"), "cur")
    owner = os.stat(cur)
    for n in range(5000):
        name = os.path.join(cur, f"{1700000000 + n}.m{n}.h:2,S")
        with open(name, "w") as f:
            f.write("Subject: x\n\n" + "y" * 1000 + "\n")
        os.chown(name, owner.st_uid, owner.st_gid)
    with Imap(p) as c:
        assert usage(c) == {"STORAGE": (-(-5000 * 1016 // 1024), 1 << 20)}

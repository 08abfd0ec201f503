# SPDX-License-Identifier: ISC
"""One message for many local recipients: read once, and no other waits for it.
PABAL_RECIPIENTS is how many."""
import glob
import os
import signal

from pabal import DOMAIN, message, wait

MANY = int(os.environ.get("PABAL_RECIPIENTS", "300"))
JOB = 20 if MANY < 5000 else 100
CONF = [("smtpd", "max_recipients", "50000"),
        ("qmgr", "recipients_per_job", str(JOB))]
USERS = [f"u{n}" for n in range(MANY)]
HASH = "$5$rounds=1000$many$cXvLpAq06zQTlMLWPNTzAXOkb1aqa8rSPbRN7psp2e3"


def prepare(instance):
    instance.pabal("user", "import", input="".join(
        f"{u}@{DOMAIN} hash={HASH}\n" for u in USERS))


def metric(p, name):
    return sum(int(float(line.split()[-1]))
               for line in p.pabal("metrics").splitlines()
               if line.startswith(name))


def send(p, subject, users):
    with p.smtp("smtp") as s:
        s.ehlo()
        s.sendmail("sender@example.org", [f"{u}@{DOMAIN}" for u in users],
                   message(subject, to="list@example.org"))


def files(p, user):
    return glob.glob(os.path.join(p.maildir(user), "new", "*"))


def test_another_message_goes_through(make_pabal):
    p = make_pabal()
    send(p, "wakes local", ["alice", "bob"])
    p.wait_mail("alice", "wakes local")
    p.wait_mail("bob", "wakes local")
    p.wait_queue(0)
    since, texts = p.mark(), metric(p, "pabal_local_texts")
    stopped = p.pids("local")
    # Both wait for local then, the one for many first.
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        send(p, "for many", USERS)
        send(p, "for one", ["alice"])
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    p.wait_mail("alice", "for one")
    p.wait_queue(0, timeout=600)
    first, second = [e["qid"] for e in p.events("mail.accepted", since)]
    told = p.events("local.delivered", since)
    assert len(told) == MANY + 1
    # Each process tells in its own order: the second message is not behind the
    # first one's recipients there.
    pid, = [e["pid"] for e in told if e["qid"] == second]
    order = [e["qid"] for e in told if e["pid"] == pid]
    assert order.index(second) <= len(order) // 2, order.index(second)
    for u in USERS:
        one, = p.mails(u)
        assert f"Delivered-To: {u}@{DOMAIN}\n".encode() in one
        assert b"Subject: for many\n" in one
    # The message for many is read once by each process that has some of them.
    assert metric(p, "pabal_local_texts") - texts <= len(stopped) + 1


def test_names_of_one_file(make_pabal):
    p = make_pabal(("local", "copy_with_hardlinks", "yes"))
    some = USERS[:30]
    send(p, "one file", some)
    for u in some:
        wait(lambda u=u: files(p, u), f"mail for {u}")
    p.wait_queue(0)
    inodes = {}
    for u in some:
        (path,), (text,) = files(p, u), p.mails(u)
        assert text.startswith(b"Return-Path: <sender@example.org>\n")
        assert b"Delivered-To" not in text and b"Subject: one file\n" in text
        found = inodes.setdefault(os.stat(path).st_ino, [])
        found.append((path, text))
    # A file for each batch of each process, not one for each mailbox.
    assert len(inodes) <= len(some) // 2, inodes
    for found in inodes.values():
        assert len({text for _, text in found}) == 1
        assert os.stat(found[0][0]).st_nlink == len(found)
    # A mailbox loses a name, the others keep theirs.
    (first, text), *others = max(inodes.values(), key=len)
    os.unlink(first)
    for path, _ in others:
        with open(path, "rb") as f:
            assert f.read() == text
    # A message for one is marked as his.
    send(p, "mine", some[:1])
    assert b"Delivered-To: " in p.wait_mail(some[0], "mine")


def test_a_file_for_each(make_pabal):
    p = make_pabal()
    some = USERS[:5]
    send(p, "copies", some)
    for u in some:
        p.wait_mail(u, "copies")
        path, = files(p, u)
        assert os.stat(path).st_nlink == 1

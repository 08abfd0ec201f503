# SPDX-License-Identifier: ISC
"""Bytes of an account's index that turned over: imapd, pop3d and local may end
of it, but not again and again."""
import imaplib
import os
import poplib
import re
import shutil

from pabal import wait

PAGE = 4096
N = 40


def turned(good, at, n):
    """GOOD, with N bytes turned over at AT in each page but the first two."""
    out = bytearray(good)
    for page in range(2 * PAGE, len(out), PAGE):
        for i in range(page + at, page + at + n):
            out[i] ^= 0xff
    return bytes(out)


def put(p, top, data, stamp):
    owner = os.stat(p.maildir("alice"))
    shutil.rmtree(top)
    os.mkdir(top, 0o700)
    for name, text in ("data.mdb", data), ("stamp", stamp):
        path = os.path.join(top, name)
        with open(path, "wb") as f:
            f.write(text)
        os.chmod(path, 0o600)
        os.chown(path, owner.st_uid, owner.st_gid)
    os.chown(top, owner.st_uid, owner.st_gid)


def by_imap(p):
    """{uid: flags}; None: not this time."""
    try:
        imap = p.imap("alice")
        imap.select()
        typ, data = imap.uid("fetch", f"1:{N}", "(FLAGS)")
        imap.logout()
    except (imaplib.IMAP4.error, OSError):
        return None
    if typ != "OK":
        return None
    found = [re.search(rb"UID (\d+) FLAGS \((.*?)\)", d) or
             re.search(rb"FLAGS \((.*?)\) UID (\d+)", d) for d in data if d]
    return {m[0] for m in found if m} if len(found) == N else None


def by_pop(p):
    try:
        pop = p.pop("alice")
        n = len(pop.list()[1])
        pop.quit()
    except (poplib.error_proto, OSError):
        return None
    return n


def test_index_damage(pabal):
    p = pabal
    for i in range(N):
        p.send(f"number {i}")
    wait(lambda: p.count_mails("alice") == N, "all mail")
    imap = p.imap("alice")
    imap.select()
    imap.uid("store", "3,7,11", "+FLAGS", r"(\Flagged \Seen)")
    imap.logout()
    before = by_imap(p)
    assert before and len(before) == N
    p.stop()
    top = os.path.join(p.maildir("alice"), "pabal.index")
    with open(os.path.join(top, "data.mdb"), "rb") as f:
        good = f.read()
    with open(os.path.join(top, "stamp"), "rb") as f:
        stamp = f.read()
    assert stamp.endswith(b"clean\n") and len(good) >= 6 * PAGE
    for k, (at, n) in enumerate(((0, 16), (16, 16), (16, 64), (2048, 2048),
                                 (0, PAGE))):
        put(p, top, turned(good, at, n), stamp)
        since = p.mark()
        p.start()
        # local first, imapd first: who meets it is not always the same.
        if k % 2 == 0:
            p.send(f"later {k}")
            p.wait_mail("alice", f"later {k}")
        ended = []
        # Neither is asked more often than it may end, and then it is there.
        for _ in range(6):
            now = by_imap(p)
            if now is not None:
                break
            ended.append("imapd")
        assert now == before, (at, n, ended)
        for _ in range(6):
            count = by_pop(p)
            if count is not None:
                break
        assert count == N + (k % 2 == 0), (at, n)
        if k % 2 == 1:
            p.send(f"later {k}")
            p.wait_mail("alice", f"later {k}")
            p.pop("alice").quit()
        rebuilt = p.events("store.index-rebuilt", since)
        assert rebuilt and {e["why"] for e in rebuilt} == {"damaged"}
        p.stop()
        # What came meanwhile goes, so that the index fits again.
        for sub in ("new", "cur"):
            box = os.path.join(p.maildir("alice"), sub)
            for name in os.listdir(box):
                with open(os.path.join(box, name), "rb") as f:
                    if b"Subject: later" in f.read():
                        os.unlink(os.path.join(box, name))

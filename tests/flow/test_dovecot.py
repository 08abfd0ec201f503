# SPDX-License-Identifier: ISC
"""From Debian's Dovecot and back: over IMAP, and by its Maildir."""
import json
import os
import shutil

import pytest

from dovecot import Dovecot, USER
from pabal import DOMAIN, PASSWORD, message
from test_import import DATES, box, names

FOLDERS = ["Work", "Work/2026", "&UvBTFw-", "Sent Items"]
KEYWORDS = r"(\Seen $Label1 travel)", r"(\Flagged)", r"(\Answered \Draft)"


def fill(imap, folders):
    for folder in folders:
        if folder not in names(imap):
            assert imap.create(f'"{folder}"')[0] == "OK"
    imap.subscribe("Work/2026")
    for folder in ["INBOX"] + folders:
        for i in range(4):
            imap.append(f'"{folder}"', KEYWORDS[i % 3], f'"{DATES[i % 2]}"',
                        message(f"{folder} {i}", body="é" * i + "\r\n"))
        imap.select(f'"{folder}"')
        imap.store("2", "+FLAGS", r"(\Deleted)")
        imap.expunge()


def seen(imap):
    found = {n: box(imap, n) for n in quoted(imap)}
    return {n: b for n, b in found.items() if b[2]}


def quoted(imap, command="list"):
    """Names may have blanks."""
    found = set()
    for line in getattr(imap, command)()[1]:
        if line:
            name = line.decode().split(' "/" ', 1)[1]
            found.add(name.strip('"'))
    return found


@pytest.mark.parametrize("mail", ["maildir:{dir}/mail", "sdbox:{dir}/mail",
                                  "mdbox:{dir}/mail"])
def test_over_imap(make_pabal, mail):
    p = make_pabal()
    with Dovecot(mail) as d:
        with d.imap() as imap:
            fill(imap, FOLDERS)
            there, subscribed = seen(imap), quoted(imap, "lsub")
        words = ["--json", "import", "imap", USER, "--from", d.url(),
                 "--cleartext", "--no-verify"]
        row, = json.loads(p.pabal(*words, input=PASSWORD + "\n"))
        assert row["complete"] and row["messages"] == 3 * (len(FOLDERS) + 1)
        with p.imap() as imap:
            assert seen(imap) == there
            assert subscribed <= quoted(imap, "lsub")
            # One folder for sent mail, as it was called there.
            sent = [l for l in imap.list()[1] if rb"\Sent" in l]
            assert len(sent) == 1 and b"Sent Items" in sent[0]
        with d.imap() as imap:
            imap.append("INBOX", "", None, message("later"))
            imap.select("INBOX")
            imap.uid("store", "1", "-FLAGS", "travel")
        row, = json.loads(p.pabal(*words, input=PASSWORD + "\n"))
        assert (row["messages"], row["flags"]) == (1, 1)
        with d.imap() as a, p.imap() as b:
            assert box(a, "INBOX") == box(b, "INBOX")


def take(source, target):
    """The Maildir SOURCE as TARGET, of the same owner."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for base, dirs, files in os.walk(source):
        for name in dirs + files:
            at = os.path.join(base, name)
            to = os.path.join(target, os.path.relpath(at, source))
            st = os.stat(at)
            os.chown(to, st.st_uid, st.st_gid)
    st = os.stat(source)
    os.chown(target, st.st_uid, st.st_gid)


def plain(messages):
    return sorted((sorted(flags), date, text)
                  for flags, date, text in messages.values())


def uidls(pop):
    lines = pop.uidl()[1]
    pop.quit()
    return [l.split()[1] for l in lines]


def test_its_maildir(make_pabal):
    p = make_pabal()
    with Dovecot() as d:
        with d.imap() as imap:
            fill(imap, FOLDERS)
            there, subscribed = seen(imap), quoted(imap, "lsub")
        ids = uidls(d.pop())
        d.process.terminate()
        d.process.wait()
        take(d.path("mail"), p.maildir("alice"))
    with p.imap() as imap:
        assert seen(imap) == there
        assert subscribed <= quoted(imap, "lsub")
    assert uidls(p.pop()) == ids


def test_the_way_back(make_pabal):
    """Dovecot reads our Maildir: messages, flags, letters' keywords, dates and
    subscriptions."""
    p = make_pabal()
    with p.imap() as imap:
        fill(imap, FOLDERS)
    p.stop()  # file names follow flags
    p.start()
    with p.imap() as imap:
        here, subscribed = seen(imap), quoted(imap, "lsub")
    p.stop()
    with Dovecot() as d:
        take(p.maildir("alice"), d.path("mail"))
        with d.imap() as imap:
            there = seen(imap)
            assert subscribed <= quoted(imap, "lsub")
    assert set(there) == set(here)
    for folder, (_, _, messages) in here.items():
        # The order is that of the UIDs, which are new ones there.
        assert plain(messages) == plain(there[folder][2]), folder

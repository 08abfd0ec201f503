# SPDX-License-Identifier: ISC
"""pabal mailbox: an administrator's work in accounts."""
import json
import os

import pytest

from pabal import DOMAIN, Failed

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
    assert rows(p, "list", "example.org") == []
    assert not p.pabal("mailbox", "list", ALICE).startswith("ACCOUNT")
    p.pabal_fails("mailbox", "list")
    p.pabal_fails("mailbox", "list", ALICE, "--all")

# SPDX-License-Identifier: ISC
"""The names in the log are an interface: what the last release had is there or
listed as renamed, and a key means the same whoever logs it."""
import os
import sys

import pytest

from pabal import DOMAIN

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import events  # noqa: E402

USERS = ("alice",)

OLD = [("qmgr", "mail.sent", ["qid", "n"]), ("qmgr", "rcpt.refused", ["qid"]),
       ("smtpd", "rcpt.refused", ["sid"])]
NOW = {"mail.sent": ["qid", "n"], "rcpt.unroutable": ["qid"],
       "rcpt.refused": ["sid", "client"]}
RENAMED = "| `rcpt.refused` (qmgr) | `rcpt.unroutable` | |\n"


def without(event):
    return {e: k for e, k in NOW.items() if e != event}


@pytest.mark.parametrize("table, now, wrong", [
    (RENAMED, NOW, ""),
    ("", NOW, "rcpt.refused had the key qid"),
    (RENAMED, without("mail.sent"), "mail.sent of the last release is gone"),
    (RENAMED, without("rcpt.unroutable"), "which nothing logs"),
    (RENAMED, {**NOW, "mail.sent": ["qid"]}, "mail.sent had the key n"),
    (RENAMED + "| `mail.sent` | `mail.sent` | `n` → `nrcpt` |",
     {**NOW, "mail.sent": ["qid", "nrcpt"]}, ""),
    (RENAMED + "| `mail.sent` | `mail.sent` | `n` → removed |",
     {**NOW, "mail.sent": ["qid"]}, ""),
    (RENAMED + "| `mail.sent` | `mail.sent` | `m` → `n` |", NOW,
     "mail.sent had no key m"),
    (RENAMED + "| `mail.sent` | removed: it is counted | |",
     without("mail.sent"), ""),
    (RENAMED + "| `mail.sent` | removed: it is counted | |", NOW,
     "mail.sent is logged and was removed"),
    (RENAMED + "| `mail.snet` | `mail.sent` | |", NOW, "had no mail.snet"),
])
def test_what_a_release_renames_is_listed(table, now, wrong):
    found = events.compare(OLD, events.renames(table), now)
    assert bool(found) == bool(wrong) and wrong in " ".join(found), found


def test_events_are_those_of_the_last_release_or_renamed(capsys):
    assert events.check() == 0, capsys.readouterr().out
    assert len(events.released()) > 100


def test_an_account_is_an_address_everywhere(pabal):
    alice = f"alice@{DOMAIN}"
    pabal.send("an account")
    pabal.wait_mail("alice", "an account")
    pabal.imap().logout()
    pabal.pop().quit()
    for event in ("local.delivered", "imapd.session-start",
                  "imapd.session-end", "pop3d.session-end"):
        assert pabal.wait_event(event)["account"] == alice
    for event in ("auth.ok", "login.ok"):
        for protocol in ("imap", "pop3"):
            e = pabal.wait_event(event, protocol=protocol)
            assert (e["account"], e["client"]) == (alice, "127.0.0.1")
    assert pabal.events("imapd.session-start")[0]["client"] == "127.0.0.1"

# SPDX-License-Identifier: ISC
"""LMTP intake: one reply for each recipient (RFC 2033)."""
from pabal import DOMAIN, message
from test_smtp import Wire


def test_lhlo_only(pabal):
    with Wire(pabal, "lmtp", greet=None) as w:
        assert w.ask("EHLO c.example")[0] == "5"
        assert w.ask("HELO c.example")[0] == "5"
        assert w.ask("LHLO c.example").startswith("250")


def test_a_reply_for_each_recipient(pabal):
    with Wire(pabal, "lmtp", greet="LHLO c.example") as w:
        assert w.ask("MAIL FROM:<s@example.org>").startswith("250")
        codes = [w.ask(f"RCPT TO:<{name}@{DOMAIN}>")[:3]
                 for name in ("alice", "nobody", "bob")]
        assert codes == ["250", "550", "250"]
        assert w.ask("DATA").startswith("354")
        w.say(message("by lmtp") + b".\r\n")
        assert [w.reply()[:3] for _ in range(2)] == ["250", "250"]
        assert w.ask("QUIT").startswith("221")
    for name in ("alice", "bob"):
        assert b"with LMTP" in pabal.wait_mail(name, "by lmtp")


def test_no_recipients(pabal):
    with Wire(pabal, "lmtp", greet="LHLO c.example") as w:
        assert w.ask("MAIL FROM:<s@example.org>").startswith("250")
        assert w.ask(f"RCPT TO:<nobody@{DOMAIN}>").startswith("550")
        assert w.ask("DATA").startswith("503")


def test_smtplib(pabal):
    with pabal.lmtp() as s:
        s.sendmail("s@example.org", [f"alice@{DOMAIN}"], message("lmtplib"))
    pabal.wait_mail("alice", "lmtplib")

# SPDX-License-Identifier: ISC
"""The commands of old: sendmail, mailq, newaliases."""
import os
import re
import subprocess

import pytest

from pabal import DOMAIN, PABAL, PATIENCE, message, wait
from sink import Sink

CONF = [("qmgr", "retry_schedule", "1h")]


@pytest.fixture
def tool(pabal, tmp_path):
    """Run pabal under one of its other names."""
    def run(name, *args, ok=True, **kw):
        link = tmp_path / name
        if not link.exists():
            link.symlink_to(PABAL)
        r = subprocess.run([link, *args], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=PATIENCE,
                           env=dict(os.environ, PABAL_DIR=pabal.dir), **kw)
        out = r.stdout.decode(errors="replace")
        assert (r.returncode == 0) == ok, out
        return out
    return run


def lf(data):
    return data.replace(b"\r\n", b"\n")


def test_recipients_as_arguments(pabal, tool):
    tool("sendmail", "-f", "s@example.org", f"alice@{DOMAIN}",
         f"bob@{DOMAIN}", input=lf(message("by arguments")))
    for user in ("alice", "bob"):
        got = pabal.wait_mail(user, "by arguments")
        assert b"Return-Path: <s@example.org>" in got


def test_recipients_from_the_header(pabal, tool):
    text = (b"From: s@example.org\nTo: Alice <alice@pabal.test>,\n"
            b"  undisclosed:;\nCc: bob@pabal.test\n"
            b"Bcc: postmaster@pabal.test\nSubject: by header\n\nx\n")
    tool("sendmail", "-t", input=text)
    for user in ("alice", "bob", "postmaster"):
        assert b"Bcc" not in pabal.wait_mail(user, "by header")


def test_dot_ends_unless_i(pabal, tool):
    text = b"Subject: dots %s\n\nbefore\n.\nafter\n"
    tool("sendmail", f"alice@{DOMAIN}", input=text % b"end")
    assert b"after" not in pabal.wait_mail("alice", "dots end")
    for i, option in enumerate(("-i", "-oi")):
        tool("sendmail", option, f"alice@{DOMAIN}",
             input=text % f"stay {i}".encode())
        got = pabal.wait_mail("alice", f"dots stay {i}")
        assert b"before\n.\nafter" in lf(got)


def test_missing_header_fields_are_added(pabal, tool):
    tool("sendmail", "-F", "A. Lice", f"alice@{DOMAIN}",
         input=b"Subject: bare\n\nx\n")
    got = lf(pabal.wait_mail("alice", "bare")).split(b"\n\n")[0]
    for name in (b"From:", b"Date:", b"Message-ID:"):
        assert b"\n" + name.lower() in got.lower(), name


def test_null_sender(pabal, tool):
    tool("sendmail", "-f", "", f"alice@{DOMAIN}",
         input=b"Subject: null\n\nx\n")
    assert b"Return-Path: <>" in pabal.wait_mail("alice", "null")


def test_unknown_user_is_told(pabal, tool):
    out = tool("sendmail", f"nobody@{DOMAIN}", ok=False,
               input=b"Subject: x\n\nx\n")
    assert "5.1.1" in out


def test_ordinary_user_may_send(pabal, tool):
    if os.getuid() != 0:
        pytest.skip("this test run is one")
    link = os.path.join(pabal.dir, "sendmail")
    if not os.path.exists(link):
        os.symlink(PABAL, link)
    r = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--regid", "nogroup",
         "--clear-groups", link, f"alice@{DOMAIN}"],
        input=b"Subject: from an ordinary user\n\nx\n", timeout=PATIENCE,
        env=dict(os.environ, PABAL_DIR=pabal.dir), capture_output=True)
    assert r.returncode == 0, r.stderr
    pabal.wait_mail("alice", "from an ordinary user")


def test_mailq_and_newaliases(pabal, tool):
    assert "empty" in tool("mailq").lower()
    with Sink(RCPT=lambda line, s: "450 4.2.1 later") as s:
        pabal.conf("pabal", "relayhost", s.nexthop)
        pabal.reload()
        since = pabal.mark()
        pabal.send("waits", to="x@example.net")
        pabal.wait_event("mail.deferred", since)
        out = tool("mailq")
        assert "x@example.net" in out
        aged = r" \d+ +\S+ +1h\S* "  # size, how old it is, when it is tried
        assert re.search(aged, out)
        assert re.sub(aged, "", tool("sendmail", "-bp")) == re.sub(aged, "", out)
        pabal.pabal("queue", "delete", "--all")
    tool("newaliases")
    tool("sendmail", "-bi")


def test_many_at_once(pabal, tool):
    """Cron jobs all at the full hour."""
    link = os.path.join(pabal.dir, "sendmail")
    if not os.path.exists(link):
        os.symlink(PABAL, link)
    running = [subprocess.Popen(
        [link, f"bob@{DOMAIN}"], stdin=subprocess.PIPE,
        env=dict(os.environ, PABAL_DIR=pabal.dir)) for _ in range(50)]
    for i, r in enumerate(running):
        r.communicate(f"Subject: cron {i}\n\nx\n".encode(), timeout=PATIENCE)
        assert r.returncode == 0
    wait(lambda: all(pabal.find_mail("bob", f"cron {i}")
                     for i in range(50)), "fifty messages")


@pytest.mark.parametrize("sender", ["a@b.example\r\nRCPT TO:<bob@pabal.test>",
                                    "a@b.example\nRCPT TO:<bob@pabal.test>",
                                    "a@b.example> SIZE=1", "a b"])
def test_sender_is_one_address(tool, sender):
    assert "not a sender's address" in tool(
        "sendmail", "-f", sender, f"alice@{DOMAIN}", input=b"\nx\n", ok=False)


def test_full_name_beyond_ascii(pabal, tool):
    tool("sendmail", "-F", "J\u00f6rg Example", "-f", "s@example.org",
         f"alice@{DOMAIN}", input=b"Subject: full name\n\nx\n")
    got = lf(pabal.wait_mail("alice", "full name"))
    assert b"\nFrom: =?UTF-8?B?SsO2cmcgRXhhbXBsZQ==?= <s@example.org>\n" in got


def test_null_sender_has_a_domain_in_from(pabal, tool):
    tool("sendmail", "-f", "", f"alice@{DOMAIN}",
         input=b"Subject: null from\n\nx\n")
    assert b"<postmaster@pabal.test>\n" in \
        lf(pabal.wait_mail("alice", "null from"))

# SPDX-License-Identifier: ISC
"""Mail that the table transports sends to a command (pipe:NAME)."""
import os
import pwd
import shutil
import smtplib

import pytest

from pabal import DOMAIN, message, wait

PROGRAM = """#!/bin/sh
cat >{out}/message.$$
for a in "$@"; do printf '%s\\n' "$a"; done >{out}/args.$$
id -u >{out}/uid.$$
mv {out}/args.$$ {out}/args
mv {out}/uid.$$ {out}/uid
mv {out}/message.$$ {out}/message
"""


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


@pytest.fixture
def out(pabal):
    """A directory that commands may write to, with a program that tells how it
    was run."""
    d = os.path.join(pabal.dir, "out")
    shutil.rmtree(d, ignore_errors=True)
    os.mkdir(d)
    os.chmod(d, 0o777)
    with open(os.path.join(d, "program"), "w") as f:
        f.write(PROGRAM.format(out=d))
    os.chmod(os.path.join(d, "program"), 0o755)
    return d


def read(d, name):
    path = os.path.join(d, name)
    wait(lambda: os.path.exists(path), path)
    with open(path) as f:
        return f.read()


def test_arguments(pabal, out):
    """Each macro is one argument, whatever is in it; there is no shell."""
    table(pabal, "commands",
          f"lists {out}/program --from ${{sender}} \"to ${{recipient}}\" "
          "${user} +${extension} ${domain} ${mailbox} ${original_recipient} "
          "$" "{client_address} ; `id`\n")
    table(pabal, "transports", f"lists.{DOMAIN} pipe:lists\n")
    table(pabal, "domains", f"lists.{DOMAIN}\n")
    pabal.conf("pabal", "domains", f"{DOMAIN} cdb:domains")
    pabal.reload()
    since = pabal.mark()
    to = f"dev+a@lists.{DOMAIN}"
    pabal.send("to a list", to=to, sender="a&b`x`@far.test")
    assert "Subject: to a list" in (text := read(out, "message"))
    assert text.startswith("Return-Path: <a&b`x`@far.test>\n"
                           f"Delivered-To: {to}\n")
    assert read(out, "args").split("\n")[:-1] == [
        "--from", "a&b`x`@far.test", f"to {to}", "dev", "+a",
        f"lists.{DOMAIN}", "dev+a", to, "127.0.0.1", ";", "`id`"]
    if os.geteuid() == 0:
        assert int(read(out, "uid")) == pwd.getpwnam("nobody").pw_uid
    e = pabal.wait_event("rcpt.result", since, to=to)
    assert (e["status"], e["agent"]) == ("delivered", "pipe")
    pabal.wait_queue(0)


@pytest.mark.parametrize("script, status, dsn, text", (
    ("exit 67", "permfail", "5.1.1", ""),
    ("echo try again; exit 75", "tempfail", "4.3.0", "try again"),
    ("echo 5.7.1 not to you; exit 1", "permfail", "5.7.1", "not to you"),
))
def test_ends(pabal, script, status, dsn, text):
    table(pabal, "commands", f'c /bin/sh -c "{script}"\n')
    table(pabal, "transports", f"c@{DOMAIN} pipe:c\n")
    since = pabal.mark()
    pabal.send("ends", to=f"c@{DOMAIN}", sender="")
    e = pabal.wait_event("rcpt.result", since, to=f"c@{DOMAIN}")
    assert (e["status"], e["dsn"]) == (status, dsn)
    assert text in e["text"]


def test_no_options(pabal, out):
    """An address is none, unless the table has a word before it."""
    table(pabal, "commands", f"bare {out}/program ${{recipient}}\n"
                             f"safe {out}/program to=${{recipient}}\n")
    table(pabal, "transports", f"-rf@{DOMAIN} pipe:bare\n"
                               f"-x@{DOMAIN} pipe:safe\n")
    since = pabal.mark()
    pabal.send("bare", to=f"-rf@{DOMAIN}", sender="")
    e = pabal.wait_event("rcpt.result", since, to=f"-rf@{DOMAIN}")
    assert (e["status"], e["dsn"]) == ("permfail", "5.1.3")
    pabal.send("safe", to=f"-x@{DOMAIN}", sender="")
    assert read(out, "args") == f"to=-x@{DOMAIN}\n"


def test_as_a_user(pabal, out):
    """uid= names who runs it; what the table does not say does not run."""
    if os.geteuid() != 0:
        pytest.skip("needs root: commands of other users")
    user = next((u for u in pwd.getpwall() if 1000 <= u.pw_uid < 60000
                 and os.path.isdir(u.pw_dir)), None)
    if user is None:
        pytest.skip("there is no user")
    table(pabal, "commands", f"u uid={user.pw_uid} {out}/program\n")
    table(pabal, "transports", f"u@{DOMAIN} pipe:u\n")
    pabal.send("as a user", to=f"u@{DOMAIN}")
    assert int(read(out, "uid")) == user.pw_uid


def test_check_sees_what_cannot_run(pabal, out):
    """A user or a program that is not there, before mail waits for it."""
    used = {u.pw_uid for u in pwd.getpwall()}
    uid = next(n for n in range(61000, 65000) if n not in used)
    table(pabal, "commands", f"a uid={uid} {out}/program\nb {out}/none x\n"
          f"c {out}/program\n")
    told = pabal.pabal_fails("check")
    assert f"a runs as uid {uid}, which no user has: its mail waits" in told
    assert f"b: there is no program {out}/none: its mail waits" in told
    table(pabal, "commands", f"c {out}/program\n")
    assert "its mail waits" not in pabal.pabal("check")


def test_only_what_is_written(pabal, out):
    """A name that is not in the table is refused for now; a table that others
    may have written runs nothing."""
    table(pabal, "commands", f"c {out}/program\n")
    table(pabal, "transports", f"x@{DOMAIN} pipe:nothing\n"
                               f"c@{DOMAIN} pipe:c\n")
    with pabal.smtp() as s, pytest.raises(smtplib.SMTPRecipientsRefused) as e:
        s.sendmail("a@b.test", [f"x@{DOMAIN}"], message("no"))
    [(code, said)] = e.value.recipients.values()
    assert code == 451 and b"4.3.5" in said
    os.chmod(os.path.join(pabal.dir, "etc", "commands.cdb"), 0o666)
    since = pabal.mark()
    pabal.send("not now", to=f"c@{DOMAIN}")
    e = pabal.wait_event("rcpt.result", since, to=f"c@{DOMAIN}")
    assert (e["status"], e["dsn"]) == ("tempfail", "4.3.5")
    assert pabal.wait_event("command.refused", since)["why"].startswith(
        "commands.cdb may have been written by others")
    assert not os.path.exists(os.path.join(out, "args"))
    os.chmod(os.path.join(pabal.dir, "etc", "commands.cdb"), 0o644)
    pabal.pabal("queue", "retry", "--all")
    pabal.wait_queue(0)
    assert read(out, "args") == ""
    assert "expected pipe:NAME" in mistake(pabal, "x.test pipe:/bin/sh\n")


def mistake(p, text):
    with open(os.path.join(p.dir, "etc", "transports"), "w") as f:
        f.write(text)
    return p.pabal_fails("map", "transports")


def test_a_script_teaches_a_filter(pabal, out):
    """A redirect to an address that only the host itself can send to
    (etc/sieve/teach-spam.sieve)."""
    table(pabal, "commands", f"learn_spam {out}/program learn_spam\n")
    table(pabal, "transports", "spam@learn.internal pipe:learn_spam\n")
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "etc", "sieve",
                           "teach-spam.sieve")) as f:
        pabal.pabal("sieve", "put", "--activate", f"bob@{DOMAIN}", "teach",
                    input=f.read())
    try:
        pabal.send("buy now", to=f"bob@{DOMAIN}")
        assert "\nSubject: buy now\n" in read(out, "message")
        assert read(out, "args") == "learn_spam\n"
        pabal.wait_queue(0)
        assert not pabal.find_mail("bob", "buy now")
    finally:
        pabal.pabal("sieve", "deactivate", f"bob@{DOMAIN}")

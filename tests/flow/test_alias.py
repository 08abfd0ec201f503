# SPDX-License-Identifier: ISC
"""One address stands for others: aliases, lists, commands, .forward, tags."""
import glob
import os
import pwd
import re
import shutil
import subprocess

import pytest

from pabal import DOMAIN, message, wait
from sink import Sink
from test_auth import tls


@pytest.fixture(scope="module", autouse=True)
def aliases(shared_pabal, tmp_path_factory):
    p = shared_pabal
    lists = os.path.join(p.dir, "lists")
    os.mkdir(lists)
    os.chmod(lists, 0o755)
    with open(os.path.join(lists, "team"), "w") as f:
        f.write("# the team\nalice@pabal.test, bob@pabal.test\n\nteam2\n")
    p.pabal("alias", "set", "both", f"alice@{DOMAIN}", f"bob@{DOMAIN}")
    p.pabal("alias", "set", "nested", "both", f"alice@{DOMAIN}")
    p.pabal("alias", "set", "loop-a", "loop-b")
    p.pabal("alias", "set", "loop-b", "loop-a", f"alice@{DOMAIN}")
    p.pabal("alias", "set", "nowhere", f"nobody@{DOMAIN}")
    p.pabal("alias", "set", "team", f":include:{lists}/team")
    p.pabal("alias", "set", "team2", f"bob@{DOMAIN}")
    p.pabal("alias", "set", "missing-list", ":include:/nonexistent/list")
    p.pabal("alias", "set", "ring-a", f"ring-b@{DOMAIN}")
    p.pabal("alias", "set", "ring-b", "ring-a", "--force")
    p.pabal("alias", "set", "diamond", "left", "right")
    p.pabal("alias", "set", "left", f"alice@{DOMAIN}", "tip")
    p.pabal("alias", "set", "right", "tip", f"Alice@{DOMAIN}")
    p.pabal("alias", "set", "tip", f"bob@{DOMAIN}")
    for name, members in [
            ("self-list", ["self-list"]),
            ("list-a", ["list-b"]), ("list-b", ["list-a"]),
            ("list-c", ["list-d", f"alice@{DOMAIN}"]), ("list-d", ["list-c"]),
            ("too-long", [f"m{i}@example.net" for i in range(10001)])]:
        with open(os.path.join(lists, name), "w") as f:
            f.write("\n".join(members) + "\n")
        p.pabal("alias", "set", name, f":include:{lists}/{name}")
    p.pabal("alias", "set", f"special@{DOMAIN}", f"bob@{DOMAIN}")
    out = os.path.join(p.dir, "out")
    os.mkdir(out)
    os.chmod(out, 0o777)
    p.pabal("alias", "set", "command", f"|cat > {out}/command; "
            f"id -u > {out}/uid; env > {out}/env; ls -l /proc/self/fd "
            f"> {out}/fds")
    for code in (0, 67, 75, 1):
        p.pabal("alias", "set", f"exit{code}", f"|exit {code}")
    p.out = out
    return p


def test_success_is_told_of_each(pabal):
    """Of those that an alias leads to, as what the sender wrote (RFC 3461
    5.2.7); lists and hosts behind have their own words for it."""
    with pabal.smtp() as c:
        c.ehlo()
        c.sendmail(f"bob@{DOMAIN}", [f"both@{DOMAIN}"], message("told of"), [],
                   ["NOTIFY=SUCCESS", "ORCPT=rfc822;both@x.example"])
    report = pabal.wait_mail("bob", "Successful mail delivery report")
    text = report.decode().replace("\r", "")
    assert sorted(re.findall("\nFinal-Recipient: (.*)", text)) == \
        [f"rfc822; {u}@{DOMAIN}" for u in ("alice", "bob")]
    assert text.count("\nOriginal-Recipient: rfc822;both@x.example\n") == 2
    assert text.count("\nAction: delivered\n") == 2


def count(p, user, subject):
    return sum(b"\nSubject: " + subject.encode() in m.replace(b"\r", b"")
               for m in p.mails(user))


@pytest.mark.parametrize("to, alice, bob", [
    ("both", 1, 1),
    ("BOTH", 1, 1),
    ("nested", 1, 1),
    ("loop-a", 1, 0),
    ("list-c", 1, 0),
    ("diamond", 1, 1),
    ("team", 1, 1),
    ("special", 0, 1),
    ("alice+some.tag", 1, 0),
    ("both+tag", 1, 1),
])
def test_expansion(pabal, to, alice, bob):
    subject = f"to {to}"
    pabal.send(subject, to=f"{to}@{DOMAIN}")
    pabal.wait_queue(0)
    assert count(pabal, "alice", subject) == alice
    assert count(pabal, "bob", subject) == bob


def test_each_mailbox_once_for_many_addresses(pabal):
    """A message for an alias and for its member arrives once there."""
    pabal.send("once", to=[f"both@{DOMAIN}", f"alice@{DOMAIN}"])
    pabal.wait_queue(0)
    assert count(pabal, "bob", "once") == 1
    assert count(pabal, "alice", "once") == 1


def test_delivered_to(pabal):
    pabal.send("delivered to", to=f"nested@{DOMAIN}")
    got = pabal.wait_mail("bob", "delivered to")
    assert b"Delivered-To: bob@pabal.test" in got


def test_mail_loop_ends(pabal):
    """A message that has been delivered to alice before comes again."""
    with pabal.smtp() as s:
        s.sendmail(f"bob@{DOMAIN}", [f"alice@{DOMAIN}"],
                   message("round and round",
                           Delivered_To=f"alice@{DOMAIN}"))
    raw = pabal.wait_mail("bob", "Undelivered mail returned to sender")
    assert b"5.4.6" in raw
    assert count(pabal, "alice", "round and round") == 0


@pytest.mark.parametrize("to", ["ring-a", "ring-b", "RING-A"])
def test_ring_is_refused(pabal, to):
    with pabal.smtp() as s:
        s.ehlo()
        s.mail(f"bob@{DOMAIN}")
        code, text = s.rcpt(f"{to}@{DOMAIN}")
    assert code == 550 and text.startswith(b"5.4.6"), text


def reports_on(p, user, qid):
    return [m for m in p.mails(user)
            if b"X-Pabal-Queue-ID: " + qid.encode() in m]


@pytest.mark.parametrize("to, status", [
    ("self-list", b"5.4.6"), ("list-a", b"5.4.6"), ("too-long", b"5.3.5")])
def test_reported_once_as_a_whole(pabal, to, status):
    """What smtpd cannot see: a list in a file that leads nowhere, or is too
    long.  Nobody gets a part, and the sender is told once."""
    since = pabal.mark()
    pabal.send(f"into {to}", to=f"{to}@{DOMAIN}", sender=f"bob@{DOMAIN}")
    qid = pabal.wait_event("mail.removed", since)["qid"]
    wait(lambda: reports_on(pabal, "bob", qid), "the report")
    pabal.wait_queue(0)
    reports = reports_on(pabal, "bob", qid)
    assert len(reports) == 1
    assert reports[0].count(b"Final-Recipient:") == 1
    assert f"Final-Recipient: rfc822; {to}@{DOMAIN}".encode() in reports[0]
    assert b"Status: " + status in reports[0]
    removed = [e for e in pabal.events("mail.removed", since)
               if e["qid"] == qid]
    assert [(e["reported"], e["delivered"], e["relayed"])
            for e in removed] == [("1", "0", "0")]


def test_alias_to_nobody_bounces(pabal):
    since = pabal.mark()
    pabal.send("for nobody", to=f"nowhere@{DOMAIN}", sender=f"bob@{DOMAIN}")
    pabal.wait_event("mail.reported", since)
    pabal.wait_queue(0)


def test_missing_list_is_kept(pabal):
    """A list that cannot be read now may be there later: no bounce."""
    since = pabal.mark()
    pabal.send("kept", to=f"missing-list@{DOMAIN}")
    pabal.wait_event("mail.deferred", since)
    pabal.pabal("queue", "delete", "--all")


def test_command(pabal):
    text = message("for a command", to="command@" + DOMAIN)
    with pabal.smtp() as s:
        s.sendmail("s@example.org", [f"command@{DOMAIN}"], text)
    fds = os.path.join(pabal.out, "fds")
    wait(lambda: os.path.exists(fds) and os.path.getsize(fds) > 0 and
         pabal.queue_count() == 0, "the end of the command")
    with open(os.path.join(pabal.out, "command"), "rb") as f:
        got = f.read()
    assert b"Subject: for a command" in got and b"Hello." in got
    with open(os.path.join(pabal.out, "env")) as f:
        env = dict(line.rstrip("\n").split("=", 1) for line in f)
    assert env["SENDER"] == "s@example.org"
    assert env["RECIPIENT"].startswith("command@")
    assert not any(k.startswith(("PABAL", "LD_")) for k in env)
    with open(fds) as f:
        targets = re.findall(r" (\d+) -> (.*)", f.read())
    assert {n for n, t in targets if not t.startswith("/proc")} <= \
        {"0", "1", "2"}
    if os.getuid() == 0:
        with open(os.path.join(pabal.out, "uid")) as f:
            uid = int(f.read())
        assert uid != 0
        assert uid != pwd.getpwnam("pabal-queue").pw_uid


@pytest.mark.parametrize("code, event", [
    (0, "mail.removed"), (67, "mail.reported"), (1, "mail.reported"),
    (75, "mail.deferred")])
def test_exit_codes_of_commands(pabal, code, event):
    since = pabal.mark()
    pabal.send(f"exit {code}", to=f"exit{code}@{DOMAIN}",
               sender=f"bob@{DOMAIN}")
    pabal.wait_event(event, since)
    pabal.pabal("queue", "delete", "--all")


def test_change_of_aliases_counts_at_once(pabal):
    pabal.pabal("alias", "set", "moving", f"alice@{DOMAIN}")
    pabal.send("to the first", to=f"moving@{DOMAIN}")
    pabal.wait_mail("alice", "to the first")
    pabal.pabal("alias", "set", "moving", f"bob@{DOMAIN}")
    pabal.send("to the second", to=f"moving@{DOMAIN}")
    pabal.wait_mail("bob", "to the second")
    pabal.pabal("alias", "del", "moving")
    pabal.wait_queue(0)


def test_newaliases(pabal):
    path = os.path.join(pabal.dir, "etc", "aliases")
    with open(path, "a") as f:
        f.write(f"by-hand: alice@{DOMAIN}\n")
    pabal.pabal("map", "aliases")
    pabal.send("edited by hand", to=f"by-hand@{DOMAIN}")
    pabal.wait_mail("alice", "edited by hand")
    with open(path) as f:
        good = f.read()
    with open(path, "a") as f:
        f.write(": nobody\n")
    out = pabal.pabal_fails("map", "aliases")
    assert f"aliases:{good.count(chr(10)) + 1}" in out
    pabal.send("still there", to=f"by-hand@{DOMAIN}")
    pabal.wait_mail("alice", "still there")
    with open(path, "w") as f:
        f.write(good)
    pabal.pabal("map", "aliases")


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def order(p, address, target, uid=0):
    """Put a recipient with TARGET into the one message in the queue, which
    waits, as qmgr would; wait until pipe refuses it."""
    p.stop()
    line = f"rcpt {address} parent=0 target={target.replace(' ', '%20')}"
    line = (line + (f" uid={uid}" if uid else "")).encode()
    path, = glob.glob(os.path.join(p.dir, "spool", "cur", "*", "*"))
    with open(path, "ab") as f:
        f.write(line + b" !%08x\n" % crc32c(line))
    since = p.mark()
    p.start()
    p.pabal("queue", "flush")
    return p.wait_event("command.refused", since, to=address)


@pytest.mark.parametrize("address, target", [
    ("waits", "|touch {out}/forged"),
    ("other", "|cat >> {out}/waits; exit 75"),
    ("waits", ":include:{out}/list"),
], ids=["command", "other address", "list"])
def test_what_no_alias_names_does_not_run(make_pabal, open_dir, address,
                                          target):
    """As whoever has taken over qmgr, its spool, or lookup, would order it."""
    p = make_pabal()
    out = open_dir / "given"
    out.mkdir()
    out.chmod(0o777)
    (out / "list").write_text(f"|touch {out}/forged\n")
    p.pabal("alias", "set", "waits", f"|cat >> {out}/waits; exit 75")
    p.pabal("alias", "set", "other", f"alice@{DOMAIN}")
    since = p.mark()
    p.send("waits", to=f"waits@{DOMAIN}")
    p.wait_event("mail.deferred", since)
    e = order(p, f"{address}@{DOMAIN}", target.format(out=out))
    assert "no alias" in e["why"]
    assert not (out / "forged").exists()
    assert (out / "waits").exists()
    p.pabal("queue", "delete", "--all")


def test_table_that_everybody_may_write(pabal):
    """Its commands could be anybody's."""
    path = os.path.join(pabal.dir, "etc", "aliases")
    warned = "commands and lists in it do not run"
    assert warned not in pabal.pabal("check")
    try:
        os.chmod(path, 0o666)
        pabal.pabal("map", "aliases")
        assert warned in pabal.pabal("check")
        since = pabal.mark()
        pabal.send("kept", to=f"exit0@{DOMAIN}")
        e = pabal.wait_event("command.refused", since)
        assert "written by others" in e["why"]
        pabal.wait_event("mail.deferred", since)
    finally:
        os.chmod(path, 0o644)
        pabal.pabal("map", "aliases")
    pabal.pabal("queue", "flush")
    pabal.wait_queue(0)
    assert warned not in pabal.pabal("check")


def test_command_that_is_not_there_any_more(pabal):
    """What waits for a command that was changed meanwhile does not get the old
    one."""
    out = os.path.join(pabal.out, "again")
    pabal.pabal("alias", "set", "again", f"|cat > {out}; exit 75")
    since = pabal.mark()
    pabal.send("first", to=f"again@{DOMAIN}")
    pabal.wait_event("mail.deferred", since)
    pabal.pabal("alias", "set", "again", f"|cat > {out}.new")
    since = pabal.mark()
    pabal.pabal("queue", "flush")
    pabal.wait_event("command.refused", since, to=f"again@{DOMAIN}")
    pabal.pabal("queue", "delete", "--all")
    pabal.send("second", to=f"again@{DOMAIN}")
    wait(lambda: os.path.exists(out + ".new") and pabal.queue_count() == 0,
         "the new command")


@pytest.fixture
def system_user(make_pabal, open_dir):
    """A user of this host with a home directory, and his account."""
    if os.getuid() != 0:
        pytest.skip("needs a user of its own")
    name = f"pabalt{os.getpid()}"
    home = open_dir / name
    subprocess.run(["useradd", "-m", "-d", home, "-s", "/bin/sh", name],
                   check=True)
    made = []

    def make(*settings):
        made.append(make_pabal(("lookup", "system_users", "yes"), *settings))
        made[-1].home, made[-1].user = home, name
        return made[-1]

    try:
        yield make
    finally:
        # A user with running processes cannot be removed.
        for p in made:
            p.stop()
        subprocess.run(["userdel", "-r", name], check=True,
                       stderr=subprocess.DEVNULL)


def forward(p, text):
    path = os.path.join(p.home, ".forward")
    with open(path, "w") as f:
        f.write(text)
    shutil.chown(path, p.user, p.user)
    os.chmod(path, 0o600)


def system_mails(p):
    top = os.path.join(p.home, "Maildir")
    found = []
    for sub in ("new", "cur"):
        if os.path.isdir(os.path.join(top, sub)):
            for name in os.listdir(os.path.join(top, sub)):
                with open(os.path.join(top, sub, name), "rb") as f:
                    found.append(f.read())
    return found


def test_system_user(system_user):
    p = system_user()
    p.send("for a user of the host", to=f"{p.user}@{DOMAIN}")
    wait(lambda: system_mails(p), "the message")
    st = os.stat(os.path.join(p.home, "Maildir", "new"))
    assert st.st_uid == pwd.getpwnam(p.user).pw_uid
    assert p.pids("local")


def test_forward(system_user):
    with Sink() as s:
        p = system_user(("pabal", "relayhost", s.nexthop))
        forward(p, f"bob@{DOMAIN}, x@example.net\n")
        p.send("forwarded", to=f"{p.user}@{DOMAIN}")
        p.wait_mail("bob", "forwarded")
        wait(lambda: s.find("forwarded"), "the forwarded message")
        p.wait_queue(0)
        assert not system_mails(p)


def test_requiretls_goes_with_a_forward(system_user):
    """What asked for TLS (RFC 8689 5) does not go on in the clear: it comes back."""
    with Sink() as s:
        p = system_user(("pabal", "relayhost", s.nexthop))
        forward(p, "x@example.net\n")
        with p.smtp() as c:
            c.starttls(context=tls(p))
            c.ehlo("client.example")
            for text, options in (("plainly", []), ("secretly", ["REQUIRETLS"])):
                c.sendmail(f"bob@{DOMAIN}", [f"{p.user}@{DOMAIN}"], message(text), options)
        got = wait(lambda: (lambda e: len(e) == 2 and e)(
            p.events("rcpt.result", to="x@example.net")), "both")
        assert sorted(e["dsn"] for e in got) == ["2.0.0", "5.7.10"], got
        wait(lambda: s.find("plainly"), "the one without it")
        assert s.find("secretly") == []


def test_forward_and_keep(system_user):
    p = system_user()
    forward(p, f"\\{p.user}\n# a comment\nbob@{DOMAIN}\n")
    p.send("copied", to=f"{p.user}@{DOMAIN}")
    p.wait_mail("bob", "copied")
    wait(lambda: system_mails(p), "the copy kept")
    p.wait_queue(0)
    assert len(system_mails(p)) == 1


def test_forward_to_a_command(system_user):
    p = system_user()
    out = os.path.join(p.home, "out")
    forward(p, f"|cat > {out}; id -un > {out}.id\n")
    p.send("for my program", to=f"{p.user}@{DOMAIN}")
    wait(lambda: os.path.exists(out + ".id") and p.queue_count() == 0,
         "the program")
    with open(out, "rb") as f:
        assert b"Subject: for my program" in f.read()
    with open(out + ".id") as f:
        assert f.read().strip() in (p.user, "")


def test_command_that_nobody_wrote_down(system_user):
    """As whoever has taken over qmgr, or its spool, would order it."""
    p = system_user()
    forward(p, "|exit 75\n")
    since = p.mark()
    p.send("waits", to=f"{p.user}@{DOMAIN}")
    p.wait_event("mail.deferred", since)
    out = os.path.join(p.home, "out")
    uid = pwd.getpwnam(p.user).pw_uid
    order(p, f"{p.user}@{DOMAIN}", f"|touch {out}", uid)
    assert not os.path.exists(out)
    p.pabal("queue", "delete", "--all")


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_forward_that_others_may_write(system_user, mode):
    p = system_user()
    forward(p, f"bob@{DOMAIN}\n")
    os.chmod(os.path.join(p.home, ".forward"), mode)
    since = p.mark()
    p.send("not forwarded", to=f"{p.user}@{DOMAIN}")
    p.wait_event("mail.deferred", since)
    assert p.find_mail("bob", "not forwarded") is None
    p.pabal("queue", "delete", "--all")


def test_forward_of_another_owner(system_user):
    p = system_user()
    forward(p, f"bob@{DOMAIN}\n")
    os.chown(os.path.join(p.home, ".forward"), 65534, 65534)
    since = p.mark()
    p.send("not forwarded", to=f"{p.user}@{DOMAIN}")
    p.wait_event("mail.deferred", since)
    assert p.find_mail("bob", "not forwarded") is None
    p.pabal("queue", "delete", "--all")

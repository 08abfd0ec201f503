# SPDX-License-Identifier: ISC
"""Delivery to commands: what they are given, what their end means, and that
they cannot hold anything up."""
import glob
import os
import pwd

import pytest

from pabal import DOMAIN, alive, message, wait

USERS = ("alice",)
CONF = [("pipe", "command_timeout", "1s"), ("master", "stop_timeout", "1s")]

COMMANDS = {
    "show": "cat >$OUT/message; env -0 >$OUT/env; (pwd; id -u) >$OUT/where; "
            "touch $OUT/done",
    "refuse": "echo '5.7.1 we do not'; echo want this; exit 1",
    "nouser": "exit 67",
    "later": "echo try again; exit 75",
    "killed": "kill -SEGV $$",
    "missing": "/nonexistent/program",
    "deaf": "exec <&-; exit 0",
    "wordy": "head -c 1000000 /dev/zero | tr '\\\\0' x; exit 75",
    "slow": "echo $$ >$OUT/slow.new; mv $OUT/slow.new $OUT/slow; "
            "sleep 1000 & sleep 1000",
    "fickle": "cat >>$OUT/fickle; test -e $OUT/good || exit 75",
    "bounds": "grep -E 'Max (data size|processes)' /proc/self/limits; "
              "grep NoNewPrivs /proc/self/status; "
              "ls /tmp | wc -l; mktemp /tmp/pabal-bounds-XXXXXX; exit 75",
    "stdfds": "ls /proc/self/fd >$OUT/fds; touch $OUT/fds.done",
}


def out(instance, name=""):
    return os.path.join(instance.dir, "out", name)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def prepare(instance):
    os.mkdir(out(instance))
    os.chmod(out(instance), 0o777)
    with open(os.path.join(instance.dir, "etc", "aliases"), "a") as f:
        for name, command in COMMANDS.items():
            command = command.replace("$OUT", out(instance).rstrip("/"))
            f.write('{}: "|{}"\n'.format(name, command.replace('"', '\\"')))
        f.write("both: later, refuse\n")
    instance.pabal("map", "aliases")


def result(pabal, name, since, **kw):
    pabal.send(name, to=f"{name}@{DOMAIN}", sender="", **kw)
    return pabal.wait_event("rcpt.result", since, to=f"{name}@{DOMAIN}")


def runs_as():
    """Aliases run as nobody; an ordinary user's instance has only him."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else \
        pwd.getpwuid(os.getuid())


def test_what_a_command_is_given(pabal):
    sent = message("show", to=f"show@{DOMAIN}", body="one\r\n.two\r\nthree")
    with pabal.smtp() as s:
        s.ehlo()
        s.sendmail("a+b`id`@example.org", [f"show@{DOMAIN}"], sent)
    wait(lambda: os.path.exists(out(pabal, "done")), "the command")
    lines = read(out(pabal, "message")).split(b"\n")
    assert lines[0] == b"Return-Path: <a+b`id`@example.org>"
    assert lines[1] == b"Delivered-To: show@" + DOMAIN.encode()
    assert lines[2].startswith(b"Received: ")
    assert b"\n".join(lines).endswith(sent.replace(b"\r\n", b"\n"))
    assert b"\r" not in b"\n".join(lines)

    user = runs_as()
    got = dict(v.split(b"=", 1)
               for v in read(out(pabal, "env")).split(b"\0") if v)
    got.pop(b"PWD", None)  # the shell's own
    got.pop(b"_", None)
    assert got == {
        b"PATH": b"/usr/local/bin:/usr/bin:/bin", b"SHELL": b"/bin/sh",
        b"HOME": b"/", b"USER": user.pw_name.encode(),
        b"LOGNAME": user.pw_name.encode(),
        b"SENDER": b"a+b_id_@example.org",
        b"RECIPIENT": b"show@" + DOMAIN.encode(), b"LOCAL": b"show",
        b"DOMAIN": DOMAIN.encode(), b"CLIENT_ADDRESS": b"127.0.0.1",
        b"CLIENT_HELO": b"client.example", b"CLIENT_PROTOCOL": b"ESMTP"}
    where = read(out(pabal, "where")).split()
    assert where == [b"/", str(user.pw_uid).encode()]


def test_nothing_is_inherited(pabal):
    pabal.send("fds", to=f"stdfds@{DOMAIN}", sender="")
    wait(lambda: os.path.exists(out(pabal, "fds.done")), "the command")
    # 3 is the directory that ls reads
    assert read(out(pabal, "fds")).split() == [b"0", b"1", b"2", b"3"]


def bounds(pabal, memory, processes):
    """Compare what the command of that name says of its limits; the number of
    files in /tmp, and the one it has put there."""
    said = result(pabal, "bounds", pabal.mark())["text"].split("): ")[1].split()
    at = said.index("data")
    assert said[at + 2:at + 4] == [memory] * 2
    at = said.index("processes")
    assert said[at + 1] == said[at + 2] and int(said[at + 1]) <= processes
    assert said[said.index("NoNewPrivs:") + 1] == "1"
    return int(said[-2]), said[-1]


def test_limits(pabal):
    n, made = bounds(pabal, str(2 << 30), 4096)
    assert n > 0
    os.unlink(made)


def test_limits_and_a_tmp_of_its_own(make_pabal):
    pabal = make_pabal(("pipe", "command_memory", "256M"),
                       ("pipe", "command_processes", "3000"),
                       ("pipe", "private_tmp", "yes"))
    n, made = bounds(pabal, str(256 << 20), 3000)
    if pabal.events("pipe.no-private-tmp"):
        os.unlink(made)
        pytest.skip("the kernel does not allow a private /tmp here")
    assert n == 0 and made.startswith("/tmp/pabal-bounds-")
    assert not os.path.exists(made)
    assert bounds(pabal, str(256 << 20), 3000)[0] == 1  # the same /tmp


@pytest.mark.parametrize("name,status,dsn,text", [
    ("refuse", "permfail", "5.7.1", "we do not want this"),
    ("nouser", "permfail", "5.1.1", "user unknown"),
    ("later", "tempfail", "4.3.0", "temporary failure): try again"),
    ("killed", "tempfail", "4.3.0", "signal SEGV"),
    ("missing", "tempfail", "4.3.5", "not found"),
    ("deaf", "delivered", "2.0.0", "delivered"),
    ("slow", "tempfail", "4.3.0", "command time limit exceeded"),
])
def test_what_its_end_means(pabal, name, status, dsn, text):
    body = "x" * 70 + "\r\n"
    e = result(pabal, name, pabal.mark(), body=body * 10000)
    assert (e["status"], e["dsn"], e["agent"]) == (status, dsn, "pipe")
    assert text in e["text"]


def test_output_is_bounded(pabal):
    e = result(pabal, "wordy", pabal.mark())
    assert e["status"] == "tempfail"
    assert 700 < len(e["text"]) < 1000


def test_each_recipient_has_his_own_result(pabal):
    since = pabal.mark()
    pabal.send("both", to=f"both@{DOMAIN}", sender="")
    wait(lambda: len(pabal.events("rcpt.result", since)) == 2, "two results")
    assert {e["status"] for e in pabal.events("rcpt.result", since)} == \
        {"tempfail", "permfail"}


def test_loop(pabal):
    e = result(pabal, "later", pabal.mark(),
               Delivered_To=f"LATER@{DOMAIN}")
    assert (e["status"], e["dsn"]) == ("permfail", "5.4.6")


def test_time_limit_ends_all(pabal):
    since = pabal.mark()
    pabal.send("slow", to=f"slow@{DOMAIN}", sender="")
    pabal.wait_event("rcpt.result", since, to=f"slow@{DOMAIN}")
    leader = int(read(out(pabal, "slow")))
    wait(lambda: not [p for p in group(leader) if alive(p)],
         "the end of the process group")


def group(leader):
    """Processes of the group that LEADER led."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                if int(f.read().rsplit(")", 1)[1].split()[2]) == leader:
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


def spool_file(pabal, qid):
    """Where it is put when it was put off, a moment after the log says so."""
    return wait(lambda: glob.glob(
        os.path.join(pabal.dir, "spool", "cur", "*", qid)), "its file")[0]


@pytest.mark.allow("spool.quarantined")
def test_damaged_message_reaches_no_command(make_pabal):
    pabal = make_pabal()
    pabal.send("damage", to=f"fickle@{DOMAIN}", sender="", body="Tender.\r\n")
    e = pabal.wait_event("rcpt.result", to=f"fickle@{DOMAIN}")
    pabal.wait_event("mail.deferred", qid=e["qid"])
    path = spool_file(pabal, e["qid"])
    body = read(path)
    with open(path, "r+b") as f:
        f.seek(body.index(b"Tender."))
        f.write(b"U")
    before = read(out(pabal, "fickle"))
    open(out(pabal, "good"), "w").close()
    pabal.pabal("queue", "retry", "--all")
    pabal.wait_event("pipe.message-corrupt", qid=e["qid"])
    pabal.wait_queue(0)
    assert read(out(pabal, "fickle")) == before
    assert os.path.exists(os.path.join(pabal.dir, "spool", "bad", e["qid"]))


def test_stop_leaves_nothing_running(make_pabal):
    pabal = make_pabal(("pipe", "command_timeout", "1h"))
    pabal.send("slow", to=f"slow@{DOMAIN}", sender="")
    wait(lambda: os.path.exists(out(pabal, "slow")), "the command")
    leader = int(read(out(pabal, "slow")))
    assert group(leader)
    pabal.stop()
    wait(lambda: not [p for p in group(leader) if alive(p)],
         "the end of the process group")
    pabal.start()
    assert pabal.queue_count() == 1

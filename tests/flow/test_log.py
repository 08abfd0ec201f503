# SPDX-License-Identifier: ISC
"""The log: who writes into it, and what becomes of the mail and of the lines
when it cannot be written."""
import contextlib
import os
import signal
import subprocess

import pytest

from pabal import (BUILD, DOMAIN, PATIENCE, Instance, alive, parse_event,
                   wait)

LONG = "x" * 60


def refuse_many(p, sessions):
    """Sessions whose lines are long and whose mail is refused."""
    for _ in range(sessions):
        with p.smtp() as s:
            s.ehlo("client.example")
            s.mail("a@example.org")
            for i in range(8):
                assert s.rcpt(f"{LONG}{i}@{DOMAIN}")[0] >= 400
            s.close()


def metric(p, name):
    return sum(int(line.rsplit(" ", 1)[1])
               for line in p.pabal("metrics").splitlines()
               if line.startswith(name + "{"))


def stream(p, ends):
    """Run master as a service manager does, its log to the pipe ENDS[1]."""
    r = subprocess.Popen(
        p.prefix + [os.path.join(BUILD, "master"), "-c",
                    os.path.join(p.dir, "etc"), "-r",
                    os.path.join(p.dir, "run")],
        stdout=subprocess.DEVNULL, stderr=ends[1], close_fds=True)
    os.close(ends[1])
    return r


def is_ready(p):
    return subprocess.run(p.prefix + [p.command, "-d", p.dir, "status"],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def read_some(fd):
    with contextlib.suppress(BlockingIOError):
        return os.read(fd, 1 << 20)
    return b""


def test_unread_log_stops_no_mail_and_is_told_of():
    """Nobody reads the log of a service manager's kind: mail goes on, what is
    lost is counted, and the log says so when it is read again."""
    p = Instance()
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    p.conf("logger", "buffer_size", "64K")
    p.conf("pabal", "log_level", "debug")
    with open(os.path.join(p.dir, "etc", "master.conf")) as f:
        text = f.read()
    with open(os.path.join(p.dir, "etc", "master.conf"), "w") as f:
        f.write(text.replace("protocol = smtp\n",
                             "protocol = smtp\nprocesses = 1\n"))
    r = stream(p, ends)
    try:
        wait(lambda: is_ready(p), "all services ready")
        for _ in range(100):
            refuse_many(p, 20)
            if metric(p, "pabal_log_lines_lost_total"):
                break
        assert metric(p, "pabal_log_lines_lost_total") > 0
        p.send("nobody reads the log")
        p.wait_mail("alice", "nobody reads the log")
        wait(lambda: metric(p, "pabal_logger_stuck"), "stuck is told of")
        assert "cannot be written" in p.pabal_fails("check")
        said = b""
        while b"log.lost" not in said or b"log.stuck" not in said:
            said += read_some(ends[0])
        wait(lambda: not metric(p, "pabal_logger_stuck"), "not stuck")
        assert "are missing" in p.pabal("check")
        r.send_signal(signal.SIGTERM)
        os.set_blocking(ends[0], True)
        with open(ends[0], "rb") as f:
            said += f.read()
        assert r.wait(PATIENCE) == 0
        lines = said.decode().splitlines()
        assert all(parse_event(line) for line in lines)
        assert "master.stopped" in lines[-1]
        lost = [parse_event(line) for line in lines if "log.lost" in line]
        assert any(e["daemon"] == "smtpd" and int(e["lines"]) > 0
                   for e in lost)
    finally:
        r.kill()
        p.close()


def limit_files(p, size):
    """The largest file that the logger may write."""
    logger, = p.pids("logger")
    subprocess.run(p.prefix + ["prlimit", "--pid", str(logger),
                               f"--fsize={size}:"], check=True)


def test_full_disk_costs_no_mail_and_no_line():
    """A limit of the file's size stands for a disk that is full: the line at
    which it became so is completed when there is room."""
    p = Instance(user="nobody" if os.getuid() == 0 else None)
    p.start()
    try:
        full = p.mark() + 4096      # what the start still says fits in
        limit_files(p, full)
        for i in range(20):
            p.send(f"full {i}")
        for i in range(20):
            p.wait_mail("alice", f"full {i}")
        wait(lambda: metric(p, "pabal_logger_stuck"), "stuck is told of")
        assert "cannot be written" in p.pabal_fails("check")
        assert p.mark() == full
        limit_files(p, "unlimited")
        p.wait_event("log.stuck")
        wait(lambda: len(p.events("mail.accepted")) == 20,
             "every message in the log")
        assert "no line is missing" in p.pabal("check")
        p.stop()
        assert all(parse_event(line) for line in p.log().splitlines())
    finally:
        p.close()


@pytest.mark.skipif(os.getuid() != 0, reason="daemons are not dumpable: only "
                    "root can look into them")
def test_only_the_logger_has_the_log():
    """Everybody else has one end of a pipe."""
    p = Instance()
    p.start()
    try:
        p.send("wakes local")
        p.wait_mail("alice", "wakes local")
        found, indexed = set(), set()
        for pid, name in p.processes().items():
            for fd in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    path = os.readlink(f"/proc/{pid}/fd/{fd}")
                    if path.endswith("pabal.log"):
                        found.add(name)
                    if "/log/index/" in path:
                        indexed.add(name)
            with contextlib.suppress(FileNotFoundError):
                assert os.readlink(f"/proc/{pid}/fd/2").startswith("pipe:")
        assert found == {"master", "logger"}
        assert indexed == {"logger"}
    finally:
        p.close()


def test_lines_outlive_the_logger():
    """Killed, it is started anew, and what was said meanwhile is there."""
    p = Instance()
    p.start()
    p.allowed.append("child.killed service=logger")
    try:
        logger, = p.pids("logger")
        os.kill(logger, signal.SIGKILL)
        p.send("without a logger")
        p.wait_mail("alice", "without a logger")
        wait(lambda: [x for x in p.pids("logger") if x != logger],
             "another logger")
        p.wait_event("child.killed", service="logger")
        p.wait_event("child.ready", service="logger",
                     pid=p.pids("logger")[0])
        wait(lambda: is_ready(p), "all services ready")
        qid = p.wait_event("mail.accepted")["qid"]
        p.stop()
        assert "without a logger" in p.mails("alice")[0].decode()
        assert qid in p.pabal("trace", qid)
    finally:
        p.close()


def test_lines_outlive_a_logger_that_hangs():
    """It is ended at a stop; what waits in the pipes comes into the log all
    the same, with the names of those who said it."""
    p = Instance()
    p.start()
    p.allowed.append("child.killed service=logger")
    try:
        logger, = p.pids("logger")
        os.kill(logger, signal.SIGSTOP)
        p.send("nobody writes")
        p.wait_mail("alice", "nobody writes")
        p.stop()
        lines = p.written_log().splitlines()
        assert all(map(parse_event, lines))
        said = {e["event"]: e["daemon"].split("/")[0]
                for e in map(parse_event, lines)}
        assert said["mail.accepted"] == "smtpd"
        assert said["local.delivered"] == "local"
        assert said["master.stopped"] == "master"
    finally:
        p.close()


def test_lines_outlive_master():
    """When master is killed the daemons end, and the logger after them, with
    their last lines written."""
    p = Instance()
    p.start()
    try:
        before = p.processes()
        s = p.smtp()
        sid = p.wait_event("session.start")["sid"]
        os.kill(p.master_pid(), signal.SIGKILL)
        wait(lambda: not any(map(alive, before)), "the end of all")
        assert p.events("session.hangup", sid=sid)
        p.running = False
        s.close()
    finally:
        p.close()


def test_rotation():
    p = Instance()
    p.start()
    try:
        path = os.path.join(p.dir, "log", "pabal.log")
        os.rename(path, path + ".1")
        p.reload()
        p.wait_event("master.reloaded")
        p.send("after the rotation")
        p.wait_mail("alice", "after the rotation")
        p.wait_event("mail.accepted")
        with open(path + ".1") as f:
            assert "after" not in f.read()
    finally:
        p.close()


def test_terminal_that_is_not_read():
    """`pabal run`, and the terminal is stopped: the file has every line."""
    p = Instance()
    r = subprocess.Popen(p.prefix + [p.command, "-d", p.dir, "run"],
                         stderr=subprocess.PIPE)
    try:
        wait(lambda: is_ready(p), "all services ready")
        p.running = True
        while not metric(p, "pabal_logger_lines_not_copied_total"):
            refuse_many(p, 20)
        p.send("nobody looks")
        p.wait_mail("alice", "nobody looks")
        p.wait_event("mail.accepted")
        assert not metric(p, "pabal_log_lines_lost_total")
        p.running = False
        r.send_signal(signal.SIGINT)
        said = r.communicate(timeout=PATIENCE)[1].decode()
        assert r.returncode == 0
        assert "log.lost lines=" in said
        assert "master.stopped" in p.log().splitlines()[-1]
    finally:
        r.kill()
        p.close()


def test_pabal_log_prints_the_end(make_pabal):
    """All that was logged before is in it, and as many lines as were asked."""
    p = make_pabal()
    p.send("logged")
    p.wait_mail("alice", "logged")
    assert "local.delivered" in p.pabal("log", "--lines", "50")
    assert p.pabal("log", "--lines", "0") == ""
    last = p.pabal("log", "--lines", "2")
    assert last == "\n".join(p.log().splitlines()[-2:]) + "\n"
    assert "expected a number" in p.pabal_fails("log", "--lines", "many")

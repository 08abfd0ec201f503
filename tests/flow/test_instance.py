# SPDX-License-Identifier: ISC
"""The life of an instance: start, stop, stale files, mistakes, reload."""
import os
import shutil
import signal
import stat
import subprocess
import threading

import pytest

from pabal import BUILD, PABAL, PASSWORD, Failed, Instance, alive, wait


def test_status_names_every_service(pabal):
    out = pabal.status()
    for word in ("lookup", "auth", "keys", "qmgr"):
        assert word in out


def test_children_descend_from_master(pabal):
    names = {n.split("/")[0] for n in pabal.processes().values()}
    assert {"master", "qmgr", "auth", "lookup", "keys"} <= names


def test_queue_starts_empty(pabal):
    assert pabal.queue_count() == 0


def test_stop_and_start_again(make_pabal):
    p = make_pabal()
    before = p.processes()
    p.stop()
    for pid in before:
        assert not alive(pid)
    p.start()
    assert p.master_pid() not in before


def test_start_twice_changes_nothing(make_pabal):
    p = make_pabal()
    before = p.processes()
    assert "runs already" in p.pabal("start")
    assert p.processes() == before
    p.status()


@pytest.mark.allow("child.killed", "ipc.dropped")
def test_start_after_kill_of_everything(make_pabal):
    p = make_pabal()
    pids = p.processes()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it saw that master has gone and ended by itself
    for pid in pids:
        wait(lambda pid=pid: not alive(pid), f"the end of {pid}")
    p.start()
    assert p.master_pid() not in pids
    p.status()


def test_stale_pid_file_of_another_process(make_pabal):
    p = make_pabal()
    p.stop()
    with open(os.path.join(p.dir, "run", "master.pid"), "w") as f:
        f.write(f"{os.getpid()}\n")
    p.start()
    assert p.master_pid() != os.getpid()
    assert alive(os.getpid())


def test_daemon_that_dies_comes_back(make_pabal, request):
    p = make_pabal()
    p.allowed = ["child.killed"]
    for name in ("lookup", "auth", "keys", "qmgr"):
        pid = p.pids(name)[0]
        os.kill(pid, signal.SIGKILL)
        wait(lambda: [x for x in p.pids(name) if x != pid], f"a new {name}")
    wait(lambda: status_ok(p), "all services ready")


def status_ok(p):
    try:
        p.status()
        return True
    except Failed:
        return False


def test_run_in_foreground_ends_with_interrupt():
    p = Instance(users=())
    try:
        r = subprocess.Popen([PABAL, "-d", p.dir, "run"],
                             stderr=subprocess.PIPE, text=True)
        lines = []
        for line in r.stderr:
            lines.append(line)
            if "master.ready" in line:
                break
        assert "master.ready" in lines[-1], lines
        r.send_signal(signal.SIGINT)
        rest = r.communicate(timeout=30)[1]
        assert "master.stopped" in rest
        assert r.returncode == 0
    finally:
        p.close()


def test_mistakes_are_listed_all_at_once(make_pabal):
    p = make_pabal()
    etc = os.path.join(p.dir, "etc")
    before = p.processes()
    with open(os.path.join(etc, "qmgr.conf"), "a") as f:
        f.write("no_such_parameter = 1\nqueue_lifetime = soon\n")
    with open(os.path.join(etc, "auth.conf"), "a") as f:
        f.write("garbage\n")
    for command in (("conf", "check"), ("reload",)):
        out = p.pabal_fails(*command)
        assert "qmgr.conf:3" in out, out
        assert "qmgr.conf:4" in out, out
        assert "auth.conf:5" in out, out
    assert p.processes() == before
    p.stop()
    assert "qmgr.conf:4" in p.pabal_fails("start")
    p.pabal_fails("status")


def test_reload_keeps_the_processes(make_pabal):
    p = make_pabal()
    before = p.processes()
    p.conf("qmgr", "queue_lifetime", "3d")
    p.reload()
    p.wait_event("master.reloaded")
    assert p.processes() == before
    assert "3d" in p.pabal("conf", "get", "qmgr", "queue_lifetime")


def test_secrets_are_closed_to_others(pabal):
    """Passwords, keys and mail of an instance are not for everybody."""
    for path in ("etc/passwords", "etc/passwords.cdb", "tls/key.pem", "spool",
                 "mail", "log"):
        mode = os.stat(os.path.join(pabal.dir, path)).st_mode
        assert stat.S_IMODE(mode) & 0o007 == 0, path


def test_password_is_not_kept_in_clear(pabal):
    for folder, _, names in os.walk(pabal.dir):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    assert PASSWORD.encode() not in f.read(), path


def test_ordinary_user():
    """The whole suite under one uid that is not root's."""
    if os.getuid() != 0:
        pytest.skip("this test run is one")
    p = Instance(users=("alice",), user="nobody")
    try:
        p.start()
        uids = {os.stat(f"/proc/{pid}").st_uid for pid in p.processes()}
        assert 0 not in uids and len(uids) == 1
        assert not p.alarms()
    finally:
        p.running = True
        p.close()


def test_start_returns_when_a_nursery_is_the_last(tmp_path):
    """A client logs in before smtp is ready, by a pop3d that begins later."""
    tmp_path.chmod(0o755)
    for name in os.listdir(BUILD):
        if os.path.isfile(os.path.join(BUILD, name)):
            shutil.copy(os.path.join(BUILD, name), tmp_path)
    for name, seconds in ("smtp", 3), ("pop3d", 5):
        (tmp_path / name).write_text(
            f"#!/bin/sh\nsleep {seconds}\n"
            f"exec {os.path.join(BUILD, name)} \"$@\"\n")
    p = Instance(command=str(tmp_path / "pabal"))

    def log_in():
        def answered():
            try:
                return p.pop()
            except OSError:
                return None
        wait(answered, "a session").quit()

    client = threading.Thread(target=log_in)
    try:
        client.start()
        p.start()
        assert p.events("master.ready")
    finally:
        client.join()
        p.close()

# SPDX-License-Identifier: ISC
"""A configuration is tried before it counts: what a daemon's own start would
find is found by `conf check`, `check`, `reload` and `start` in the same words,
and the one before stays in effect, also over a restart."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess

import pytest

from pabal import (BUILD, PABAL, PATIENCE, Failed, Instance, alive, wait)

root_only = pytest.mark.skipif(
    os.getuid() != 0, reason="root's files are to be out of a daemon's reach")


def path(p, *names):
    return os.path.join(p.dir, *names)


@contextlib.contextmanager
def setting(p, *settings):
    """The parameters as they are in the files meanwhile."""
    etc = path(p, "etc")
    keep = path(p, "etc.before")
    shutil.copytree(etc, keep)
    try:
        for daemon, parameter, value in settings:
            p.conf(daemon, parameter, value)
        yield
    finally:
        for name in os.listdir(etc):
            if name.endswith(".conf"):
                os.unlink(os.path.join(etc, name))
        for name in os.listdir(keep):
            if name.endswith(".conf"):
                os.rename(os.path.join(keep, name), os.path.join(etc, name))
        shutil.rmtree(keep)


# ---- mistakes of the files: the last good configuration starts

def alias_table(p):
    return setting(p, ("lookup", "aliases", "ldap:foo")), \
        "service lookup: ldap:foo: expected text:NAME or cdb:NAME"


def password_table(p):
    return setting(p, ("auth", "passwords", "mysql:foo")), \
        "service auth: mysql:foo: expected text:NAME or cdb:NAME"


def no_certificate(p):
    return setting(p, ("pabal", "tls_certificate",
                       path(p, "tls", "gone.pem"))), \
        "service keys: gone.pem "


@contextlib.contextmanager
def other_certificate(p):
    other = path(p, "tls", "other.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
         "-keyout", "/dev/null", "-out", other],
        check=True, capture_output=True)
    like = os.stat(path(p, "tls", "cert.pem"))
    os.chown(other, like.st_uid, like.st_gid)
    with setting(p, ("pabal", "tls_certificate", other)):
        yield
    os.unlink(other)


def certificate_of_another_key(p):
    return other_certificate(p), "service keys: other.pem: "


def no_spool(p):
    where = path(p, "nowhere")
    return setting(p, ("pabal", "spool_directory", where)), \
        f"service qmgr: open {where}: No such file or directory"


def no_mail_directory(p):
    where = path(p, "nowhere")
    return setting(p, ("pabal", "mail_directory", where)), \
        f"service imapd: open {where}: No such file or directory"


def no_authorities(p):
    where = path(p, "nowhere.pem")
    return setting(p, ("smtp", "tls_policy", "verify"),
                   ("smtp", "tls_ca_file", where)), \
        f"service outbound: tls_ca_file {where}: No such file or directory"


@contextlib.contextmanager
def taken(p, s):
    s.listen()
    with s, setting(p, ("master:smtp", "listen",
                        f"127.0.0.1:{s.getsockname()[1]}")):
        yield


def port_in_use(p):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    return taken(p, s), f"service smtp: listen on 127.0.0.1:{port}: " \
        "Address already in use by "


def table_that_is_not_there(p):
    return setting(p, ("pabal", "accounts", "cdb:acounts")), \
        "cdb:acounts: there is no such table"


def host_that_is_none(p):
    return setting(p, ("pabal", "relayhost", "[host")), \
        "service outbound: relayhost: expected DOMAIN, [HOST] or [HOST]:PORT"


FILES = [table_that_is_not_there, host_that_is_none, alias_table, password_table, no_certificate,
         certificate_of_another_key, no_spool, no_mail_directory,
         no_authorities, port_in_use]


def the_line(out, words):
    found = [line for line in out.splitlines() if words in line]
    assert found, f"{words!r} is not in:\n{out}"
    return found[0][found[0].index(words):]


def said_by_all(p, words):
    """The line with WORDS, which all say that look at the configuration, and
    nobody is the worse for it."""
    before = p.processes()
    line = the_line(p.pabal_fails("conf", "check"), words)
    for command in (("check",), ("reload",), ("restart",)):
        assert line in p.pabal_fails(*command), command
    assert p.processes() == before
    return line


@pytest.mark.parametrize("mistake", FILES, ids=lambda f: f.__name__)
def test_mistake_of_the_files(make_pabal, mistake):
    p = make_pabal(users=("alice",))
    broken, words = mistake(p)
    with broken:
        line = said_by_all(p, words)
        p.send("runs on")
        p.wait_mail("alice", "runs on")
        p.stop()
        out = p.pabal_fails("start")
        assert line in out
        assert "start --last-good" in out
        assert "is not running" in p.pabal_fails("status")
        p.pabal("start", "--last-good")
        p.send("with the last good one")
        p.wait_mail("alice", "with the last good one")
        assert line in p.pabal_fails("reload")
        p.stop()
    p.start()


# ---- mistakes beside the files

@contextlib.contextmanager
def garbage(name):
    keep = name + ".before"
    os.rename(name, keep)
    shutil.copyfile(keep, name)
    shutil.copystat(keep, name)
    with open(name, "r+b") as f:
        f.write(b"\xff" * 2048)
    like = os.stat(keep)
    os.chown(name, like.st_uid, like.st_gid)
    yield
    os.replace(keep, name)


@contextlib.contextmanager
def closed(name):
    """Root's alone, which is what becomes of files that root copies."""
    before = os.stat(name)
    os.chown(name, 0, 0)
    os.chmod(name, 0o700 if stat.S_ISDIR(before.st_mode) else 0o600)
    yield
    os.chown(name, before.st_uid, before.st_gid)
    os.chmod(name, stat.S_IMODE(before.st_mode))


def damaged_aliases(p):
    return garbage(path(p, "etc", "aliases.cdb")), \
        "service lookup: cdb:aliases: "


def damaged_passwords(p):
    return garbage(path(p, "etc", "passwords.cdb")), \
        "service auth: cdb:passwords: "


def closed_aliases(p):
    return closed(path(p, "etc", "aliases.cdb")), \
        "service lookup: cdb:aliases: "


def closed_key(p):
    return closed(path(p, "tls", "key.pem")), "service keys: cert.pem: "


def closed_spool(p):
    return closed(path(p, "spool")), \
        f"may not work in {path(p, 'spool')}: Permission denied"


def closed_queue(p):
    return closed(path(p, "spool", "new")), \
        f"may not work in {path(p, 'spool', 'new')}: Permission denied"


def closed_mail(p):
    return closed(path(p, "mail")), \
        f"may not work in {path(p, 'mail')}: Permission denied"


BESIDE = [damaged_aliases, damaged_passwords] + [
    pytest.param(f, marks=root_only) for f in
    (closed_aliases, closed_key, closed_spool, closed_queue, closed_mail)]


@pytest.mark.parametrize("mistake", BESIDE, ids=lambda f: f.__name__)
def test_mistake_beside_the_files(make_pabal, mistake):
    p = make_pabal(users=("alice",))
    broken, words = mistake(p)
    with broken:
        line = said_by_all(p, words)
        p.stop()
        out = p.pabal_fails("start")
        assert line in out
        assert "--last-good" not in out
        assert line in p.pabal_fails("start", "--last-good")
        assert "is not running" in p.pabal_fails("status")
    p.start()


def test_listener_without_address(make_pabal):
    p = make_pabal(users=())
    with open(path(p, "etc", "master.conf"), "a") as f:
        f.write("[extra]\ndaemon = smtpd\nprotocol = smtp\n"
                "listen = no.such.host:2525\n")
    line = the_line(p.pabal_fails("conf", "check"), "master.conf:")
    assert re.match(r"master\.conf:\d+: .*no\.such\.host", line), line
    for command in ("check", "reload", "restart"):
        assert line in p.pabal_fails(command)
    p.stop()
    assert line in p.pabal_fails("start")


@pytest.mark.parametrize("service,protocol,daemon", [
    ("smtp", "imap", "smtpd"), ("imap", "smtp", "login"),
    ("pop3", "lmtp", "login")])
def test_protocol_that_the_daemon_does_not_speak(make_pabal, service, protocol,
                                                 daemon):
    p = make_pabal(users=())
    with setting(p):
        with open(path(p, "etc", "master.conf")) as f:
            text = f.read()
        with open(path(p, "etc", "master.conf"), "w") as f:
            f.write(re.sub(rf"(?m)^(\[{service}\]\n(?:.+\n)*?protocol = ).*$",
                           rf"\g<1>{protocol}", text))
        words = f"[{service}] listens, but {daemon} does not speak {protocol}"
        for command in (("conf", "check"), ("check",), ("reload",)):
            assert words in p.pabal_fails(*command), command


def test_addresses_that_exclude_each_other(make_pabal):
    """Each could be bound alone; a start would find out at the second."""
    p = make_pabal(users=())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    words = f"service lmtp: listen on 0.0.0.0:{port}: Address already in use"
    with setting(p, ("master:smtp", "listen", f"127.0.0.1:{port}"),
                 ("master:lmtp", "listen", f"0.0.0.0:{port}")):
        for command in (("conf", "check"), ("check",), ("reload",),
                        ("restart",)):
            assert words in p.pabal_fails(*command), command
        p.status()
        p.stop()
        assert words in p.pabal_fails("conf", "check")
    p.start()


def test_second_service_of_what_there_is_one(make_pabal):
    p = make_pabal(users=())
    with setting(p):
        with open(path(p, "etc", "master.conf"), "a") as f:
            f.write("[qmgr2]\ndaemon = qmgr\n")
        words = "[qmgr2] is a second qmgr beside [qmgr]"
        for command in (("conf", "check"), ("check",), ("reload",)):
            assert words in p.pabal_fails(*command), command


def without_section(p, name):
    master = path(p, "etc", "master.conf")
    with open(master) as f:
        text = f.read()
    with open(master, "w") as f:
        f.write(re.sub(rf"(?m)^\[{name}\]\n(?:[^\[\n].*\n|\n)*", "", text))


def test_service_without_whom_it_needs(make_pabal):
    p = make_pabal(users=())
    before = p.processes()
    for daemon in ("qmgr", "auth", "keys", "lookup"):
        words = f"service smtp: it needs {daemon}, and no section of " \
            f"master.conf has daemon = {daemon}"
        with setting(p):
            without_section(p, daemon)
            for command in (("conf", "check"), ("reload",)):
                assert words in p.pabal_fails(*command), command
    assert p.processes() == before
    with setting(p):
        without_section(p, "pop3d")
        p.reload()
    p.reload()


def test_log_that_cannot_be_written(make_pabal):
    """A restart would end what runs, and then not start."""
    p = make_pabal(users=())
    before = p.processes()
    log = path(p, "log")
    os.rename(log, log + ".before")
    with open(log, "w"):
        pass
    words = f"log: open {log}/pabal.log: Not a directory"
    for command in (("conf", "check"), ("restart",)):
        assert words in p.pabal_fails(*command), command
    assert p.processes() == before
    os.unlink(log)
    os.rename(log + ".before", log)
    p.pabal("restart")


def test_reloads_join_and_say_who_is_waited_for(make_pabal):
    p = make_pabal(users=())
    mark = p.mark()
    pid, = p.pids("qmgr")
    os.kill(pid, signal.SIGSTOP)
    runs = [subprocess.Popen(p.prefix + [p.command, "-d", p.dir, "reload"],
                             stdout=subprocess.DEVNULL, text=True,
                             stderr=subprocess.PIPE) for _ in range(6)]
    try:
        for r in runs:
            assert any(line == f"waiting for service qmgr (process {pid})\n"
                       for line in r.stderr)
    finally:
        os.kill(pid, signal.SIGCONT)
    for r in runs:
        r.communicate(timeout=PATIENCE)
        assert r.returncode == 0
    assert p.events("master.reload-waiting", since=mark)
    # That which was under way, and one for all who came meanwhile.
    assert len(p.events("master.reloaded", since=mark)) <= 2


def test_last_good_of_somebody_else(make_pabal):
    p = make_pabal(users=())
    p.stop()
    p.running = True  # again, in the end
    name, = glob.glob(path(p, "state", "*"))
    os.chmod(name, 0o660)
    assert "with mode 0600" in p.pabal_fails("start", "--last-good")
    os.chmod(name, 0o600)
    p.pabal("start", "--last-good")


@root_only
def test_root_checks_the_instance_of_another():
    """Its daemons run as that user: nothing of it is to become theirs."""
    p = Instance(user="nobody")
    p.start()
    try:
        prefix, p.prefix = p.prefix, []
        for step in ("runs", "does not"):
            out = p.pabal("check")
            assert "chown" not in out and "may not work" not in out, step
            p.prefix = prefix
            p.stop()
            p.prefix = []
        p.prefix = prefix
    finally:
        p.prefix = prefix
        p.close()


@root_only
def test_port_of_a_process_that_cannot_be_seen():
    p = Instance(user="nobody")
    try:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            with setting(p, ("master:smtp", "listen", f"127.0.0.1:{port}")):
                out = p.pabal_fails("conf", "check")
        assert "Address already in use by user root (" in out
    finally:
        p.close()


def test_file_that_is_none(make_pabal):
    """A FIFO in the place of a file holds up nobody."""
    p = make_pabal(users=())
    name = path(p, "etc", "smtp.conf")
    os.rename(name, name + ".before")
    os.mkfifo(name)
    assert "smtp.conf" in p.pabal_fails("conf", "check")
    assert "smtp.conf" in p.pabal_fails("reload")
    p.status()
    os.replace(name + ".before", name)
    p.reload()


def test_service_before_another(make_pabal):
    """Each service has its processes, wherever its section comes to stand."""
    p = make_pabal(users=())
    master = path(p, "etc", "master.conf")
    with open(master) as f:
        before = f.read()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with open(master, "w") as f:
        f.write("[early]\ndaemon = smtpd\nprotocol = smtp\n"
                f"listen = 127.0.0.1:{port}\nprocesses = 2\n" + before)
    for text, ports in ((None, (port, p.port("smtp"), p.port("submission"))),
                        (before, (p.port("smtp"), p.port("submission")))):
        if text is not None:
            with open(master, "w") as f:
                f.write(text)
        p.reload()
        for one in ports:
            with socket.create_connection(("127.0.0.1", one), 30) as s:
                assert s.recv(3) == b"220"


def test_all_mistakes_of_all_daemons_at_once(make_pabal):
    p = make_pabal(users=())
    broken = [alias_table(p), password_table(p), no_authorities(p)]
    with setting(p, ("lookup", "aliases", "ldap:foo"),
                 ("auth", "passwords", "mysql:foo"),
                 ("smtp", "tls_policy", "verify"),
                 ("smtp", "tls_ca_file", path(p, "nowhere.pem"))):
        for command in (("conf", "check"), ("reload",)):
            out = p.pabal_fails(*command)
            for _, words in broken:
                assert words in out, command


def test_conf_check_as_json_names_the_service(make_pabal):
    p = make_pabal(users=())
    with setting(p, ("lookup", "aliases", "ldap:foo")):
        assert '"file":"service lookup"' in p.pabal_fails(
            "conf", "check", "--json").replace('": "', '":"')


# ---- a trial changes nothing

def test_trial_leaves_no_trace(make_pabal):
    p = make_pabal(users=("alice",))
    p.stop()

    def state(but=()):
        found = {}
        for folder, _, names in os.walk(p.dir):
            for name in set(names) - set(but):
                full = os.path.join(folder, name)
                s = os.lstat(full)
                found[full] = (s.st_ino, s.st_mtime_ns, s.st_size)
        return found

    before = state()
    p.pabal("conf", "check")
    assert state() == before
    p.start()
    pids = p.processes()
    # what runs may still log of its start
    before = state(but=["pabal.log"])
    p.pabal("conf", "check")
    assert state(but=["pabal.log"]) == before
    assert p.processes() == pids


def test_trial_before_the_first_start():
    p = Instance(users=())
    try:
        p.pabal("conf", "check")
        assert "is not running" in p.pabal_fails("status")
    finally:
        p.close()


def test_only_the_owner_has_it_tried(make_pabal):
    """Others can read files at most; they start no process of the daemons."""
    if os.getuid() != 0:
        pytest.skip("another user than the owner is needed")
    p = make_pabal(users=())
    mark = p.mark()
    r = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--regid", "nogroup",
         "--clear-groups", PABAL, "-d", p.dir, "conf", "check"],
        cwd="/", capture_output=True, text=True)
    assert r.returncode == 0 and "the files alone" in r.stderr, r
    assert p.log(mark) == ""


# ---- reload

def size_of(p):
    with p.smtp() as s:
        s.ehlo()
        return int(s.esmtp_features["size"])


def test_reload_waits_for_the_answers(make_pabal):
    p = make_pabal(users=())
    for n in (1, 2, 3):
        p.conf("pabal", "message_size_limit", f"{n}M")
        out = p.pabal("reload")
        for name in ("lookup", "keys", "auth", "qmgr", "smtp", "imap"):
            assert f"service {name}: reloaded\n" in out
        assert "service imapd: good; no process runs\n" in out
        assert size_of(p) == n << 20


def run_json(p, *args):
    r = subprocess.run(p.prefix + [p.command, "-d", p.dir, "--json", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True, timeout=4 * PATIENCE)
    return r.returncode, json.loads(r.stdout)


def test_reload_as_json(make_pabal):
    p = make_pabal(users=())
    status, out = run_json(p, "reload")
    rows = {r["service"]: r["result"] for r in out}
    assert status == 0
    assert rows["qmgr"] == "reloaded"
    assert rows["imapd"] == "good; no process runs"
    p.conf("pabal", "tls_certificate", path(p, "no.pem"))
    status, out = run_json(p, "reload")
    assert status == 1 and "keys" in {r["service"] for r in out}
    assert all("no.pem" in r["result"] for r in out)
    with open(path(p, "etc", "qmgr.conf"), "a") as f:
        f.write("nosuch = 1\n")
    status, out = run_json(p, "reload")
    assert status == 1 and any(r["service"] is None and "nosuch" in r["result"]
                               for r in out)


def test_reload_says_what_counts_later(make_pabal):
    p = make_pabal(users=())
    p.conf("lookup", "dns_servers", "127.0.0.1:5353")
    p.reload()
    p.pabal("conf", "unset", "lookup", "dns_servers")
    assert "service lookup: reloaded; these DNS settings take effect at the " \
        "next start" in p.pabal("reload")


@pytest.mark.allow("child.killed")
def test_a_no_of_one_takes_all_back(make_pabal):
    """The trial was good, but a process that runs does not take it up."""
    p = make_pabal(users=("alice",))
    limit = size_of(p)
    p.conf("pabal", "message_size_limit", "1M")
    victim = p.pids("smtp")[0]
    os.kill(victim, signal.SIGSTOP)
    mark = p.mark()
    r = subprocess.Popen([PABAL, "-d", p.dir, "reload"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
    p.wait_event("proc.reloaded", mark, daemon="qmgr")
    os.kill(victim, signal.SIGKILL)
    out = r.communicate()[0]
    assert r.returncode == 1, out
    assert "service outbound: ended" in out
    assert "keep the old values" in out
    wait(lambda: size_of(p) == limit, "the old limit")
    wait(lambda: good(p), "all services")
    p.reload()
    assert size_of(p) == 1 << 20


def good(p):
    with contextlib.suppress(Failed):
        p.status()
        return True
    return False


@pytest.mark.allow("child.killed")
def test_what_starts_later_has_what_is_in_force(make_pabal):
    """The files were edited and not taken up, also not those of a daemon that
    dies now, or of one that is only now asked for."""
    p = make_pabal(users=("alice",))
    with setting(p, ("lookup", "aliases", "ldap:foo"),
                 ("pabal", "mail_directory", path(p, "nowhere"))):
        with open(path(p, "etc", "imapd.conf"), "a") as f:
            f.write("no_such_parameter = 1\n")
        old = p.pids("lookup")[0]
        os.kill(old, signal.SIGKILL)
        wait(lambda: [x for x in p.pids("lookup") if x != old], "a new lookup")
        wait(lambda: good(p), "all services")
        p.send("as it was")
        p.wait_mail("alice", "as it was")
        p.imap().logout()


def test_directory_of_another_name(make_pabal):
    """Whoever holds the old directory ends, and another begins in the new."""
    p = make_pabal(users=("alice",))
    tables = path(p, "tables")
    shutil.copytree(path(p, "etc"), tables, copy_function=copy_owned)
    copy_owner(path(p, "etc"), tables)
    before = {n: p.pids(n) for n in ("lookup", "auth", "qmgr", "keys")}
    p.conf("pabal", "table_directory", tables)
    p.reload()
    for name, pids in before.items():
        kept = name in ("qmgr", "keys")
        assert (p.pids(name) == pids) == kept, name
    p.pabal("alias", "set", "new", "alice@pabal.test")
    p.send("through the new table", to="new@pabal.test")
    p.wait_mail("alice", "through the new table")


def copy_owner(a, b):
    s = os.stat(a)
    os.chown(b, s.st_uid, s.st_gid)


def copy_owned(a, b):
    shutil.copy2(a, b)
    copy_owner(a, b)


def test_one_queue_manager_at_a_time(make_pabal):
    """A change that needs a new qmgr waits for the end of the old one."""
    p = make_pabal(users=("alice",))
    old = p.pids("qmgr")
    p.conf("master:qmgr", "max_sessions", "77")
    mark = p.mark()
    p.reload()
    new = p.pids("qmgr")
    assert len(new) == 1 and new != old
    stopped = [i for i, line in enumerate(p.log(mark).splitlines())
               if "child.stopped" in line and "daemon=qmgr" in line]
    ready = [i for i, line in enumerate(p.log(mark).splitlines())
             if "child.ready" in line and "daemon=qmgr" in line]
    assert stopped and ready and stopped[0] < ready[0], p.log(mark)
    p.send("after it")
    p.wait_mail("alice", "after it")


# ---- the last good configuration

def test_last_good_is_told(make_pabal):
    p = make_pabal(users=("alice",))
    kept = path(p, "state", "last-good")
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(path(p, "state")).st_mode) == 0o700
    with open(kept) as f:
        first = f.read()
    since = re.match(r"pabal configuration, in force since (\d+)\n", first)
    assert since, first[:80]
    with setting(p, ("lookup", "aliases", "ldap:foo")):
        p.stop()
        p.pabal_fails("start")
        p.running = True  # soon
        mark = p.mark()
        assert "reload" in p.pabal("start", "--last-good")
        event = p.events("master.last-good", mark)[0]
        assert event["since"] == since[1]
        for command in ("status", "check"):
            r = subprocess.run([PABAL, "-d", p.dir, command],
                               capture_output=True, text=True)
            assert "has been good since" in r.stdout + r.stderr, command
        with open(kept) as f:
            assert f.read() == first
    p.reload()
    assert "has been good since" not in p.status()
    p.conf("pabal", "message_size_limit", "1M")
    p.reload()
    with open(kept) as f:
        assert "message_size_limit = 1M" in f.read()


def test_what_was_refused_never_becomes_the_last_good(make_pabal):
    p = make_pabal(users=())
    with open(path(p, "state", "last-good")) as f:
        before = f.read()
    with setting(p, ("lookup", "aliases", "ldap:foo")):
        p.pabal_fails("reload")
        p.stop()
        p.pabal_fails("start")
    with open(path(p, "state", "last-good")) as f:
        assert f.read() == before
    p.start()
    with open(path(p, "state", "last-good")) as f:
        assert f.read() == before  # the same files, since the same time


def test_no_last_good(make_pabal):
    p = Instance(users=())
    try:
        with setting(p, ("lookup", "aliases", "ldap:foo")):
            assert "--last-good" not in p.pabal_fails("start")
            assert "no last good configuration" in p.pabal_fails(
                "start", "--last-good")
    finally:
        p.close()


@root_only
def test_last_good_of_others_is_not_trusted(make_pabal):
    p = make_pabal(users=())
    p.stop()
    p.running = True  # again, in the end
    with setting(p, ("lookup", "aliases", "ldap:foo")):
        shutil.chown(path(p, "state"), "nobody")
        assert "must belong to" in p.pabal_fails("start", "--last-good")
        shutil.chown(path(p, "state"), "root")
        os.chmod(path(p, "state"), 0o777)
        assert "must belong to" in p.pabal_fails("start", "--last-good")
        os.chmod(path(p, "state"), 0o700)
        p.pabal("start", "--last-good")


def at_boot(p, *more):
    """As the systemd unit starts it; its log up to its being ready."""
    r = subprocess.Popen([PABAL, "-d", p.dir, "run", "--or-last-good", *more],
                         stderr=subprocess.PIPE, text=True)
    lines = []
    for line in r.stderr:
        lines.append(line)
        if "master.ready" in line:
            break
    return r, "".join(lines)


def end(r):
    r.send_signal(signal.SIGINT)
    r.communicate()
    assert r.returncode == 0


def test_boot_with_a_broken_file(make_pabal):
    p = make_pabal(users=("alice",))
    p.stop()
    with setting(p, ("lookup", "aliases", "ldap:foo")):
        r, out = at_boot(p)
        assert "service lookup: ldap:foo: expected" in out
        assert "master.last-good" in out and "master.ready" in out
        p.send("at boot")
        p.wait_mail("alice", "at boot")
        end(r)
    r, out = at_boot(p)
    assert "master.last-good" not in out and "master.ready" in out
    end(r)


def test_boot_as_start_last_good_wishes(make_pabal):
    """`pabal start --last-good` where systemd keeps it: the unit's run has no
    other way to learn of it."""
    p = make_pabal(users=())
    p.stop()
    wish = path(p, "run", "start-last-good")
    open(wish, "w").close()
    r, out = at_boot(p)
    assert "master.last-good" in out
    assert not os.path.exists(wish)
    end(r)
    r, out = at_boot(p)
    assert "master.last-good" not in out
    end(r)


def test_boot_with_what_no_configuration_mends(make_pabal):
    """What can run does: only the damaged table waits to be mended."""
    p = make_pabal(users=("alice",))
    p.stop()
    with garbage(path(p, "etc", "aliases.cdb")):
        r, out = at_boot(p)
        assert "service lookup: cdb:aliases: " in out
        assert "master.ready" in out
        p.imap().logout()
        end(r)


# ---- start

@root_only
def test_failed_start_says_one_thing_and_leaves_nothing(make_pabal):
    """The start itself, without the trial before it."""
    p = make_pabal(users=())
    p.stop()
    mark = p.mark()
    with closed(path(p, "spool")):
        r = subprocess.run(
            [os.path.join(BUILD, "master"), "-c", path(p, "etc"), "-r",
             path(p, "run"), "-l", path(p, "log", "pabal.log"), "-n", "1"],
            stdout=subprocess.PIPE, text=True)
        assert f"may not work in {path(p, 'spool')}" in r.stdout
        assert r.stdout.startswith("service qmgr: ")
        assert "ready" not in r.stdout
        assert r.returncode == 1
        assert "no such service is configured" not in p.log(mark)
        assert "is not running" in p.pabal_fails("status")
    p.start()


def test_start_during_a_stop_waits_for_its_end(make_pabal):
    p = make_pabal(users=())
    master = p.master_pid()
    held = p.pids("smtpd")[0]
    os.kill(held, signal.SIGSTOP)
    os.kill(master, signal.SIGTERM)
    p.wait_event("master.stopping")
    r = subprocess.Popen([PABAL, "-d", p.dir, "start"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
    os.kill(held, signal.SIGCONT)
    out = r.communicate()[0]
    assert r.returncode == 0 and "runs already" not in out, out
    assert not alive(master) and p.master_pid() != master

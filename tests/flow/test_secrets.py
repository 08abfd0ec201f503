# SPDX-License-Identifier: ISC
"""Secrets of the configuration: in files of their own, handed over by master,
shown nowhere."""
import os
import subprocess

import pytest

from badsmtp import BadSmtp
from pabal import PABAL

SECRET = "hunter2-of-the-relay"
AUTH = ("smtp", "relayhost_auth")


def all_output(p, *args):
    r = subprocess.run([PABAL, "-d", p.dir, *args], text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout


def relay(make_pabal, bad):
    return make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{bad.port}"))


def test_handed_over_and_shown_nowhere(make_pabal):
    with BadSmtp(caps=("AUTH PLAIN",)) as bad:
        p = relay(make_pabal, bad)
        path = p.secret(*AUTH, "user:" + SECRET + "\n")
        p.reload()
        p.send("one", to="u@some.test")
        p.wait_event("rcpt.result", to="u@some.test", dsn="2.0.0")
        assert bad.secrets == [["", "user", SECRET]]
        for args in (("conf", "show"), ("conf", "show", "smtp"),
                     ("conf", "diff"), ("conf", "get", *AUTH), ("check",),
                     ("--json", "conf", "show"), ("--json", "check")):
            status, out = all_output(p, *args)
            assert status == 0 and SECRET not in out, args
        assert f"secret         {path}" in all_output(p, "check")[1]
        # A new one counts from the reload, after a restart as well.
        p.secret(*AUTH, "user:new")
        p.reload()
        p.send("two", to="v@some.test")
        p.wait_event("rcpt.result", to="v@some.test", dsn="2.0.0")
        p.stop()
        p.start()
        p.send("three", to="w@some.test")
        p.wait_event("rcpt.result", to="w@some.test", dsn="2.0.0")
        assert bad.secrets[1:] == [["", "user", "new"]] * 2
        assert SECRET not in p.log() and not p.alarms()


@pytest.mark.parametrize("value", ["user:" + SECRET, SECRET + "!",
                                   "two " + SECRET, "../" + SECRET])
def test_the_secret_itself_is_refused(make_pabal, value):
    p = make_pabal(users=())
    out = p.pabal_fails("conf", "set", *AUTH, value)
    assert "name of a file" in out and "never the secret itself" in out
    # Also where it stands in the file already, as in earlier versions.
    with open(os.path.join(p.dir, "etc", "smtp.conf"), "a") as f:
        f.write(f"relayhost_auth = {value}\n")
    for args in (("conf", "check"), ("check",), ("reload",),
                 ("conf", "show", "smtp"), ("conf", "get", *AUTH)):
        status, out = all_output(p, *args)
        assert status != 0 and "never the secret itself" in out, args
        assert SECRET not in out, args
    assert SECRET not in p.log()
    p.pabal("conf", "unset", *AUTH)
    p.pabal("conf", "check")


@pytest.mark.allow("master.secret-unreadable")
def test_open_to_others_is_an_error(make_pabal):
    p = make_pabal(users=())
    path = p.secret(*AUTH, "user:x\n", mode=0o644)
    out = p.pabal_fails("check")
    assert f"others may read {path}: chmod 600 {path}" in out
    since = p.mark()
    p.reload()
    p.wait_event("master.secret-unreadable", since, file="relayhost_auth.secret")
    os.chmod(path, 0o600)
    p.pabal("check")


def test_file_that_is_missing_or_no_use(make_pabal):
    p = make_pabal(users=())
    assert "not there" in p.pabal_fails("conf", "set", *AUTH, "nosuch")
    path = p.secret(*AUTH, "user:x\n")
    with open(path, "w"):
        pass
    assert "expected one line" in p.pabal_fails("reload")
    os.unlink(path)
    os.mkdir(path)
    assert "not a file" in p.pabal_fails("conf", "check")
    os.rmdir(path)
    assert "not there" in p.pabal_fails("conf", "check")
    p.pabal("status")


def test_of_one_service(make_pabal):
    """A section of another service opens nothing."""
    with BadSmtp(caps=("AUTH PLAIN",)) as bad:
        p = relay(make_pabal, bad)
        p.secret("smtp:outbound", AUTH[1], "user:section\n")
        p.reload()
        p.send("one", to="u@some.test")
        p.wait_event("rcpt.result", to="u@some.test", dsn="2.0.0")
        assert bad.secrets == [["", "user", "section"]]

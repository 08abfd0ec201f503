# SPDX-License-Identifier: ISC
"""What `make install` puts where, and that it works from there."""
import glob
import os
import subprocess

import pytest

from pabal import BUILD, ROOT, Instance


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    if os.path.basename(BUILD) != "build":
        pytest.skip("of the plain build only")
    top = str(tmp_path_factory.mktemp("root"))
    r = subprocess.run(["make", "-s", "install", f"DESTDIR={top}",
                        "PREFIX=/usr"], cwd=ROOT, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=300)
    assert r.returncode == 0, r.stdout
    return top


def test_places(root):
    for path in ("usr/sbin/pabal", "usr/sbin/sendmail", "usr/bin/mailq",
                 "usr/bin/newaliases", "usr/lib/pabal/master",
                 "usr/lib/pabal/smtpd", "usr/lib/systemd/system/pabal.service",
                 "usr/lib/sysusers.d/pabal.conf",
                 "usr/lib/tmpfiles.d/pabal.conf", "etc/pabal",
                 "usr/share/man/man8/pabal.8", "usr/share/man/man5/smtpd.conf.5",
                 "usr/share/man/man7/pabal-log.7",
                 "usr/share/doc/pabal/examples/master.conf"):
        assert os.path.exists(os.path.join(root, path)), path
    with open(os.path.join(root,
                           "usr/lib/systemd/system/pabal.service")) as f:
        assert "@PREFIX@" not in f.read()
    for daemon in os.listdir(os.path.join(root, "usr/lib/pabal")):
        if daemon != "master":
            assert os.path.exists(os.path.join(
                root, f"usr/share/man/man5/{daemon}.conf.5")), daemon


def test_names_of_others(root):
    for name in ("usr/sbin/sendmail", "usr/bin/mailq", "usr/bin/newaliases"):
        link = os.path.join(root, name)
        assert os.path.realpath(link) == os.path.join(root, "usr/sbin/pabal")


def test_manuals_are_clean(root):
    pages = glob.glob(os.path.join(root, "usr/share/man/man*/*"))
    r = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages],
                       stdout=subprocess.PIPE, text=True)
    assert r.returncode == 0, r.stdout
    text = subprocess.run(
        ["mandoc", "-T", "ascii",
         os.path.join(root, "usr/share/man/man5/smtpd.conf.5")],
        stdout=subprocess.PIPE, text=True).stdout.replace("\b", "")
    assert "command_timeout" in text.replace("_\b", "") or \
        "ccoommmmaanndd" in text


def test_completion(root):
    script = os.path.join(
        root, "usr/share/bash-completion/completions/pabal")

    def complete(*words):
        text = " ".join(f"'{w}'" for w in words)
        return subprocess.run(
            ["bash", "-c", f". {script}; COMP_WORDS=({text}); "
             f"COMP_CWORD={len(words) - 1}; _pabal; "
             "printf '%s\\n' \"${COMPREPLY[@]}\""],
            env={"PATH": os.path.join(root, "usr/sbin") + ":/usr/bin:/bin"},
            stdout=subprocess.PIPE, text=True).stdout.split()

    assert complete("pabal", "sta") == ["start", "status"]
    assert "flush" in complete("pabal", "-d", "/x", "queue", "")
    assert complete("pabal", "conf", "set", "smt") == ["smtp", "smtpd"]
    assert complete("pabal", "conf", "set", "smtp", "relayh")[0] == \
        "relayhost"


def test_works_from_there(root):
    """Daemons are found in PREFIX/lib/pabal, not in the build tree."""
    p = Instance(command=os.path.join(root, "usr/sbin/pabal"))
    try:
        p.start()
        for pid in p.processes():
            assert os.readlink(f"/proc/{pid}/exe").startswith(
                os.path.join(root, "usr/lib/pabal/"))
        p.send("from the installed one")
        p.wait_mail("alice", "from the installed one")
        assert not p.alarms()
    finally:
        p.close()

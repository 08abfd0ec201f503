# SPDX-License-Identifier: ISC
"""What `make install` puts where, and that it works from there."""
import contextlib
import glob
import os
import re
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
                 "usr/share/man/man7/pabal.7",
                 "usr/share/doc/pabal/README.md",
                 "usr/share/doc/pabal/operations.md",
                 "usr/share/doc/pabal/migration.md",
                 "usr/share/doc/pabal/examples/master.conf",
                 "etc/logrotate.d/pabal", "etc/apparmor.d/pabal",
                 "etc/apparmor.d/abstractions/pabal",
                 "etc/fail2ban/filter.d/pabal.conf",
                 "etc/fail2ban/jail.d/pabal.conf"):
        assert os.path.exists(os.path.join(root, path)), path
    for name in ("usr/lib/systemd/system/pabal.service",
                 "etc/apparmor.d/pabal"):
        with open(os.path.join(root, name)) as f:
            assert "@PREFIX@" not in f.read()
    for daemon in os.listdir(os.path.join(root, "usr/lib/pabal")):
        if daemon != "master":
            assert os.path.exists(os.path.join(
                root, f"usr/share/man/man5/{daemon}.conf.5")), daemon


def test_certbot_hook(root):
    path = os.path.join(root, "usr/share/pabal/certbot-hook")
    assert os.access(path, os.X_OK)
    with open(path) as f:
        assert "@PREFIX@" not in f.read()
    assert subprocess.run(["sh", "-n", path]).returncode == 0


def test_names_of_others(root):
    for name in ("usr/sbin/sendmail", "usr/bin/mailq", "usr/bin/newaliases"):
        link = os.path.join(root, name)
        assert os.path.realpath(link) == os.path.join(root, "usr/sbin/pabal")


def make(*args):
    r = subprocess.run(["make", "-s", *args], cwd=ROOT, timeout=300,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True)
    assert r.returncode == 0, r.stdout
    return r.stdout


def test_other_mail_systems_files_stay(root, tmp_path):
    """Neither install nor uninstall touches another package's sendmail, and
    uninstall takes back all that install put there."""
    other = tmp_path / "usr/sbin/sendmail"
    other.parent.mkdir(parents=True)
    other.write_text("postfix's\n")
    assert "left alone" in make("install", f"DESTDIR={tmp_path}")
    assert other.read_text() == "postfix's\n" and not other.is_symlink()
    assert (tmp_path / "usr/bin/mailq").is_symlink()
    make("install", f"DESTDIR={tmp_path}")  # over itself
    make("uninstall", f"DESTDIR={tmp_path}")
    left = [p for p in tmp_path.rglob("*") if not p.is_dir()]
    assert left == [other]


def test_a_package_s_files_stay(tmp_path):
    """With a Debian package in the same place, install does nothing."""
    (tmp_path / "bin").mkdir()
    dpkg = tmp_path / "bin/dpkg-query"
    dpkg.write_text("#!/bin/sh\necho pabal: $2\n")
    dpkg.chmod(0o755)
    r = subprocess.run(
        ["make", "-s", "install", f"PREFIX={tmp_path}/usr"], cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}/bin:" + os.environ["PATH"]},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert r.returncode != 0
    assert "belongs to the package pabal: remove it first" in r.stdout
    assert not (tmp_path / "usr").exists()


def test_manuals_are_clean(root):
    pages = [p for p in glob.glob(os.path.join(root, "usr/share/man/man*/*"))
             if not os.path.islink(p)]
    r = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages],
                       stdout=subprocess.PIPE, text=True)
    assert r.returncode == 0, r.stdout
    text = subprocess.run(
        ["mandoc", "-T", "ascii",
         os.path.join(root, "usr/share/man/man5/smtpd.conf.5")],
        stdout=subprocess.PIPE, text=True).stdout
    assert "command_timeout" in re.sub(".\b", "", text)


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
    assert complete("pabal", "queue", "re") == ["release", "retry"]
    assert complete("pabal", "queue", "bad", "") == [
        "restore", "show", "export", "delete"]
    assert complete("pabal", "help", "dom") == ["domain"]
    assert complete("pabal", "conf", "set", "smt") == ["smtp", "smtpd"]
    assert complete("pabal", "conf", "set", "pabal", "relayh")[0] == \
        "relayhost"


def test_works_from_there(root):
    """Daemons are found in PREFIX/lib/pabal, not in the build tree."""
    p = Instance(command=os.path.join(root, "usr/sbin/pabal"))
    try:
        p.start()
        seen = 0
        for pid in p.processes():
            # What is not dumpable can be looked into by root only.
            with contextlib.suppress(PermissionError):
                assert os.readlink(f"/proc/{pid}/exe").startswith(
                    os.path.join(root, "usr/lib/pabal/"))
                seen += 1
        assert seen
        p.send("from the installed one")
        p.wait_mail("alice", "from the installed one")
        assert not p.alarms()
    finally:
        p.close()

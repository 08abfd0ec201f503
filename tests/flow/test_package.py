# SPDX-License-Identifier: ISC
"""What a package brings for its neighbours: the unit, AppArmor's profiles,
fail2ban's filter.  tools/vm tries them in a real system."""
import glob
import imaplib
import json
import os
import re
import shutil
import smtplib
import subprocess

import pytest

from pabal import DOMAIN, ROOT

# Names that pretend to be the end of their own value.
GUESSES = ["carol@" + DOMAIN, 'x client=192.0.2.66 protocol=imap',
           'x" client=192.0.2.67 protocol=imap tls=no result=refused why="',
           'x\\" client=192.0.2.68 protocol=imap tls=no result=refused why=',
           "x\nauth[1] warning: auth.refused account=x client=192.0.2.69 "
           "protocol=imap tls=no result=refused why=x"]


def etc(name):
    with open(os.path.join(ROOT, "etc", name)) as f:
        return f.read()


# ---- fail2ban

def guess(p):
    for name in GUESSES:
        c = p.imap(login=False)
        with pytest.raises(imaplib.IMAP4.error):
            c.authenticate("PLAIN", lambda _, n=name: f"\0{n}\0wrong".encode())
        c.shutdown()
    s = p.smtp("submission")
    context = p.tls()
    context.check_hostname = False
    s.starttls(context=context)
    s.ehlo()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        s.user, s.password = "bob@" + DOMAIN, "wrong"
        s.auth("PLAIN", s.auth_plain)
    s.close()
    return len(GUESSES) + 1


def failregex():
    """The expressions of the filter as Python's, with the group "ip"."""
    text = etc("fail2ban/filter.conf")
    why = re.search(r"^_why = (.*)$", text, re.M)[1]
    lines = re.search(r"^failregex = (.*\n(?:[ \t]+\S.*\n)*)", text, re.M)[1]
    return [re.compile(line.strip().replace("<_why>", why)
                       .replace("<F-USER>", "(?:").replace("</F-USER>", ")")
                       .replace("<ADDR>", r"(?P<ip>[0-9a-fA-F.:]+)"))
            for line in lines.splitlines()]


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_fail2ban_sees_failed_logins(pabal, form, tmp_path):
    pabal.conf("pabal", "log_format", form)
    pabal.stop()
    pabal.start()
    log = os.path.join(pabal.dir, "log/pabal.log")
    since = os.path.getsize(log)
    with pabal.imap():  # a right one is nobody's business
        pass
    n = guess(pabal)
    pabal.sync_log()
    with open(log, "rb") as f:
        f.seek(since)
        lines = f.read().decode(errors="replace").splitlines()
    # fail2ban takes the time out of a line before it looks at it.
    found = [m["ip"] for line in lines for r in failregex()
             if (m := r.match(re.sub(r"^[\d-]+T[\d:.]+Z ", "", line)))]
    assert found == ["127.0.0.1"] * n, lines
    if shutil.which("fail2ban-regex"):
        part = tmp_path / "log"
        part.write_text("".join(line + "\n" for line in lines))
        out = subprocess.run(
            ["fail2ban-regex", "-o", "ip", str(part),
             os.path.join(ROOT, "etc/fail2ban/filter.conf")],
            stdout=subprocess.PIPE, text=True, timeout=60).stdout
        assert out.split() == ["127.0.0.1"] * n


# ---- AppArmor

def test_every_daemon_has_a_profile():
    daemons = {os.path.basename(os.path.dirname(p))
               for p in glob.glob(os.path.join(ROOT, "*/main.c"))} - {"ctl"}
    # The two that start programs: see the file.
    profiles = set(re.findall(r"^profile pabal-(\w+) @\{PABAL\}/\1 ",
                              etc("apparmor/profile.in"), re.M))
    assert profiles == daemons - {"master", "pipe"}


def test_profiles_are_understood(tmp_path):
    parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin")
    if parser is None or not os.path.isdir("/etc/apparmor.d/abstractions"):
        pytest.skip("apparmor is not installed")
    (tmp_path / "abstractions").mkdir()
    (tmp_path / "abstractions/pabal").write_text(etc("apparmor/abstraction"))
    (tmp_path / "pabal").write_text(
        etc("apparmor/profile.in").replace("@PREFIX@", "/usr"))
    r = subprocess.run([parser, "--skip-kernel-load", "--skip-cache",
                        "--Include", str(tmp_path), str(tmp_path / "pabal")],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True)
    assert r.returncode == 0, r.stdout


# ---- systemd

def test_the_unit_is_hardened(tmp_path):
    """Exposure at most 3.0, and the unit says why for each point left."""
    text = etc("pabal.service.in")
    unit = tmp_path / "pabal.service"
    unit.write_text(re.sub("@PREFIX@[a-z/]*", "/bin/true", text))
    command = ["systemd-analyze", "security", "--offline=true"]
    if shutil.which(command[0]) is None or subprocess.run(
            [*command, str(unit)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no systemd-analyze that looks at files")
    r = subprocess.run([*command, "--threshold=30", str(unit)],
                       stdout=subprocess.PIPE, text=True)
    assert r.returncode == 0, r.stdout
    why = text[text.index("# What `systemd-analyze security` finds"):]
    left = [p["name"] for p in json.loads(subprocess.run(
        [*command, "--json=short", str(unit)], check=True,
        stdout=subprocess.PIPE, text=True).stdout)
        if p["exposure"] not in (None, "0.0")]
    assert left
    for point in left:
        # A property, or of a list the entries that it is about.
        words = re.findall(r"@\w+|[A-Z]+_[A-Z_0-9]*[A-Z0-9]|[A-Z]+\w+", point)
        assert any(w in why for w in words if w not in (
            "CapabilityBoundingSet", "RestrictAddressFamilies",
            "SystemCallFilter")), point


def test_users_can_be_made():
    lines = [line for line in etc("pabal.sysusers").splitlines()
             if line and not line.startswith("#")]
    for line in lines:
        gecos = re.fullmatch(r'u pabal-\w+ +- +"([^":]+)" +/nonexistent '
                             "/usr/sbin/nologin", line)
        assert gecos, line


def test_the_unit_and_master_agree_on_files():
    with open(os.path.join(ROOT, "lib/conf/wanted.h")) as f:
        wanted = re.search(r"MASTER_FILES_WANTED = (\d+)", f.read())[1]
    # There is no capability to raise it.
    assert f"\nLimitNOFILE={wanted}\n" in etc("pabal.service.in")

# SPDX-License-Identifier: ISC
"""Debian's own clients doing their daily work."""
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest
from imapraw import Imap
from pabal import DOMAIN, PASSWORD, PATIENCE

USERS = ("alice", "bob", "carol", "dave")

MAIL = (b"From: a@b.example\r\nTo: c@d.example\r\nSubject: %s\r\n"
        b"Message-ID: <%s@b.example>\r\n"
        b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nbody of %s\r\n")


def need(program):
    return pytest.mark.skipif(shutil.which(program) is None,
                              reason=f"{program} is not installed")


def run(*args, env=None, stdin=None, ok=True):
    r = subprocess.run(args, capture_output=True, timeout=120, input=stdin,
                       env=dict(os.environ, **(env or {})))
    assert not ok or r.returncode == 0, (args, r.stdout[-2000:],
                                         r.stderr[-2000:])
    return r


def run_in_terminal(home, *args):
    """Until it ends, which it has to; a terminal that nobody types at."""
    pid, fd = pty.fork()
    if pid == 0:
        # A terminal of no size cannot be opened by newer curses.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        os.environ.update(TERM="xterm", HOME=str(home))
        os.execvp(args[0], args)
    end = time.monotonic() + PATIENCE
    out = b""
    try:
        while time.monotonic() < end:
            if select.select([fd], [], [], 1)[0]:
                out += os.read(fd, 65536)
    except OSError:  # the terminal is closed: it has ended
        pass
    else:
        os.kill(pid, signal.SIGKILL)
        pytest.fail(f"{args[0]} does not end: {out[-500:]}")
    finally:
        os.close(fd)
        status = os.waitpid(pid, 0)[1]
    assert status == 0, out[-500:]


def fill(pabal, user, names, box="INBOX"):
    with Imap(pabal, user) as c:
        for n in names:
            n = n.encode()
            c.append(MAIL % (n, n, n), box)


def subjects(top):
    found = []
    for folder, _, names in os.walk(top):
        if os.path.basename(folder) in ("cur", "new"):
            for n in names:
                with open(os.path.join(folder, n), "rb") as f:
                    text = f.read()
                line = [x for x in text.splitlines()
                        if x.startswith(b"Subject: ")]
                found.append((line[0][9:].decode(), n.partition(":2,")[2]))
    return sorted(found)


@need("mbsync")
def test_mbsync(pabal, tmp_path):
    """Both ways, with flags, new folders and deletions; the second run has
    nothing to do."""
    fill(pabal, "alice", ["one", "two"])
    local = tmp_path / "mail"
    local.mkdir()
    rc = tmp_path / "mbsyncrc"
    rc.write_text(f"""
IMAPAccount a
Host 127.0.0.1
Port {pabal.port("imap")}
User alice@{DOMAIN}
Pass "{PASSWORD}"
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path {local}/
Inbox {local}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
    sync = ("mbsync", "-c", str(rc), "-a")
    run(*sync)
    assert [s for s, _ in subjects(local / "INBOX")] == ["one", "two"]
    # changes on both sides
    new = local / "INBOX" / "new"
    (new / "1.x").write_bytes(b"Subject: three\nMessage-ID: <3@x>\n\nx\n")
    with Imap(pabal) as c:
        c.ok("CREATE Sub/Deep")
        c.append(b"Subject: four\r\n\r\nx\r\n", "Sub/Deep")
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS (\\Flagged)")
        c.ok("STORE 2 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
    run(*sync)
    assert subjects(local / "INBOX") == [("one", "F"), ("three", "")]
    assert [s for s, _ in subjects(local / "Sub" / "Deep")] == ["four"]
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        assert c.ok("SEARCH SUBJECT three") == [b"SEARCH 2"]
    mark = pabal.mark()
    out = run(*sync).stdout
    assert subjects(local / "INBOX") == [("one", "F"), ("three", "")]
    assert b"error" not in out.lower()
    assert "imapd.command-failed" not in pabal.log(mark)


@need("offlineimap")
def test_offlineimap(pabal, tmp_path):
    fill(pabal, "bob", ["one", "two", "three"])
    local = tmp_path / "mail"
    rc = tmp_path / "offlineimaprc"
    rc.write_text(f"""
[general]
accounts = a
metadata = {tmp_path}/meta
[Account a]
localrepository = l
remoterepository = r
[Repository l]
type = Maildir
localfolders = {local}
[Repository r]
type = IMAP
remotehost = 127.0.0.1
remoteport = {pabal.port("imap")}
remoteuser = bob@{DOMAIN}
remotepass = {PASSWORD}
ssl = no
starttls = no
""")
    sync = ("offlineimap", "-c", str(rc), "-o", "-u", "quiet")
    env = {"HOME": str(tmp_path)}
    run(*sync, env=env)
    assert [s for s, _ in subjects(local / "INBOX")] == ["one", "three", "two"]
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS (\\Seen)")
        c.ok("STORE 3 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
    run(*sync, env=env)
    assert subjects(local / "INBOX") == [("one", "S"), ("two", "")]


@need("curl")
def test_curl(pabal, tmp_path):
    fill(pabal, "carol", ["one", "two"])
    base = f"imap://127.0.0.1:{pabal.port('imap')}"
    user = ("-sS", "--user", f"carol@{DOMAIN}:{PASSWORD}")
    out = run("curl", *user, base).stdout
    assert b"Sent" in out and b"INBOX" in out
    out = run("curl", *user, f"{base}/INBOX;MAILINDEX=2").stdout
    assert out == MAIL % (b"two", b"two", b"two")
    out = run("curl", *user,
              f"{base}/INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)").stdout
    assert out == b"Subject: one\r\n\r\n"
    out = run("curl", *user, f"{base}/INBOX?SUBJECT%20two").stdout
    assert out.strip() == b"* SEARCH 2"
    path = tmp_path / "mail"
    path.write_bytes(b"Subject: up\r\n\r\nx\r\n")
    run("curl", *user, "-T", str(path), f"{base}/Sent")
    out = run("curl", *user, "-X", "EXAMINE Sent", base).stdout
    assert b"* 1 EXISTS" in out
    # and through TLS, where login pumps
    out = run("curl", *user, "--cacert", pabal.cafile(), "--resolve",
              f"localhost:{pabal.port('imaps')}:127.0.0.1",
              f"imaps://localhost:{pabal.port('imaps')}/INBOX;UID=1").stdout
    assert out == MAIL % (b"one", b"one", b"one")


@need("mutt")
def test_mutt(pabal, tmp_path):
    """mutt without a screen: opens INBOX, deletes by a pattern, syncs."""
    fill(pabal, "dave", ["keep", "drop"])
    rc = tmp_path / "muttrc"
    rc.write_text(f"""
set imap_user="dave@{DOMAIN}"
set imap_pass="{PASSWORD}"
set ssl_starttls=no
set ssl_force_tls=no
set record=""
set folder="imap://127.0.0.1:{pabal.port("imap")}/"
set spoolfile="imap://127.0.0.1:{pabal.port("imap")}/INBOX"
set delete=yes
set trash=""
set quit=yes
push "<delete-pattern>~s drop<enter><sync-mailbox><quit>"
""")
    run_in_terminal(tmp_path, "mutt", "-n", "-F", str(rc))
    with Imap(pabal, "dave") as c:
        c.ok("SELECT INBOX")
        a = c.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (Subject)]")
        assert len(a) == 1 and b"Subject: keep" in a[0]

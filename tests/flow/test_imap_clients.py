# SPDX-License-Identifier: ISC
"""Debian's own clients doing their daily work."""
import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import zlib

import pytest
from imapraw import Imap
from pabal import DOMAIN, PASSWORD, PATIENCE

USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi",
         "ivan", "judy", "kim")

# Names as they go over the wire, "편지" and "둘째".
LETTERS = "&07jJwA-"
DEEP = "&tFjJ+A-"

MAIL = (b"From: a@b.example\r\nTo: c@d.example\r\nSubject: %s\r\n"
        b"Message-ID: <%s@b.example>\r\n"
        b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nbody of %s\r\n")


def need(program):
    return pytest.mark.skipif(shutil.which(program) is None,
                              reason=f"{program} is not installed")


def run(*args, env=None, stdin=None, ok=True):
    r = subprocess.run(args, capture_output=True, input=stdin,
                       timeout=10 * PATIENCE,
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


class Between:
    """A client's way to the server: what it says, and something that happens
    when it has said WORD for the Nth time."""

    def __init__(self, pabal, word=None, n=0, then=None):
        self.to = pabal.port("imap")
        self.word, self.left, self.then = word, n, then
        self.said = bytearray()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.socks = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.to))
                self.socks += [near, far]
                for a, b, hears in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self.pump, args=(a, b, hears),
                                     daemon=True).start()

    def pump(self, a, b, hears):
        inflate = None
        with contextlib.suppress(OSError):
            while (data := a.recv(1 << 16)):
                if hears:
                    text = inflate.decompress(data) if inflate else data
                    if text.rstrip().endswith(b" COMPRESS DEFLATE"):
                        inflate = zlib.decompressobj(-15)
                    self.hear(text)
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def hear(self, text):
        with self.lock:
            before = self.said.count(self.word) if self.word else 0
            self.said += text
            if self.word and self.left > 0:
                self.left -= self.said.count(self.word) - before
                if self.left <= 0:
                    self.then()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for s in (self.listener, *self.socks):
            s.close()


def kill_imapd(pabal):
    for pid in pabal.pids("imapd"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def put_files(pabal, user, n, first=0):
    """N messages as another program leaves them in a Maildir."""
    top = pabal.maildir(user)
    owner = os.stat(top)
    for i in range(first, first + n):
        path = os.path.join(top, "cur", f"{1700000000 + i}.m{i}.h:2,")
        name = b"m%d" % i
        with open(path, "wb") as f:
            f.write((MAIL % (name, name, name)).replace(b"\r\n", b"\n"))
        os.chown(path, owner.st_uid, owner.st_gid)


# A flag and its letter in a Maildir.
LETTER = {"\\Draft": "D", "\\Flagged": "F", "$Forwarded": "P",
          "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}


def far_state(pabal, user, box="INBOX"):
    """[(subject, flags)] as the server tells it."""
    with Imap(pabal, user) as c:
        c.ok(f'EXAMINE "{box}"')
        found = []
        for a in c.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS "
                      "(Subject)])"):
            flags = re.search(rb"FLAGS \(([^)]*)\)", a)[1].decode().split()
            found.append((re.search(rb"Subject: (\S*)", a)[1].decode(),
                          "".join(sorted(LETTER[f] for f in flags
                                         if f in LETTER))))
        return sorted(found)


def mbsync(pabal, tmp_path, user, port=None):
    """The arguments of mbsync for all of USER's mailboxes, and where they are
    here."""
    local = tmp_path / "mail"
    local.mkdir(exist_ok=True)
    rc = tmp_path / "mbsyncrc"
    rc.write_text(f"""
IMAPAccount a
Host 127.0.0.1
Port {port or pabal.port("imap")}
User {user}@{DOMAIN}
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
    return ("mbsync", "-c", str(rc), "-a"), local


@need("mbsync")
def test_mbsync(pabal, tmp_path):
    """Both ways, with flags, new folders and deletions; the second run has
    nothing to do."""
    fill(pabal, "alice", ["one", "two"])
    sync, local = mbsync(pabal, tmp_path, "alice")
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


def rename_flags(folder, subject, flags):
    """Give the message here other flags, as a reader of Maildirs does."""
    for sub in ("new", "cur"):
        for path in (folder / sub).iterdir():
            if b"Subject: %s\n" % subject.encode() in path.read_bytes():
                path.rename(folder / "cur" /
                            f"{path.name.partition(':2,')[0]}:2,{flags}")
                return
    raise AssertionError(f"no {subject} in {folder}")


@need("mbsync")
def test_mbsync_flags_and_korean_names(pabal, tmp_path):
    """Every flag both ways, and mailboxes in Korean made at either end."""
    fill(pabal, "erin", [f"m{i}" for i in range(8)])
    with Imap(pabal, "erin") as c:
        c.ok(f"CREATE {LETTERS}/{DEEP}")
    fill(pabal, "erin", ["far"], f"{LETTERS}/{DEEP}")
    sync, local = mbsync(pabal, tmp_path, "erin")
    run(*sync)
    assert subjects(local / LETTERS / DEEP) == [("far", "")]
    inbox = local / "INBOX"
    for i, flags in enumerate(("D", "F", "P", "R", "S", "DFPRS")):
        rename_flags(inbox, f"m{i}", flags)
    for sub in ("cur", "new", "tmp"):
        (local / f"{LETTERS}2" / sub).mkdir(parents=True)
    text = "\n\n가나다 x\n".encode()
    (local / f"{LETTERS}2" / "cur" / "1.a:2,FS").write_bytes(
        b"Subject: near" + text)
    run(*sync)
    both = [("m0", "D"), ("m1", "F"), ("m2", "P"), ("m3", "R"), ("m4", "S"),
            ("m5", "DFPRS"), ("m6", ""), ("m7", "")]
    assert far_state(pabal, "erin") == both
    assert far_state(pabal, "erin", f"{LETTERS}2") == [("near", "FS")]
    assert pabal.mails("erin", f"{LETTERS}2")[0].endswith(text)
    with Imap(pabal, "erin") as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 6 FLAGS ()")
        c.ok("STORE 1:5 FLAGS (\\Seen)")
        c.ok("STORE 7:8 +FLAGS (\\Answered $Forwarded \\Draft)")
    run(*sync)
    both = [(f"m{i}", "S") for i in range(5)] + [("m5", ""), ("m6", "DPR"),
                                                 ("m7", "DPR")]
    assert far_state(pabal, "erin") == subjects(inbox) == both


@need("mbsync")
def test_mbsync_uidvalidity(pabal, tmp_path):
    """A mailbox that was deleted and made again under its name is another one:
    nothing that is here goes or comes twice for that."""
    fill(pabal, "frank", ["keep"], "Archive")
    sync, local = mbsync(pabal, tmp_path, "frank")
    run(*sync)
    with Imap(pabal, "frank") as c:
        c.ok("DELETE Archive")
        c.ok("CREATE Archive")
    fill(pabal, "frank", ["another", "third"], "Archive")
    out = run(*sync, ok=False)
    assert out.returncode != 0 and b"UIDVALIDITY" in out.stderr
    assert [s for s, _ in subjects(local / "Archive")] == ["keep"]
    assert [s for s, _ in far_state(pabal, "frank", "Archive")] == [
        "another", "third"]


@pytest.mark.allow("child.killed")
@need("mbsync")
@pytest.mark.parametrize("word,n", [(b" APPEND ", 40), (b" UID FETCH ", 60),
                                    (b" UID STORE ", 5)])
def test_mbsync_killed(make_pabal, tmp_path, word, n):
    """imapd is killed amid a sync: the next one ends where an undisturbed one
    would have, each message once."""
    pabal = make_pabal()
    put_files(pabal, "alice", 200)
    sync, local = mbsync(pabal, tmp_path, "alice")
    inbox = local / "INBOX"
    want = {f"m{i}": "" for i in range(200)}
    if word == b" APPEND ":
        for sub in ("cur", "new", "tmp"):
            (inbox / sub).mkdir(parents=True)
        for i in range(200, 300):
            name = b"m%d" % i
            (inbox / "new" / f"{i}.x").write_bytes(
                (MAIL % (name, name, name)).replace(b"\r\n", b"\n"))
            want[f"m{i}"] = ""
    elif word == b" UID STORE ":
        run(*sync)
        for i in range(0, 200, 2):
            want[f"m{i}"] = "FRS"[i % 3]
            rename_flags(inbox, f"m{i}", want[f"m{i}"])
    with Between(pabal, word, n, lambda: kill_imapd(pabal)) as way:
        args, _ = mbsync(pabal, tmp_path, "alice", way.port)
        r = run(*args, ok=False)
        assert way.left <= 0, (r, bytes(way.said[-2000:]))
        assert b"IMAP error" in r.stderr, r
    mbsync(pabal, tmp_path, "alice")
    run(*sync)
    assert far_state(pabal, "alice") == subjects(inbox) == \
        sorted(want.items())


def offlineimap(pabal, tmp_path, user, port=None):
    """Its arguments and environment, and where the mailboxes are here."""
    local = tmp_path / "mail"
    rc = tmp_path / "offlineimaprc"
    rc.write_text(f"""
[general]
accounts = a
metadata = {tmp_path}/meta
fsync = False
[Account a]
localrepository = l
remoterepository = r
[Repository l]
type = Maildir
localfolders = {local}
[Repository r]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port or pabal.port("imap")}
remoteuser = {user}@{DOMAIN}
remotepass = {PASSWORD}
ssl = no
starttls = no
""")
    return (("offlineimap", "-c", str(rc), "-o", "-u", "quiet"),
            {"HOME": str(tmp_path)}, local)


@need("offlineimap")
def test_offlineimap(pabal, tmp_path):
    fill(pabal, "bob", ["one", "two", "three"])
    sync, env, local = offlineimap(pabal, tmp_path, "bob")
    run(*sync, env=env)
    assert [s for s, _ in subjects(local / "INBOX")] == ["one", "three", "two"]
    with Imap(pabal, "bob") as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 1 +FLAGS (\\Seen)")
        c.ok("STORE 3 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
    run(*sync, env=env)
    assert subjects(local / "INBOX") == [("one", "S"), ("two", "")]


@pytest.mark.allow("child.killed")
@need("offlineimap")
def test_offlineimap_killed(make_pabal, tmp_path):
    """Thousands of messages, imapd killed on the way; then changes at both
    ends."""
    many = 2000
    pabal = make_pabal()
    put_files(pabal, "alice", many)
    sync, env, local = offlineimap(pabal, tmp_path, "alice")
    with Between(pabal, b" UID FETCH ", many // 2,
                 lambda: kill_imapd(pabal)) as way:
        args, _, _ = offlineimap(pabal, tmp_path, "alice", way.port)
        run(*args, env=env, ok=False)
        assert way.left <= 0
    offlineimap(pabal, tmp_path, "alice")
    run(*sync, env=env)
    inbox = local / "INBOX"
    want = sorted((f"m{i}", "") for i in range(many))
    assert subjects(inbox) == far_state(pabal, "alice") == want
    with Imap(pabal, "alice") as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 1:500 +FLAGS (\\Seen)")
        c.ok("STORE 501:600 +FLAGS.SILENT (\\Deleted)")
        c.ok("UID EXPUNGE 501:600")
    for i in range(1000, 1100):
        rename_flags(inbox, f"m{i}", "FR")
    put_files(pabal, "alice", 50, first=many)
    run(*sync, env=env)
    here = subjects(inbox)
    assert here == far_state(pabal, "alice")
    assert len(here) == many - 50
    assert [f for _, f in here].count("S") == 500
    assert [f for _, f in here].count("FR") == 100


@need("getmail")
@pytest.mark.parametrize("kind", ["POP3", "IMAP"])
def test_getmail(pabal, tmp_path, kind):
    """What it got it knows again, also from a rebuilt index."""
    user = {"POP3": "grace", "IMAP": "heidi"}[kind]
    fill(pabal, user, ["one", "two"])
    rc = tmp_path / "getmailrc"
    rc.write_text(f"""
[retriever]
type = Simple{kind}Retriever
server = 127.0.0.1
port = {pabal.port(kind.lower())}
username = {user}@{DOMAIN}
password = {PASSWORD}
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >>{tmp_path}/got")
allow_root_commands = true
[options]
read_all = false
delete = false
""")

    def get(*options):
        run("getmail", f"--getmaildir={tmp_path}", "--rcfile=getmailrc",
            *options)
        return re.findall("Subject: (.*)", (tmp_path / "got").read_text())

    assert get() == ["one", "two"]
    fill(pabal, user, ["three"])
    shutil.rmtree(os.path.join(pabal.maildir(user), "pabal.index"))
    assert get() == get() == ["one", "two", "three"]
    assert get("--delete") == ["one", "two", "three"]
    assert pabal.count_mails(user) == 0


@need("fetchmail")
def test_fetchmail(pabal, tmp_path):
    """By IMAP: what is unseen, once; then all, and away."""
    fill(pabal, "ivan", ["one", "two"])
    rc = tmp_path / "rc"
    rc.write_text(
        f'poll 127.0.0.1 service {pabal.port("imap")} protocol imap\n'
        f'  user "ivan@{DOMAIN}" password "{PASSWORD}" sslproto ""\n'
        f'  mda "cat >>{tmp_path}/got"\n')
    rc.chmod(0o600)

    def fetch(*options):
        return run("fetchmail", "-f", str(rc), "-i", str(tmp_path / "ids"),
                   "--nosyslog", "--pidfile", str(tmp_path / "pid"), *options,
                   env={"HOME": str(tmp_path)}, ok=False).returncode

    def got():
        return re.findall(r"Subject: (\S+)", (tmp_path / "got").read_text())

    assert fetch("--keep") == 0
    assert got() == ["one", "two"]
    assert fetch("--keep") == 1  # nothing new
    fill(pabal, "ivan", ["three"])
    assert fetch("--keep") == 0
    assert got() == ["one", "two", "three"]
    assert fetch("--all", "--nokeep") == 0
    assert got()[3:] == ["one", "two", "three"]
    assert pabal.count_mails("ivan") == 0


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


@need("mutt")
def test_mutt_resyncs(pabal, tmp_path):
    """With its cache of headers it asks for what changed and what is gone
    (QRESYNC), and is right about what is there."""
    fill(pabal, "judy", [f"m{i}" for i in range(20)])
    with Between(pabal) as way:
        def mutt(push):
            rc = tmp_path / "muttrc"
            rc.write_text(f"""
set imap_user="judy@{DOMAIN}"
set imap_pass="{PASSWORD}"
set ssl_starttls=no
set ssl_force_tls=no
set imap_condstore=yes
set imap_qresync=yes
set header_cache="{tmp_path}/cache"
set record=""
set folder="imap://127.0.0.1:{way.port}/"
set spoolfile="imap://127.0.0.1:{way.port}/INBOX"
set delete=yes
set trash=""
set quit=yes
push "{push}"
""")
            run_in_terminal(tmp_path, "mutt", "-n", "-F", str(rc))

        (tmp_path / "cache").mkdir()
        mutt("<quit>")
        with Imap(pabal, "judy") as c:
            c.ok("SELECT INBOX")
            c.ok("UID STORE 3,5,7 +FLAGS (\\Flagged)")
            c.ok("UID STORE 10:12 +FLAGS.SILENT (\\Deleted)")
            c.ok("EXPUNGE")
        fill(pabal, "judy", ["new"])
        before = len(way.said)
        mutt("<delete-pattern>~F<enter><tag-pattern>~s new<enter>"
             "<tag-prefix><set-flag>r<sync-mailbox><quit>")
        assert b" VANISHED)" in way.said[before:]
    want = [(f"m{i}", "") for i in range(20) if i not in (2, 4, 6, 9, 10, 11)]
    assert far_state(pabal, "judy") == sorted([*want, ("new", "RS")])

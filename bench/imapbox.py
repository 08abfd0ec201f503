# SPDX-License-Identifier: ISC
"""A client that is lighter than the servers, and mailboxes that both have: the
same files, as names in two directories."""
import contextlib
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

from measure import cpu_s, settle
from peers import DOMAIN, PASSWORD, Dovecot, Pabal, wait
from pabal import BUILD  # tests/flow is on the path now


class TunedDovecot(Dovecot):
    """What its manual says of Maildir that no other program writes to, and of
    the fields of the cache: all that the clients here ask for.  Its index lies
    in the Maildir, on the same disk as pabal's."""

    def conf(self):
        return super().conf() + """
maildir_very_dirty_syncs = yes
maildir_copy_with_hardlinks = yes
mail_cache_fields = flags date.sent date.received size.virtual imap.envelope \
imap.bodystructure mime.parts hdr.date hdr.from hdr.to hdr.subject \
hdr.content-type hdr.references hdr.message-id hdr.in-reply-to
"""


class Client:
    """One IMAP session; counts commands and octets."""

    def __init__(self, port, user):
        self.s = socket.create_connection(("127.0.0.1", port), 600)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.room = memoryview(bytearray(1 << 20))
        self.commands, self.bytes = 0, 0
        self.until(b"* OK")
        self.ask(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')

    def until(self, mark):
        """Read to the line that begins with MARK and ends what was sent; the
        last octets."""
        tail = b"\n"
        while True:
            n = self.s.recv_into(self.room)
            if n == 0:
                raise RuntimeError("closed")
            self.bytes += n
            tail = (tail + bytes(self.room[max(0, n - 65536):n]))[-65536:]
            last = tail.rfind(b"\n", 0, -1)
            if tail.endswith(b"\n") and tail.startswith(mark, last + 1):
                return tail

    def ask(self, command):
        """Send COMMAND; the seconds until its answer was read."""
        self.commands += 1
        tag = f"a{self.commands}"
        line = f"{tag} {command}\r\n".encode()
        self.bytes += len(line)
        begin = time.monotonic()
        self.s.sendall(line)
        self.tail = self.until(f"{tag} ".encode())
        seconds = time.monotonic() - begin
        if f"\n{tag} OK".encode() not in self.tail:
            raise RuntimeError(f"{command[:80]}: {self.tail[-200:]!r}")
        return seconds

    def number(self, code):
        """Of a response code in the last answer (its end)."""
        return int(self.tail.split(f"[{code} ".encode())[1].split(b"]")[0])

    def close(self):
        self.s.close()


class Box:
    """The INBOX of USER at one server."""

    def __init__(self, server, user, top):
        self.server, self.user = server, user
        self.directory = os.path.join(top, DOMAIN, user)

    def client(self):
        return Client(self.server.imap_port, self.user)

    def session(self):
        c = self.client()
        c.ask("SELECT INBOX")
        return c

    def timed(self, work):
        """(seconds that WORK says, CPU seconds of the server meanwhile)"""
        cpu = cpu_s(self.server.pid)
        seconds = work()
        return seconds, cpu_s(self.server.pid) - cpu

    def settle(self):
        return settle(self.server.pid)

    def fill(self, maildir):
        cur = os.path.join(self.directory, "cur")
        os.makedirs(cur, exist_ok=True)
        for name in os.listdir(maildir):
            os.link(os.path.join(maildir, name), os.path.join(cur, name))

    def empty(self):
        for sub in ("cur", "new"):
            with contextlib.suppress(FileNotFoundError):
                for entry in os.scandir(os.path.join(self.directory, sub)):
                    os.unlink(entry.path)


class PabalBox(Box):
    def __init__(self, server, user):
        super().__init__(server, user, os.path.join(server.p.dir, "mail"))

    def forget(self):
        """Remove the index and what of it a process may hold."""
        self.server.p.pabal("stop")
        shutil.rmtree(os.path.join(self.directory, "pabal.index"))
        self.server.p.pabal("start")
        self.server.pid = self.server.p.master_pid()

    def keep_expunged(self, age):
        self.server.p.conf("pabal", "expunge_retention", age)
        self.server.p.pabal("reload")


class DovecotBox(Box):
    def __init__(self, server, user):
        super().__init__(server, user, server.mail)

    def forget(self):
        wait(lambda: not self.busy(), "dovecot's imap to end", 60)
        for path in glob.glob(os.path.join(self.directory, "dovecot.index*")):
            os.unlink(path)

    def keep_expunged(self, age):
        """Nothing is kept."""

    def busy(self):
        for comm in glob.glob("/proc/[0-9]*/cmdline"):
            with contextlib.suppress(OSError), open(comm, "rb") as f:
                if f.read().startswith(b"dovecot/imap\0"):
                    return True
        return False


@contextlib.contextmanager
def servers(users):
    """pabal and Dovecot with the same users."""
    made = []
    try:
        made.append(Pabal(users=users))
        made.append(TunedDovecot(users))
        yield made
    finally:
        for s in made:
            s.close()


def boxes(made, user):
    return PabalBox(made[0], user), DovecotBox(made[1], user)


def messages(n, directory):
    """A directory of N messages (tests/mailbox.c) on the disk that DIRECTORY is
    on, whose owner they get.  It is kept for the next run: where a disk discards
    what is freed at once, to remove them takes longer than all the rest."""
    owner = os.stat(directory)
    top = os.path.join(tempfile.gettempdir(),
                       f"pabal-bench-{n}-{owner.st_uid}")
    if os.path.isdir(top):
        if os.stat(top).st_uid != os.getuid():
            raise RuntimeError(f"{top} is another user's")
        return top
    made = tempfile.mkdtemp(prefix="pabal-bench-unfinished-")
    subprocess.run([os.path.join(BUILD, "mailbox"), made, str(n),
                    str(owner.st_uid), str(owner.st_gid)], check=True)
    os.sync()
    os.rename(made, top)
    return top

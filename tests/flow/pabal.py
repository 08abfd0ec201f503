# SPDX-License-Identifier: ISC
"""One pabal instance for a test: made by `pabal init --dir`, on free ports of
127.0.0.1, in a directory of its own, and always stopped.

Nothing here sleeps for a fixed time and hopes: wait() polls a condition up to a
deadline and says what it waited for.
"""
import atexit
import contextlib
import ctypes
import email.message
import fcntl
import glob
import http.client
import imaplib
import json
import os
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("PABAL_BUILD", "build"))
PABAL = os.path.join(BUILD, "pabal")
DOMAIN = "pabal.test"
PASSWORD = "correct horse"
# Sanitizers and slow machines: everything may take longer, nothing must.
PATIENCE = 30 * float(os.environ.get("PABAL_PATIENCE", "1")) * \
    (3 if os.environ.get("PABAL_SANITIZE") else 1)
# A process that has changed its uid cannot be looked into for leaks.
if os.environ.get("PABAL_SANITIZE") and os.getuid() == 0:
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")
OFFSETS = {"smtp": 25, "lmtp": 24, "submission": 587, "submissions": 465,
           "pop3": 110, "pop3s": 995, "imap": 143, "imaps": 993, "managesieve": 4190,
           "http": 80, "https": 443}
# What Instance.copy() made: {(users, domains, local): (copy, directory, base)}.
MADE = {}
PORTS = os.path.join(tempfile.gettempdir(), f"pabal-ports-{os.getuid()}")
MASTERS_ENVIRONMENT = ("PATH", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS")
# Any of these in the log fails the test in which it was written.
ALARMS = ("ipc.dropped", "child.killed", "child.start-timeout", "broker.refused",
          "proc.violation", "bug file=", "AddressSanitizer", "runtime error:", "LeakSanitizer",
          "spool.quarantined", "proc.reload-refused", "Bad system call")


class Failed(Exception):
    """A pabal command failed, or a wait ended without what it waited for."""


def landlock():
    """The version of this kernel's Landlock; 0: none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, libc.syscall(444, None, 0, 1))


def wait(condition, what, timeout=None):
    """The first true value of condition(); Failed after TIMEOUT seconds."""
    end = time.monotonic() + (timeout or PATIENCE)
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def free_base():
    """A base port below the ephemeral range, and a file that keeps it ours
    while it is open.  Bases are multiples of 26 apart, which no two offsets
    are, so that no two instances can want the same port."""
    os.makedirs(PORTS, exist_ok=True)
    with contextlib.suppress(PermissionError):
        os.chmod(PORTS, 0o1777)
    for _ in range(500):
        base = random.randrange(10008, 28000, 26)
        try:
            ours = open(os.path.join(PORTS, str(base)), "w")
        except PermissionError:  # another user's
            continue
        try:
            fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.ExitStack() as held:
                for offset in OFFSETS.values():
                    s = held.enter_context(socket.socket())
                    s.bind(("127.0.0.1", base + offset))
            return base, ours
        except OSError:
            ours.close()
    raise Failed("no free ports")


def directory(disk):
    """Where instances lie: in memory, when there is room, or on the DISK."""
    if not disk and "TMPDIR" not in os.environ:
        with contextlib.suppress(OSError):
            shm = os.statvfs("/dev/shm")
            if shm.f_bavail * shm.f_frsize > 1 << 30 and \
                    os.access("/dev/shm", os.W_OK):
                return "/dev/shm"
    return None


def parse_event(line):
    """A log line as a dict: time, daemon, pid, level, event and its keys."""
    m = re.match(r"(\S+) ([\w/-]+)\[(\d+)\] (\w+): (\S+)(.*)$", line)
    if m is None:
        return None
    event = {"time": m[1], "daemon": m[2], "pid": int(m[3]), "level": m[4],
             "event": m[5]}
    for key, quoted, plain in re.findall(
            r' ([\w.-]+)=(?:("(?:[^"\\]|\\.)*")|(\S*))', m[6]):
        event[key] = json.loads(quoted) if quoted else plain
    return event


def message(subject, body="Hello.\r\n", sender="sender@example.org",
            to="alice@" + DOMAIN, **headers):
    """A small message as bytes with CRLF line ends."""
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = sender, to, subject
    m["Message-ID"] = f"<{random.getrandbits(64):x}@example.org>"
    m["Date"] = "Fri, 21 Nov 2025 10:00:00 +0900"
    for name, value in headers.items():
        m[name.replace("_", "-")] = value
    m.set_content(body)
    return m.as_bytes(policy=m.policy.clone(linesep="\r\n"))


def at_once(sock):
    """SOCK, whose pieces do not wait for each other: a command that is sent in
    two would take the 40 ms that an acknowledgement is put off."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def copy_tree(source, target):
    """All that is in SOURCE, with owners and modes, into TARGET."""
    subprocess.run(["cp", "-a", source + "/.", target], check=True)


class Instance:
    """A directory with etc/, spool/, mail/, log/ and the daemons that run."""

    def __init__(self, users=("alice", "bob"), user=None, command=PABAL,
                 domains=(DOMAIN,), disk=False, local=False):
        self.prefix = []
        self.command = command
        self.dir = tempfile.mkdtemp(prefix="pabal-flow-",
                                    dir=directory(disk))
        os.chmod(self.dir, 0o755)
        if user is not None:
            self.prefix = ["setpriv", "--reuid", user, "--regid", "nogroup",
                           "--clear-groups"]
            shutil.chown(self.dir, user)
        self.running = False
        self.allowed = []
        self.looked = 0  # where new_alarms() goes on in the log
        self.base, self.base_lock = free_base()
        if user is None and command == PABAL:
            self.copy(tuple(users), tuple(domains), local)
        else:
            self.make(users, domains, local)

    # ---- how it is made

    def make(self, users, domains, local):
        self.init(*(["--local"] if local else
                    [w for d in domains for w in ("--domain", d)]),
                  "--hostname", "mail." + domains[0])
        for name in users:
            self.add_user(name)

    def copy(self, *what):
        """As make(*WHAT), by a copy of what that has made before: passwords
        and keys take their time."""
        if what not in MADE:
            self.make(*what)
            kept = tempfile.mkdtemp(prefix="pabal-flow-",
                                    dir=os.path.dirname(self.dir))
            atexit.register(shutil.rmtree, kept, ignore_errors=True)
            copy_tree(self.dir, kept)
            MADE[what] = kept, self.dir, self.base
            return
        kept, its_dir, its_base = MADE[what]
        copy_tree(kept, self.dir)
        ports = {its_base + n: self.base + n for n in OFFSETS.values()}
        for name in ("master.conf", "pabal.conf"):
            with open(os.path.join(self.dir, "etc", name), "r+") as f:
                text = f.read().replace(its_dir + "/", self.dir + "/")
                f.seek(0)
                f.truncate()
                f.write(re.sub(r"(?<=:)\d+$", lambda m: str(
                    ports.get(int(m[0]), m[0])), text, flags=re.M))

    # ---- the pabal command

    def init(self, *args):
        return self.run_plain("init", "--dir", self.dir, "--base-port",
                              str(self.base), *args)

    def run_plain(self, *args, **kw):
        r = subprocess.run(self.prefix + [self.command, *args],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=4 * PATIENCE, cwd="/", **kw)
        if r.returncode != 0:
            raise Failed(f"pabal {' '.join(args)}: exit {r.returncode}\n"
                         f"{r.stdout}")
        return r.stdout

    def pabal(self, *args, **kw):
        """Run `pabal -d DIR ARGS`; its output.  Failed when it fails."""
        return self.run_plain("-d", self.dir, *args, **kw)

    def pabal_fails(self, *args, **kw):
        """The output of a pabal command that must fail."""
        try:
            out = self.pabal(*args, **kw)
        except Failed as e:
            return str(e).split("\n", 1)[1]
        raise AssertionError(f"pabal {' '.join(args)} did not fail:\n{out}")

    def add_user(self, name, password=PASSWORD, *args):
        address = name if "@" in name else f"{name}@{DOMAIN}"
        self.pabal("user", "add", address, *args, input=password + "\n")

    def conf(self, daemon, parameter, value):
        self.pabal("conf", "set", daemon, parameter, value)

    def secret(self, daemon, parameter, text, mode=0o600):
        """Put TEXT into a file that PARAMETER names."""
        path = os.path.join(self.dir, "etc", parameter + ".secret")
        with open(path, "w", opener=lambda p, f: os.open(p, f, mode)) as f:
            f.write(text)
        os.chmod(path, mode)
        self.conf(daemon, parameter, parameter + ".secret")
        return path

    def start(self):
        """Start master as `pabal start` does, which tries the configuration
        first, by another process of every service."""
        master = os.path.join(os.path.dirname(self.command), "master")
        if os.path.exists(master):
            self.start_untried(master)
        else:
            self.pabal("start")
        self.running = True

    def start_untried(self, master):
        ours, its = os.pipe()
        with open(ours, encoding="utf-8") as said:
            try:
                subprocess.run(
                    self.prefix + ["setsid", "--fork", master,
                                   "-c", self.path("etc"), "-r", self.path("run"),
                                   "-s", self.path("state"),
                                   "-l", self.path("log", "pabal.log"),
                                   "-n", str(its)],
                    pass_fds=[its], check=True, cwd="/",
                    env={k: v for k, v in os.environ.items()
                         if k in MASTERS_ENVIRONMENT},
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
            finally:
                os.close(its)
            text = said.read()
        if text != "ready\n":
            raise Failed(f"master: {text}")

    def stop(self):
        self.running = False
        self.pabal("stop")

    def reload(self):
        self.pabal("reload")

    def status(self):
        """What `pabal status` prints when all is well: a process that a reload
        has replaced may still be starting."""
        out = []

        def well():
            try:
                out.append(self.pabal("status"))
            except Failed:
                return False
            return True
        wait(well, "a status without an error")
        return out[-1]

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def queue_count(self):
        return int(self.pabal("queue", "count"))

    def wait_queue(self, n=0, timeout=None):
        wait(lambda: self.queue_count() == n, f"{n} messages in the queue",
             timeout)

    # ---- processes

    def master_pid(self):
        with open(os.path.join(self.dir, "run", "master.pid")) as f:
            return int(f.read())

    def processes(self):
        """{pid: name} of master and all that descend from it."""
        children = {}
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(stat) as f:
                    head, tail = f.read().rsplit(")", 1)
            except OSError:
                continue
            pid, name = head.split(" (", 1)
            children.setdefault(int(tail.split()[1]), []).append(
                (int(pid), name))
        found = {}
        todo = [(self.master_pid(), "master")]
        while todo:
            pid, name = todo.pop()
            if os.path.exists(f"/proc/{pid}"):
                found[pid] = name
            todo += children.get(pid, [])
        return found

    def pids(self, name):
        return [pid for pid, n in self.processes().items()
                if n.split("/")[0] == name]

    # ---- the log

    def log(self, since=0):
        """The log with all that was said up to now."""
        self.sync_log()
        return self.written_log(since)

    def written_log(self, since=0):
        try:
            with open(os.path.join(self.dir, "log", "pabal.log"), "rb") as f:
                f.seek(since)
                return f.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def sync_log(self):
        """What the daemons have said by now stands in the log."""
        if self.running:
            with contextlib.suppress(Failed):
                self.pabal("log", "--lines", "0")

    def mark(self):
        """A place in the log, for `since`."""
        self.sync_log()
        try:
            return os.path.getsize(os.path.join(self.dir, "log", "pabal.log"))
        except FileNotFoundError:
            return 0

    def events(self, name=None, since=0, **keys):
        """Events by name and the values of keys, of all that was said."""
        return self.find_events(self.log(since), name, keys)

    @staticmethod
    def find_events(log, name, keys):
        found = []
        for line in log.splitlines():
            e = parse_event(line)
            if e is None or (name is not None and e["event"] != name):
                continue
            if all(e.get(k) == str(v) for k, v in keys.items()):
                found.append(e)
        return found

    def wait_event(self, name, since=0, timeout=None, **keys):
        return wait(lambda: self.find_events(self.written_log(since), name,
                                              keys),
                    f"event {name} {keys}", timeout)[0]

    def alarms(self, since=0):
        return self.alarms_in(self.log(since))

    def alarms_in(self, log):
        return [line for line in log.splitlines()
                if any(a in line for a in ALARMS)
                and not any(a in line for a in self.allowed)]

    def new_alarms(self):
        """Those since the last call."""
        since, self.looked = self.looked, self.mark()
        return self.alarms_in(self.written_log(since))

    # ---- mailboxes

    def maildir(self, user, domain=DOMAIN):
        return os.path.join(self.dir, "mail", domain, user)

    def mails(self, user, folder=None):
        """The messages of a mailbox as bytes, oldest name first."""
        top = self.maildir(user)
        if folder is not None:
            top = os.path.join(top, "." + folder)
        return self.mails_of(top)

    @staticmethod
    def mails_of(top):
        found = []
        for sub in ("new", "cur"):
            with contextlib.suppress(FileNotFoundError):
                for name in os.listdir(os.path.join(top, sub)):
                    path = os.path.join(top, sub, name)
                    with contextlib.suppress(FileNotFoundError):
                        with open(path, "rb") as f:
                            found.append((name, f.read()))
        return [body for _, body in sorted(found)]

    def count_mails(self, user):
        top = self.maildir(user)
        return sum(len(os.listdir(os.path.join(top, sub)))
                   for sub in ("new", "cur"))

    def find_mail(self, user, subject):
        want = b"\nsubject: " + subject.encode() + b"\n"
        for body in self.mails(user):
            head = body.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0] + b"\n"
            if want.lower() in b"\n" + head.lower():
                return body
        return None

    def wait_mail(self, user, subject, timeout=None):
        """The message with that subject, once it is in the mailbox."""
        return wait(lambda: self.find_mail(user, subject),
                    f"mail {subject!r} for {user}", timeout)

    # ---- clients

    def port(self, service):
        return self.base + OFFSETS[service]

    def cafile(self):
        return os.path.join(self.dir, "tls", "cert.pem")

    def tls(self):
        """A context that believes this instance's certificate only."""
        return ssl.create_default_context(cafile=self.cafile())

    def smtp(self, service="smtp", timeout=None):
        return smtplib.SMTP("127.0.0.1", self.port(service), "client.example",
                            timeout=timeout or PATIENCE)

    def http(self, path, method="GET", host=DOMAIN, tls=False, **fields):
        """(status, fields, content) of a request of its own; FIELDS with "_"
        for "-"."""
        if tls:
            c = http.client.HTTPSConnection("127.0.0.1", self.port("https"),
                                            timeout=PATIENCE, context=self.tls())
        else:
            c = http.client.HTTPConnection("127.0.0.1", self.port("http"),
                                           timeout=PATIENCE)
        with contextlib.closing(c):
            c.request(method, path, headers={
                "Host": host, **{k.replace("_", "-"): v for k, v in fields.items()}})
            r = c.getresponse()
            return r.status, r.headers, r.read()

    def lmtp(self):
        # smtplib.LMTP takes no timeout of its own before Python 3.9's.
        return smtplib.LMTP("127.0.0.1", self.port("lmtp"), "client.example",
                            timeout=PATIENCE)

    def send(self, subject, to="alice@" + DOMAIN, sender="sender@example.org",
             service="smtp", **kw):
        """Send one message over SMTP; the reply to its end of data."""
        rcpts = [to] if isinstance(to, str) else list(to)
        with self.smtp(service) as s:
            s.ehlo()
            s.sendmail(sender, rcpts,
                       message(subject, sender=sender or "<>",
                               to=", ".join(rcpts), **kw))

    def imap(self, user="alice", password=PASSWORD, login=True):
        c = imaplib.IMAP4("127.0.0.1", self.port("imap"), timeout=PATIENCE)
        at_once(c.sock)
        if login:
            c.login(f"{user}@{DOMAIN}", password)
        return c

    def pop(self, user="alice", password=PASSWORD, login=True):
        c = poplib.POP3("127.0.0.1", self.port("pop3"), timeout=PATIENCE)
        if login:
            c.user(f"{user}@{DOMAIN}")
            c.pass_(password)
        return c

    def raw(self, service, timeout=None):
        return at_once(socket.create_connection(
            ("127.0.0.1", self.port(service)), timeout or PATIENCE))

    # ---- the end

    def close(self):
        """Stop, check that nothing is left running, remove the directory."""
        left = {}
        try:
            pids = self.processes()
        except (OSError, ValueError):
            pids = {}
        try:
            if self.running:
                self.stop()
        finally:
            for pid, name in pids.items():
                try:
                    wait(lambda p=pid: not alive(p), f"the end of {name}", 15)
                except Failed:
                    left[pid] = name
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            cores = glob.glob(os.path.join(self.dir, "**", "core*"),
                              recursive=True)
            shutil.rmtree(self.dir, ignore_errors=True)
            self.base_lock.close()
        assert not left, f"did not end: {left}"
        assert not cores, f"core files: {cores}"


def alive(pid):
    """Is PID a process that is no zombie?"""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False

# SPDX-License-Identifier: ISC
"""The servers that are compared, each in a directory and on ports of its own.

None of them is the system's own service: configuration, queue, state and log
lie in a temporary directory, and what was started is stopped by its pid.
"""
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "flow"))

from pabal import Instance, alive, wait  # noqa: E402

DOMAIN = "pabal.test"
USERS = [f"user{i}" for i in range(10)]
PASSWORD = "correct horse"
# The recipients of one message, as smtp-source -r names them.
RECIPIENTS = 100
MANY = ["many"] + [f"{i}many" for i in range(2, RECIPIENTS + 1)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def put_script(home, text, owner):
    """The active Sieve script of the account at HOME, as both have it."""
    d = os.path.join(home, "sieve")
    os.makedirs(d, exist_ok=True)
    write(os.path.join(d, "main.sieve"), text)
    link = os.path.join(home, ".dovecot.sieve")
    os.symlink("sieve/main.sieve", link)
    for path in (home, d, os.path.join(d, "main.sieve"), link):
        os.lchown(path, *owner)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Pabal:
    name = "pabal"

    def __init__(self, relayhost=None, users=USERS, sessions=None,
                 signed=None, script=None, settings=()):
        self.p = Instance(users=(), disk=True)
        self.users = users
        try:
            for user in users:
                self.p.add_user(user, PASSWORD)
                if script:
                    home = self.p.maildir(user)
                    st = os.stat(home)
                    put_script(home, script, (st.st_uid, st.st_gid))
            for setting in settings:
                self.p.conf(*setting)
            if relayhost:
                self.p.conf("pabal", "relayhost", relayhost)
            if sessions:
                self.p.conf("smtpd", "max_sessions_per_client", str(sessions))
            # Nobody reads behind a search, and Dovecot has no index either.
            self.p.conf("imapd", "fulltext", "no")
            if signed:
                self.p.pabal("dkim", "add", signed, "--selector", "s", "--now")
            self.p.start()
        except BaseException:
            self.p.running = True
            self.p.close()
            raise
        self.pid = self.p.master_pid()
        self.mailboxes = os.path.join(self.p.dir, "mail", DOMAIN)
        self.smtp_port = self.p.port("smtp")
        self.lmtp_port = self.p.port("lmtp")
        self.imap_port = self.p.port("imap")

    @property
    def pids(self):
        return [self.pid]

    def count(self):
        return sum(len(os.listdir(os.path.join(self.mailboxes, user, "new")))
                   for user in self.users)

    def close(self):
        self.p.close()


class Peer:
    """A server of its own directory with Maildirs mail/DOMAIN/USER."""

    def __init__(self, users=USERS):
        self.users = users
        self.dir = tempfile.mkdtemp(prefix="bench-" + self.name.split(",")[0] + "-")
        os.chmod(self.dir, 0o755)
        self.owner = pwd.getpwnam("pabal-mail")
        self.mail = os.path.join(self.dir, "mail")
        self.mailboxes = os.path.join(self.mail, DOMAIN)
        for user in users:
            for sub in ("new", "cur", "tmp"):
                os.makedirs(os.path.join(self.mailboxes, user, sub))
        subprocess.run(["chown", "-R", "pabal-mail:", self.mail], check=True)

    @property
    def pids(self):
        return [self.pid]

    def count(self):
        return sum(len(os.listdir(os.path.join(self.mailboxes, user, "new")))
                   for user in self.users)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        try:
            wait(lambda: not alive(self.pid), f"the end of {self.name}")
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


class Milter:
    """NAME of the package of this name, with the lines CONF, on a port of its
    own; started by the command WITHIN."""

    def __init__(self, folder, name, conf, option, within=()):
        self.port = free_port()
        path = os.path.join(folder, f"{name}.conf")
        write(path, conf + f"Socket inet:{self.port}@127.0.0.1\n")
        self.process = subprocess.Popen(
            [*within, f"/usr/sbin/{name}", "-f", option, path])
        wait(lambda: listening(self.port), name)

    def close(self):
        self.process.terminate()
        self.process.wait()


def signer(folder, domain):
    """Signs DOMAIN's mail by RSA with 2048 bits; Debian's knows nothing else."""
    key = os.path.join(folder, "etc-dkim.pem")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True,
                   capture_output=True)
    return Milter(folder, "opendkim",
                  f"Mode s\nSyslog no\nDomain {domain}\nSelector s\n"
                  f"KeyFile {key}\nCanonicalization relaxed/relaxed\n"
                  "RequireSafeKeys no\nInternalHosts 127.0.0.0/8\n", "-x")


class Postfix(Peer):
    """As the Debian package configures it, with the host's own data, and what
    TUNING_README says on throughput: no in_flow_delay, no look-ups of client
    names."""
    name = "Postfix"
    within = ()     # what starts it
    services = ""   # more lines of master.cf

    def __init__(self, relayhost=None, users=USERS, sessions=None,
                 signed=None):
        super().__init__(users)
        self.sessions = sessions
        self.milters = self.make_milters(signed)
        self.smtp_port = free_port()
        etc = os.path.join(self.dir, "etc")
        os.mkdir(etc)
        for sub in ("queue", "data"):
            os.mkdir(os.path.join(self.dir, sub))
        shutil.chown(os.path.join(self.dir, "data"), "postfix")
        with open("/usr/share/postfix/master.cf.dist") as f:
            services = f.read()
        old = "smtp      inet  n       -       y       -       -       smtpd"
        assert old in services
        services = services.replace(
            old, f"127.0.0.1:{self.smtp_port} inet n - y - - smtpd")
        # No chroot: it would need files copied and changes no figure.
        lines = [line if line.startswith(("#", " ")) or not line.strip()
                 else "".join(self.no_chroot(line))
                 for line in services.splitlines()]
        write(os.path.join(etc, "master.cf"),
              "\n".join(lines) + "\n" + self.services)
        write(os.path.join(etc, "mailboxes"),
              "".join(f"{u}@{DOMAIN} {DOMAIN}/{u}/\n" for u in users))
        write(os.path.join(etc, "main.cf"), self.main_cf(relayhost))
        shutil.copy("/etc/postfix/dynamicmaps.cf", etc)
        subprocess.run(["postmap", "-c", etc, f"hash:{etc}/mailboxes"],
                       check=True)
        try:
            self.command("start")
        except RuntimeError:
            self.close_milters()
            raise
        with open(os.path.join(self.dir, "queue/pid/master.pid")) as f:
            self.pid = int(f.read())
        wait(lambda: listening(self.smtp_port), "postfix")

    def make_milters(self, signed):
        return [signer(self.dir, signed)] if signed else []

    @property
    def pids(self):
        return [self.pid, *(m.process.pid for m in self.milters)]

    def close(self):
        super().close()
        self.close_milters()

    def close_milters(self):
        for m in self.milters:
            m.close()

    @staticmethod
    def no_chroot(line):
        fields = line.split(None, 7)
        if len(fields) == 8:
            fields[4] = "n"
        return " ".join(fields)

    def main_cf(self, relayhost):
        route = f"relayhost = {relayhost}\n" if relayhost else ""
        if self.milters:
            route += "smtpd_milters = " + ", ".join(
                f"inet:127.0.0.1:{m.port}" for m in self.milters) + "\n"
        if self.sessions:
            route += (f"default_process_limit = {self.sessions}\n"
                      f"smtpd_client_connection_count_limit = "
                      f"{self.sessions}\n")
        return f"""
compatibility_level = 3.6
queue_directory = {self.dir}/queue
data_directory = {self.dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.dir}/data/log
maillog_file_prefixes = {self.dir}
myhostname = mail.{DOMAIN}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
smtpd_relay_restrictions = permit_mynetworks defer_unauth_destination
mailbox_size_limit = 0
recipient_delimiter = +
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = hash:{self.dir}/etc/mailboxes
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_uid_maps = static:{self.owner.pw_uid}
virtual_gid_maps = static:{self.owner.pw_gid}
in_flow_delay = 0
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_tls_security_level = none
{route}"""

    def command(self, verb):
        r = subprocess.run([*self.within, "postfix", "-c",
                            os.path.join(self.dir, "etc"), verb],
                           capture_output=True, text=True)
        if r.returncode != 0:
            raise RuntimeError(f"postfix {verb}: {r.stderr}{self.log()}")

    def log(self):
        try:
            with open(os.path.join(self.dir, "data/log")) as f:
                return f.read()[-3000:]
        except OSError:
            return ""


SIEVE = """
protocol lmtp {
  mail_plugins = sieve
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
"""


class Dovecot(Peer):
    """As the Debian package configures it, with the limits raised that a
    thousand sessions from one address need."""
    name = "Dovecot"

    def __init__(self, users=USERS, script=None):
        super().__init__(users)
        self.script = script
        for user in users if script else ():
            home = os.path.join(self.mail, DOMAIN, user)
            os.makedirs(home, exist_ok=True)
            for path in (os.path.dirname(home), home):
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
            put_script(home, script, (self.owner.pw_uid, self.owner.pw_gid))
        self.lmtp_port, self.imap_port = free_port(), free_port()
        conf = os.path.join(self.dir, "dovecot.conf")
        write(os.path.join(self.dir, "users"), "".join(
            f"{u}@{DOMAIN}:{{PLAIN}}{PASSWORD}::::::\n" for u in users))
        write(conf, self.conf())
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", conf], stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(self.dir, "stderr"), "w"))
        self.pid = self.process.pid
        wait(lambda: listening(self.imap_port) and
             listening(self.lmtp_port), "dovecot")

    def conf(self):
        return f"""
base_dir = {self.dir}/run
state_dir = {self.dir}/state
log_path = {self.dir}/log
instance_name = bench
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{self.mail}/%d/%n
mail_max_userip_connections = 5000
default_client_limit = 10000
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {self.dir}/users
}}
userdb {{
  driver = static
  args = uid={self.owner.pw_uid} gid={self.owner.pw_gid} home={self.mail}/%d/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
  process_limit = 2000
}}
service imap {{
  process_limit = 5000
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
namespace inbox {{
  inbox = yes
}}
{SIEVE if self.script else ""}"""

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


class Sink:
    """Postfix's smtp-sink, which counts what it gets."""

    def __init__(self):
        self.port = free_port()
        self.seen, self.rest = 0, b""
        self.process = subprocess.Popen(
            ["smtp-sink", "-c", "-u", "nobody", f"127.0.0.1:{self.port}",
             "200"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        wait(lambda: listening(self.port), "smtp-sink")

    @property
    def nexthop(self):
        return f"[127.0.0.1]:{self.port}"

    def count(self):
        """Messages so far: the last "mesg=" that it printed."""
        with contextlib.suppress(BlockingIOError, TypeError):
            while part := os.read(self.process.stdout.fileno(), 1 << 20):
                self.rest = (self.rest + part)[-400:]
        found = self.rest.rfind(b"mesg=")
        if found != -1:
            digits = self.rest[found + 5:].split(b" ")[0].strip()
            if digits.isdigit() and (int(digits) >= self.seen):
                self.seen = int(digits)
        return self.seen

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Load:
    """Messages of SIZE bytes from CLIENTS times smtp-source with SESSIONS each,
    a connection for each message.  To the ten mailboxes in turn, or to TO; with
    RECIPIENTS each message goes to so many (MANY); FILE is the message."""

    def __init__(self, lmtp=False, to=None, size=4096, clients=len(USERS),
                 sessions=2, recipients=1, file=None,
                 sender="sender@example.org"):
        self.lmtp, self.to, self.size = lmtp, to, size
        self.clients, self.sessions = clients, sessions
        self.recipients = recipients
        self.file, self.sender = file, sender

    def source(self, port, n, messages):
        to = self.to or f"{USERS[n % len(USERS)]}@{DOMAIN}"
        args = ["smtp-source", "-s", str(min(self.sessions, messages)),
                "-m", str(messages), "-f", self.sender, "-t", to, "-M",
                "client.example"]
        args += ["-F", self.file] if self.file else ["-l", str(self.size)]
        if self.lmtp:
            args.append("-L")
        if self.recipients > 1:
            args += ["-r", str(self.recipients)]
        return subprocess.Popen(args + [f"127.0.0.1:{port}"],
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE)

    def drive(self, port, messages):
        """Send MESSAGES; returns when all were accepted."""
        shares = [messages // self.clients + (n < messages % self.clients)
                  for n in range(self.clients)]
        running = [self.source(port, n, share)
                   for n, share in enumerate(shares) if share > 0]
        errors = []
        for r in running:
            _, err = r.communicate(timeout=600)
            if r.returncode != 0:
                errors.append(err.decode())
        if errors:
            raise RuntimeError(errors[0])
        return time.monotonic()

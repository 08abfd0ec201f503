# SPDX-License-Identifier: ISC
"""Debian's Dovecot with one account, over any of its mail formats."""
import imaplib
import os
import poplib
import pwd
import shutil
import socket
import subprocess
import tempfile

import pytest

from pabal import PASSWORD, PATIENCE, wait

USER = "alice@pabal.test"
OWNER = "pabal-mail"


def need():
    """Skip where there is none, or no root to run it."""
    if shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("no dovecot")
    if os.geteuid() != 0:
        pytest.skip("dovecot's accounts need root")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Dovecot:
    """MAIL: mail_location, beneath its own directory or a path; HOME: the
    account's home, which is its own otherwise; SIEVE: with ManageSieve."""

    def __init__(self, mail="maildir:{dir}/mail", home=None, sieve=False):
        need()
        if sieve and not os.path.exists("/usr/lib/dovecot/managesieve"):
            pytest.skip("no dovecot-managesieved")
        self.sieve_port = free_port() if sieve else None
        self.dir = tempfile.mkdtemp(prefix="pabal-dovecot-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.owner = pwd.getpwnam(OWNER)
        os.mkdir(self.path("home"))
        os.mkdir(self.path("mail"))
        for made in "home", "mail":
            os.chown(self.path(made), self.owner.pw_uid, self.owner.pw_gid)
        self.imap_port, self.pop3_port = free_port(), free_port()
        self.home = home or self.path("home")
        with open(self.path("users"), "w") as f:
            f.write(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        with open(self.path("conf"), "w") as f:
            f.write(self.conf(mail.format(dir=self.dir)))
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", self.path("conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: self.process.poll() is not None or
             listening(self.imap_port) and listening(self.pop3_port),
             "dovecot")
        assert self.process.poll() is None

    def path(self, name):
        return os.path.join(self.dir, name)

    def conf(self, mail):
        return f"""
base_dir = {self.dir}/run
state_dir = {self.dir}/state
log_path = {self.dir}/log
instance_name = pabal-test
listen = 127.0.0.1
protocols = imap pop3{' sieve' if self.sieve_port else ''}
ssl = no
disable_plaintext_auth = no
mail_location = {mail}
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {self.dir}/users
}}
userdb {{
  driver = static
  args = uid={self.owner.pw_uid} gid={self.owner.pw_gid} home={self.home}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
{self.sieve_conf()}namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Sent Items" {{
    auto = create
    special_use = \\Sent
  }}
}}
"""

    def sieve_conf(self):
        return f"""service managesieve-login {{
  inet_listener sieve {{
    address = 127.0.0.1
    port = {self.sieve_port}
  }}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}
""" if self.sieve_port else ""

    def imap(self):
        c = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=PATIENCE)
        c.login(USER, PASSWORD)
        return c

    def pop(self):
        c = poplib.POP3("127.0.0.1", self.pop3_port, timeout=PATIENCE)
        c.user(USER)
        c.pass_(PASSWORD)
        return c

    def url(self):
        return f"imap://alice%40pabal.test@127.0.0.1:{self.imap_port}"

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

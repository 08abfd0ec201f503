# SPDX-License-Identifier: ISC
"""An instance that serves its own host only, as a package installs it, and how
it becomes a mail host."""
import os
import socket
import subprocess

import pytest

from pabal import DOMAIN, PABAL, Failed, Instance, wait

HOST = "mail." + DOMAIN


@pytest.fixture
def local():
    p = Instance(users=(), local=True)
    yield p
    p.close()


def sendmail(p, to, text):
    p.pabal("sendmail", to, input=text)


def postmasters(p, domain):
    return p.mails_of(os.path.join(p.dir, "mail", domain, "postmaster"))


def test_cron_mail_of_the_host(local):
    local.start()
    sendmail(local, "root", "Subject: from cron\n\nhello\n")
    wait(lambda: any(b"Subject: from cron" in m
                     for m in postmasters(local, HOST)), "root's mail")
    local.send("by SMTP", to="postmaster@localhost")
    wait(lambda: len(postmasters(local, HOST)) == 2, "mail over SMTP")
    assert not local.alarms()
    for service in ("imap", "submission", "pop3", "lmtp"):
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", local.port(service)), 5)


def test_init_says_what_is_left_to_do(tmp_path):
    def init(*args):
        where = str(tmp_path / str(len(args)))
        out = subprocess.run(
            [PABAL, "init", "--dir", where, "--domain", DOMAIN, "--hostname",
             HOST, *args], check=True, stdout=subprocess.PIPE, text=True).stdout
        return " ".join(out.split())

    out = init()
    for record in (f"{HOST}. A", f"{DOMAIN}. MX 10 {HOST}.",
                   f"_imaps._tcp.{DOMAIN}. SRV 0 1 993 {HOST}.",
                   f'_dmarc.{DOMAIN}. TXT "v=DMARC1;', "reverse record",
                   "user add", "cert install", "check", "start"):
        assert record in out, record
    # One for trying things out has nothing to publish.
    assert "MX" not in init("--base-port", "20000")


def test_becomes_a_mail_host(local):
    local.start()
    out = local.init("--domain", DOMAIN, "--hostname", HOST)
    assert "restart" in out
    local.add_user("alice")
    local.pabal("restart")
    local.send("to the new domain")
    local.wait_mail("alice", "to the new domain")
    with local.imap() as c:
        assert c.select("INBOX")[1] == [b"1"]
    local.send("to postmaster", to="postmaster@" + DOMAIN)
    wait(lambda: postmasters(local, DOMAIN), "postmaster's mail")
    # Once only.
    with pytest.raises(Failed, match="already"):
        local.init("--domain", "other.test")


def test_the_same_ports_for_everybody(local):
    """What listened on 127.0.0.1 may listen on all addresses after a restart."""
    local.start()
    path = os.path.join(local.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    old = f"127.0.0.1:{local.port('smtp')}"
    assert old in text
    with open(path, "w") as f:
        f.write(text.replace(old, f"*:{local.port('smtp')}"))
    local.pabal("restart")
    sendmail(local, "root", "Subject: everybody\n\nhello\n")
    wait(lambda: postmasters(local, HOST), "mail after the restart")


@pytest.mark.parametrize("args", [("--local",), ("--domain", DOMAIN)])
def test_what_a_person_changed_stays(local, args):
    local.conf("pabal", "trusted_networks", "192.0.2.0/24")
    with pytest.raises(Failed, match="already"):
        local.init(*args)
    assert "192.0.2.0/24" in local.pabal("conf", "get", "pabal",
                                         "trusted_networks")


def test_local_and_domain_exclude_each_other(local):
    with pytest.raises(Failed, match="exclude"):
        local.init("--local", "--domain", DOMAIN)

# SPDX-License-Identifier: ISC
"""Filters that others wrote: rspamd refuses what is to be refused, opendkim
signs, opendmarc judges, each asked over its own socket."""
import base64
import contextlib
import json
import os
import shutil
import smtplib
import subprocess
import tempfile

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PABAL, Instance, message, wait

ALICE = "alice@" + DOMAIN
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
START = 120


@pytest.fixture(scope="module")
def p():
    p = Instance()
    p.start()
    yield p
    p.close()


@pytest.fixture
def folder():
    """With a short name: sockets are in it."""
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        yield d


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@contextlib.contextmanager
def using(p, folder, *command):
    """P with the filter that COMMAND starts, whose socket is FOLDER/s."""
    with open(folder + "/log", "wb") as log:
        filter_ = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait(lambda: filter_.poll() is not None or os.path.exists(folder + "/s"),
             "the filter's socket", START)
        assert filter_.poll() is None, open(folder + "/log").read()
        p.conf("milter", "filters", f'"known unix:{folder}/s '
               'message_timeout=60s connect_timeout=60s command_timeout=60s"')
        p.conf("smtpd", "milters", "known")
        p.reload()
        yield
    finally:
        filter_.terminate()
        filter_.wait()
        p.pabal("conf", "unset", "smtpd", "milters")
        p.pabal("conf", "unset", "milter", "filters")
        p.reload()


def test_rspamd(p, folder):
    rspamd = program("rspamd")
    with open(folder + "/conf", "w") as f:
        f.write(f'''
options {{ pidfile = "{folder}/pid"; tempdir = "{folder}"; }}
logging {{ type = "console"; level = "warning"; }}
worker "rspamd_proxy" {{
	bind_socket = "{folder}/s mode=0666"; count = 1; milter = yes;
	upstream "local" {{ default = yes; self_scan = yes; }}
}}
''')
    with using(p, folder, rspamd, "-f", "-i", "-c", folder + "/conf",
               f"--var=DBDIR={folder}", f"--var=RUNDIR={folder}"):
        p.send("harmless")
        p.wait_mail("alice", "harmless")
        with pytest.raises(smtplib.SMTPDataError) as e:
            p.send("gtube", body=GTUBE + "\r\n")
        assert e.value.smtp_code == 554 and b"Gtube" in e.value.smtp_error
    assert p.find_mail("alice", "gtube") is None
    assert p.queue_count() == 0


def test_opendkim(p, folder):
    opendkim = program("opendkim")
    key = folder + "/key"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"],
                   check=True, capture_output=True)
    public = base64.b64encode(subprocess.run(
        ["openssl", "rsa", "-in", key, "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout).decode()
    with open(folder + "/zone", "w") as f:
        f.write(f's1._domainkey.example.org TXT "v=DKIM1; k=rsa; p={public[:200]}"'
                f' "{public[200:]}"\n')
    with open(folder + "/conf", "w") as f:
        f.write(f"Mode s\nDomain example.org\nSelector s1\nKeyFile {key}\n"
                f"Socket local:{folder}/s\nUMask 000\nSyslog no\n"
                "RequireSafeKeys no\nInternalHosts 127.0.0.1\n"
                "SignatureAlgorithm rsa-sha256\nCanonicalization relaxed/simple\n")
    with using(p, folder, opendkim, "-f", "-x", folder + "/conf"):
        with p.smtp() as c:
            c.ehlo("client.example")
            c.sendmail("sender@example.org", [ALICE], message(
                "signed", body="One line.\r\n.\r\n..two dots\r\n" * 2000))
        raw = p.wait_mail("alice", "signed")
    assert raw.count(b"DKIM-Signature:") == 1
    mail = folder + "/mail"
    with open(mail, "wb") as f:
        f.write(raw)
    out = json.loads(subprocess.check_output(
        [PABAL, "check-mail", mail, "--zone", folder + "/zone", "--json"]))
    assert out["dkim"] == [{"result": "pass", "domain": "example.org",
                            "selector": "s1"}], out


def test_opendmarc(p, folder):
    """It asks the resolver of /etc/resolv.conf: one of its own, on a port that
    root has and an address that nobody else uses."""
    opendmarc = program("opendmarc")
    if os.getuid() != 0:
        pytest.skip("mounts a resolv.conf of its own")
    pid = os.getpid()
    address = f"127.53.{pid >> 8 & 255}.{pid & 255}"
    with open(folder + "/resolv.conf", "w") as f:
        f.write(f"nameserver {address}\n")
    with open(folder + "/hosts", "w") as f:
        f.write("192.0.2.1\n")
    with open(folder + "/conf", "w") as f:
        f.write(f"AuthservID mail.{DOMAIN}\nTrustedAuthservIDs mail.{DOMAIN}\n"
                f"Socket local:{folder}/s\nUMask 000\nSyslog no\n"
                f"IgnoreHosts {folder}/hosts\nRejectFailures yes\n"
                "SPFIgnoreResults yes\nSPFSelfValidate yes\n")
    zone = {
        "_dmarc.strict.test": {"TXT": ['"v=DMARC1; p=reject"']},
        "good.test": {"TXT": ['"v=spf1 ip4:127.0.0.1 -all"']},
        "_dmarc.good.test": {"TXT": ['"v=DMARC1; p=reject"']},
    }

    def send(domain):
        """SPF passes, for good.test."""
        with p.smtp() as c:
            c.ehlo("client.example")
            c.sendmail("sender@good.test", [ALICE], message(
                f"from {domain}", sender=f"sender@{domain}"))

    with DnsServer(zone, port=53, address=address), \
            using(p, folder, "unshare", "--mount", "sh", "-c",
                  f"mount --bind {folder}/resolv.conf /etc/resolv.conf && "
                  f"exec {opendmarc} -f -c {folder}/conf"):
        send("good.test")
        raw = p.wait_mail("alice", "from good.test")
        with pytest.raises(smtplib.SMTPDataError) as e:
            send("strict.test")
    assert b"dmarc=pass" in raw
    assert e.value.smtp_code == 550 and b"strict.test" in e.value.smtp_error
    assert p.find_mail("alice", "from strict.test") is None

# SPDX-License-Identifier: ISC
"""Real clients send through pabal: swaks, curl, msmtp, openssl s_client."""
import os
import subprocess

import pytest

from pabal import DOMAIN, PASSWORD, PATIENCE, message


def run(*args, ok=True, **kw):
    r = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=2 * PATIENCE, **kw)
    out = r.stdout.decode(errors="replace")
    if ok:
        assert r.returncode == 0, out
    else:
        assert r.returncode != 0, out
    return out


LOGIN = ["--auth-user", f"alice@{DOMAIN}", "--auth-password", PASSWORD]


@pytest.mark.parametrize("service, args", [
    ("smtp", []),
    ("smtp", ["--tls"]),
    ("smtp", ["--pipeline"]),
    ("submission", ["--tls", "--auth", "PLAIN", *LOGIN]),
    ("submission", ["--tls", "--auth", "LOGIN", *LOGIN]),
    ("submissions", ["--tls-on-connect", "--auth", "PLAIN", *LOGIN]),
    ("lmtp", ["--protocol", "LMTP"]),
])
def test_swaks(pabal, service, args):
    subject = f"swaks {service} {' '.join(args[:3])}"
    out = run("swaks", "--server", "127.0.0.1", "--port", pabal.port(service),
              "--from", f"alice@{DOMAIN}", "--to", f"bob@{DOMAIN}",
              "--header", f"Subject: {subject}", *args)
    assert "<** " not in out, out
    pabal.wait_mail("bob", subject)


def test_swaks_wrong_password(pabal):
    out = run("swaks", "--server", "127.0.0.1",
              "--port", pabal.port("submission"), "--tls", "--auth", "PLAIN",
              "--auth-user", f"alice@{DOMAIN}", "--auth-password", "wrong",
              "--from", f"alice@{DOMAIN}", "--to", f"bob@{DOMAIN}", ok=False)
    assert "535 5.7.8" in out


@pytest.mark.parametrize("url, service", [
    ("smtp", "submission"), ("smtps", "submissions")])
def test_curl(pabal, url, service, tmp_path):
    mail = tmp_path / "mail"
    mail.write_bytes(message(f"curl {url}", sender=f"alice@{DOMAIN}"))
    run("curl", "-sS", "--cacert", pabal.cafile(), "--ssl-reqd",
        "--resolve", f"mail.{DOMAIN}:{pabal.port(service)}:127.0.0.1",
        f"{url}://mail.{DOMAIN}:{pabal.port(service)}/client.example",
        "--user", f"alice@{DOMAIN}:{PASSWORD}",
        "--mail-from", f"alice@{DOMAIN}", "--mail-rcpt", f"bob@{DOMAIN}",
        "--upload-file", mail)
    pabal.wait_mail("bob", f"curl {url}")


def test_msmtp(pabal, tmp_path):
    rc = tmp_path / "msmtprc"
    rc.write_text(f"""
account default
host localhost
source_ip 127.0.0.1
port {pabal.port("submission")}
tls on
tls_starttls on
tls_trust_file {pabal.cafile()}
auth plain
user alice@{DOMAIN}
password {PASSWORD}
from alice@{DOMAIN}
""")
    rc.chmod(0o600)
    run("msmtp", "-C", rc, f"bob@{DOMAIN}", 
        input=message("msmtp", sender=f"alice@{DOMAIN}"))
    pabal.wait_mail("bob", "msmtp")


@pytest.mark.parametrize("service, starttls", [
    ("smtp", "smtp"), ("submission", "smtp"), ("submissions", None),
    ("imap", "imap"), ("imaps", None), ("pop3", "pop3"), ("pop3s", None)])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(pabal, service, starttls, version):
    args = ["-starttls", starttls] if starttls else []
    out = run("openssl", "s_client", "-connect",
              f"127.0.0.1:{pabal.port(service)}", "-CAfile", pabal.cafile(),
              "-verify_return_error", "-verify_hostname", f"mail.{DOMAIN}",
              version, "-quiet", *args,
              input=b"QUIT\r\n" if "imap" not in service else
              b"a LOGOUT\r\n")
    assert "verify return:1" in out or "verify error" not in out
    if service in ("submissions", "imaps", "pop3s"):
        assert {"s": "220 ", "i": "* OK", "p": "+OK"}[service[0]] in out


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_tls_is_refused(pabal, version):
    run("openssl", "s_client", "-connect",
        f"127.0.0.1:{pabal.port('submissions')}", version, "-cipher",
        "ALL:@SECLEVEL=0", ok=False, stdin=subprocess.DEVNULL,
        env=dict(os.environ, OPENSSL_CONF="/dev/null"))


def test_commands_before_tls_do_not_count_after(pabal):
    """CVE-2011-0411: what came with STARTTLS in one packet."""
    import ssl
    s = pabal.raw("submission")
    f = s.makefile("rb")
    f.readline()
    s.sendall(b"EHLO c.example\r\n")
    while f.readline()[3:4] == b"-":
        pass
    s.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
    reply = f.readline()
    if reply.startswith(b"220"):
        context = ssl.create_default_context(cafile=pabal.cafile())
        try:
            t = context.wrap_socket(s, server_hostname=f"mail.{DOMAIN}")
            t.sendall(b"NOOP\r\n")
            said = t.makefile("rb").readline()
            # Not the reply to MAIL: NOOP's own.
            assert b"2.1.0" not in said
        except (ssl.SSLError, OSError):
            pass
    else:
        assert reply[:1] in (b"4", b"5")
        assert b"250" not in f.read()
    s.close()

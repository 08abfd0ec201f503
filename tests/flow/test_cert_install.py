# SPDX-License-Identifier: ISC
"""pabal cert install: what certbot leaves, its hook, renewals that are taken up
at once, and pairs that are no use."""
import datetime
import os
import pwd
import re
import shutil
import socket
import ssl
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from pabal import DOMAIN, PABAL, PATIENCE, ROOT, wait

# keys looks by itself much later than these tests end.
CONF = [("keys", "check_interval", "1h")]
USERS = ("alice",)
HOST = "mail." + DOMAIN


class Certbot:
    """A /etc/letsencrypt: live/NAME has symbolic links into archive/NAME, and
    both are open to their owner alone."""

    def __init__(self, top):
        self.top = top

    def issue(self, *names, days=30, kind="ec", expired=False):
        """A new version of the certificate for NAMES: its directory and DER."""
        archive, live = (os.path.join(self.top, d, names[0])
                         for d in ("archive", "live"))
        for d in (archive, live):
            os.makedirs(d, mode=0o700, exist_ok=True)
            os.chmod(os.path.dirname(d), 0o700)
        n = len(os.listdir(archive)) // 2 + 1
        cert = os.path.join(archive, f"fullchain{n}.pem")
        path = os.path.join(archive, f"privkey{n}.pem")
        new = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" \
            else ["rsa:2048"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", *new, "-nodes",
             "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" +
             ",".join("DNS:" + name for name in names), "-days", str(days),
             "-keyout", path, "-out", cert], check=True, capture_output=True)
        os.chmod(path, 0o600)
        for name, target in (("fullchain", cert), ("privkey", path)):
            link = os.path.join(live, name + ".pem")
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(os.path.relpath(target, live), link)
        if expired:
            expire(cert, path)
        with open(cert) as f:
            return live, ssl.PEM_cert_to_DER_cert(f.read())


def expire(cert, key):
    """Let CERT have ended in February 2020."""
    with open(cert, "rb") as f:
        old = x509.load_pem_x509_certificate(f.read())
    with open(key, "rb") as f:
        private = serialization.load_pem_private_key(f.read(), None)
    new = x509.CertificateBuilder(
        old.issuer, old.subject, old.public_key(), old.serial_number,
        datetime.datetime(2020, 1, 1), datetime.datetime(2020, 2, 1)).sign(
            private, hashes.SHA256())
    with open(cert, "wb") as f:
        f.write(new.public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def certbot(tmp_path):
    return Certbot(str(tmp_path / "letsencrypt"))


def connect(pabal, service, name=None):
    ctx = ssl.create_default_context()
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    return ctx.wrap_socket(
        socket.create_connection(("127.0.0.1", pabal.port(service)), PATIENCE),
        server_hostname=name)


def served(pabal, service="submissions", name=None):
    with connect(pabal, service, name) as s:
        return s.getpeercert(binary_form=True)


def wait_served(pabal, der, name=None):
    """Both who face clients, by the one command and nothing else."""
    for service in ("submissions", "imaps"):
        wait(lambda s=service: served(pabal, s, name) == der,
             f"the certificate on {service}")


def files(pabal):
    top = os.path.join(pabal.dir, "tls")
    found = {}
    for name in os.listdir(top):
        with open(os.path.join(top, name), "rb") as f:
            found[name] = f.read()
    return found


def test_what_certbot_leaves(pabal, certbot):
    live, der = certbot.issue(HOST)
    assert os.path.islink(os.path.join(live, "privkey.pem"))
    with connect(pabal, "submissions") as mail, \
            connect(pabal, "imaps") as imap:
        assert mail.recv(3) == b"220"
        assert imap.recv(4) == b"* OK"
        out = pabal.pabal("cert", "install", live)
        assert "new sessions get it" in out
        wait_served(pabal, der)
        # Sessions from before go on.
        mail.sendall(b"QUIT\r\n")
        imap.sendall(b"a LOGOUT\r\n")
        for s, word in ((mail, b"221"), (imap, b"a OK")):
            text = b""
            while chunk := s.recv(1000):
                text += chunk
            assert word in text
    top = os.path.join(pabal.dir, "tls")
    assert sorted(os.listdir(top)) == ["cert.pem", "key.pem"]
    key = os.lstat(os.path.join(top, "key.pem"))
    assert stat.S_ISREG(key.st_mode) and key.st_mode & 0o777 == 0o600
    if os.getuid() == 0:
        assert key.st_uid == pwd.getpwnam("pabal-keys").pw_uid


def test_two_files(pabal, certbot):
    live, der = certbot.issue(HOST, kind="rsa")
    pabal.pabal("cert", "install", live + "/fullchain.pem",
                live + "/privkey.pem")
    wait_served(pabal, der)


def test_what_is_no_pair_changes_nothing(pabal, certbot):
    live, _ = certbot.issue(HOST)
    pabal.pabal("cert", "install", live)
    before, files_before = served(pabal), files(pabal)
    other, _ = certbot.issue("other.test")
    expired, _ = certbot.issue("expired.test", expired=True)
    empty = os.path.join(certbot.top, "empty")
    os.mkdir(empty)
    for args, why in (
            ((live + "/fullchain.pem", other + "/privkey.pem"), "not that of"),
            ((live + "/privkey.pem", live + "/privkey.pem"), "no certificate"),
            ((expired,), "expired"), ((empty,), "fullchain.pem: No such file"),
            ((live + "/fullchain.pem",), "Not a directory")):
        assert why in pabal.pabal_fails("cert", "install", *args), args
        assert files(pabal) == files_before
    assert served(pabal) == before


def test_hook(pabal, certbot):
    """The shipped hook renews what is installed, and that alone."""
    prefix = os.path.join(certbot.top, "usr")
    os.makedirs(os.path.join(prefix, "sbin"))
    with open(os.path.join(prefix, "sbin", "pabal"), "w") as f:
        f.write(f"#!/bin/sh\nexec {PABAL} -d {pabal.dir} \"$@\"\n")
        os.fchmod(f.fileno(), 0o755)
    path = os.path.join(certbot.top, "hook")
    with open(os.path.join(ROOT, "etc", "certbot-hook.in")) as f, \
            open(path, "w") as out:
        out.write(f.read().replace("@PREFIX@", prefix))

    def hook(lineage):
        r = subprocess.run(["sh", path], stdout=subprocess.PIPE, text=True,
                           stderr=subprocess.STDOUT, timeout=4 * PATIENCE,
                           env=dict(os.environ, RENEWED_LINEAGE=lineage))
        assert r.returncode == 0, r.stdout
        return r.stdout

    pabal.pabal("cert", "new", HOST, "localhost", DOMAIN)
    shop, _ = certbot.issue("shop.test", "www.shop.test")
    pabal.pabal("cert", "install", shop, "--name", "shop")
    # The first real one replaces what `init` made.
    _, first = certbot.issue(HOST)
    hook(os.path.join(certbot.top, "live", HOST))
    wait_served(pabal, first)
    # One that is presented by SNI stays by SNI.
    _, renewed = certbot.issue("shop.test", "www.shop.test")
    hook(shop)
    wait_served(pabal, renewed, "www.shop.test")
    assert served(pabal) == first
    # A web server's, and one with fewer names, is none of ours.
    before = files(pabal)
    for names in (("www." + DOMAIN,), ("shop.test",)):
        live, _ = certbot.issue(*names)
        assert "left alone" in hook(live)
    assert files(pabal) == before
    # And again in a quarter of a year.
    _, second = certbot.issue(HOST)
    hook(os.path.join(certbot.top, "live", HOST))
    wait_served(pabal, second)
    for name in ("shop-cert.pem", "shop-key.pem"):
        os.unlink(os.path.join(pabal.dir, "tls", name))


def test_hook_without_pabal(tmp_path):
    path = tmp_path / "hook"
    with open(os.path.join(ROOT, "etc", "certbot-hook.in")) as f:
        path.write_text(f.read().replace("@PREFIX@", str(tmp_path)))
    assert subprocess.run(["sh", str(path)]).returncode == 0


def test_renewal_in_place(make_pabal, certbot):
    """Files that somebody else put there are seen without a command."""
    p = make_pabal(("keys", "check_interval", "1s"), users=())
    live, der = certbot.issue(HOST)
    for name, to in (("privkey.pem", "key.pem"), ("fullchain.pem", "cert.pem")):
        path = os.path.join(p.dir, "tls", to)
        like = os.stat(path)
        shutil.copy(os.path.join(live, name), path + ".new")
        os.chown(path + ".new", like.st_uid, like.st_gid)
        os.rename(path + ".new", path)
    wait_served(p, der)


def metric(pabal, name):
    [line] = [line for line in pabal.pabal("metrics").splitlines()
              if line.startswith(name + "{")]
    return float(line.split()[-1])


def test_expiry_is_told(make_pabal, certbot):
    p = make_pabal(*CONF, users=())
    far = metric(p, "pabal_keys_expiry_seconds")
    assert p.events("keys.expires") == []
    live, _ = certbot.issue(HOST, days=5)
    since = p.mark()
    p.pabal("cert", "install", live)
    e = p.wait_event("keys.expires", since, file="cert.pem")
    assert 4 * 86400 < int(e["in_s"]) <= 5 * 86400
    assert metric(p, "pabal_keys_expiry_seconds") < far - 86400
    assert re.search("warning .*cert.pem expires in [45] days",
                     p.pabal("check"))


def test_while_nothing_runs(make_pabal, certbot):
    p = make_pabal(users=())
    p.stop()
    live, der = certbot.issue(HOST)
    assert "new sessions" not in p.pabal("cert", "install", live)
    p.start()
    assert served(p) == der


def test_another_host(pabal, certbot):
    live, _ = certbot.issue("elsewhere.test")
    before = files(pabal)
    assert f"does not stand for the hostname {HOST}" in pabal.pabal(
        "cert", "install", live)
    assert files(pabal) != before


def test_live_directory_itself_is_named(make_pabal, certbot):
    """Links are not followed, and keys may not look there: what to do is said
    before anything changes."""
    p = make_pabal(*CONF, users=())
    before = served(p)
    live, _ = certbot.issue(HOST)
    since = p.mark()
    p.conf("pabal", "tls_certificate", live + "/fullchain.pem")
    p.conf("pabal", "tls_key", live + "/privkey.pem")
    for command in (("conf", "check"), ("check",), ("reload",)):
        out = p.pabal_fails(*command)
        assert "pabal cert install" in out
        assert ("cannot be read by keys" if os.getuid() == 0
                else "is a symbolic link") in out, command
    p.status()
    assert served(p) == before
    p.conf("pabal", "tls_certificate", p.dir + "/tls/cert.pem")
    p.conf("pabal", "tls_key", p.dir + "/tls/key.pem")
    p.reload()
    assert served(p) == before
    assert not p.events("child.killed", since)


def test_what_a_run_that_was_killed_has_left_is_removed(make_pabal):
    p = make_pabal(users=())
    tls = os.path.join(p.dir, "tls")
    before = sorted(os.listdir(tls))
    for name in (".key.pem.0123abcd", ".cert.pem.4567ef89"):
        with open(os.path.join(tls, name), "w") as f:
            f.write("half of it")
    p.pabal("cert", "new")
    assert sorted(os.listdir(tls)) == before


def signed(folder, name):
    """A certificate for NAME by an authority of our own, and its key."""
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True,
                       cwd=folder)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-subj", "/CN=Authority", "-days", "30",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", f"/CN={name}", "-keyout", "leaf.key",
            "-out", "leaf.csr")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-CAcreateserial", "-days", "30", "-out", "leaf.pem")
    with open(os.path.join(folder, "leaf.pem")) as cert, \
            open(os.path.join(folder, "leaf.key")) as key:
        return cert.read(), key.read()


def test_new_does_not_replace_what_an_authority_has_signed(make_pabal, tmp_path):
    p = make_pabal(users=())
    p.pabal("cert", "new")  # over its like
    cert, key = signed(str(tmp_path), HOST)
    path = os.path.join(p.dir, "tls", "cert.pem")
    with open(path, "w") as f:
        f.write(cert)
    with open(os.path.join(p.dir, "tls", "key.pem"), "w") as f:
        f.write(key)
    said = p.pabal_fails("cert", "new")
    assert "authority" in said and "--force" in said
    with open(path) as f:
        assert f.read() == cert
    p.pabal("cert", "new", "other.test", "--name", "other")
    p.pabal("cert", "new", "--force")
    with open(path) as f:
        assert f.read() != cert

# SPDX-License-Identifier: ISC
"""Certificates and private keys: names, renewal on disk, where keys are not."""
import os
import re
import socket
import ssl
import subprocess

import pytest

from pabal import PATIENCE, wait

CONF = [("keys", "check_interval", "1s")]
USERS = ("alice",)


def make(pabal, name, kind="ec", where=None):
    """A new self-signed pair for NAME in the instance's tls/; as DER."""
    folder = os.path.join(pabal.dir, "tls")
    where = where or name
    new = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" \
        else ["rsa:2048"]
    cert, key = (os.path.join(folder, f".{where}{e}") for e in (".crt", ".key"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *new, "-nodes", "-days", "30",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", cert], check=True, capture_output=True)
    own(pabal, cert, key)
    with open(cert) as f:
        der = ssl.PEM_cert_to_DER_cert(f.read())
    return cert, key, der


def own(pabal, *paths):
    """Readable for keys, as the files are that `pabal init` makes."""
    like = os.stat(os.path.join(pabal.dir, "tls", "key.pem"))
    for path in paths:
        os.chown(path, like.st_uid, like.st_gid)
        os.chmod(path, like.st_mode & 0o777)


def put(pabal, cert, key, cert_name, key_name):
    folder = os.path.join(pabal.dir, "tls")
    os.rename(key, os.path.join(folder, key_name))
    os.rename(cert, os.path.join(folder, cert_name))


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


def connect(pabal, name=None, ctx=None, session=None):
    sock = socket.create_connection(
        ("127.0.0.1", pabal.port("submissions")), PATIENCE)
    return (ctx or context()).wrap_socket(
        sock, server_hostname=name, session=session)


def served(pabal, name=None):
    with connect(pabal, name) as s:
        return s.getpeercert(binary_form=True)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_name_of_its_own(pabal, kind):
    name = f"{kind}.names.test"
    default = served(pabal)
    assert served(pabal, name) == default
    cert, key, der = make(pabal, name, kind)
    put(pabal, cert, key, name + ".crt", name + ".key")
    wait(lambda: served(pabal, name) == der, "the new name")
    assert served(pabal) == default
    assert served(pabal, "other.test") == default


def test_renewal_without_reload(pabal):
    before = served(pabal)
    with connect(pabal) as old:
        assert old.recv(3) == b"220"
        cert, key, der = make(pabal, "mail.pabal.test", where="new")
        put(pabal, cert, key, "cert.pem", "key.pem")
        wait(lambda: served(pabal) == der, "the renewed certificate")
        assert der != before
        # The session from before goes on.
        old.sendall(b"QUIT\r\n")
        text = b""
        while chunk := old.recv(1000):
            text += chunk
        assert b"221" in text


def test_half_a_renewal_changes_nothing(pabal):
    before = served(pabal)
    since = pabal.mark()
    cert, key, der = make(pabal, "mail.pabal.test", where="half")
    os.rename(cert, os.path.join(pabal.dir, "tls", "cert.pem"))
    pabal.wait_event("keys.load-failed", since)
    assert served(pabal) == before
    os.rename(key, os.path.join(pabal.dir, "tls", "key.pem"))
    wait(lambda: served(pabal) == der, "the other half")


def test_sessions_are_resumed_in_any_process(pabal):
    ctx = context()
    ctx.maximum_version = ssl.TLSVersion.TLSv1_2
    with connect(pabal, ctx=ctx) as s:
        assert not s.session_reused
        session = s.session
    with connect(pabal, ctx=ctx, session=session) as s:
        assert s.session_reused


@pytest.mark.allow("child.killed")
def test_keys_comes_back(pabal):
    """Handshakes go on after keys ended: its place is taken."""
    since = pabal.mark()
    [pid] = pabal.pids("keys")
    os.kill(pid, 9)
    pabal.wait_event("tls.certificates-loaded", since)

    def works():
        try:
            return served(pabal)
        except OSError:
            return None
    assert wait(works, "a handshake")


def private_bytes(path):
    text = subprocess.run(["openssl", "ec", "-in", path, "-noout", "-text"],
                          check=True, capture_output=True, text=True).stdout
    digits = re.search(r"priv:\s*([0-9a-f:\s]+)pub", text)[1]
    return bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits))[-32:]


def holds(pid, secret):
    """Do the secret's bytes stand in the memory of PID, in any order?"""
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"(\w+)-(\w+) rw", line)
            if not m:
                continue
            start, end = int(m[1], 16), int(m[2], 16)
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError):
                continue
            if secret in data or secret[::-1] in data:
                return True
    return False


@pytest.mark.skipif(os.geteuid() != 0 or "PABAL_SANITIZE" in os.environ,
                    reason="only root may look, and not into shadow memory")
def test_private_keys_are_in_keys_alone(pabal):
    secret = private_bytes(os.path.join(pabal.dir, "tls", "key.pem"))
    for _ in range(3):
        served(pabal)
    [keys] = pabal.pids("keys")
    assert holds(keys, secret)  # or this test could not fail
    for name in ("smtpd", "login", "smtp", "master"):
        for pid in pabal.pids(name):
            assert not holds(pid, secret), name

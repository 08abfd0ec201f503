# SPDX-License-Identifier: ISC
"""A client of SASL in three protocols, for tests: it says what it is told."""
import base64
import hashlib
import hmac
import json
import os
import socket
import ssl
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from pabal import PATIENCE


def b64(data):
    return base64.b64encode(data).decode()


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Wire:
    """A session under TLS, before its login; auth() is one exchange."""

    def __init__(self, p, service):
        self.service = service
        raw = socket.create_connection(("127.0.0.1", p.port(service)), PATIENCE)
        context = ssl.create_default_context(cafile=p.cafile())
        context.check_hostname = False
        if service in ("submissions", "imaps", "pop3s"):
            raw = context.wrap_socket(raw)
        self.sock, self.file = raw, raw.makefile("rb")
        self.line()
        if service == "submissions":
            self.features = self.reply("EHLO client.test")

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def send(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def reply(self, text):
        self.send(text)
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return lines

    def capabilities(self):
        if self.service == "submissions":
            return [f[4:] for f in self.features if f[4:8] == "AUTH"][0].split()[1:]
        if self.service == "imaps":
            self.send("c CAPABILITY")
            words = self.line().split()
            self.line()
            return [w[5:] for w in words if w.startswith("AUTH=")]
        self.send("CAPA")
        lines = []
        while (line := self.line()) != ".":
            lines.append(line)
        return [s for s in lines if s.startswith("SASL")][0].split()[1:]

    def begin(self, mechanism, initial=None):
        verb = {"submissions": "AUTH", "imaps": "a AUTHENTICATE", "pop3s": "AUTH"}
        self.send(f"{verb[self.service]} {mechanism}" +
                  (f" {initial or '='}" if initial is not None else ""))

    def challenge(self):
        """The next challenge, or None where it is over: then .last is it."""
        self.last = self.line()
        mark = {"submissions": "334 ", "imaps": "+ ", "pop3s": "+ "}[self.service]
        if not self.last.startswith(mark):
            return None
        return base64.b64decode(self.last[len(mark):])

    def ok(self):
        return self.last.startswith({"submissions": "235", "imaps": "a OK",
                                     "pop3s": "+OK"}[self.service])

    def auth(self, mechanism, message, more=""):
        """One message with the command, and what follows when it is refused."""
        self.begin(mechanism, b64(message))
        self.told = self.challenge()
        if self.told is not None:
            self.send(more)
            self.challenge()
        return self.ok()

    def end_point(self):
        der = self.sock.getpeercert(True)
        digest = x509.load_der_x509_certificate(der).signature_hash_algorithm
        return hashlib.new(digest.name if digest else "sha256", der).digest()

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()


def scram(w, user, password, flag="n", bound=b"", mechanism=None, initial=True,
          authzid=""):
    """SCRAM-SHA-256 (RFC 5802); True: it went well, and the server is right."""
    header = f"{flag},{'a=' + authzid if authzid else ''},"
    nonce = b64(os.urandom(12))
    bare = f"n={user},r={nonce}"
    mechanism = mechanism or ("SCRAM-SHA-256-PLUS" if flag[0] == "p" else "SCRAM-SHA-256")
    first = b64((header + bare).encode())
    if initial:
        w.begin(mechanism, first)
    else:
        w.begin(mechanism)
        if w.challenge() != b"":
            return False
        w.send(first)
    got = w.challenge()
    if got is None:
        return False
    w.first = got.decode()
    fields = dict(f.split("=", 1) for f in w.first.split(","))
    assert fields["r"].startswith(nonce) and len(fields["r"]) > len(nonce)
    w.salt, w.iterations = fields["s"], int(fields["i"])
    final = f"c={b64(header.encode() + bound)},r={fields['r']}"
    message = f"{bare},{w.first},{final}".encode()
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(),
                                 base64.b64decode(w.salt), w.iterations)

    def mac(key, text):
        return hmac.new(key, text, "sha256").digest()
    client = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(client).digest(), message)
    proof = bytes(a ^ b for a, b in zip(client, signature))
    w.send(b64(f"{final},p={b64(proof)}".encode()))
    got = w.challenge()
    if got is None:
        return False
    assert got.decode() == "v=" + b64(mac(mac(salted, b"Server Key"), message))
    w.send("")
    w.challenge()
    return w.ok()


class Issuer:
    """Signs tokens (RFC 7519) with Ed25519."""

    def __init__(self, kid="k1"):
        self.kid, self.key = kid, ed25519.Ed25519PrivateKey.generate()

    def jwk(self):
        x = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": url(x)}

    def token(self, email, **claims):
        body = {"iss": "https://idp.test", "aud": "mail", "email": email,
                "exp": int(time.time()) + 3600, **claims}
        text = url(json.dumps({"alg": "EdDSA", "kid": self.kid}).encode()) + "." + \
            url(json.dumps(body).encode())
        return text + "." + url(self.key.sign(text.encode()))


def bearer(token, user=""):
    a = f"a={user}" if user else ""
    return f"n,{a},\1host=x\1port=1\1auth=Bearer {token}\1\1".encode()


def xoauth2(token, user):
    return f"user={user}\1auth=Bearer {token}\1\1".encode()

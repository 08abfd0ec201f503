# SPDX-License-Identifier: ISC
"""A DKIM signature for a test's message, of any size, by RSA-2048.

    key = Key("sends.test")          # selector s
    key.record                       # for s._domainkey.sends.test, in TXT form
    key.sign([("From", "a@sends.test"), ("Subject", "x")], b"Hello.\\r\\n")
"""
import base64
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64(octets):
    return base64.b64encode(octets).decode()


class Key:
    def __init__(self, domain, selector="s"):
        self.domain, self.selector = domain, selector
        self.key = rsa.generate_private_key(65537, 2048)
        public = b64(self.key.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo))
        self.record = f'"v=DKIM1; k=rsa; p={public[:200]}" "{public[200:]}"'

    def sign(self, fields, body):
        """The message with its signature: relaxed/simple, all FIELDS, whose
        values have single spaces, and BODY, which ends in one CRLF."""
        value = (f"v=1; a=rsa-sha256; c=relaxed/simple; d={self.domain}; "
                 f"s={self.selector}; h={':'.join(n for n, _ in fields)}; "
                 f"bh={b64(hashlib.sha256(body).digest())}; b=")
        signed = "".join(f"{n.lower()}:{v}\r\n" for n, v in fields)
        signed += f"dkim-signature:{value}"
        value += b64(self.key.sign(signed.encode(), padding.PKCS1v15(),
                                   hashes.SHA256()))
        head = "".join(f"{n}: {v}\r\n"
                       for n, v in [("DKIM-Signature", value), *fields])
        return head.encode() + b"\r\n" + body

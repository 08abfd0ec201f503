# SPDX-License-Identifier: ISC
"""A web server with MTA-STS policies, on an address of loopback, and the
certificate authority that it and mail exchangers have certificates of.

    ca = Authority(folder)                  # ca.file: in PEM form
    cert, key = ca.issue("mx.example.test")
    web = PolicyHost(ca)
    web.policies["example.test"] = policy("enforce", ["mx.example.test"])
    with web: ... web.address, web.port, web.requests (names of hosts) ...

What stands in place of a policy's text may be a dict: status, type, headers,
body, cert (False: of no authority; a name: for that one), and silent (it takes
the request and says nothing until `release` is set).

What is posted is in web.posted, as (host, target, header, body); web.takes has
such an answer for a "host/target", 200 is the usual one.  There, raw is all that
is said in place of it, and endless what comes behind it until the other end goes
(then the host/target is in web.ended)."""
import datetime
import os
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def policy(mode, mx=(), max_age=604800):
    return "".join([f"version: STSv1\r\nmode: {mode}\r\n",
                    *(f"mx: {name}\r\n" for name in mx),
                    f"max_age: {max_age}\r\n"])


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A certificate authority; its files are in FOLDER."""

    def __init__(self, folder, name="the CA"):
        self.folder = str(folder)
        self.name = name_of(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self.sign(self.name, self.key, x509.BasicConstraints(True, None))
        self.file = self.write(name.replace(" ", "-") + ".crt", self.cert)

    def write(self, name, *parts):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            for part in parts:
                f.write(part.public_bytes(serialization.Encoding.PEM))
        os.chmod(path, 0o644)
        return path

    def sign(self, subject, key, *extensions, days=30):
        now = datetime.datetime.utcnow()
        first, last = sorted((now - datetime.timedelta(days=1),
                              now + datetime.timedelta(days=days)))
        b = (x509.CertificateBuilder().subject_name(subject)
             .issuer_name(self.name).public_key(key.public_key())
             .serial_number(x509.random_serial_number())
             .not_valid_before(first).not_valid_after(last))
        for e in extensions:
            b = b.add_extension(e, False)
        return b.sign(self.key, hashes.SHA256())

    def issue(self, name, days=30):
        """A certificate for NAME and its key: their files.  DAYS < 0: it has
        expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self.sign(name_of(name), key, x509.SubjectAlternativeName(
            [x509.DNSName(name)]), days=days)
        path = self.write(f"{name}{days}.crt", cert)
        pem = key.private_bytes(serialization.Encoding.PEM,
                                serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
        with open(path[:-4] + ".pem", "wb") as f:
            f.write(pem)
        return path, path[:-4] + ".pem"

    def context(self, name, days=30):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(*self.issue(name, days))
        return c


class PolicyHost:
    def __init__(self, ca, address="127.0.9.1", port=0):
        self.ca = ca
        self.address = address
        self.policies = {}
        self.requests = []
        self.takes = {}
        self.posted = []
        self.ended = []
        self.release = threading.Event()
        self.contexts = {}
        self.lock = threading.Lock()
        self.listener = socket.create_server((address, port), backlog=256)
        self.port = self.listener.getsockname()[1]
        os.makedirs(os.path.join(ca.folder, "others"), exist_ok=True)
        self.nobody = ca.issue("nobody.test")
        self.others = Authority(os.path.join(ca.folder, "others"), "another CA")

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.release.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def answer(self, host):
        p = self.policies.get(host[len("mta-sts."):], {"status": 404})
        if not host.startswith("mta-sts."):
            p = next((a for where, a in self.takes.items()
                      if where.split("/")[0] == host), {})
        return p if isinstance(p, dict) else {"body": p}

    def _context(self, host):
        """By the name that a client asks for."""
        cert = self.answer(host).get("cert", host)
        key = (host, cert)
        with self.lock:
            if key not in self.contexts:
                self.contexts[key] = self.others.context(host) \
                    if cert is False else self.ca.context(cert)
            return self.contexts[key]

    def _accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,),
                             daemon=True).start()

    def _serve(self, conn):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(*self.nobody)

        def choose(sock, name, _):
            sock.context = self._context(name or "nobody.test")
        c.sni_callback = choose
        conn.settimeout(60)
        try:
            with c.wrap_socket(conn, server_side=True) as s:
                self._speak(s)
        except OSError:
            pass

    def _speak(self, s):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = s.recv(4096)
            if not piece:
                return
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        host = next(line[6:] for line in lines
                    if line.lower().startswith("host: ")).split(":")[0]
        if lines[0].startswith("POST "):
            self._take(s, host, lines, body)
            return
        self.requests.append(host)
        assert lines[0] == "GET /.well-known/mta-sts.txt HTTP/1.1", lines[0]
        a = self.answer(host)
        if a.get("silent"):
            self.release.wait(60)
        self._reply(s, a)

    def _take(self, s, host, lines, body):
        header = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        while len(body) < int(header["content-length"]):
            piece = s.recv(65536)
            if not piece:
                return
            body += piece
        target = lines[0].split(" ")[1]
        self.posted.append((host, target, header, body))
        a = self.takes.get(host + target, {})
        if "raw" not in a:
            self._reply(s, a)
            return
        s.sendall(a["raw"])
        try:
            while "endless" in a and not self.release.is_set():
                s.sendall(a["endless"])
            if a.get("silent"):
                s.recv(1)
        except OSError:
            pass
        self.ended.append(host + target)

    @staticmethod
    def _reply(s, a):
        body = a.get("body", "")
        body = body if isinstance(body, bytes) else body.encode()
        s.sendall("\r\n".join([
            f"HTTP/1.1 {a.get('status', 200)} X",
            f"Content-Type: {a.get('type', 'text/plain')}",
            *a.get("headers", ()), f"Content-Length: {len(body)}", "", ""]
        ).encode() + body)

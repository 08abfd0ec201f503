# SPDX-License-Identifier: ISC
"""httpd: requests of HTTP/1.1 and what is none, files, and what this host says
of itself."""
import contextlib
import gzip
import os
import re
import socket
import subprocess

import pytest

from pabal import DOMAIN, PATIENCE, wait

PAGE = b"<!doctype html><title>pabal</title>\n"


@pytest.fixture
def site(make_pabal, tmp_path):
    """An instance with a few files; .web is where they are."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_bytes(PAGE)
    (web / "assets" / "app-1a2b.js").write_bytes(b"let x = 1;\n" * 1000)
    (web / "assets" / "app-1a2b.js.gz").write_bytes(
        gzip.compress(b"let x = 1;\n" * 1000))
    (web / ".secret").write_bytes(b"x")
    os.symlink("/etc/passwd", web / "link")
    os.symlink("..", web / "up")
    os.mkfifo(web / "fifo")
    for path in (tmp_path, web, web / "assets"):
        os.chmod(path, 0o755)
    p = make_pabal(("pabal", "web_directory", str(web)))
    p.web = web
    return p


class Raw:
    """A connection on which bytes are said as they are."""

    def __init__(self, p, tls=False):
        self.sock = socket.create_connection(
            ("127.0.0.1", p.port("https" if tls else "http")), PATIENCE)
        if tls:
            self.sock = p.tls().wrap_socket(self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def send(self, text):
        self.sock.sendall(text)

    def answer(self, head=False):
        """(status, fields, content); None: there is no more."""
        line = self.file.readline()
        if not line:
            return None
        status = int(re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n", line)[1])
        fields = {}
        while (line := self.file.readline()) != b"\r\n":
            name, value = re.fullmatch(rb"([!-9;-~]+): (.*)\r\n", line).groups()
            fields[name.decode().lower()] = value.decode()
        n = 0 if head or status == 304 else int(fields.get("content-length", 0))
        return status, fields, self.file.read(n)

    def ask(self, target="/", method="GET", fields=""):
        self.send(f"{method} {target} HTTP/1.1\r\nHost: {DOMAIN}\r\n"
                  f"{fields}\r\n".encode())
        return self.answer(head=method == "HEAD")


def test_files(site):
    for tls in (False, True):
        if tls:
            with Raw(site, tls=True) as c:
                status, fields, content = c.ask()
        else:
            status, fields, content = site.http("/")
        assert (status, content) == (200, PAGE)
        assert fields["content-type"] == "text/html; charset=utf-8"
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cache-control"] == "no-cache"
        assert "default-src 'self'" in fields["content-security-policy"]
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
                            fields["date"])
    with Raw(site) as c:
        # One that was kept by the browser.
        tag = fields["etag"]
        assert c.ask(fields=f'If-None-Match: "x", {tag}\r\n')[0] == 304
        assert c.ask(fields='If-None-Match: "x"\r\n')[2] == PAGE
        # The length and nothing else.
        status, fields, _ = c.ask(method="HEAD")
        assert (status, int(fields["content-length"])) == (200, len(PAGE))
        # Compressed beforehand, for who takes it.
        plain = c.ask("/assets/app-1a2b.js")
        packed = c.ask("/assets/app-1a2b.js", fields="Accept-Encoding: gzip\r\n")
        assert plain[1]["content-type"] == packed[1]["content-type"] == \
            "text/javascript; charset=utf-8"
        assert "content-encoding" not in plain[1]
        assert packed[1]["content-encoding"] == "gzip"
        assert gzip.decompress(packed[2]) == plain[2]
        assert "immutable" in packed[1]["cache-control"]
        assert packed[1]["etag"] != plain[1]["etag"]
        assert c.ask("/assets/app-1a2b.js",
                     fields="Accept-Encoding: gzip;q=0\r\n")[2] == plain[2]
        for path in ("/none", "/.secret", "/link", "/up/", "/up/etc/passwd", "/fifo",
                     "/assets", "/assets/", "/../x", "/%2e%2e/etc/passwd", "//",
                     "/index.html/", "/index.html%00", "/healthz/x", "/" + 254 * "a",
                     "/" + 300 * "a"):
            assert c.ask(path, fields="Accept-Encoding: gzip\r\n")[0] == 404, path
    # Of links the operator is told, and not of names that no file can have.
    assert all(e["path"].startswith(("link", "up/"))
               for e in site.events("http.file-failed"))
    e = site.wait_event("http.request")
    assert (e["method"], e["path"], e["status"]) == ("GET", "/", "200")


def test_a_large_file(site):
    """It is sent as it is taken, to several clients, of whom one is slow."""
    data = os.urandom(1 << 20) * 20
    (site.web / "large.bin").write_bytes(data)
    with Raw(site) as slow:
        slow.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(2):
            status, fields, content = site.http("/large.bin")
            assert status == 200 and content == data
            assert fields["content-type"] == "application/octet-stream"
        assert slow.answer()[2] == data
        assert slow.ask()[0] == 200
    # It becomes shorter meanwhile: the end tells, for the length was told.
    with Raw(site) as c:
        c.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        wait(lambda: c.sock.recv(1, socket.MSG_PEEK), "its beginning")
        os.truncate(site.web / "large.bin", 1 << 20)
        assert len(c.answer()[2]) < len(data)
        assert c.file.read() == b""
    site.wait_event("http.file-failed")


def test_curl(site):
    out = subprocess.run(
        ["curl", "-sS", "--http1.1", "--cacert", site.cafile(), "-o", "-", "-w",
         "%{http_code} %{num_connects}\n"] +
        [f"https://localhost:{site.port('https')}/"] * 2, check=True,
        stdout=subprocess.PIPE, timeout=PATIENCE).stdout
    assert out == PAGE + b"200 1\n" + PAGE + b"200 0\n"


def test_one_after_the_other(site):
    """What is sent in advance is answered in its order (RFC 9112 9.3.2)."""
    n = 200
    with Raw(site) as c:
        c.send(b"".join(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
                        % (b"" if i % 2 else b"assets/app-1a2b.js") for i in range(n))
               + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for i in range(n):
            status, _, content = c.answer()
            assert status == 200 and (content == PAGE) == (i % 2 == 1)
        status, fields, content = c.answer()
        assert fields["connection"] == "close" and content == PAGE
        assert c.answer() is None
    # A byte at a time, and one of HTTP/1.0.
    with Raw(site) as c:
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r\n":
            c.send(bytes([byte]))
        assert c.answer()[2] == PAGE
        c.send(b"GET / HTTP/1.0\r\n\r\n")
        assert c.answer()[2] == PAGE
        assert c.answer() is None


def test_methods_and_content(site):
    with Raw(site) as c:
        status, fields, _ = c.ask("*", "OPTIONS")
        assert (status, fields["allow"]) == (204, "GET, HEAD, OPTIONS")
        assert c.ask("/", "DELETE")[0] == 405
        # Content that nobody reads is no request.
        content = b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
        assert c.ask("/", "POST", f"Content-Length: {len(content)}\r\n")[0] == 405
        c.send(content)
        assert c.ask()[0] == 200
        assert c.ask("/", "PUT", "Transfer-Encoding: chunked\r\n")[0] == 405
        c.send(b"%x;x\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(content), content))
        assert c.ask()[0] == 200
    # Who waits is told at once, and too much is not read.
    for fields in ("Content-Length: 5\r\nExpect: 100-continue\r\n",
                   "Content-Length: 100000000\r\n"):
        with Raw(site) as c:
            status, answered, _ = c.ask("/", "POST", fields)
            assert status == 405 and answered["connection"] == "close"
            assert c.answer() is None
    with Raw(site) as c:
        assert c.ask("/", "POST", "Transfer-Encoding: chunked\r\n")[0] == 405
        with contextlib.suppress(OSError):
            for _ in range(40):
                c.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            assert c.answer() is None


@pytest.mark.parametrize("request_, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
     b"\r\nxx", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"EHLO mail.example\r\n", 400),
    (b"a1 LOGIN alice secret\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"GET /" + b"x" * 20000, 414),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000, 431),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
])
def test_no_request(pabal, request_, status):
    with Raw(pabal) as other, Raw(pabal) as c:
        assert other.ask("/healthz")[0] == 200
        c.send(request_)
        got, fields, _ = c.answer()
        assert (got, fields["connection"]) == (status, "close")
        assert c.answer() is None
        assert other.ask("/healthz")[0] == 200


def test_who_is_slow(make_pabal):
    p = make_pabal(("httpd", "request_timeout", "1s"),
                   ("httpd", "keepalive_timeout", "1s"))
    with Raw(p) as c:
        c.send(b"GET / HTTP/1.1\r\nHost:")
        assert c.answer()[0] == 408
        assert c.answer() is None
    # Nothing was asked, so nothing is said.
    with Raw(p) as c:
        assert c.ask("/healthz")[0] == 200
        assert c.answer() is None


def test_sessions_of_a_client(make_pabal):
    p = make_pabal(("httpd", "max_sessions_per_client", "2"),
                   ("pabal", "trusted_networks", "192.0.2.0/24"))
    with Raw(p) as a, Raw(p) as b:
        assert a.ask("/healthz")[0] == b.ask("/healthz")[0] == 200
        with Raw(p) as c:
            assert c.answer()[0] == 429
    wait(lambda: p.http("/healthz")[0] == 200, "a session")


def test_mta_sts(make_pabal):
    p = make_pabal()
    path = "/.well-known/mta-sts.txt"
    assert p.http(path, host="mta-sts." + DOMAIN)[0] == 404
    p.conf("httpd", "mta_sts_policy", "enforce")
    p.conf("httpd", "mta_sts_mx", "mx1.pabal.test *.example.net")
    p.pabal("reload")
    status, fields, content = p.http(path, host="MTA-STS.Pabal.Test:443")
    assert status == 200 and fields["content-type"].startswith("text/plain")
    assert content == (b"version: STSv1\r\nmode: enforce\r\nmx: mx1.pabal.test\r\n"
                       b"mx: *.example.net\r\nmax_age: 604800\r\n")
    for host in (DOMAIN, "mta-sts.", "mta-sts.example.org", "mta-sts.[::1]",
                 "mta-sts." + "x" * 300):
        assert p.http(path, host=host)[0] == 404, host
    # Waits for lookup's answer, behind others and before others.
    with Raw(p) as c:
        ask = b"GET %s HTTP/1.1\r\nHost: mta-sts.pabal.test\r\n\r\n" % path.encode()
        c.send((ask + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") * 20)
        for _ in range(20):
            assert c.answer()[2] == content
            assert c.answer()[2] == b"ok\n"


def test_what_the_host_says_of_itself(make_pabal):
    p = make_pabal()
    assert p.http("/.well-known/security.txt")[0] == 404
    assert p.http("/healthz")[2] == b"ok\n"
    p.conf("httpd", "security_contact", "mailto:security@pabal.test")
    p.conf("httpd", "status_networks", "192.0.2.0/24")
    p.pabal("reload")
    status, _, content = p.http("/.well-known/security.txt")
    assert status == 200
    assert re.fullmatch(rb"Contact: mailto:security@pabal\.test\n"
                        rb"Expires: \d{4}-\d\d-\d\dT00:00:00Z\n", content)
    assert p.http("/healthz")[0] == 404


def test_web_directory_comes_and_goes(site, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_bytes(b"other")
    os.chmod(other, 0o755)
    site.conf("pabal", "web_directory", str(other))
    site.pabal("reload")
    wait(lambda: site.http("/")[2] == b"other", "the other directory")
    site.pabal("conf", "unset", "pabal", "web_directory")
    site.pabal("reload")
    wait(lambda: site.http("/")[0] == 404, "no directory")


def test_a_stop_lets_go_of_who_waits(make_pabal):
    p = make_pabal()
    with Raw(p) as idle, Raw(p) as begun:
        assert idle.ask("/healthz")[0] == 200
        begun.send(b"GET / HT")
        p.pabal("stop")
        assert begun.answer()[0] == 503

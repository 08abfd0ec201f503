# SPDX-License-Identifier: ISC
"""JMAP's core (RFC 8620): who gets in, the Session object, requests and what is
none, references to results; what httpd hands over and back."""
import json
import os
import socket
import subprocess

import pytest

from jmapclient import CORE, MAIL, Jmap, basic
from pabal import DOMAIN, PASSWORD, PATIENCE, Instance, wait

LISTED = "https://mail.example.net"


@pytest.fixture(scope="module")
def p():
    p = Instance(users=("alice", "bob", "carol"))
    try:
        p.conf("httpd", "cors_origins", LISTED)
        p.conf("httpd", "max_auth_failures", "2")
        p.conf("jmapd", "max_size_request", "64K")
        p.conf("jmapd", "max_calls_in_request", "4")
        p.conf("jmapd", "max_size_response", "4M")
        p.conf("master", "idle_timeout", "1s")
        p.start()
        yield p
    finally:
        p.allowed += ["auth.refused", "http.carry-failed", "child.killed", "child.exited"]
        p.close()


@pytest.fixture
def c(p):
    with Jmap(p) as c:
        c.using = [CORE]
        yield c


def echo(value, **args):
    return ["Core/echo", {"value": value, **args}]


# ---- who gets in

def test_unauthenticated(p, c):
    for auth in (None, "Basic ", "Basic %%%", "Basic YWxpY2U=", "Digest x", "Bearer"):
        with Jmap(p) as other:
            for path in ("/.well-known/jmap", "/jmap/download/A/B/c"):
                status, fields, _ = other.request("GET", path, Authorization=auth)
                assert status == 401, auth
                assert "Basic" in fields["www-authenticate"]
                assert "set-cookie" not in fields
            status, _, _ = other.request("POST", "/jmap/api", b"{}", Authorization=auth)
            assert status == 401, auth
    # Few that auth hears of: it makes who guesses wait.
    for auth in (basic("carol", "wrong"), basic("nobody"), "Bearer x.y.z"):
        assert c.request("GET", "/.well-known/jmap", Authorization=auth)[0] == 401, auth
    assert p.events("auth.refused", protocol="jmap")
    # And the right one is right still, on a connection that was wrong before.
    assert c.request("GET", "/.well-known/jmap")[0] == 200


def test_too_many_failures_end_the_connection(p):
    with Jmap(p) as c:
        for i in range(5):
            status, fields, _ = c.request("GET", "/.well-known/jmap", Authorization=None)
            assert status == 401 and "connection" not in fields
        for i in range(2):
            status, fields, _ = c.request("GET", "/.well-known/jmap",
                                          Authorization=basic("carol", f"wrong{i}"))
            assert status == 401
        assert fields["connection"] == "close"


def test_each_account_its_own(p):
    """On one connection, and another process for each."""
    with Jmap(p) as c:
        names = []
        for user in ("alice", "bob", "alice"):
            status, _, content = c.request("GET", "/.well-known/jmap",
                                           Authorization=basic(user))
            assert status == 200
            names.append(json.loads(content)["username"])
        assert names == [f"{u}@{DOMAIN}" for u in ("alice", "bob", "alice")]
        with Jmap(p, "bob") as bob:
            other = bob.account
        c.using = [CORE]
        c.get_session()
        assert c.account != other


def test_app_password(p, c):
    secret = p.pabal("user", "app", "add", "bob@" + DOMAIN, "reader",
                     "--protocols", "jmap").strip()
    mail = p.pabal("user", "app", "add", "bob@" + DOMAIN, "mailer",
                   "--protocols", "imap").strip()
    with Jmap(p, auth=basic("bob", secret)) as other:
        assert other.get_session()["username"] == "bob@" + DOMAIN
        assert other.request("GET", "/.well-known/jmap",
                             Authorization=basic("bob", mail))[0] == 401


def test_credentials_are_asked_once_a_connection(p):
    with Jmap(p) as c:
        since = p.mark()
        for _ in range(5):
            c.get_session()
        assert p.log(since).count(" auth.ok ") == 1


def test_not_without_tls(make_pabal):
    q = make_pabal(("pabal", "cleartext_login_networks", "192.0.2.0/24"))
    with Jmap(q) as c:
        status, fields, _ = c.request("GET", "/.well-known/jmap")
        assert status == 403 and "www-authenticate" not in fields
    with Jmap(q, tls=True) as c:
        session = c.get_session()
        assert session["apiUrl"].startswith("https://")


# ---- the Session object

def test_session(p, c):
    s = c.get_session()
    base = f"http://127.0.0.1:{p.port('http')}"
    assert s["username"] == "alice@" + DOMAIN
    assert s["apiUrl"] == base + "/jmap/api"
    for name, words in (("downloadUrl", ("{accountId}", "{blobId}", "{name}", "{type}")),
                        ("uploadUrl", ("{accountId}",)),
                        ("eventSourceUrl", ("{types}", "{closeafter}", "{ping}"))):
        assert s[name].startswith(base) and all(w in s[name] for w in words)
    core = s["capabilities"][CORE]
    assert (core["maxSizeRequest"], core["maxCallsInRequest"]) == (65536, 4)
    [(account, facts)] = s["accounts"].items()
    assert account.isalnum() and facts["isPersonal"]
    assert set(facts["accountCapabilities"]) == set(s["capabilities"])
    assert s["primaryAccounts"] == {MAIL: account}
    assert c.post({"using": [CORE], "methodCalls": []})[1]["sessionState"] == s["state"]
    # The same whenever it is asked for, and by HEAD its length alone.
    assert c.get_session() == s
    status, fields, content = c.request("HEAD", "/.well-known/jmap")
    assert status == 200 and content == b"" and int(fields["content-length"]) > 100


def test_methods_of_http(c):
    for path, method in (("/.well-known/jmap", "POST"), ("/jmap/api", "GET"),
                         ("/jmap/api", "PUT"), ("/jmap/upload/A/", "GET")):
        status, fields, _ = c.request(method, path)
        assert status == 405 and "OPTIONS" in fields["allow"], (path, method)
    assert c.request("GET", "/jmap/none")[0] == 404


# ---- web pages of other origins

def test_origins(p, c):
    own = f"http://127.0.0.1:{p.port('http')}"
    for origin, status in ((LISTED, 200), (own, 200), ("https://evil.example", 403),
                           ("null", 403), (LISTED + ".evil.example", 403)):
        got, fields, _ = c.request("GET", "/.well-known/jmap", Origin=origin)
        assert got == status, origin
        assert fields.get("access-control-allow-origin") == \
            (LISTED if origin == LISTED else None)
    got, fields, _ = c.request("OPTIONS", "/jmap/api", Origin=LISTED, Authorization=None,
                               Access_Control_Request_Method="POST")
    assert got == 204 and "POST" in fields["access-control-allow-methods"]
    assert "Authorization" in fields["access-control-allow-headers"]
    # A page that may reads refusals as well.
    got, fields, _ = c.request("GET", "/.well-known/jmap", Origin=LISTED, Authorization=None)
    assert got == 401 and fields["access-control-allow-origin"] == LISTED


# ---- requests, and what is none

def test_echo(c):
    value = {"a": [1, -2.5, True, None, "é\"\\\u0001 \U0001f4e7"], "": {}}
    assert c.calls(echo(value), echo([])) == \
        [["Core/echo", {"value": value}, "0"], ["Core/echo", {"value": []}, "1"]]


@pytest.mark.parametrize("body,problem", [
    (b"", "notJSON"), (b"{", "notJSON"), (b"\xff", "notJSON"),
    (b'{"using":[],"using":[],"methodCalls":[]}', "notJSON"),
    (b'{"using":["\\u0000"],"methodCalls":[]}', "notJSON"),
    (b"[]", "notRequest"), (b"1", "notRequest"), (b"{}", "notRequest"),
    (b'{"using":[]}', "notRequest"), (b'{"methodCalls":[]}', "notRequest"),
    (b'{"using":{},"methodCalls":[]}', "notRequest"),
    (b'{"using":[1],"methodCalls":[]}', "notRequest"),
    (b'{"using":[],"methodCalls":{}}', "notRequest"),
    (b'{"using":[],"methodCalls":[["a",{}]]}', "notRequest"),
    (b'{"using":[],"methodCalls":[["a",{},1]]}', "notRequest"),
    (b'{"using":[],"methodCalls":[["a",[],"0"]]}', "notRequest"),
    (b'{"using":[],"methodCalls":[["a",{},"0",1]]}', "notRequest"),
    (b'{"using":[],"methodCalls":[],"createdIds":[]}', "notRequest"),
    (b'{"using":["urn:none"],"methodCalls":[]}', "unknownCapability"),
    (b'{"using":[],"methodCalls":[' + b",".join(5 * [b'["a",{},"0"]']) + b"]}", "limit"),
    (b'{"using":[],"methodCalls":' + b"[" * 70 + b"]" * 70 + b"}", "limit"),
    (b" " * 65537, "limit"), (b'{"using":[' + b'"x",' * 60000 + b'"x"]}', "limit"),
])
def test_no_request(c, body, problem):
    status, answer = c.post(body)
    assert status == 400
    assert answer["type"] == "urn:ietf:params:jmap:error:" + problem
    assert answer["status"] == 400
    assert ("limit" in answer) == (problem == "limit")
    # The connection is good for the next.
    assert c.calls(echo(1)) == [["Core/echo", {"value": 1}, "0"]]


def test_content_type(c):
    body = json.dumps({"using": [CORE], "methodCalls": []}).encode()
    for kind in ("text/plain", "", None, "application/jsonx"):
        status, answer = c.post(body, Content_Type=kind)
        assert status == 400 and answer["type"].endswith(":notJSON"), kind
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        assert c.post(body, Content_Type=kind)[0] == 200


def test_errors_of_calls(c):
    assert [r[1]["type"] for r in c.calls(["None/get", {}])] == ["unknownMethod"]
    c.using = []
    assert [r[1]["type"] for r in c.calls(echo(1))] == ["unknownMethod"]


def test_references(c):
    def ref(n, path, name="Core/echo"):
        return {"resultOf": n, "name": name, "path": path}

    got = c.calls(echo([{"id": "a"}, {"id": "b"}]),
                  ["Core/echo", {"#ids": ref("0", "/value/*/id")}],
                  ["Core/echo", {"#ids": ref("0", "/none")}],
                  ["Core/echo", {"#ids": ref("1", "/ids/1")}])
    assert got[1][1] == {"ids": ["a", "b"]} and got[3][1] == {"ids": "b"}
    assert got[2][:2][0] == "error" and got[2][1]["type"] == "invalidResultReference"
    got = c.calls(["Core/echo", {"#a": ref("1", "/value")}], echo(1),
                  ["Core/echo", {"#a": ref("1", "/value", "Core/get")}],
                  ["Core/echo", {"a": 1, "#a": ref("1", "/value")}])
    assert [r[0] for r in got] == ["error", "Core/echo", "error", "error"]
    assert got[3][1]["type"] == "invalidArguments"


def test_responses_do_not_grow_without_end(c):
    """Each call has the one before twice."""
    def twice(n):
        at = {"resultOf": str(n), "name": "Core/echo", "path": ""}
        return ["Core/echo", {"#a": at, "#b": at}]

    got = c.calls(echo("x" * 60000), twice(0), twice(1), twice(2))
    assert len(got) == 4 and len(got[3][1]["a"]["a"]["a"]["value"]) == 60000


def test_created_ids(c):
    answer = c.post({"using": [CORE], "methodCalls": [], "createdIds": {"k": "M1"}})[1]
    assert answer["createdIds"] == {"k": "M1"}
    assert "createdIds" not in c.post({"using": [CORE], "methodCalls": []})[1]


def ref_to(n, path):
    return {"resultOf": n, "name": "Core/echo", "path": path}


def test_large_responses(c):
    """More than a stream takes at once, and kept for a later call before it goes."""
    [small, large, part] = c.calls(
        ("Core/echo", {"x": "a" * 50000}),
        ("Core/echo", {f"#y{i}": ref_to("0", "/x") for i in range(60)}),
        ("Core/echo", {"#z": ref_to("1", "/y59")}))
    assert len(large[1]) == 60 and set(large[1].values()) == {small[1]["x"]}
    assert part[1] == {"z": small[1]["x"]}


def test_kept_responses_are_bounded(c):
    """Each is within max_size_response, both are not."""
    many = {f"#y{i}": ref_to("0", "/x") for i in range(60)}
    answers = c.calls(("Core/echo", {"x": "a" * 50000}), ("Core/echo", many),
                      ("Core/echo", many),
                      ("Core/echo", {"#a": ref_to("1", "/y0"), "#b": ref_to("2", "/y0")}))
    assert [a[0] for a in answers] == ["Core/echo", "Core/echo", "error", "error"]
    assert [a[1]["type"] for a in answers[2:]] == ["requestTooLarge",
                                                   "invalidResultReference"]


# ---- how requests go

class Wire:
    """Bytes as they are."""

    def __init__(self, p):
        self.sock = socket.create_connection(("127.0.0.1", p.port("http")), PATIENCE)
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def head(self, fields, user="alice"):
        self.sock.sendall((f"POST /jmap/api HTTP/1.1\r\nHost: {DOMAIN}\r\n"
                           f"Authorization: {basic(user)}\r\n"
                           f"Content-Type: application/json\r\n{fields}\r\n").encode())

    def status(self):
        line = self.file.readline()
        return int(line.split()[1]) if line else None

    def answer(self):
        status, n = self.status(), 0
        while (line := self.file.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                n = int(line.split(b":")[1])
        return status, self.file.read(n)


REQUEST = json.dumps({"using": [CORE], "methodCalls": [["Core/echo", {"v": "w"}, "0"]]}).encode()


def test_chunks_and_pipelines(p):
    with Wire(p) as w:
        w.head("Transfer-Encoding: chunked\r\n")
        for b in REQUEST:
            w.sock.sendall(b"1\r\n" + bytes([b]) + b"\r\n")
        w.sock.sendall(b"0\r\n\r\n")
        assert w.answer()[0] == 200
        # One behind the other, before any is answered.
        for _ in range(3):
            w.head(f"Content-Length: {len(REQUEST)}\r\n")
            w.sock.sendall(REQUEST)
        for _ in range(3):
            status, content = w.answer()
            assert status == 200 and b'"v":"w"' in content
        w.head(f"Content-Length: {len(REQUEST)}\r\nExpect: 100-continue\r\n")
        assert w.status() == 100 and w.file.readline() == b"\r\n"
        w.sock.sendall(REQUEST)
        assert w.answer()[0] == 200
        w.head("Transfer-Encoding: chunked\r\n")
        w.sock.sendall(b"zz\r\n")
        assert w.answer()[0] == 400 and w.file.read() == b""


def test_who_leaves(p):
    """Amid a request: nothing is left of it."""
    for _ in range(3):
        with Wire(p) as w:
            w.head(f"Content-Length: {len(REQUEST)}\r\n")
            w.sock.sendall(REQUEST[:10])

    def idle():
        metrics = p.pabal("metrics")
        return "pabal_jmapd_requests_open" not in metrics or not any(
            line.startswith("pabal_jmapd_requests_open") and not line.endswith(" 0")
            for line in metrics.splitlines())
    wait(idle, "no request to be open")


def test_slow_content_times_out(make_pabal):
    q = make_pabal(("httpd", "request_timeout", "1s"))
    with Wire(q) as w:
        w.head("Content-Length: 10\r\n")
        assert w.answer()[0] == 408 and w.file.read() == b""


def test_idle_processes_end(p, c):
    """And a client does not notice."""
    c.get_session()
    wait(lambda: len(p.pids("jmapd")) == 1, "the nursery alone")
    c.get_session()
    assert len(p.pids("jmapd")) == 2
    assert all(e["signal"] == "KILL" for e in p.events("child.killed"))


def test_jmapd_that_dies(p, c):
    """The next request is answered by another, and the client says nothing new."""
    c.get_session()
    before = set(p.pids("jmapd"))
    for pid in before:
        os.kill(pid, 9)
    wait(lambda: not before & set(p.pids("jmapd")), "them to be gone")
    wait(lambda: c.request("GET", "/.well-known/jmap")[0] == 200, "another")


def test_curl(p):
    """As the manual has it."""
    out = subprocess.run(
        ["curl", "-sS", "-u", f"alice@{DOMAIN}:{PASSWORD}", "--cacert", p.cafile(),
         f"https://localhost:{p.port('https')}/.well-known/jmap"], check=True,
        stdout=subprocess.PIPE, timeout=PATIENCE).stdout
    assert json.loads(out)["username"] == "alice@" + DOMAIN

# SPDX-License-Identifier: ISC
"""pabal check-mail: what SPF, DKIM, ARC and DMARC find about a message, against
a zone file and against a DNS; other implementations' signatures verify, and
whoever reads the message has no rights."""
import base64
import json
import os
import re
import shutil
import subprocess
import threading

import pytest

from dnsserver import DnsServer
from mmdb import mmdb
from pabal import PABAL, PATIENCE, wait

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SAMPLE = os.path.join(ROOT, "fuzz", "seeds", "dkim_message")


def run(*args, fails=False, **kw):
    r = subprocess.run([PABAL, *args], capture_output=True, text=True,
                       timeout=4 * PATIENCE, **kw)
    assert (r.returncode != 0) == fails, r.stdout + r.stderr
    return r.stderr if fails else r.stdout


@pytest.fixture
def files(tmp_path):
    """Write files; their paths."""
    def write(**texts):
        paths = []
        for name, text in texts.items():
            path = tmp_path / name
            path.write_bytes(text if isinstance(text, bytes)
                             else text.encode())
            paths.append(str(path))
        return paths
    return write


def sample(name):
    """The message of RFC 8463 and the key record for NAME."""
    with open(os.path.join(SAMPLE, name), "rb") as f:
        record, message = f.read().split(b"\n", 1)
    return record.decode(), message


def records():
    """Both keys, an SPF and a DMARC record."""
    return {
        "brisbane._domainkey.football.example.com": sample("ed25519")[0],
        "test._domainkey.football.example.com": sample("rsa")[0],
        "football.example.com": "v=spf1 ip4:192.0.2.1 -all",
        "_dmarc.example.com": "v=DMARC1; p=reject; sp=quarantine",
    }


def zone():
    return "".join(f'{name} TXT "{text}"\n'
                   for name, text in records().items())


SESSION = ("--client", "192.0.2.1", "--helo", "football.example.com",
           "--from", "joe@football.example.com")


RULES = {"access", "early_talker", "spf", "reverse", "helo_name", "helo_own",
         "helo_literal", "helo_dns", "dnsbl", "rates", "dmarc", "from_own",
         "from_other", "from_disguised", "greylist"}


def test_json(files):
    message, z = files(message=sample("rsa")[1], zone=zone())
    out = run("check-mail", message, *SESSION, "--zone", z, "--json")
    told = json.loads(out)
    assert {r["rule"] for r in told.pop("rules")} == RULES
    assert told == {
        "spf": {"result": "pass", "domain": "football.example.com"},
        "dkim": [{"result": "pass", "domain": "football.example.com",
                  "selector": "brisbane"},
                 {"result": "pass", "domain": "football.example.com",
                  "selector": "test"}],
        "arc": {"result": "none"},
        "dmarc": {"result": "pass", "domain": "football.example.com",
                  "policy": "quarantine"},
        "action": "accept"}
    # --json stands before the command as well, options in any form
    assert out == run("--json", "check-mail", f"--zone={z}", *SESSION, "--",
                      message)


def test_text(files):
    """Each result with what decided it; a field; nothing for the terminal."""
    changed = sample("rsa")[1].replace(b"hungry", b"angry\x1b[2J")
    message, z = files(message=changed, zone=zone())
    out = run("check-mail", message, "--client", "192.0.2.7", "--helo", "x",
              "--from", "joe@football.example.com", "--zone", z)
    assert "spf     fail football.example.com (-all)\n" in out
    assert out.count("dkim    fail football.example.com (the body was") == 2
    assert "policy quarantine of example.com" in out
    assert "action  quarantine (the policy of its domain)\n" in out
    assert "\nAuthentication-Results: " in out
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", out)


def test_standard_input_and_pipes(files):
    z, = files(zone=zone())
    out = run("check-mail", "-", "--zone", z, "--json",
              input=sample("rsa")[1].decode())
    assert [d["result"] for d in json.loads(out)["dkim"]] == ["pass", "pass"]
    message, = files(message=sample("rsa")[1])
    read, write = os.pipe()
    with os.fdopen(write, "w") as f:
        f.write(zone())
    try:
        out = run("check-mail", message, "--json", "--zone",
                  f"/dev/fd/{read}", pass_fds=[read])
    finally:
        os.close(read)
    assert [d["result"] for d in json.loads(out)["dkim"]] == ["pass", "pass"]


def test_mistakes(files):
    message, bad = files(message="From: a@b.example\n\nx\n",
                         bad="a A 192.0.2.1\nb A 192.0.2\n")
    assert "line 2: " in run("check-mail", message, "--zone", bad, fails=True)
    assert "usage: " in run("check-mail", fails=True)
    assert "IP address" in run("check-mail", message, "--client", "x",
                               fails=True)
    assert "address" in run("check-mail", message, "--from", "a b",
                            fails=True)
    assert "No such file" in run("check-mail", message + "x", fails=True)
    assert "No such file" in run("check-mail", message, "--zone", bad + "x",
                                 fails=True)


def test_dns(make_pabal, files):
    """The instance's DNS servers are asked; one that fails is no verdict."""
    names = {name: {"TXT": [f'"{text}"' if len(text) < 250 else
                            f'"{text[:250]}" "{text[250:]}"']}
             for name, text in records().items()}
    message, = files(message=sample("rsa")[1])
    with DnsServer(names) as dns:
        p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"))
        out = json.loads(p.pabal("check-mail", message, *SESSION, "--json"))
        assert out["spf"]["result"] == "pass"
        assert [d["result"] for d in out["dkim"]] == ["pass", "pass"]
        assert out["dmarc"] == {"result": "pass", "policy": "quarantine",
                                "domain": "football.example.com"}
        asked = {(name.rstrip("."), kind) for name, kind in dns.queries}
        assert ("_dmarc.football.example.com", "TXT") in asked

        dns.records["football.example.com"] = "SERVFAIL"
        dns.records["brisbane._domainkey.football.example.com"] = "SERVFAIL"
        dns.records["test._domainkey.football.example.com"] = "SERVFAIL"
        out = json.loads(p.pabal("check-mail", message, *SESSION, "--json"))
        assert out["spf"]["result"] == "temperror"
        assert [d["result"] for d in out["dkim"]] == ["temperror"] * 2
        assert out["dmarc"]["result"] == "temperror"
        assert out["action"] == "defer"


def access_rule(p, message, z, *more, client="192.0.2.1"):
    """What the rule access says, and why."""
    out = json.loads(p.pabal("check-mail", message, "--json", "--zone", z, "--client",
                             client, "--from", "a@b.example", *more))
    rule, = (r for r in out["rules"] if r["rule"] == "access")
    return rule["result"], rule["why"]


def test_access(make_pabal, files):
    """Entries by what the DNS and the file of countries say, and by what cannot be
    derived, as policy applies them."""
    p = make_pabal()
    message, z = files(message="From: a@b.example\n\nx\n", zone="""
1.2.0.192.in-addr.arpa PTR mx.good.example.
mx.good.example A 192.0.2.1
2.2.0.192.in-addr.arpa PTR mx.good.example.
3.2.0.192.in-addr.arpa FAIL
""")
    etc = os.path.join(p.dir, "etc")

    def table(*lines):
        with open(os.path.join(etc, "access"), "w") as f:
            f.write("".join(line + "\n" for line in lines))
        p.pabal("map", "access")
    table("name=.good.example refuse by its name")
    assert access_rule(p, message, z) == ("refuse", "by its name")
    # a name that does not lead back is none, nor one that is not known
    for other in ("192.0.2.2", "192.0.2.3", "192.0.2.4"):
        assert access_rule(p, message, z, client=other) == ("accept", "")

    table("country=kr defer not now", "tls=none quarantine", "mechanism=login refuse no",
          "login=carl@b.example warn")
    assert access_rule(p, message, z) == ("accept", "there are entries that need --tls")
    assert access_rule(p, message, z, "--tls", "none") == ("quarantine", "tls=none")
    tls = ("--tls", "TLSv1.3")
    assert access_rule(p, message, z, *tls) == (
        "accept", "there are entries that need --country")
    assert access_rule(p, message, z, *tls, "--country", "KR") == ("defer", "not now")
    assert access_rule(p, message, z, *tls, "--country", "de") == ("accept", "")
    login = (*tls, "--country", "de", "--login", "carl@b.example")
    assert access_rule(p, message, z, *login) == (
        "accept", "an entry warns: login=carl@b.example")
    assert access_rule(p, message, z, *login, "--mechanism", "LOGIN") == ("refuse", "no")

    with open(os.path.join(etc, "geo.mmdb"), "wb") as f:
        f.write(mmdb({"192.0.2.0/24": "KR"}))
    p.conf("lookup", "country_file", "geo.mmdb")
    assert access_rule(p, message, z, *tls) == ("defer", "not now")
    assert access_rule(p, message, z, *tls, client="198.51.100.1") == ("accept", "")
    with open(os.path.join(etc, "geo.mmdb"), "wb") as f:
        f.write(b"nothing of it")
    assert access_rule(p, message, z, *tls)[0] == "not asked"
    os.unlink(os.path.join(etc, "geo.mmdb"))
    assert "country_file" in access_rule(p, message, z, *tls)[1]


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


@pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                    reason="sanitizers need more than the sandbox gives")
@pytest.mark.parametrize("by_zone", [True, False])
def test_confined(tmp_path, files, by_zone):
    """Whoever reads the message holds it, the zone and a pipe, is nobody, and
    may call next to nothing."""
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    z, = files(zone=zone())
    p = subprocess.Popen([PABAL, "check-mail", fifo, "--json",
                          *(["--zone", z] if by_zone else [])],
                         stdout=subprocess.PIPE)
    with open(fifo, "wb") as f:
        f.write(sample("rsa")[1][:300])
        f.flush()
        reader = wait(lambda: [c for c in children(p.pid) if
                               int(status_of(c).get("Seccomp_filters", 0)) > 1],
                      "a confined child")[0]
        status = status_of(reader)
        assert status["NoNewPrivs"] == "1"
        if os.getuid() == 0:
            assert set(status["Uid"].split()) == {"65534"}
            assert set(status["Gid"].split()) == {"65534"}
            assert set(status["Groups"].split()) == {"65534"}
            assert int(status["CapEff"], 16) == 0
        if by_zone:
            held = {fd: os.readlink(f"/proc/{reader}/fd/{fd}")
                    for fd in os.listdir(f"/proc/{reader}/fd")}
            assert held.pop("1").startswith("pipe:")
            assert held == {"0": fifo, "2": "/dev/null", "3": z}
        f.write(sample("rsa")[1][300:])
        if not by_zone:  # there may be no DNS here to ask
            p.kill()
    out = p.communicate(timeout=4 * PATIENCE)[0]
    assert not by_zone or json.loads(out)["dkim"][0]["result"] == "pass"


def test_large(files, tmp_path):
    """A message of 50 MB in memory that does not grow with it."""
    path = tmp_path / "large"
    line = b"x" * 76 + b"\r\n"
    with open(path, "wb") as f:
        f.write(b"From: a@b.example\r\nDKIM-Signature: v=1; a=rsa-sha256; "
                b"d=b.example; s=s; c=relaxed/relaxed; h=from; b=AAAA; "
                b"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=\r\n\r\n")
        for _ in range(50):
            f.write(line * (1000000 // len(line)))
    z, = files(zone=zone())
    peak = {}

    def watch(p):
        """Of the child, whose memory ends with it."""
        while p.poll() is None:
            try:
                for c in children(p.pid):
                    peak[c] = int(status_of(c)["VmHWM"].split()[0])
            except (OSError, KeyError, ValueError):
                pass
    p = subprocess.Popen([PABAL, "check-mail", str(path), "--zone", z,
                          "--json"], stdout=subprocess.PIPE)
    t = threading.Thread(target=watch, args=(p,))
    t.start()
    out = json.loads(p.communicate(timeout=4 * PATIENCE)[0])
    t.join()
    assert out["dkim"][0]["result"] == "fail"
    if "PABAL_SANITIZE" not in os.environ:
        assert peak and max(peak.values()) < 40 * 1024


# ---- other implementations

DKIMPY = """
import sys, dkim
key = open(sys.argv[1], "rb").read()
message = sys.stdin.buffer.read()
c = sys.argv[2].split("/")
field = dkim.sign(message, b"s1", b"peer.example", key,
                  canonicalize=(c[0].encode(), c[1].encode()),
                  signature_algorithm=sys.argv[3].encode())
sys.stdout.buffer.write(field + message)
"""
BODIES = [b"Hi.\r\n", b"", b"\r\n\r\n", b"a  b \t\r\n\r\n c\r\n\r\n\r\n",
          b"no line end", b"\xc3\xa4 \x80\r\n.\r\n"]


def has_dkimpy():
    return subprocess.run(["/usr/bin/python3", "-c", "import dkim, nacl"],
                          capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A key in PEM, and its record."""
    path = str(tmp_path_factory.mktemp("key") / "rsa.pem")
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, "2048"],
                   check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout
    p = base64.b64encode(public).decode()
    return path, f'"v=DKIM1; k=rsa; p={p[:200]}" "{p[200:]}"'


def peer_zone(record):
    return (f"s1._domainkey.peer.example TXT {record}\n"
            '_dmarc.peer.example TXT "v=DMARC1; p=reject"\n')


@pytest.mark.skipif(not has_dkimpy(), reason="python3-dkim is not here")
@pytest.mark.parametrize("canon", ["simple/simple", "relaxed/simple",
                                   "simple/relaxed", "relaxed/relaxed"])
def test_dkimpy(files, key, canon):
    """What dkimpy has signed verifies, and not when it was changed."""
    path, record = key
    for body in BODIES:
        head = (b"From: Joe  <a@peer.example>\r\nSubject:  x\r\n\ty \r\n"
                b"Date: Fri, 21 Nov 2025 10:00:00 +0900\r\n"
                b"Message-ID: <1@peer.example>\r\n")
        signed = subprocess.run(
            ["/usr/bin/python3", "-c", DKIMPY, path, canon, "rsa-sha256"],
            input=head + b"\r\n" + body, check=True,
            capture_output=True).stdout
        z, good, bad = files(
            zone=peer_zone(record), good=signed,
            bad=signed.replace(b"Subject:  x", b"Subject:  z"))
        out = json.loads(run("check-mail", good, "--zone", z, "--json"))
        assert out["dkim"] == [{"result": "pass", "selector": "s1",
                                "domain": "peer.example"}], body
        assert out["dmarc"]["result"] == "pass"
        out = json.loads(run("check-mail", bad, "--zone", z, "--json"))
        assert out["dkim"][0]["result"] == "fail", body
        assert out["action"] == "reject"


@pytest.mark.skipif(shutil.which("opendkim-testmsg") is None,
                    reason="opendkim-tools is not here")
def test_opendkim(files, key):
    """A signature with SHA-1, which is what this program makes, is read, and is
    no pass whatever its key (RFC 8301)."""
    path, record = key
    signed = subprocess.run(
        ["opendkim-testmsg", "-C", "-d", "peer.example", "-s", "s1", "-k",
         path], check=True, capture_output=True,
        input=b"From: a@peer.example\r\nDate: Fri, 21 Nov 2025 10:00:00 "
              b"+0900\r\n\r\nHi\r\n").stdout
    z, message = files(zone=peer_zone(record), message=signed)
    out = json.loads(run("check-mail", message, "--zone", z, "--json"))
    assert out["dkim"] == [{"result": "policy", "domain": "peer.example",
                            "selector": "s1"}]
    assert out["dmarc"]["result"] == "fail" and out["action"] == "reject"

# SPDX-License-Identifier: ISC
"""pabal dns check: what the DNS says beside what this host needs, asked live and
in a zone file; what it prints cures what it finds."""
import json
import re
import subprocess

import pytest

from dnsserver import DnsServer
from pabal import DOMAIN, PABAL, PATIENCE
from policyhost import policy
from stshosts import sts  # noqa: F401 (a fixture)

HOST, IP = "mail." + DOMAIN, "192.0.2.1"


@pytest.fixture(scope="module")
def dns():
    with DnsServer({}) as d:
        yield d


@pytest.fixture
def p(make_pabal, dns):
    dns.records.clear()
    p = make_pabal(("lookup", "dns_servers", f"127.0.0.1:{dns.port}"))
    p.pabal("dkim", "add", DOMAIN)
    return p


def check(p, *args, domain=DOMAIN):
    """Exit status and rows."""
    r = subprocess.run([PABAL, "-d", p.dir, "dns", "check", domain, "--json", *args],
                       capture_output=True, text=True, timeout=4 * PATIENCE)
    assert r.stderr == "", r.stderr
    return r.returncode, json.loads(r.stdout)


def serve(dns, text):
    """The lines of a zone file, into the DNS."""
    text = re.sub(r"\(\s*(.*?)\s*\)", lambda m: " ".join(m[1].split("\n")), text,
                  flags=re.S)
    for line in text.splitlines():
        name, kind, data = line.split(";")[0].strip().split(None, 2) \
            if '"' not in line else line.split("   ;")[0].split(None, 2)
        dns.records.setdefault(name.rstrip("."), {}).setdefault(kind, []).append(data)


def test_what_it_prints_cures(p, dns):
    status, rows = check(p, "--address", IP + ",2001:db8::1")
    assert status == 1
    assert {r["verdict"] for r in rows} == {"missing", "optional"}
    lines = dict.fromkeys(w for r in rows for w in (r["publish"] or "").splitlines()
                          if r["what"] != "mta-sts" and not w.startswith(";"))
    serve(dns, "\n".join(lines))
    # Nobody needs a policy; who wants one is given all of it.
    (sts,) = [r["publish"] for r in rows if r["what"] == "mta-sts"]
    for want in (f'\n_mta-sts.{DOMAIN}. TXT "v=STSv1; id=', f"\nmta-sts.{DOMAIN}. CNAME {HOST}.\n",
                 f"https://mta-sts.{DOMAIN}/.well-known/mta-sts.txt", f";   mx: {HOST}\n"):
        assert want in sts, sts
    status, rows = check(p, "--address", IP + ",2001:db8::1")
    assert status == 0, rows
    assert {r["what"]: r["verdict"] for r in rows} == {
        "mx": "good", "address": "good", "reverse": "good", "spf": "good", "dkim": "good",
        "dmarc": "good", "mta-sts": "optional", "tlsrpt": "good", "tlsa": "good", "srv": "good",
        "autoconf": "optional"}
    out = p.pabal("dns", "check", DOMAIN, "--address", IP)
    assert "records to publish" not in out and "records by which other hosts know" in out


def test_what_is_wrong(p, dns):
    serve(dns, f"{DOMAIN}. MX 10 mx.other.test.\n{HOST}. A 192.0.2.9\n"
               f"_25._tcp.{HOST}. TLSA 3 1 1 {'00' * 32}\n"
               f"_imaps._tcp.{DOMAIN}. SRV 0 1 993 imap.other.test.")
    dns.records["_dmarc." + DOMAIN] = "SERVFAIL"
    status, rows = check(p, "--address", IP)
    got = {r["what"]: r for r in rows if r["name"] != f"_sieve._tcp.{DOMAIN}"}
    assert status == 1
    for what in ("mx", "address", "tlsa"):
        assert got[what]["verdict"] == "wrong", got[what]
    assert got["dmarc"]["verdict"] == "unknown"
    assert [r["verdict"] for r in rows if r["name"] == f"_imaps._tcp.{DOMAIN}"] == ["wrong"]
    # The TLSA that it prints is that of the certificate that clients are shown.
    serve(dns, got["tlsa"]["publish"].strip())
    _, rows = check(p, "--address", IP)
    assert [r["verdict"] for r in rows if r["what"] == "tlsa"] == ["good"]
    out = p.pabal_fails("dns", "check", DOMAIN, "--address", IP)
    assert f"{DOMAIN}. MX 10 {HOST}." in out and "mx.other.test" in out


def test_the_policy_that_others_get(sts):  # noqa: F811
    """Beside MX and what httpd publishes."""
    s = sts(("httpd", "mta_sts_policy", "enforce"))
    d = s.dns.records
    d[DOMAIN] = {"MX": [f"10 {HOST}."]}

    def verdicts():
        rows = check(s.p, "--address", IP)[1]
        return {r["what"]: r for r in rows if r["what"] in (
            "mta-sts", "sts-host", "policy", "tlsrpt")}
    got = verdicts()
    assert {w: r["verdict"] for w, r in got.items()} == {
        "mta-sts": "missing", "sts-host": "missing", "tlsrpt": "missing"}
    serve(s.dns, got["mta-sts"]["publish"] + got["tlsrpt"]["publish"])
    d["mta-sts." + DOMAIN] = {"A": [s.web.address]}
    s.p.stop()  # with what lookup remembers
    s.p.start()
    # Nothing of it behind that name yet.
    got = verdicts()
    assert got["policy"]["verdict"] == "wrong"
    assert got["policy"]["detail"] == "HTTP status 404"
    # As httpd has it.
    s.web.policies[DOMAIN] = s.p.http(
        "/.well-known/mta-sts.txt", host="mta-sts." + DOMAIN)[2].decode()
    assert {w: r["verdict"] for w, r in verdicts().items()} == {
        "mta-sts": "good", "sts-host": "good", "policy": "good", "tlsrpt": "good"}
    # Another than that, and an MX host with no place in it.
    s.web.policies[DOMAIN] = policy("testing", [HOST])
    assert "what this host publishes is another: enforce" in verdicts()["policy"]["detail"]
    d[DOMAIN]["MX"].append("20 mx.other.test.")
    assert "mx.other.test has no place in it" in verdicts()["policy"]["detail"]
    # Where sts is not there nothing is said against the domain.
    s.p.stop()
    assert verdicts()["policy"]["verdict"] == "unknown"


def test_a_zone_file(p, tmp_path):
    zone = tmp_path / "zone"
    zone.write_text(f'{DOMAIN}. MX 10 {HOST}.\n{HOST}. A {IP}\n'
                    f'{DOMAIN}. TXT "v=spf1 a:\\027[2J -all"\n')
    _, rows = check(p, "--zone", str(zone), "--address", IP)
    got = {r["what"]: r["verdict"] for r in rows}
    assert got["mx"] == "good" and got["address"] == "good" and got["spf"] == "wrong"
    assert "\x1b" not in p.pabal_fails("dns", "check", DOMAIN, "--zone", str(zone))
    zone.write_text("x. MX y")
    assert "dns: " in p.pabal_fails("dns", "check", DOMAIN, "--zone", str(zone))
    assert "No such file" in p.pabal_fails("dns", "check", DOMAIN, "--zone", "/none")


def test_arguments(p):
    assert "expected a domain" in p.pabal_fails("dns", "check", "no domain")
    assert "expected IP addresses" in p.pabal_fails(
        "dns", "check", DOMAIN, "--address", "x")

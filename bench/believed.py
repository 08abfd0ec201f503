# SPDX-License-Identifier: ISC
"""Mail that is believed: messages signed once by RSA-2048, whose SPF, DKIM and
DMARC pass from a warm cache of the DNS.

The DNS is an unbound of the benchmark's own with the records as local data.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "flow"))

from dkimsign import Key  # noqa: E402
from peers import DOMAIN, Load, Pabal, free_port, write  # noqa: E402

SIGNER, SIZE = "sends.example", 4096
# What asks the DNS beside them.
OTHERS = ("reverse", "helo_name", "helo_own", "helo_literal", "helo_dns")


class Mail:
    """The message in a file, as smtp-source -F reads it, and the records."""

    def __init__(self, folder):
        key = Key(SIGNER)
        fields = [("From", f"a@{SIGNER}"), ("To", f"somebody@{DOMAIN}"),
                  ("Subject", "a benchmark"), ("Message-ID", f"<1@{SIGNER}>"),
                  ("Date", "Tue, 1 Dec 2026 00:00:00 +0000")]
        lines = (SIZE - len(key.sign(fields, b""))) // 72
        self.path = os.path.join(folder, "message")
        with open(self.path, "wb") as f:
            f.write(key.sign(fields, (b"x" * 70 + b"\r\n") * lines)
                    .replace(b"\r\n", b"\n"))
        self.records = {SIGNER: '"v=spf1 ip4:127.0.0.1 -all"',
                        f"s._domainkey.{SIGNER}": key.record,
                        f"_dmarc.{SIGNER}": '"v=DMARC1; p=reject"'}

    def load(self):
        return Load(file=self.path, sender=f"a@{SIGNER}")


class Unbound:
    def __init__(self, folder, records, port):
        conf = os.path.join(folder, f"unbound-{port}.conf")
        local = "".join(f" local-data: '{name}. 3600 IN TXT {text}'\n"
                        for name, text in records.items())
        write(conf, f"""server:
 interface: 127.0.0.1@{port}
 do-daemonize: no
 use-syslog: no
 logfile: "{folder}/unbound.log"
 username: ""
 chroot: ""
 directory: "{folder}"
 pidfile: ""
 module-config: "iterator"
 local-zone: "." static
{local}remote-control:
 control-enable: no
""")
        self.process = subprocess.Popen(["unbound", "-c", conf],
                                        stderr=subprocess.DEVNULL)

    def close(self):
        self.process.terminate()
        self.process.wait()


def pabal(dns_port, believed):
    """One that checks what strangers send, or takes it as of a trusted network."""
    settings = [("lookup", "dns_servers", f"127.0.0.1:{dns_port}")]
    if believed:
        settings += [("pabal", "trusted_networks", "[::1]"),
                     *(("policy", name, "off") for name in OTHERS)]
    server = Pabal(settings=settings, sessions=200)
    server.name = "pabal" if believed else "pabal, unchecked"
    return server


def check(server):
    """All that has arrived in one mailbox has passed, where it was checked."""
    if server.name == "pabal, unchecked":
        return
    new = os.path.join(server.p.dir, "mail", DOMAIN, "user0", "new")
    for name in os.listdir(new):
        with open(os.path.join(new, name), "rb") as f:
            head = f.read().replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].lower()
        for method in (b"spf", b"dkim", b"dmarc"):
            if method + b"=pass" not in head:
                raise RuntimeError(f"{server.name}: {head.decode()}")


ROWS = (("cpu", "CPU seconds for 1,000 messages"),
        ("rate", "messages/s, until all have arrived"),
        ("peak", "peak memory, MiB (PSS)"), ("syncs", "syncs a message"))


def measure(compare, delivery):
    """COMPARE (bench/run) of deliveries by DELIVERY."""
    folder = tempfile.mkdtemp(prefix="bench-believed-")
    os.chmod(folder, 0o755)
    mail = Mail(folder)
    port = free_port()
    dns = Unbound(folder, mail.records, port)

    def make():
        made = [pabal(port, False), pabal(port, True)]
        for s in made:
            s.close = lambda s=s, close=s.close: (check(s), close())
        return [delivery(s, s.smtp_port, s.count, mail.load()) for s in made]
    try:
        return compare(make)
    finally:
        dns.close()
        shutil.rmtree(folder)


def table(figures, cell):
    lines = ["## SMTP to Maildirs, SPF, DKIM and DMARC checked", "",
             f"| | {' | '.join(figures)} |", "|---" * (len(figures) + 1) + "|"]
    for key, text in ROWS:
        lines.append(f"| {text} | "
                     + " | ".join(cell(v[key]) for v in figures.values()) + " |")
    names = list(figures)
    more = figures[names[1]]["cpu"] - figures[names[0]]["cpu"]
    lines += ["", f"The checks cost {more:.2f} CPU seconds for 1,000 messages."]
    return lines + [""]

# SPDX-License-Identifier: ISC
"""Mail that is believed: messages signed once by RSA-2048, whose SPF, DKIM and
DMARC pass from a warm cache of the DNS; beside Postfix with opendkim, opendmarc
and policyd-spf.

The DNS is an unbound of the benchmark's own with the records as local data, at an
address of the loopback network that nobody else uses.  Postfix's companions know
only the resolver of resolv.conf: they are started in a mount namespace with one of
their own, for which it takes root.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "flow"))

from dkimsign import Key  # noqa: E402
from peers import DOMAIN, Load, Milter, Pabal, Postfix, write  # noqa: E402

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
    def __init__(self, folder, records, address):
        conf = os.path.join(folder, "unbound.conf")
        local = "".join(f" local-data: '{name}. 3600 IN TXT {text}'\n"
                        for name, text in records.items())
        write(conf, f"""server:
 interface: {address}
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


class Checking(Postfix):
    """Each of the three as Debian's package configures it, with Debian's names of
    the sockets changed, and without the exemption of 127.0.0.1.  What policyd-spf
    and opendkim find is said in Authentication-Results, which opendmarc reads."""
    name = "Postfix, checking"
    services = ("policyd-spf unix - n n - 0 spawn user=policyd-spf "
                "argv=/usr/bin/policyd-spf {}\n")

    def __init__(self, folder, resolver, **settings):
        resolv = os.path.join(folder, "resolv.conf")
        write(resolv, f"nameserver {resolver}\n")
        self.resolver = resolver
        self.within = ("unshare", "--mount", "sh", "-c",
                       'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolv)
        spf = os.path.join(folder, "policyd-spf.conf")
        write(spf, "debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\n"
              "Mail_From_reject = Fail\nPermError_reject = False\n"
              "TempError_Defer = False\nskip_addresses = 192.0.2.255/32\n"
              f"Header_Type = AR\nAuthserv_Id = mail.{DOMAIN}\n")
        self.services = self.services.format(spf)
        super().__init__(**settings)

    def make_milters(self, signed):
        ours = f"mail.{DOMAIN}"
        nobody = os.path.join(self.dir, "nobody")
        write(nobody, "192.0.2.255\n")
        return [
            Milter(self.dir, "opendkim",
                   f"Mode v\nSyslog no\nAuthservID {ours}\n"
                   f"AlwaysAddARHeader yes\nInternalHosts {nobody}\n"
                   f"Nameservers {self.resolver}\n", "-x", self.within),
            Milter(self.dir, "opendmarc",
                   f"AuthservID {ours}\nTrustedAuthservIDs {ours}\n"
                   f"Syslog no\nIgnoreHosts {nobody}\n"
                   "PublicSuffixList /usr/share/publicsuffix/"
                   "public_suffix_list.dat\n", "-c", self.within)]

    def main_cf(self, relayhost):
        return super().main_cf(relayhost) + """
smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:private/policyd-spf
policyd-spf_time_limit = 3600
"""


def pabal(resolver, believed):
    """One that checks what strangers send, or takes it as of a trusted network."""
    settings = [("lookup", "dns_servers", resolver)]
    if believed:
        settings += [("pabal", "trusted_networks", "[::1]"),
                     *(("policy", name, "off") for name in OTHERS)]
    server = Pabal(settings=settings, sessions=200)
    server.name = "pabal" if believed else "pabal, unchecked"
    return server


def check(server, new):
    """All that has arrived in one mailbox has passed."""
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
    pid = os.getpid()
    resolver = f"127.53.{pid >> 8 & 255}.{pid & 255}"
    dns = Unbound(folder, mail.records, resolver)

    def make():
        made = [pabal(resolver, False), pabal(resolver, True)]
        made.append(Checking(folder, resolver, sessions=200))
        for s in made[1:]:
            new = os.path.join(s.mailboxes, "user0", "new")
            s.close = lambda s=s, new=new, close=s.close: (check(s, new), close())
        return [delivery(s, s.smtp_port, s.count, mail.load()) for s in made]
    try:
        return compare(make)
    finally:
        dns.close()
        shutil.rmtree(folder)


def table(figures, cell):
    names = list(figures)
    plain, ours, theirs = (figures[n] for n in names)
    lines = ["## SMTP to Maildirs, SPF, DKIM and DMARC checked", "",
             f"| | {' | '.join(names)} | ratio |",
             "|---" * (len(figures) + 2) + "|"]
    for key, text in ROWS:
        lines.append(f"| {text} | "
                     + " | ".join(cell(v[key]) for v in figures.values())
                     + f" | {ours[key] / theirs[key]:.2f} |")
    more = ours["cpu"] - plain["cpu"]
    return lines + ["", f"The checks cost {more:.2f} CPU seconds for 1,000 "
                    "messages. The ratio is that of the two that check; Postfix "
                    "has opendkim, opendmarc and policyd-spf beside it.", ""]

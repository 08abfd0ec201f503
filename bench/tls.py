# SPDX-License-Identifier: ISC
"""STARTTLS of SMTP beside Postfix, with and without resumption of sessions, and
what SMTP sessions that do nothing cost in memory.

Both have a P-256 certificate, and TLS 1.3.  A session is: connect, greeting,
EHLO, STARTTLS, handshake, EHLO, end.  The load is OpenSSL in a few processes of
Python, and takes its share of the processors: the CPU of the server stands
beside the rate.
"""
import multiprocessing
import os
import socket
import ssl
import statistics
import subprocess
import time

from measure import cpu_s, pss_kib
from peers import Pabal, Postfix

PROCESSES, SECONDS = 4, 4
BOTH, ALONE = 2000, 20000  # idle sessions: of both, and of pabal only
HOLDERS = 4


class TlsPostfix(Postfix):
    """What TLS_README says: a certificate, and a cache of sessions."""

    def main_cf(self, relayhost):
        key = os.path.join(self.dir, "etc", "key.pem")
        cert = os.path.join(self.dir, "etc", "cert.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mail",
             "-days", "30", "-keyout", key, "-out", cert],
            check=True, capture_output=True)
        return super().main_cf(relayhost).replace(
            "smtpd_tls_security_level = none", f"""\
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_session_cache_database = btree:$data_directory/smtpd_scache""")


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.minimum_version = ssl.TLSVersion.TLSv1_3
    return c


def ask(s, line, code):
    """The reply to LINE (none: the greeting), whose last line has CODE."""
    if line:
        s.sendall(line)
    got = b""
    while not got.endswith(b"\n") or \
            got[got.rfind(b"\n", 0, -1) + 1:][3:4] == b"-":
        part = s.recv(4096)
        if not part:
            raise RuntimeError("closed")
        got += part
    if not got.startswith(code):
        raise RuntimeError(repr(got))


def one_session(port, c, session):
    """Its TLS session, and whether SESSION was resumed."""
    s = socket.create_connection(("127.0.0.1", port), 60)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ask(s, b"", b"220")
    ask(s, b"EHLO client.example\r\n", b"250")
    ask(s, b"STARTTLS\r\n", b"220")
    with c.wrap_socket(s, session=session) as t:
        ask(t, b"EHLO client.example\r\n", b"250")
        return t.session, t.session_reused


def shake(port, resume, out):
    c, session = context(), None
    n, resumed = 0, 0
    begin, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - begin < SECONDS:
        last, again = one_session(port, c, session)
        if resume:
            session = last
        resumed += again
        n += 1
    if resumed < (n - 1 if resume else 0):
        raise RuntimeError(f"{n - 1 - resumed} of {n} were not resumed")
    out.put((n, n / (time.monotonic() - begin), time.process_time() - cpu))


def rate(server, resume):
    """handshakes/s, CPU ms of the server and of the load for one"""
    out = multiprocessing.Queue()
    before = cpu_s(server.pid)
    made = [multiprocessing.Process(target=shake, daemon=True,
                                    args=(server.smtp_port, resume, out))
            for _ in range(PROCESSES)]
    for p in made:
        p.start()
    got = [out.get(timeout=SECONDS + 60) for _ in made]
    for p in made:
        p.join()
    used, n = cpu_s(server.pid) - before, sum(g[0] for g in got)
    return (sum(g[1] for g in got), used * 1000 / n,
            sum(g[2] for g in got) * 1000 / n)


def handshakes(runs):
    made = []
    try:
        made += [Pabal(), TlsPostfix()]
        found = {}
        for run in range(runs + 1):
            for resume in (False, True):
                for s in made:
                    one = rate(s, resume)
                    if run > 0:  # the first is discarded
                        found.setdefault((s.name, resume), []).append(one)
    finally:
        for s in made:
            s.close()
    return {key: [statistics.median(o[i] for o in of) for i in range(3)]
            for key, of in found.items()}


# ---- sessions that do nothing

def hold(port, n, out, stop):
    held = []
    try:
        for _ in range(n):
            s = socket.create_connection(("127.0.0.1", port), 60)
            ask(s, b"", b"220")
            ask(s, b"EHLO client.example\r\n", b"250")
            held.append(s)
    except (OSError, RuntimeError):
        pass  # it has no more
    out.put(len(held))
    stop.wait()


class WidePabal(Pabal):
    """With processes enough where the limit of open files is a low one."""

    def __init__(self, **settings):
        super().__init__(**settings)
        try:
            self.p.conf("master:smtp", "processes", "4")
            self.p.stop()
            self.p.start()
            self.pid = self.p.master_pid()
        except BaseException:
            self.p.close()
            raise


def idle_kib(kind, n):
    """(sessions that there were, KiB of each)"""
    server = kind(sessions=n + 100)
    out, stop = multiprocessing.Queue(), multiprocessing.Event()
    made = [multiprocessing.Process(target=hold, daemon=True, args=(
        server.smtp_port, n // HOLDERS, out, stop)) for _ in range(HOLDERS)]
    try:
        s = socket.create_connection(("127.0.0.1", server.smtp_port), 60)
        ask(s, b"", b"220")
        before = pss_kib(server.pid)
        for p in made:
            p.start()
        held = sum(out.get(timeout=300) for _ in made)
        time.sleep(1)
        return held, (pss_kib(server.pid) - before) / held
    finally:
        stop.set()
        for p in made:
            p.join()
        server.close()


def measure(runs):
    found = {"shakes": handshakes(runs)}
    found["both"] = [idle_kib(kind, BOTH) for kind in (Pabal, Postfix)]
    found["alone"] = idle_kib(WidePabal, ALONE)
    return found


def table(found, cell):
    lines = ["## STARTTLS of SMTP, and idle sessions", "",
             "| | pabal | Postfix | ratio |", "|---|---|---|---|"]
    for resume in (False, True):
        what = "resumed" if resume else "full"
        a, b = (found["shakes"][name, resume] for name in ("pabal", "Postfix"))
        for i, text in enumerate(("handshakes/s",
                                  "CPU ms of the server for one",
                                  "CPU ms of the load for one")):
            lines.append(f"| {what}: {text} | {cell(a[i])} | {cell(b[i])} | "
                         f"{a[i] / b[i]:.2f} |")
    (n, a), (m, b) = found["both"]
    lines.append(f"| KiB of an idle session without TLS (PSS), of {n:,} and "
                 f"{m:,} | {cell(a)} | {cell(b)} | {a / b:.4f} |")
    n, a = found["alone"]
    lines.append(f"| the same, of {n:,} | {cell(a)} | - | - |")
    return lines + [""]

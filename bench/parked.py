# SPDX-License-Identifier: ISC
"""Sessions in IDLE that are parked, four of an account, with and without TLS:
what each costs, and how soon it is told of a delivery."""
import concurrent.futures
import contextlib
import crypt
import re
import resource
import smtplib
import socket
import ssl
import statistics
import time

from measure import pss_kib
from peers import DOMAIN, PASSWORD, Instance, wait

OF_ACCOUNT = 4
CLIENTS = 8  # that log in at the same time
DELIVERIES = 1000
HASH = crypt.crypt(PASSWORD, "$5$rounds=1000$pabalbench")


def kernel_kib():
    """What the kernel has for whatever there is: slabs, stacks, page tables."""
    with open("/proc/meminfo") as f:
        text = f.read()
    return sum(int(re.search(rf"(?m)^{name}:\s+(\d+)", text)[1])
               for name in ("Slab", "KernelStack", "PageTables"))


def socket_kib(n=5000):
    """A connection over the loopback, both of its ends."""
    held = []
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(100)
        before = kernel_kib()
        for _ in range(n):
            held.append(socket.create_connection(s.getsockname()))
            held.append(s.accept()[0])
        return (kernel_kib() - before) / n


def client(p, tls, i):
    s = socket.create_connection(
        ("127.0.0.1", p.port("imaps" if tls else "imap")), 60)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = context.wrap_socket(s)
    f = s.makefile("rb")
    f.readline()
    for n, command in enumerate((f'LOGIN u{i // OF_ACCOUNT}@{DOMAIN} "{PASSWORD}"',
                                 "SELECT INBOX", "IDLE")):
        s.sendall(f"a{n} {command}\r\n".encode())
        while not (line := f.readline()).startswith((b"a%d " % n, b"+")):
            assert line, "closed"
        assert b" OK" in line or line[:1] == b"+", line
    f.close()
    return s


def parked(p):
    return sum(int(line.split()[-1]) for line in p.pabal("metrics").splitlines()
               if line.startswith("pabal_parking_sessions{"))


def one(tls, n, park_after):
    """(KiB of PSS, KiB of the kernel, [ms until told]) of N sessions."""
    p, held = Instance(users=(), disk=True), []
    try:
        p.pabal("user", "import", input="".join(
            f"u{i}@{DOMAIN} hash={HASH}\n" for i in range(n // OF_ACCOUNT)))
        for setting in (("imapd", "park_after", park_after),
                        ("master", "idle_timeout", "10s"),
                        ("login", "max_sessions_per_client", str(2 * n))):
            p.conf(*setting)
        p.start()
        client(p, tls, 0).close()  # what is made once
        time.sleep(15)
        before, kernel = pss_kib(p.master_pid()), kernel_kib()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            held = list(pool.map(lambda i: client(p, tls, i), range(n)))
        if park_after != "0":
            wait(lambda: parked(p) == n and len(p.pids("imapd")) == 1,
                 "all to sleep", 1200)
        figures = ((pss_kib(p.master_pid()) - before) / n,
                   (kernel_kib() - kernel) / n)
        return *figures, pushes(p, held, n)
    finally:
        for s in held:
            s.close()
        with contextlib.suppress(Exception):
            p.close()


def pushes(p, held, n):
    """Milliseconds from the reply to DATA until one of the sessions has it, of
    an account that sleeps."""
    took = []
    with smtplib.SMTP("127.0.0.1", p.port("smtp")) as smtp:
        smtp.ehlo()
        for i in range(min(DELIVERIES, n // OF_ACCOUNT)):
            smtp.sendmail("a@example.org", [f"u{i}@{DOMAIN}"],
                          "Subject: news\r\n\r\nnews\r\n")
            begin = time.monotonic()
            data = b""
            while b" EXISTS" not in data:
                data += held[i * OF_ACCOUNT].recv(4096)
            took.append(1000 * (time.monotonic() - begin))
    return took


def measure(n):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    few = min(n, 2000)
    return {"socket": socket_kib(),
            "plain": (n, one(False, n, "30s")), "TLS": (few, one(True, few, "30s")),
            "awake": (400, one(False, 400, "0"))}


def table(found, cell):
    lines = ["## IMAP sessions that are parked", "",
             "| | plain | TLS | not parked |", "|---|---|---|---|"]
    kinds = [found[k] for k in ("plain", "TLS", "awake")]
    rows = (("sessions, four of an account", [f"{n:,}" for n, _ in kinds]),
            ("KiB each (PSS)", [cell(f[0]) for _, f in kinds]),
            ("KiB each in the kernel, sockets included", [cell(f[1]) for _, f in kinds]),
            ("ms until told after a delivery, median",
             [cell(statistics.median(f[2])) for _, f in kinds]),
            ("and 99 of 100",
             [cell(sorted(f[2])[len(f[2]) * 99 // 100]) for _, f in kinds]))
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows]
    return lines + ["", "A connection over the loopback costs the kernel "
                    f"{cell(found['socket'])} KiB with the client's end.", ""]

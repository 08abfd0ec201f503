# SPDX-License-Identifier: ISC
"""Thousands of accounts logged in at once: what one account a process costs
beside one uid a process."""
import contextlib
import crypt
import resource
import socket
import statistics
import threading
import time

from measure import cpu_s, pss_kib, tree
from peers import DOMAIN, PASSWORD, Instance, wait

KINDS = ("account", "uid")
CLIENTS = 8  # that log in at the same time
# Cheap to check, so that what is measured is not the hash.
HASH = crypt.crypt(PASSWORD, "$5$rounds=1000$pabalbench")


class Accounts:
    def __init__(self, isolation, accounts):
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.n = accounts
        self.p = Instance(users=(), disk=True)
        try:
            text = "".join(f"u{i}@{DOMAIN} hash={HASH}\n" for i in range(accounts))
            self.p.pabal("user", "import", input=text)
            self.p.conf("imapd", "isolation", isolation)
            # Processes are what is measured (parked.py has those without).
            self.p.conf("imapd", "park_after", "0")
            self.p.conf("master", "idle_timeout", "30s")
            self.p.conf("login", "max_sessions_per_client", str(4 * accounts))
            self.p.start()
        except BaseException:
            self.p.running = True
            self.p.close()
            raise
        self.pid = self.p.master_pid()

    def client(self, i, then):
        """A session of account I that has sent THEN and read the answers."""
        s = socket.create_connection(("127.0.0.1", self.p.port("imap")), 60)
        f = s.makefile("rb")
        f.readline()
        for n, command in enumerate(
                (f'LOGIN u{i}@{DOMAIN} "{PASSWORD}"', *then)):
            s.sendall(f"a{n} {command}\r\n".encode())
            while not (line := f.readline()).startswith((b"a%d " % n, b"+")):
                assert line, "closed"
            assert b" OK" in line or line[:1] == b"+", line
        f.close()
        return s

    def log_in(self, accounts, then=("LOGOUT",)):
        """Each of ACCOUNTS once, from several clients; the sessions."""
        todo, held, lock = list(accounts), [], threading.Lock()

        def work():
            while True:
                with lock:
                    if not todo:
                        return
                    i = todo.pop()
                s = self.client(i, then)
                with lock:
                    held.append(s)
        threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(held) == len(list(accounts)), "some could not log in"
        return held

    def quiet(self):
        """Wait until nothing happens any more."""
        def silent():
            a = cpu_s(self.pid)
            time.sleep(3)
            return cpu_s(self.pid) - a <= 0.02
        wait(silent, "silence", 300)

    def rate(self, accounts):
        """Logins a second and CPU milliseconds each, with LOGOUT."""
        cpu, begin = cpu_s(self.pid), time.monotonic()
        for s in self.log_in(accounts):
            s.close()
        seconds = time.monotonic() - begin
        return (self.n / seconds, (cpu_s(self.pid) - cpu) * 1000 / self.n)

    def processes(self):
        return len(tree(self.pid))

    def imapd_pss(self):
        """KiB of each imapd: (median, largest)."""
        values = []
        for pid in self.p.pids("imapd"):
            with contextlib.suppress(OSError, StopIteration):
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    values.append(next(int(line.split()[1]) for line in f
                                       if line.startswith("Pss:")))
        return statistics.median(values), max(values)


def one(isolation, n):
    a = Accounts(isolation, n)
    held = []
    try:
        everybody = range(n)
        # The first time makes each index; it is not what is asked for.
        a.log_in(everybody, ("SELECT INBOX", "LOGOUT"))
        wait(lambda: a.processes() < 40, "idle processes to end", 600)
        a.quiet()
        out = {"before": pss_kib(a.pid)}
        out["cold"], out["cold_cpu"] = a.rate(everybody)
        out["warm"], out["warm_cpu"] = a.rate(everybody)
        held = a.log_in(everybody, ("SELECT INBOX", "IDLE"))
        a.quiet()
        out["after"] = pss_kib(a.pid)
        out["processes"] = a.processes()
        out["median"], out["largest"] = a.imapd_pss()
        # Twice as many sessions of the same accounts: what a session costs.
        held += a.log_in(everybody, ("SELECT INBOX", "IDLE"))
        a.quiet()
        out["twice"] = pss_kib(a.pid)
        return out
    finally:
        for s in held:
            s.close()
        a.p.close()


def measure(n):
    found = {}
    for kind in KINDS:
        found[kind] = one(kind, n)
    return found


ROWS = (
    ("cold", "logins/s, a process to be started for each"),
    ("cold_cpu", "CPU milliseconds of such a login"),
    ("warm", "logins/s, with the process still there"),
    ("warm_cpu", "CPU milliseconds of such a login"),
    ("processes", "processes, all daemons"),
    ("total", "MiB in all (PSS), a session in IDLE for each account"),
    ("session", "KiB for a further session in IDLE (PSS)"),
    ("account", "KiB for an account beyond its session (PSS)"),
    ("median", "KiB of an imapd (PSS), the median"),
    ("largest", "KiB of an imapd (PSS), the largest"),
)


def table(found, n, cell):
    for f in found.values():
        f["total"] = f["after"] / 1024
        f["session"] = (f["twice"] - f["after"]) / n
        f["account"] = (f["after"] - f["before"]) / n - f["session"]
    lines = [f"## {n:,} accounts logged in at once", "",
             f"| isolation | {' | '.join(found)} |", "|---|---|---|"]
    for key, text in ROWS:
        values = " | ".join(cell(f[key]) for f in found.values())
        lines.append(f"| {text} | {values} |")
    return lines + [""]

# SPDX-License-Identifier: ISC
"""Many sessions of many accounts sleep in IDLE while mail comes, other programs
write, and their own clients do this and that: each is told of each thing exactly
once, and what is held costs what it did before.

  PABAL_SOAK            sessions, four of an account (default 240)
  PABAL_SOAK_ACTIONS    what is done while they sleep (default 300)
  PABAL_SEED            of the random numbers (default 1)
"""
import concurrent.futures
import crypt
import os
import random
import re
import resource
import statistics
import threading
import time

from pabal import DOMAIN, PATIENCE, message, wait
from test_parking import metric
from test_store import drop

SESSIONS = int(os.environ.get("PABAL_SOAK", "240"))
ACTIONS = int(os.environ.get("PABAL_SOAK_ACTIONS", "300"))
SEED = int(os.environ.get("PABAL_SEED", "1"))
OF_ACCOUNT = 4
CLIENTS = 16  # at work at the same time
SLEEP = "500ms"
# Cheap to check: the hash is not what is asked for.
HASH = crypt.crypt("pw", "$5$rounds=1000$pabalsoak")
FLAGGED = re.compile(rb"\* (\d+) FETCH \(.*FLAGS \(([^)]*)\)")


class Session:
    """One that tells what it is told."""

    def __init__(self, p, user):
        self.sock = p.raw("imap", 4 * PATIENCE)
        self.rest, self.count = b"", 0
        self.exists, self.flags = 0, []
        self.told = {"EXISTS": 0, "EXPUNGE": 0, "FETCH": 0}
        self.line()
        self.ok(f'LOGIN {user}@{DOMAIN} "pw"')
        self.ok("SELECT INBOX")
        self.told = dict.fromkeys(self.told, 0)
        self.idle()

    def line(self):
        while b"\r\n" not in self.rest:
            data = self.sock.recv(65536)
            assert data, "closed"
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\r\n")
        self.take(line)
        return line

    def take(self, line):
        words = line.split()
        if line.endswith(b" EXISTS"):
            n = int(words[1])
            assert n > self.exists or n == self.exists == 0, "told twice"
            self.flags += [None] * (n - self.exists)
            self.exists = n
            self.told["EXISTS"] += 1
        elif line.endswith(b" EXPUNGE"):
            del self.flags[int(words[1]) - 1]
            self.exists -= 1
            self.told["EXPUNGE"] += 1
        elif (m := FLAGGED.match(line)):
            self.flags[int(m[1]) - 1] = b"\\Flagged" in m[2]
            self.told["FETCH"] += 1

    def ok(self, command):
        self.count += 1
        tag = b"%d" % self.count
        self.sock.sendall(tag + b" " + command.encode() + b"\r\n")
        told = []
        while not (line := self.line()).startswith(tag + b" "):
            told.append(line)
        assert line.startswith(tag + b" OK"), (command, line)
        return told

    def idle(self):
        self.count += 1
        self.sock.sendall(b"%d IDLE\r\n" % self.count)
        while not self.line().startswith(b"+"):
            pass

    def done(self):
        self.sock.sendall(b"DONE\r\n")
        while not self.line().startswith(b"%d " % self.count):
            pass

    def until(self, condition):
        while not condition(self):
            self.line()


class Account:
    """What is in its INBOX, and who looks at it."""

    def __init__(self, p, name):
        self.p, self.name = p, name
        self.sessions = [Session(p, name) for _ in range(OF_ACCOUNT)]
        self.uids, self.flags, self.next = [], [], 1

    def do(self, what, rnd, soak):
        before = [dict(s.told) for s in self.sessions]
        actor = rnd.choice(self.sessions)
        if not self.uids and what in ("flag", "expunge"):
            what = "deliver"
        getattr(self, what)(actor, rnd, soak)
        for s, b in zip(self.sessions, before):
            s.until(self.is_told)
            self.check(s, b, what, s is actor)

    def is_told(self, s):
        return s.exists == len(self.uids) and all(
            have in (None, want) for have, want in zip(s.flags, self.flags))

    @staticmethod
    def check(s, before, what, acts):
        new = {k: s.told[k] - before[k] for k in before}
        want = {"EXISTS": what in ("deliver", "append", "put"),
                "EXPUNGE": what == "expunge"}
        assert {k: new[k] for k in want} == want, (what, new)
        most = {"flag": 1, "expunge": 1}.get(what, 0)
        assert new["FETCH"] <= most, (what, new)
        assert what != "flag" or new["FETCH"] == 1, (what, new, acts)

    def came(self):
        self.uids.append(self.next)
        self.flags.append(False)
        self.next += 1

    # ---- what is done

    def deliver(self, actor, rnd, soak):
        soak.send(self.name)
        begin = time.monotonic()
        self.came()
        first = rnd.choice(self.sessions)
        first.until(self.is_told)
        soak.pushed.append(time.monotonic() - begin)

    def put(self, actor, rnd, soak):
        """Another program does."""
        name = f"{1700000000 + self.next}.M{self.next}P1.other"
        drop(self.p, self.name, f"tmp/{name}", message("dropped"))
        top = self.p.maildir(self.name)
        os.rename(f"{top}/tmp/{name}", f"{top}/new/{name}")
        self.came()

    def append(self, actor, rnd, soak):
        text = message("appended")
        actor.done()
        actor.sock.sendall(b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
        while not (line := actor.line()).startswith(b"a "):
            pass
        assert line.startswith(b"a OK"), line
        self.came()
        actor.idle()

    def flag(self, actor, rnd, soak):
        n = rnd.randrange(len(self.uids))
        actor.done()
        self.flags[n] = not self.flags[n]
        actor.ok(f"UID STORE {self.uids[n]} {'+-'[not self.flags[n]]}FLAGS "
                 "(\\Flagged)")
        actor.idle()
        for s in self.sessions:
            s.until(lambda s: s.flags[n] == self.flags[n])

    def expunge(self, actor, rnd, soak):
        n = rnd.randrange(len(self.uids))
        actor.done()
        actor.ok(f"UID STORE {self.uids[n]} +FLAGS.SILENT (\\Deleted)")
        actor.ok(f"UID EXPUNGE {self.uids[n]}")
        del self.uids[n], self.flags[n]
        actor.idle()

    def look(self, actor, rnd, soak):
        actor.done()
        actor.ok("NOOP")
        actor.idle()

    def end(self):
        """Nothing else was told, and all of it was true."""
        for s in self.sessions:
            told = dict(s.told)
            s.done()
            assert s.told == told
            rows = s.ok("UID SEARCH ALL")[0].split()[2:]
            assert [int(r) for r in rows] == self.uids
            s.sock.close()


WHAT = ("deliver",) * 4 + ("put", "append", "flag", "flag", "expunge", "look")


class Soak:
    def __init__(self, p, sessions):
        self.p, self.local, self.pushed = p, threading.local(), []
        names = [f"u{n}" for n in range(sessions // OF_ACCOUNT)]
        p.pabal("user", "import", input="".join(
            f"{n}@{DOMAIN} hash={HASH}\n" for n in names))
        self.pool = concurrent.futures.ThreadPoolExecutor(CLIENTS)
        self.accounts = list(self.pool.map(lambda n: Account(p, n), names))

    def send(self, name):
        if not hasattr(self.local, "smtp"):
            self.local.smtp = self.p.smtp()
            self.local.smtp.ehlo()
        self.local.smtp.sendmail("a@example.org", [f"{name}@{DOMAIN}"],
                                 message("news"))

    def run(self, actions, rnd):
        """So many, one after the other of each account."""
        todo = [(rnd.choice(self.accounts), rnd.choice(WHAT),
                 random.Random(rnd.random())) for _ in range(actions)]
        while todo:
            now, later = {}, []
            for one in todo:
                if one[0] in now:
                    later.append(one)
                else:
                    now[one[0]] = one
            list(self.pool.map(lambda t: t[0].do(*t[1:], self), now.values()))
            todo = later

    def asleep(self):
        n = len(self.accounts) * OF_ACCOUNT
        wait(lambda: metric(self.p, "pabal_parking_sessions") == n and
             len(self.p.pids("imapd")) == 1, "all to sleep", 20 * PATIENCE)

    def kib(self):
        """What parking and master hold themselves (PSS of anonymous memory)."""
        found = []
        for name in ("parking", "master"):
            [pid] = self.p.pids(name)
            with open(f"/proc/{pid}/smaps_rollup") as f:
                found.append(int(re.search(r"(?m)^Pss_Anon:\s+(\d+)", f.read())[1]))
        return found

    def end(self):
        list(self.pool.map(Account.end, self.accounts))
        self.pool.shutdown()


def settings():
    return (("imapd", "park_after", SLEEP), ("master", "idle_timeout", "1s"),
            ("login", "max_sessions_per_client", "100000"),
            ("smtpd", "max_sessions_per_client", "1000"))


def test_soak(make_pabal):
    print(f"PABAL_SEED={SEED}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rnd = random.Random(SEED)
    p = make_pabal(*settings(), users=())
    soak = Soak(p, SESSIONS)
    soak.run(ACTIONS // 3, rnd)
    soak.asleep()
    before = soak.kib()
    for _ in range(2):
        soak.run(ACTIONS // 3, rnd)
        soak.asleep()
    after = soak.kib()
    soak.end()
    wait(lambda: metric(p, "pabal_parking_sessions") == 0, "none left")
    ms = sorted(1000 * s for s in soak.pushed)
    print(f"{SESSIONS} sessions: parking {before[0]} then {after[0]} KiB, master "
          f"{before[1]} then {after[1]}; told after delivery: median "
          f"{statistics.median(ms):.1f} ms, 99% {ms[len(ms) * 99 // 100]:.1f}")
    for b, a in zip(before, after):
        assert a <= b * 1.1 + 1024, (before, after)

# SPDX-License-Identifier: ISC
"""Several sessions, deliveries and another program on one account, at random,
against a model of IMAP's rules (RFC 9051 5.5, 7.4, 7.5.1): numbers mean the same
message for client and server, nothing moves while numbers are used, UIDs ascend
and are never given again, flags are told to all, and what was acknowledged is
there with its bytes.

PABAL_SEED repeats a run, PABAL_MODEL_STEPS makes it longer."""
import os
import random
import re

from imapraw import Closed, Imap
from pabal import DOMAIN, wait

STEPS = int(os.environ.get("PABAL_MODEL_STEPS", 250))
SEED = int(os.environ.get("PABAL_SEED", random.randrange(1 << 30)))
BOXES = ("INBOX", "a", "b")
FLAGS = (b"\\Seen", b"\\Flagged", b"\\Answered", b"$Label")
USERS = ("alice",)
# No EXPUNGE may come with these.
NUMBERS = (b"FETCH", b"STORE", b"SEARCH")
# A search, the flags that a message has then, and those that it has not.
KEYS = (("ALL", set(), set()),
        ("UNSEEN", set(), {b"\\Seen"}),
        ("FLAGGED UNDELETED", {b"\\Flagged"}, {b"\\Deleted"}),
        ("SEEN", {b"\\Seen"}, set()))


def text_of(n):
    return b"Subject: m%d\r\n\r\nbody of %d\r\n" % (n, n)


class Mailbox:
    """What the account has, as far as it was acknowledged."""

    def __init__(self):
        self.text = {}     # UID: number of the message
        self.flags = {}    # UID: flags, without \\Recent
        self.highest = 0   # UID that was ever seen

    def add(self, uid, n, flags=()):
        assert uid > self.highest, (uid, self.highest)
        self.highest = uid
        self.text[uid] = n
        self.flags[uid] = set(flags)


class Session:
    """A client with its own picture: UIDs by number (None: not known yet)."""

    def __init__(self, pabal):
        self.c = Imap(pabal)
        self.box = None
        self.uids = []
        self.flags = {}    # UID: as told last

    def take(self, command, answers, gone=None):
        """Bring the picture up to date; every answer must fit into it."""
        for a in answers:
            if (m := re.match(rb"(\d+) EXISTS$", a)):
                n = int(m.group(1))
                # it shrinks by EXPUNGE alone
                assert n >= len(self.uids), (command, a, self.uids)
                self.uids += [None] * (n - len(self.uids))
            elif (m := re.match(rb"(\d+) EXPUNGE$", a)):
                assert not command.startswith(NUMBERS), (command, a)
                n = int(m.group(1))
                assert 1 <= n <= len(self.uids), (command, a)
                uid = self.uids.pop(n - 1)
                self.flags.pop(uid, None)
                if gone is not None:
                    gone.append(uid)
            elif (m := re.match(rb"(\d+) FETCH \((.*)\)$", a, re.S)):
                self.take_fetch(command, int(m.group(1)), m.group(2))
            elif (m := re.match(rb"SEARCH ?(.*)$", a)):
                pass
            else:
                assert re.match(rb"(FLAGS|OK|LIST|STATUS|\d+ RECENT)", a), a

    def take_fetch(self, command, n, items):
        assert 1 <= n <= len(self.uids), (command, n, len(self.uids))
        if (m := re.search(rb"UID (\d+)", items)):
            uid = int(m.group(1))
            assert self.uids[n - 1] in (None, uid), (command, n, self.uids)
            self.uids[n - 1] = uid
            known = [u for u in self.uids if u is not None]
            assert known == sorted(set(known)), self.uids
        if (m := re.search(rb"FLAGS \((.*?)\)", items)) and \
                self.uids[n - 1] is not None:
            self.flags[self.uids[n - 1]] = \
                set(m.group(1).split()) - {b"\\Recent"}

    def run(self, text, gone=None):
        status, why, answers = self.c.cmd(text)
        word = text if isinstance(text, bytes) else text.encode()
        self.take(word, answers, gone)
        return status, why, answers

    def learn(self):
        """UIDs and flags of all, by number."""
        if self.uids:
            status, why, _ = self.run("FETCH 1:* (UID FLAGS)")
            assert status == b"OK" or b"EXPUNGEISSUED" in why, why


class World:
    def __init__(self, pabal, rng):
        self.pabal = pabal
        self.rng = rng
        self.boxes = {}
        self.count = 0     # of messages made
        self.sessions = []
        admin = Imap(pabal)
        for name in BOXES[1:]:
            admin.ok(f"CREATE {name}")
        for name in BOXES:
            self.boxes[name] = Mailbox()
        admin.close()
        for _ in range(4):
            self.sessions.append(Session(pabal))
        for s in self.sessions:
            self.select(s)

    # ---- what sessions do

    def select(self, s):
        name = self.rng.choice([n for n in self.boxes])
        status, _, answers = s.c.cmd(f"SELECT {name}")
        assert status == b"OK"
        s.box, s.uids, s.flags = name, [], {}
        s.take(b"SELECT", answers)
        s.learn()

    def model(self, s):
        return self.boxes[s.box]

    def pick(self, s):
        """Some numbers whose UIDs are known."""
        known = [i + 1 for i, u in enumerate(s.uids) if u is not None]
        n = min(len(known), self.rng.randint(1, 4))
        return sorted(self.rng.sample(known, n)) if n else []

    def noop(self, s):
        s.run(self.rng.choice(("NOOP", "NOOP", "CHECK")))
        s.learn()

    def append(self, s):
        name = self.rng.choice(list(self.boxes))
        self.count += 1
        flags = self.rng.sample(FLAGS, self.rng.randint(0, 2))
        status, why, answers = s.c.cmd(
            b"APPEND " + name.encode() + b" (" + b" ".join(flags) + b") %L",
            text_of(self.count))
        assert status == b"OK", why
        uid = int(re.search(rb"APPENDUID \d+ (\d+)", why).group(1))
        self.boxes[name].add(uid, self.count, flags)
        s.take(b"APPEND", answers)

    def store(self, s):
        numbers = self.pick(s)
        if not numbers:
            return
        flag = self.rng.choice(FLAGS)
        sign = self.rng.choice("+-")
        uids = [s.uids[n - 1] for n in numbers]
        silent = self.rng.choice(("", ".SILENT"))
        # a silent change is known to who made it
        status, _, _ = s.run(f"STORE {','.join(map(str, numbers))} "
                             f"{sign}FLAGS{silent} ({flag.decode()})")
        for uid in uids:
            sets = [self.model(s).flags.get(uid)]
            if silent and status == b"OK":
                sets.append(s.flags.get(uid))
            for flags in sets:
                if flags is not None:
                    (flags.add if sign == "+" else flags.discard)(flag)

    def fetch(self, s):
        numbers = self.pick(s)
        if not numbers:
            return
        n = self.rng.choice(numbers)
        uid = s.uids[n - 1]
        status, why, answers = s.run(f"FETCH {n} (UID BODY.PEEK[])")
        if uid in self.model(s).text:
            assert status == b"OK", why
            want = text_of(self.model(s).text[uid])
            assert any(want in a for a in answers), (uid, answers)
        else:
            assert status == b"NO" and b"EXPUNGEISSUED" in why

    def search(self, s):
        key, yes, no = self.rng.choice(KEYS)
        status, _, answers = s.run("SEARCH " + key)
        assert status == b"OK"
        found = [a for a in answers if a.startswith(b"SEARCH")]
        numbers = [int(x) for x in found[0].split()[1:]]
        assert all(1 <= n <= len(s.uids) for n in numbers)
        there = {u for u, flags in self.model(s).flags.items()
                 if yes <= flags and not no & flags}
        want = [i + 1 for i, u in enumerate(s.uids)
                if u is None or u in there]
        assert [n for n in numbers if s.uids[n - 1] is not None] == \
            [n for n in want if s.uids[n - 1] is not None]

    def copy(self, s, verb="COPY"):
        numbers = self.pick(s)
        to = self.rng.choice(list(self.boxes))
        if not numbers or (verb == "MOVE" and to == s.box):
            return
        here, there = self.model(s), self.boxes[to]
        uids = [s.uids[n - 1] for n in numbers]
        status, why, answers = s.c.cmd(
            f"{verb} {','.join(map(str, numbers))} {to}")
        code = why + b" ".join(answers)
        m = re.search(rb"COPYUID \d+ (\S+) (\S+)\]", code)
        if m:
            for a, b in zip(numbers_of(m.group(1)), numbers_of(m.group(2))):
                assert a in uids
                there.add(b, here.text[a], here.flags[a])
                if verb == "MOVE":
                    del here.text[a], here.flags[a]
        s.take(verb.encode(), answers)
        missing = [u for u in uids if u not in here.text]
        assert status == b"OK" or missing, (why, uids)

    def expunge(self, s):
        numbers = self.pick(s)[:2]
        if numbers:
            status, _, _ = s.run(f"STORE {','.join(map(str, numbers))} "
                                 "+FLAGS.SILENT (\\Deleted)")
            for n in numbers:
                flags = self.model(s).flags.get(s.uids[n - 1])
                if flags is not None:
                    flags.add(b"\\Deleted")
        there = self.model(s)
        doomed = {u for u, f in there.flags.items() if b"\\Deleted" in f}
        gone = []
        status, why, _ = s.run("EXPUNGE", gone)
        assert status == b"OK", why
        for uid in doomed:
            del there.text[uid], there.flags[uid]
        for uid in gone:
            assert uid is None or uid not in there.text, (uid, doomed)

    def idle(self, s):
        """What another does meanwhile is told; then nothing is missing."""
        c = s.c
        tag = c.tag()
        c.send(tag + b" IDLE\r\n")
        told = []
        while not (a := c.answer()).startswith(b"+"):
            told.append(a[2:])
        others = [o for o in self.sessions if o is not s]
        other = self.rng.choice(others)
        self.rng.choice((self.append, self.store, self.expunge))(other)
        c.send(b"DONE\r\n")
        status, _, answers = c.finish(tag)
        assert status == b"OK"
        s.take(b"IDLE", told + answers)

    def rename(self, s):
        """A mailbox of its own, so that nobody has it selected."""
        a, b = f"r{self.count}", f"s{self.count}"
        self.count += 1
        s.run(f"CREATE {a}")
        n = self.count
        status, _, answers = s.c.cmd(f"APPEND {a} %L".encode(), text_of(n))
        assert status == b"OK"
        s.take(b"APPEND", answers)
        assert s.run(f"RENAME {a} {b}")[0] == b"OK"
        _, _, answers = s.run(f"STATUS {b} (MESSAGES UIDNEXT)")
        assert any(x.endswith(b"(MESSAGES 1 UIDNEXT 2)") for x in answers)
        assert s.run(f"DELETE {b}")[0] == b"OK"

    # ---- what others do

    def deliver(self):
        self.count += 1
        n = self.count
        with self.pabal.lmtp() as smtp:
            smtp.sendmail("a@example.org", [f"alice@{DOMAIN}"], text_of(n))
        self.find("INBOX", n, b"body of %d\r\n" % n)

    def foreign(self):
        """Another program puts a file into new/."""
        name = self.rng.choice(("a", "b"))
        self.count += 1
        n = self.count
        home = self.pabal.maildir("alice")
        box = os.path.join(home, "." + name)
        tmp = os.path.join(box, "tmp", f"{n}.f.x")
        with open(tmp, "wb") as f:
            f.write(text_of(n).replace(b"\r\n", b"\n"))
        owner = os.stat(box)
        if owner.st_uid != os.getuid():
            os.chown(tmp, owner.st_uid, owner.st_gid)
        os.rename(tmp, os.path.join(box, "new", f"{n}.f.x"))
        self.find(name, n, b"body of %d\r\n" % n)

    def find(self, name, n, body):
        """A message that got its UID from the server alone."""
        with Imap(self.pabal) as c:
            c.ok(f"EXAMINE {name}")

            def look():
                c.ok("NOOP")
                for a in c.ok(f"UID SEARCH UID {self.boxes[name].highest + 1}"
                              ":*"):
                    for uid in map(int, a.split()[1:]) \
                            if a.startswith(b"SEARCH") else ():
                        if uid > self.boxes[name].highest:
                            return uid
                return None

            uid = wait(look, f"message {n} in {name}")
            text = c.ok(f"UID FETCH {uid} BODY.PEEK[]")
            assert any(body in a for a in text), (n, text)
            self.boxes[name].add(uid, n)
            # a delivery has header fields of ours before it
            self.boxes[name].text[uid] = n

    # ---- the law

    def check(self):
        """After NOOP all have the same, and all of it."""
        for s in self.sessions:
            s.run("NOOP")
            s.learn()
            there = self.model(s)
            assert s.uids == sorted(there.text), (s.box, s.uids)
            assert s.flags == there.flags, (s.box, s.flags, there.flags)
            assert max(s.uids, default=0) <= there.highest


def numbers_of(text):
    out = []
    for part in text.split(b","):
        lo, _, hi = part.partition(b":")
        out += range(int(lo), int(hi or lo) + 1)
    return out


def test_sessions_against_a_model(pabal):
    rng = random.Random(SEED)
    print(f"PABAL_SEED={SEED} PABAL_MODEL_STEPS={STEPS}")
    w = World(pabal, rng)
    acts = [w.noop] * 4 + [w.append] * 4 + [w.store] * 6 + [w.fetch] * 4 + \
        [w.search] * 3 + [w.copy] * 3 + [w.expunge] * 3 + [w.idle] * 2 + \
        [w.select, w.rename]
    try:
        for step in range(STEPS):
            kind = rng.random()
            if kind < 0.03:
                w.deliver()
            elif kind < 0.06:
                w.foreign()
            elif kind < 0.12:
                w.copy(rng.choice(w.sessions), "MOVE")
            else:
                rng.choice(acts)(rng.choice(w.sessions))
            if step % 20 == 19:
                w.check()
        w.check()
        for s in w.sessions:
            s.c.close()
    except (AssertionError, Closed):
        print(f"step {step}")
        raise

# SPDX-License-Identifier: ISC
"""A client that keeps of a mailbox what RFC 7162 asks it to keep: UIDVALIDITY,
a mod-sequence, and flags by UID; it catches up by QRESYNC alone."""
import re

from imapraw import Imap

FETCHED = re.compile(rb"(\d+) FETCH \(UID (\d+) FLAGS \(([^)]*)\) "
                     rb"MODSEQ \((\d+)\)\)$")


def uids_of(text):
    """What a set of UIDs names."""
    for piece in text.split(b","):
        lo, _, hi = piece.partition(b":")
        yield from range(int(lo), int(hi or lo) + 1)


def set_of(uids):
    """A set that names UIDS."""
    out = []
    for uid in sorted(uids):
        if out and out[-1][1] == uid - 1:
            out[-1][1] = uid
        else:
            out.append([uid, uid])
    return ",".join(f"{a}:{b}" if a < b else f"{a}" for a, b in out)


def flags_of(text):
    return frozenset(f for f in text.split() if f != b"\\Recent")


def state(c, box):
    """What a client without a memory sees: {uid: flags}."""
    c.ok(f"EXAMINE {box}")
    return {int(m[2]): flags_of(m[3])
            for a in c.ok("UID FETCH 1:* (FLAGS MODSEQ)")
            if (m := FETCHED.match(a))}


class Resyncer:
    def __init__(self, box="INBOX"):
        self.box = box
        self.validity = 0
        self.modseq = 1
        self.flags = {}
        self.bytes = 0

    def take(self, answers):
        """Answers in their order, as a client takes them."""
        for a in answers:
            self.bytes += len(a) + 4
            if (m := re.match(rb"VANISHED (?:\(EARLIER\) )?(\S+)$", a)):
                for uid in uids_of(m[1]):
                    self.flags.pop(uid, None)
            elif (m := FETCHED.match(a)):
                self.flags[int(m[2])] = flags_of(m[3])
            elif b" FETCH " in a or a.endswith(b" EXPUNGE"):
                raise AssertionError(a)

    def catch_up(self, instance, user, known=True, match=False):
        """Connect, SELECT, go."""
        with Imap(instance, user) as c:
            c.ok("ENABLE QRESYNC")
            more = ""
            if known and self.flags:
                more = " " + set_of(self.flags)
            if match and self.flags:
                # every third, as a client with a large mailbox does
                uids = sorted(self.flags)[::3]
                seqs = range(1, len(self.flags) + 1)[::3]
                more += f" ({set_of(seqs)} {set_of(uids)})"
            answers = c.ok(f"SELECT {self.box} (QRESYNC "
                           f"({self.validity or 1} {self.modseq}{more}))")
            validity = int(self.code(answers, b"UIDVALIDITY"))
            if validity != self.validity:
                self.validity, self.flags = validity, {}
                self.modseq = int(self.code(answers, b"HIGHESTMODSEQ"))
                self.take(c.ok("UID FETCH 1:* (FLAGS)"))
                return
            self.take(answers)
            self.modseq = int(self.code(answers, b"HIGHESTMODSEQ"))
            # messages it has not had: QRESYNC told of them with their flags
            # only where they are among the known
            if known and self.flags:
                first = max(self.flags) + 1
                self.take(c.ok(f"UID FETCH {first}:* (FLAGS)"))
            elif known:
                self.take(c.ok("UID FETCH 1:* (FLAGS)"))

    @staticmethod
    def code(answers, name):
        return next(m[1] for a in answers
                    if (m := re.match(rb"OK \[" + name + rb" (\d+)\]", a)))

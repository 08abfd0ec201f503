# SPDX-License-Identifier: ISC
"""THREAD (RFC 5256 3) and a law: any mail makes the threads that a plain reading
of the RFC makes."""
import random

import pytest
from imapraw import Imap

USERS = tuple(f"t{i}" for i in range(8))
taken = iter(USERS)


def message(mid=None, refs=None, reply=None, subject=None, minute=0):
    lines = ["From: a@b.example", f"Date: Mon, 2 Mar 2026 "
             f"{10 + minute // 60}:{minute % 60:02}:00 +0000"]
    lines += [f"Message-ID: {mid}"] if mid else []
    lines += [f"References: {refs}"] if refs else []
    lines += [f"In-Reply-To: {reply}"] if reply else []
    lines += [f"Subject: {subject}"] if subject else []
    return "\r\n".join(lines + ["", ""]).encode()


@pytest.fixture
def c(pabal):
    with Imap(pabal, user=next(taken)) as c:
        c.ok("SELECT INBOX")
        yield c


def put(c, *messages):
    for m in messages:
        c.append(m)
    c.ok("NOOP")


def test_algorithms(c):
    put(c,
        message("<1@x>", subject="plan", minute=1),
        message("<2@x>", "<1@x>", subject="Re: plan", minute=5),
        message("<3@x>", None, "<1@x>", "Re: plan", 3),
        message("<4@x>", "<1@x>\r\n\t<2@x>", "<other@x>", "Re: plan", 6),
        message("<5@x>", subject="else", minute=4),
        message(None, "nothing valid", "words <5@x> more", "other", 7),
        message("<7@x>", subject="[list] Re: plan (fwd)", minute=2))
    assert c.ok("THREAD REFERENCES UTF-8 ALL") == [
        b"THREAD (1 (7)(3)(2 4))(5 6)"]
    assert c.ok("THREAD REFS UTF-8 ALL") == [b"THREAD (7)(1 (3)(2 4))(5 6)"]
    assert c.ok("THREAD ORDEREDSUBJECT US-ASCII ALL") == [
        b"THREAD (1 7 (3)(2)(4))(5)(6)"]
    c.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    # 2, which 4 refers to, is gone
    assert c.ok("UID THREAD REFERENCES UTF-8 NOT SUBJECT other") == [
        b"THREAD (1 (7)(3)(4))(5)"]
    assert c.ok("THREAD REFS UTF-8 FLAGGED") == [b"THREAD"]


def test_long_headers(c):
    """References behind much else, folded, of many ids."""
    many = "".join(f"\r\n <{i}@long.example>" for i in range(600))
    put(c, message("<599@long.example>"),
        b"X-Filler: " + b"x" * 20000 + b"\r\n" +
        message("<r@x>", many.strip(), minute=1))
    assert c.ok("THREAD REFERENCES UTF-8 ALL") == [b"THREAD (1 2)"]


@pytest.mark.parametrize("command", [
    "THREAD", "THREAD REFERENCES", "THREAD REFERENCES UTF-8",
    "THREAD NONE UTF-8 ALL", "THREAD REFERENCESX UTF-8 ALL",
    "THREAD (REFS) UTF-8 ALL", "UID THREAD REFS ALL",
])
def test_refusals(pabal, command):
    with Imap(pabal, user="t7") as c:
        c.ok("SELECT INBOX")
        assert c.cmd(command)[0] == b"BAD"
        assert c.cmd("THREAD REFS x-none ALL")[1].startswith(b"[BADCHARSET (")


# ---- a model: nodes are dicts, as slow and plain as the text ----

class Node:
    def __init__(self, n=None):
        self.n, self.parent, self.children = n, None, []
        self.date = self.subject = None
        self.reply = False

    def top(self):
        node = self
        while node.parent:
            node = node.parent
        return node

    def above(self, other):
        while other:
            if other is self:
                return True
            other = other.parent
        return False

    def adopt(self, child):
        if child.parent:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)

    def key(self):
        if self.n is None:
            return min(k.key() for k in self.children)
        return self.date, self.n

    def first(self):
        return self if self.n is not None else min(
            self.children, key=Node.key)


def prune(nodes, root):
    out = []
    for node in nodes:
        node.children = prune(node.children, False)
        for k in node.children:
            k.parent = node
        if node.n is not None:
            out.append(node)
        elif root and len(node.children) > 1:
            out.append(node)
        else:
            out += node.children
    return out


def by_subject(roots):
    table = {}
    for node in roots:
        s = node.first()
        if s.subject and (
                s.subject not in table or (
                    table[s.subject].n is not None and (
                        node.n is None or (table[s.subject].reply and
                                           not node.reply)))):
            table[s.subject] = node
    out = list(roots)
    for node in roots:
        s = node.first().subject
        there = table.get(s) if s else None
        if there is None or there is node:
            continue
        out.remove(node)
        if node.n is None:
            there.children += node.children
        elif there.n is None or (node.reply and not there.reply):
            there.children.append(node)
        else:
            dummy = Node()
            dummy.children = [there, node]
            dummy.subject = s
            out[out.index(there)] = dummy
            table[s] = dummy
    return out


def show(node):
    kids = sorted(node.children, key=Node.key)
    text = "" if node.n is None else str(node.n)
    if len(kids) == 1:
        return text + " " + show(kids[0])
    if kids and text:
        text += " "
    return text + "".join(f"({show(k)})" for k in kids)


def latest(node):
    return max([node.date or -1] + [latest(k) for k in node.children])


def model(rows, refs_only):
    known, order = {}, []
    for n, row in enumerate(rows, 1):
        def node_of(mid):
            return known.setdefault(mid, Node())
        node = known.get(row["id"])
        if node is None or node.n is not None:
            node = Node()
            known.setdefault(row["id"], node)
        node.n, node.date = n, row["minute"]
        node.subject, node.reply = row["subject"], row["reply"]
        order.append(node)
        last = None
        for r in row["refs"]:
            ref = node_of(r)
            if last and not ref.parent and not ref.above(last):
                last.adopt(ref)
            last = ref
        if node.parent is not last:
            if node.parent:
                node.parent.children.remove(node)
                node.parent = None
            if last and not node.above(last):
                last.adopt(node)
    roots = []
    for node in [*known.values(), *order]:
        if node.top() not in roots:
            roots.append(node.top())
    roots = prune(roots, True)
    if refs_only:
        roots.sort(key=lambda r: (latest(r), r.key()[1]))
    else:
        roots.sort(key=Node.key)
        roots = sorted(by_subject(roots), key=Node.key)
    return "".join(f"({show(r)})" for r in roots)


@pytest.mark.parametrize("ids", [6, 40, 200])
def test_law(c, ids):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rnd = random.Random(seed)
    rows = []
    for _ in range(60):
        subject = rnd.choice(("", "", "red", "green", "blue", "black"))
        row = {"id": rnd.randrange(ids), "minute": rnd.randrange(200),
               "refs": [rnd.randrange(ids)
                        for _ in range(rnd.choice((0, 1, 1, 2, 3)))],
               "subject": subject, "reply": bool(subject) and rnd.random() < .5}
        rows.append(row)
        c.append(message(
            f"<{row['id']}@x>", " ".join(f"<{r}@x>" for r in row["refs"]),
            None, ("Re: " if row["reply"] else "") + subject, row["minute"]))
    c.ok("NOOP")
    for name, refs_only in (("REFERENCES", False), ("REFS", True)):
        got = c.ok(f"THREAD {name} UTF-8 ALL")[0].decode()[7:]
        assert got == model(rows, refs_only), (seed, name)

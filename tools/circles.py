#!/usr/bin/env python3
"""Check that the files of a program do not call each other in a circle.

usage: circles.py OBJDIR

A file needs another when its object names a symbol of it, a function or a
variable.  Files that need each other, by whatever way, are one circle: none of
them can be read, tested or replaced without the rest.  A dispatch table is the
one exception: the handlers that it names do not count (DISPATCH).
"""
import os
import re
import subprocess
import sys

SKIPPED = {"tests", "fuzz", "bench", "gen"}
# Where a table is, and the names of its handlers.
DISPATCH = {
    "ctl/cmd/commands.c": r"cmd_",
    "imapd/cmd/commands.c": r"imapd_(cmd_|(append|replace|setmetadata)_literal$)",
    "lib/table/table.c": r"table_(cdb|text)$",
}


def objects(top):
    """{source: object} of lib/ and the programs."""
    found = {}
    for folder, subs, names in os.walk(top):
        subs[:] = [s for s in subs if s not in SKIPPED]
        for name in names:
            path = os.path.join(folder, name)
            source = os.path.relpath(path, top)[:-2] + ".c"
            if name.endswith(".o") and os.path.exists(source):
                found[source] = path
    return found


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True,
                          check=True).stdout


def definitions(found):
    """{symbol: {source}}; main is many, one in each program."""
    owner = {path: source for source, path in found.items()}
    where = {}
    out = run("nm", "-A", "-g", "--defined-only", *found.values())
    for line in out.splitlines():
        path, _, rest = line.partition(":")
        where.setdefault(rest.split()[-1], set()).add(owner[path])
    where.pop("main", None)
    return where


def needs(found):
    """{source: {source}}"""
    owner = {path: source for source, path in found.items()}
    where = definitions(found)
    graph = {source: set() for source in found}
    for line in run("nm", "-A", "-u", *found.values()).splitlines():
        path, _, rest = line.partition(":")
        source, symbol = owner[path], rest.split()[-1]
        if not re.match(DISPATCH.get(source, "$"), symbol):
            graph[source] |= where.get(symbol, set()) - {source}
    return graph


def circles(graph):
    """The strongly connected parts of more than one file (Tarjan)."""
    index, low, stack, done, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(graph[v]):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w not in done:
                low[v] = min(low[v], index[w])
        if low[v] != index[v]:
            return
        part = set()
        while v not in part:
            part.add(stack.pop())
        done.update(part)
        if len(part) > 1:
            found.append(part)

    sys.setrecursionlimit(10000)
    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def main(argv):
    graph = needs(objects(argv[0]))
    found = circles(graph)
    for part in found:
        print("a circle:", " ".join(sorted(part)))
        for v in sorted(part):
            print(f"  {v} needs", " ".join(sorted(graph[v] & part)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

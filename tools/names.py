#!/usr/bin/env python3
"""Check that exported names are unique in the tree.

usage: names.py OBJDIR

Looks at the symbols of all object files of lib/ and the daemons: `grep -rn
name` must find one thing.  main is the only name that programs share.
"""
import os
import subprocess
import sys


def main(top):
    where = {}
    for folder, subs, names in os.walk(top):
        subs[:] = [s for s in subs if s not in {"tests", "fuzz", "bench", "gen"}]
        objects = [os.path.join(folder, n) for n in names if n.endswith(".o")]
        objects = [o for o in objects
                   if os.path.exists(os.path.relpath(o, top)[:-2] + ".c")]
        if not objects:
            continue
        out = subprocess.run(["nm", "-A", "-g", "--defined-only"] + objects,
                             capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            path, _, rest = line.partition(":")
            kind, name = rest.split()[-2:]
            if kind in "TDBRGS" and name != "main":
                where.setdefault(name, set()).add(os.path.relpath(path, top)[:-2] + ".c")
    bad = {n: p for n, p in where.items() if len(p) > 1}
    for name in sorted(bad):
        print(f"{name} is exported by {' and '.join(sorted(bad[name]))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""Includes that are missing or not needed, by include-what-you-use.

usage: iwyu.py [--fix] FILE.c... -- COMPILER FLAGS

A .c is looked at with its own header.  --fix puts our order there:
own header, <...> sorted, "..." sorted, each group behind an empty line.
Includes below the first code (tables out of .def files) are left alone.
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = re.compile(r'#\s*include\s*([<"][^>"]+[>"])')
# What only says where something came from, not who should include it.
IGNORED = re.compile(r'\.def"|<bits/|<asm|<linux/(?!landlock|openat2|seccomp|filter|audit)')


def advice(path, flags):
    """{file: (to add, to remove)} of a .c and its own header."""
    command = ["include-what-you-use", *flags, "-std=gnu17", "-w",
               "-Xiwyu", "--no_fwd_decls", "-Xiwyu", "--no_comments",
               "-Xiwyu", f"--mapping_file={HERE}/iwyu.imp", path]
    out = subprocess.run(command, capture_output=True, text=True).stderr
    if "error:" in out:
        sys.exit(out)
    found, target = {}, None
    for line in out.splitlines():
        m = re.match(r"(\S+) should (add|remove) these lines:", line)
        if m:
            target = found.setdefault(m[1], (set(), set()))[m[2] == "remove"]
        elif line.startswith("The full include-list"):
            target = None
        elif target is not None and INCLUDE.search(line):
            target.add(INCLUDE.search(line)[1])
    return found


def wanted(path, add, remove):
    """The advice without what is done otherwise here."""
    text = open(path).read()
    kept = set(re.findall(INCLUDE.pattern + r".*IWYU pragma: keep", text))
    add = {i for i in add if not IGNORED.search(i)}
    remove = {i for i in remove if i not in kept and ".def" not in i
              and i not in ('"conf/members.h"', '"conf/rows.h"')}
    return add, remove


def fix(path, add, remove):
    lines = open(path).read().split("\n")
    first = next((i for i, l in enumerate(lines) if INCLUDE.match(l)), None)
    if first is None:  # behind the guard, else behind the opening comment
        first = next(i for i, l in enumerate(lines) if not l.startswith(("/*", " *")))
        for i, l in enumerate(lines[:40]):
            if l.startswith("#define") and lines[i - 1].startswith("#ifndef"):
                first = i + 2
        lines.insert(first, "")
    last = first
    while last < len(lines) and (lines[last] == "" or INCLUDE.match(lines[last])):
        last += 1
    old = [l for l in lines[first:last] if l]
    own = []
    if path.endswith(".c") and old and old[0].startswith('#include "') and \
            "" in lines[first:first + 2]:
        own = [old.pop(0)]
    keep = [l for l in old if INCLUDE.match(l)[1] not in remove]
    have = {INCLUDE.match(l)[1] for l in keep + own}
    keep += [f"#include {i}" for i in sorted(add - have)]
    groups = [own,
              sorted(l for l in keep if "<" in l and "<bsd/" not in l),
              sorted(l for l in keep if "<bsd/" in l),
              sorted(l for l in keep if "<" not in INCLUDE.match(l)[1])]
    block = "\n\n".join("\n".join(g) for g in groups if g).split("\n")
    lines[first:last] = block + [""]
    with open(path, "w") as f:
        f.write("\n".join(lines))


def main():
    args, flags = sys.argv[1:], []
    if "--" in args:
        flags = args[args.index("--") + 1:]
        args = args[:args.index("--")]
    do_fix = "--fix" in args
    files = [a for a in args if a != "--fix"]
    if not files:
        sys.exit(__doc__)
    bad = {}
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda f: advice(f, flags), files):
            for path, (add, remove) in found.items():
                add, remove = wanted(path, add, remove)
                if add or remove:
                    a, r = bad.setdefault(path, (set(), set()))
                    a |= add
                    r |= remove
    for path in sorted(bad):
        add, remove = bad[path]
        if do_fix:
            fix(path, add, remove)
            continue
        for i in sorted(add):
            print(f"{path}: should include {i}")
        for i in sorted(remove):
            print(f"{path}: does not need {i}")
    return 1 if bad and not do_fix else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Fail when code outgrows our limits.

usage: limits.py FOLDER...

A function has at most 100 lines (95 % at most 60), a .c 800 (95 % at most
600), a .h 200 (95 % at most 120), and a .c pulls in at most 1500 lines of our
own headers.
"""
import os
import sys

import measure


def main(folders):
    paths = measure.files_of(folders, None)
    sources = [p for p in paths if p.endswith(".c")]
    headers = [p for p in paths if p.endswith(".h")]
    bad = []

    def check(what, sizes, most, usual):
        """SIZES: (lines, where); USUAL may be passed by one in twenty."""
        bad.extend(f"{where}: {n} lines, {what} has at most {most}"
                   for n, where in sizes if n > most)
        over = sorted(((n, w) for n, w in sizes if n > usual), reverse=True)
        if len(over) > len(sizes) * 0.05:
            bad.append(f"{len(over)} of {len(sizes)} are above {usual} lines "
                       f"for {what}: " + ", ".join(f"{w} ({n})" for n, w in over))

    def lines(path):
        return sum(1 for _ in open(path, errors="replace"))

    check("a function", [(n, f"{path}:{line} {name}") for n, name, path, line
                         in measure.functions(sources)], 100, 60)
    check("a .c", [(lines(p), p) for p in sources], 800, 600)
    check("a .h", [(lines(p), p) for p in headers], 200, 120)
    load = list(zip(measure.header_load(sources, headers), sources))
    bad.extend(f"{p}: pulls in {n} lines of headers, at most 1500"
               for n, p in load if n > 1500)
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main(sys.argv[1:]))

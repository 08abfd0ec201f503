#!/usr/bin/env python3
"""Say which lines and functions of the programs the tests have run.

usage: cover.py PROFILES PROGRAM...

PROFILES is the directory in which the programs and unit tests of a cover
build have counted (mk/cover.mk).  Prints a line for each file, one for each
folder, and the functions that never ran.
"""
import collections
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def export(profiles, programs):
    """What llvm-cov knows of PROGRAMS after all runs."""
    merged = os.path.join(profiles, "merged.profdata")
    subprocess.run(["llvm-profdata", "merge", "-o", merged]
                   + glob.glob(os.path.join(profiles, "*.profraw")), check=True)
    objects = [word for p in programs[1:] for word in ("-object", p)]
    out = subprocess.run(["llvm-cov", "export", "-instr-profile", merged,
                          programs[0]] + objects, check=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out)["data"][0]


def ours(path):
    name = os.path.relpath(path, ROOT)
    return None if name.startswith(("..", "tests/", "build")) else name


def lines(data):
    """{file: (lines, lines run)}"""
    found = {}
    for f in data["files"]:
        name = ours(f["filename"])
        if name:
            count = f["summary"]["lines"]
            found[name] = (count["count"], count["covered"])
    return found


def never_run(data):
    """{file: [(line, function)]}; a function of a header is in many files."""
    count, place = collections.Counter(), {}
    for f in data["functions"]:
        name = ours(f["filenames"][0])
        if name:
            key = (name, f["regions"][0][0], f["name"].rpartition(":")[2])
            count[key] += f["count"]
            place[key] = name
    never = collections.defaultdict(list)
    for key in sorted(place):
        if count[key] == 0:
            never[key[0]].append(key[1:])
    return never


def row(name, sizes):
    all_lines, run = map(sum, zip(*sizes))
    print(f"{100 * run / max(all_lines, 1):6.1f} %  {run:6} of {all_lines:6}  "
          f"{name}")


def main(profiles, *programs):
    data = export(profiles, programs)
    files, never = lines(data), never_run(data)
    for name in sorted(files):
        row(name, [files[name]])
    print("\nfunctions that never ran")
    for name in sorted(never):
        for line, function in never[name]:
            print(f"  {name}:{line} {function}")
    folders = collections.defaultdict(list)
    for name, sizes in files.items():
        parts = name.split("/")
        folders["/".join(parts[:2 if parts[0] == "lib" else 1])].append(sizes)
    print("\nlines of a folder")
    for name in sorted(folders):
        row(name, folders[name])
    row("all", list(files.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

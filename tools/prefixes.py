#!/usr/bin/env python3
"""Check that a name says where it is from.

usage: prefixes.py [--update] OBJDIR

An exported name begins with its module (the file's name), its folder or its
daemon: buf_add is in base/buf.c, queue_commit in queue/, smtpd_session_new in
smtpd/; or with a word of its folder's public interface (PUBLIC); the allocators
of base/mem.c have the names that every C tree gives them (ALLOCATORS).  A
struct tag has one body in the tree.  Exceptions are in tools/prefixes.txt, a
name (or `struct` and a tag) a line; the list may only shrink (--update takes
out what is no exception any more).
"""
import os
import re
import subprocess
import sys

import circles
import measure

# Words of a folder's public interface, whatever file of it implements them:
# its users know the thing (an account), not the file (quota.c, notify.c).
PUBLIC = {
    "imapd/script": {"event"},
    "lib/proc": {"service"},
    "lib/store": {"account", "mailbox", "message"},
}
ALLOCATORS = {"xasprintf", "xcalloc", "xmalloc", "xreallocarray", "xslicedup",
              "xstrdup"}
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prefixes.txt")


def places(source):
    """Words that a name of SOURCE may begin with."""
    words = source[:-2].split("/")
    # lib/store/copy.c has copy_ and store_, smtpd/data.c data_ and smtpd_;
    # what is sys/durable_file.c may say durable_.
    return ({w for w in words if w != "lib"} | {words[-1].split("_")[0]}
            | PUBLIC.get(os.path.dirname(source), set()))


def strays(found):
    """{name: file} of exported names that do not begin as they should."""
    bad = {}
    for name, sources in circles.definitions(found).items():
        for source in sources:
            if source == "lib/base/mem.c" and name in ALLOCATORS:
                continue
            if not any(name == p or name.startswith(p + "_")
                       for p in places(source)):
                bad[name] = source
    return bad


def twins(files):
    """{'struct tag': files} of the tags that have two bodies."""
    where = {}
    for path in files:
        with open(path, errors="replace") as f:
            for tag in re.findall(r"^\s*(?:\w+ )*?struct (\w+) \{", f.read(),
                                  re.MULTILINE):
                where.setdefault(tag, []).append(path)
    return {f"struct {tag}": " and ".join(sorted(paths))
            for tag, paths in where.items() if len(paths) > 1}


def main(argv):
    update = argv[:1] == ["--update"]
    found = circles.objects(argv[-1])
    folders = sorted({source.split("/")[0] for source in found})
    today = strays(found) | twins(measure.files_of(folders, None))
    with open(LIST) as f:
        lines = f.read().splitlines(keepends=True)
    known = {line.strip() for line in lines if not line.startswith("#")}
    gone = known - set(today)
    if update:
        with open(LIST, "w") as f:
            f.writelines(line for line in lines if line.strip() not in gone)
        return 0
    for name in sorted(set(today) - known):
        print(f"{name} has two bodies: {today[name]}"
              if name.startswith("struct ") else
              f"{name} begins with no word of its place, {today[name]}")
    for name in sorted(gone):
        print(f"no exception any more (tools/prefixes.py --update): {name}")
    return 1 if today.keys() != known else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""The log events of the tree: an interface that is told of in events.def.

usage: events.py --check | --mdoc | --update

A folder that logs has events.def, one entry an event:

    EVENT("mail.accepted", "qid from size", "A message was accepted.")

--check   every event and key that the code logs is there with a text, and
          nothing else is; prints what is wrong and exits with 1
--mdoc    all of them as an mdoc list, for pabal-log(7)
--update  add what is missing, with an empty text to fill in
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALL = re.compile(r'\b(?:log_(?:err|warn|info|debug)\(\s*|'
                  r'(?:log|put)_line\([^";{]*)"([^"]+)"')
LEVEL = re.compile(r'\bLOG_AT\(|\blog_event\(')
KEY = re.compile(r'\bkv_\w+\(\s*"([^"]+)"')
ENTRY = re.compile(r'EVENT\(\s*"([^"]*)",\s*"([^"]*)",\s*((?:"(?:[^"\\]|\\.)*"\s*)*)\)')


def call_text(text, start):
    """The call that begins at START, to its closing parenthesis."""
    depth, i = 0, text.index("(", start)
    quoted = False
    for j in range(i, len(text)):
        c = text[j]
        if quoted:
            quoted = c != '"' or text[j - 1] == "\\"
        elif c == '"':
            quoted = True
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                return text[i:j]
    return text[i:]


def folders():
    for path in sorted(glob.glob(os.path.join(ROOT, "*")) +
                       glob.glob(os.path.join(ROOT, "lib", "*"))):
        name = os.path.relpath(path, ROOT)
        if os.path.isdir(path) and glob.glob(os.path.join(path, "*.c")) and \
                name not in ("bench", "fuzz", "tests"):
            yield name


def logged(folder):
    """{event: (keys in order of appearance, "file:line")} of the code."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, folder, "**", "*.[ch]"),
                                 recursive=True)):
        text = open(path, errors="replace").read()
        for m in CALL.finditer(text):
            line = text.count("\n", 0, m.start()) + 1
            keys, where = found.setdefault(
                m.group(1), ([], f"{os.path.relpath(path, ROOT)}:{line}"))
            for key in KEY.findall(call_text(text, m.start())):
                if key not in keys:
                    keys.append(key)
    return found


def told(folder):
    """[(event, keys, text)] of the folder's events.def."""
    path = os.path.join(ROOT, folder, "events.def")
    if not os.path.exists(path):
        return []
    entries = []
    for event, keys, raw in ENTRY.findall(open(path).read()):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', raw))
        entries.append((event, keys.split(), text.replace('\\"', '"')))
    return entries


def check():
    bad = 0
    for folder in folders():
        code, entries = logged(folder), told(folder)
        known = {e: k for e, k, _ in entries}
        for event, (keys, where) in code.items():
            if event not in known:
                print(f"{where}: {event} is not in {folder}/events.def")
                bad = 1
                continue
            more = [k for k in keys if k not in known[event]]
            if more:
                print(f"{where}: {event}: {folder}/events.def lacks the "
                      f"key {' '.join(more)}")
                bad = 1
        for event, _, text in entries:
            if event not in code:
                print(f"{folder}/events.def: nothing logs {event}")
                bad = 1
            elif not text:
                print(f"{folder}/events.def: {event} has no text")
                bad = 1
    return bad


def mdoc():
    print(".Bl -tag -width Ds")
    for folder in folders():
        for event, keys, text in told(folder):
            print(f".It Ic {event}" + "".join(f" Ar {k}" for k in keys))
            for sentence in re.split(r"(?<=[.!?]) ", text):
                line = ""
                for word in sentence.split():
                    if line and len(line) + len(word) > 76:
                        print(line)
                        line = ""
                    line += (" " if line else "") + word
                print(line)
    print(".El")
    return 0


def update():
    for folder in folders():
        known = {e: k for e, k, _ in told(folder)}
        fresh = [(e, keys) for e, (keys, _) in logged(folder).items()
                 if e not in known]
        if not fresh:
            continue
        path = os.path.join(ROOT, folder, "events.def")
        begun = os.path.exists(path)
        with open(path, "a") as f:
            if not begun:
                f.write("/* What this folder logs: EVENT(name, keys, text);"
                        " pabal-log(7) is made from it. */\n"
                        "/* clang-format off */\n")
            for event, keys in fresh:
                f.write(f'EVENT("{event}", "{" ".join(keys)}",\n    "")\n')
        print(f"{folder}/events.def: {len(fresh)} to describe")
    return 0


if __name__ == "__main__":
    modes = {"--check": check, "--mdoc": mdoc, "--update": update}
    if len(sys.argv) != 2 or sys.argv[1] not in modes:
        sys.exit(__doc__)
    sys.exit(modes[sys.argv[1]]())

#!/usr/bin/env python3
"""The log events of the tree: an interface that is told of in events.def.

usage: events.py --check | --mdoc | --update

A folder that logs has events.def, one entry an event:

    EVENT("mail.accepted", "qid from size", "A message was accepted.")

--check   every event and key that the code logs is there with a text, and
          nothing else is; an event has one folder; and what is no more as the
          last release had it (tests/events-0.1.txt) is told of in
          doc/log-events.md; prints what is wrong and exits with 1
--mdoc    all of them as an mdoc list, for pabal-log(7)
--update  add what is missing, with an empty text to fill in
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASED = os.path.join(ROOT, "tests", "events-0.1.txt")
RENAMES = os.path.join(ROOT, "doc", "log-events.md")
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


def released():
    """[(folder, event, keys)] of the last release."""
    with open(RELEASED) as f:
        return [(words[0], words[1], words[2:])
                for words in map(str.split, f) if words[0] != "#"]


def renames(text):
    """{(event, folder or ""): (new name or "", {key: new key or ""})} of the
    tables of doc/log-events.md: | `old` (folder) | `new` | `key` `key` |"""
    rows = {}
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|\n").split("|")]
        m = re.match(r"`([a-z0-9.-]+)`(?: \((\S+)\))?$", cells[0])
        if m is None or len(cells) < 3:
            continue
        keys = {old: new.strip("`") for old, new in
                re.findall(r"`(\w+)` → (`\w+`|removed)", cells[2])}
        new = re.match(r"`([a-z0-9.-]+)`", cells[1])
        rows[m.group(1), m.group(2) or ""] = (
            new.group(1) if new else "",
            {k: "" if v == "removed" else v for k, v in keys.items()})
    return rows


def compare(old, rows, now):
    """What is wrong: OLD has (folder, event, keys), NOW {event: keys}."""
    bad, used = [], set()
    for folder, event, keys in old:
        row = next((r for r in ((event, folder), (event, "")) if r in rows),
                   None)
        used.add(row)
        new, moved = rows[row] if row else (event, {})
        if new == "" or (new not in now and row):
            if new:
                bad.append(f"{event} is {new} now, which nothing logs")
            elif event in now:
                bad.append(f"{event} is logged and was removed")
            continue
        if new not in now:
            bad.append(f"{event} of the last release is gone")
            continue
        for key in keys:
            if moved.get(key, key) not in now[new] + [""]:
                bad.append(f"{event} had the key {key}, {new} has not")
        bad += [f"{event} had no key {key}" for key in moved
                if key not in keys]
    return bad + [f"the last release had no {event}"
                  for event, folder in rows if (event, folder) not in used]


def check():
    bad = 0
    now, owner = {}, {}
    for folder in folders():
        code, entries = logged(folder), told(folder)
        known = {e: k for e, k, _ in entries}
        for event, keys, _ in entries:
            if event in owner:
                print(f"{folder}/events.def: {event} is {owner[event]}'s")
                bad = 1
            owner[event], now[event] = folder, keys
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
    with open(RENAMES) as f:
        rows = renames(f.read())
    for text in compare(released(), rows, now):
        print(f"doc/log-events.md: {text}")
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

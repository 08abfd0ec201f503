#!/usr/bin/env python3
"""No text is searched for meaning: what callers tell apart is the class or the
code of a struct err, and each protocol has its words in proto/errwords.

Refused: a search or comparison of the text of a struct err, a response code at
the front of such a text, and the words of an errno as a string of ours.

usage: tools/errtext.py [FOLDER...]
"""
import errno
import os
import re
import sys
from pathlib import Path

DECLARED = re.compile(r"\bstruct err\s*\*?\s*(\w+)")
SEARCH = re.compile(
    r"\b(?:str(?:case)?str|strn?(?:case)?cmp|memmem|memcmp|str[cr]?chr|"
    r"slice_(?:i?starts|ends|i?eq|i?is|search|r?find|cut|i?cmp)|cur_of)\(")
CODED = re.compile(r'\berr_(?:set|set_code|sys)\([^;"]*"\[[A-Z]')
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ERRNO = {os.strerror(n) for n in errno.errorcode}


def arguments(text, at):
    """What stands between the parentheses that open before AT."""
    depth = 1
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return text[at:i]
    return text[at:]


def faults(text):
    names = set(DECLARED.findall(text))
    if names:
        read = re.compile(rf"\b(?:{'|'.join(names)})(?:\.|->)text\b")
        for m in SEARCH.finditer(text):
            if read.search(arguments(text, m.end())):
                yield m.start(), "the text of an error is searched"
        for m in re.finditer(read.pattern + r"\[[^]]*\]\s*[!=]=\s*'[^\\]", text):
            yield m.start(), "the text of an error is searched"
    for m in CODED.finditer(text):
        yield m.start(), "a code at the front of the text of an error"
    for m in STRING.finditer(text):
        if m[1] in ERRNO:
            yield m.start(), f'"{m[1]}" is errno\'s'


def main():
    bad = 0
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*.[ch]")):
            text = path.read_text()
            for at, what in faults(text):
                line = text.count("\n", 0, at) + 1
                print(f"{path}:{line}: {what}", file=sys.stderr)
                bad += 1
    return 1 if bad else 0


sys.exit(main())

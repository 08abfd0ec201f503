# SPDX-License-Identifier: ISC
"""What Roundcube (1.6) sends for a page of its list, as it says itself
(imap_debug): it connects for each, so login and greeting are in the figures.
The page is the newest fifty by date, fifty conversations with all of their
messages, or what a search in subjects and senders found.
"""
import re
import statistics
import time

from imapbox import boxes, messages, servers
from measure import cpu_s

SMALL, PAGE, AGAIN = 500, 50, 5
HEADER = ("BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT CONTENT-TYPE CC "
          "REPLY-TO LIST-POST DISPOSITION-NOTIFICATION-TO X-PRIORITY)]")
ITEMS = f"(UID RFC822.SIZE FLAGS INTERNALDATE {HEADER})"
COUNTS = "STATUS INBOX (MESSAGES UNSEEN)"
LAST = "UID SEARCH {}"  # the UID of the last message
VIEWS = {
    "list": (COUNTS, "SELECT INBOX", LAST, "UID SORT (DATE) US-ASCII ALL",
             "FETCH"),
    "threads": ("SELECT INBOX", "UID THREAD REFS US-ASCII ALL", LAST, "FETCH",
                COUNTS),
    "search": ("SELECT INBOX", "UID SORT (DATE) US-ASCII OR HEADER SUBJECT "
               "holiday HEADER FROM holiday", "FETCH"),
}


def last_of(answer):
    """The UIDs of the last page of what SORT or THREAD told."""
    if b"(" not in answer:
        return [int(n) for n in re.findall(rb"\d+", answer)[-PAGE:]]
    depth = left = 0
    at = len(answer)
    while at > 0 and left < PAGE:
        at -= 1
        depth += {b")": 1, b"(": -1}.get(answer[at:at + 1], 0)
        left += depth == 0 and answer[at:at + 1] == b"("
    return [int(n) for n in re.findall(rb"\d+", answer[at:])]


def ranges(uids):
    """Numbers as a set that is as short as can be."""
    found = []
    for n in sorted(uids):
        if found and found[-1][1] == n - 1:
            found[-1][1] = n
        else:
            found.append([n, n])
    return ",".join(f"{a}:{b}" if a < b else f"{a}" for a, b in found)


def page(box, commands):
    """(seconds, octets, commands) of one view."""
    begin = time.monotonic()
    c = box.client()
    quota, exists, uids = b" QUOTA" in c.tail, 0, []
    c.ask('ID ("name" "Roundcube" "version" "1.6.5")')
    for command in commands:
        if command == "FETCH":
            command = f"UID FETCH {ranges(uids)} {ITEMS}"
        c.ask(command.format(exists))
        if command.startswith("SELECT"):
            exists = int(re.search(rb"(\d+) EXISTS", c.tail)[1])
        if command.startswith(("UID SORT", "UID THREAD")):
            uids = last_of(re.split(rb"\r\n\w+ OK", c.tail)[0])
    if quota:
        c.ask("GETQUOTAROOT INBOX")
    c.ask("LOGOUT")
    c.close()
    return time.monotonic() - begin, c.bytes, c.commands


def view(box, commands):
    page(box, commands)  # what it needs is kept then
    before = cpu_s(box.server.pid)
    got = [page(box, commands) for _ in range(AGAIN)]
    cpu = (cpu_s(box.server.pid) - before) / AGAIN
    return [statistics.median(g[i] for g in got) for i in range(3)] + [cpu]


def measure(n, runs):
    """{server: {(messages, view): [seconds, octets, commands, CPU seconds]}}"""
    sizes = {f"pages{size}": size for size in sorted({min(SMALL, n), n})}
    with servers(list(sizes)) as made:
        found = {s.name: {} for s in made}
        for user, size in sizes.items():
            pair = boxes(made, user)
            maildir = messages(size, pair[0].directory)
            for box in pair:
                box.fill(maildir)
                box.session().close()
            for _ in range(runs):
                for key, commands in VIEWS.items():
                    for box in pair:
                        found[box.server.name].setdefault(
                            (size, key), []).append(view(box, commands))
            for box in pair:
                box.empty()
    return {name: {key: [statistics.median(g[i] for g in got)
                         for i in range(4)] for key, got in of.items()}
            for name, of in found.items()}


def table(found, cell):
    names = list(found)
    lines = ["## Pages of Roundcube", "",
             f"| | {' | '.join(names)} | ratio |", "|---|---|---|---|"]
    for size, key in found[names[0]]:
        for i, (text, factor) in enumerate(
                (("ms", 1000), ("octets", 1), ("commands", 1),
                 ("CPU ms", 1000))):
            a, b = (found[name][size, key][i] * factor for name in names)
            ratio = f"{a / b:.2f}" if b else "-"
            lines.append(f"| {key}, {size:,} messages: {text} | {cell(a)} | "
                         f"{cell(b)} | {ratio} |")
    return lines + [""]

# SPDX-License-Identifier: ISC
"""What Roundcube (1.6) sends for a page of its list, as its own sources have
it: it connects for each, so login and greeting are in the figures; the page is
the newest fifty by date, conversations, or what a search for a subject found.
"""
import statistics
import re
import time

from imapbox import boxes, messages, servers
from measure import cpu_s

SMALL, PAGE, AGAIN = 500, 50, 5
HEADER = ("BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT CONTENT-TYPE CC "
          "REPLY-TO LIST-POST DISPOSITION-NOTIFICATION-TO X-PRIORITY)]")
ITEMS = f"(UID RFC822.SIZE FLAGS INTERNALDATE {HEADER})"
VIEWS = (("list", "UID SORT (DATE) US-ASCII ALL"),
         ("threads", "UID THREAD REFERENCES US-ASCII ALL"),
         ("search", "UID SORT (DATE) UTF-8 HEADER SUBJECT holiday"))


def page(box, question):
    """(seconds, octets, commands) of one view."""
    begin = time.monotonic()
    c = box.client()
    c.ask("CAPABILITY")
    quota = b" QUOTA" in c.tail
    c.ask("SELECT INBOX")
    c.ask(question)
    uids = re.findall(rb"\d+", re.split(rb"\r\n\w+ OK", c.tail)[0])[-PAGE:]
    c.ask("UID FETCH " + b",".join(uids).decode() + f" {ITEMS}")
    c.ask("STATUS INBOX (MESSAGES UNSEEN)")
    if quota:
        c.ask("GETQUOTAROOT INBOX")
    c.ask("LOGOUT")
    c.close()
    return time.monotonic() - begin, c.bytes, c.commands


def view(box, question):
    page(box, question)  # what it needs is kept then
    before = cpu_s(box.server.pid)
    got = [page(box, question) for _ in range(AGAIN)]
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
                for key, question in VIEWS:
                    for box in pair:
                        found[box.server.name].setdefault(
                            (size, key), []).append(view(box, question))
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

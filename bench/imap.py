# SPDX-License-Identifier: ISC
"""A mailbox of a hundred thousand messages beside Dovecot's: what commands cost
with nothing kept ("first"), and again.

Both have the same files, and the page cache is warm.  "First" is behind the
first SELECT of an account whose index was removed: UIDs, sizes in names and
flags are there, and nothing that was read in messages.  Every run has accounts
of its own, because the last rows change and expunge.
"""
import statistics

from imapbox import boxes, messages, servers
from measure import PeakMemory

SOME = 10000  # BODYSTRUCTURE and SEARCH BODY are asked of so many
CHANGES, SET = 1000, 100
AGAIN = 3
SIX = "BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT CONTENT-TYPE REFERENCES)]"
FAST = "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"
ENVELOPE = "FETCH 1:* ENVELOPE"
FIELDS = f"FETCH 1:* {SIX}"
SORTS = (("sort_date", "SORT (DATE) UTF-8 ALL"),
         ("sort_subject", "SORT (SUBJECT) UTF-8 ALL"),
         ("thread", "THREAD REFERENCES UTF-8 ALL"))
SEARCHES = (("subject", 'SEARCH SUBJECT "9990"'), ("unseen", "SEARCH UNSEEN"))


def structure(n):
    return f"FETCH 1:{min(n, SOME)} BODYSTRUCTURE"


def body(n):
    return f'SEARCH 1:{min(n, SOME)} BODY "no such words"'


def cold_commands(n):
    return (("fast", FAST), ("envelope", ENVELOPE), ("structure", structure(n)),
            ("fields", FIELDS))


def repeat(box, c, command, times=AGAIN):
    """Median of the seconds, and the mean of CPU: its clock is a coarse one."""
    taken, cpu = [], 0.0
    for _ in range(times):
        seconds, used = box.timed(lambda: c.ask(command))
        taken.append(seconds)
        cpu += used / times
    return statistics.median(taken), cpu


def fetches(box, n, got):
    for key, command in cold_commands(n):
        box.forget()
        c = box.client()
        selected = box.timed(lambda: c.ask("SELECT INBOX"))
        if key == "fast":
            got["select_first"] = selected
        got[key + "_first"] = box.timed(lambda: c.ask(command))
        c.close()
        c = box.session()
        got[key] = repeat(box, c, command)
        if key == "fast":
            got["select"] = repeat(box, c, "SELECT INBOX", 21)
        c.close()


def questions(box, n, got):
    c = box.session()
    for _, command in SORTS + SEARCHES:
        c.ask(command)  # what it needs is kept then
    for key, command in SORTS + SEARCHES + (("body", body(n)),):
        got[key] = repeat(box, c, command)
    c.close()


def resync(box, n, got):
    """A client that was away while CHANGES flags changed."""
    c = box.client()
    c.ask("ENABLE QRESYNC")
    c.ask("SELECT INBOX")
    validity, known = c.number("UIDVALIDITY"), c.number("HIGHESTMODSEQ")
    c.close()
    c = box.session()
    step = max(n // CHANGES, 1)
    changed = list(range(1, n + 1, step))[:CHANGES]
    for i in range(0, len(changed), SET):
        c.ask("STORE " + ",".join(map(str, changed[i:i + SET])) +
              " +FLAGS.SILENT (\\Answered)")
    c.close()
    c = box.client()
    c.ask("ENABLE QRESYNC")
    before = c.bytes
    got["resync"] = box.timed(lambda: c.ask(
        f"SELECT INBOX (QRESYNC ({validity} {known}))"))
    got["resync_bytes"] = (c.bytes - before, 0)
    c.close()


def changes(box, n, got):
    c = box.session()
    got["store"] = box.timed(lambda: c.ask("STORE 1:* +FLAGS (\\Flagged)"))
    got["store_names"] = box.timed(box.settle)
    c.close()
    resync(box, n, got)
    for key, age in (("expunge", "0s"), ("expunge_kept", "7d")):
        box.keep_expunged(age)
        c = box.session()
        c.ask(f"STORE 1:{n // 4} +FLAGS.SILENT (\\Deleted)")
        got[key] = box.timed(lambda: c.ask("EXPUNGE"))
        c.ask("NOOP")
        n -= n // 4
        c.ask("STATUS INBOX (MESSAGES)")
        if f"MESSAGES {n}".encode() not in c.tail:
            raise RuntimeError(f"{box.server.name}: {c.tail[-200:]!r}")
        c.close()


def peak(box, n, got):
    box.forget()
    with PeakMemory(box.server.pid) as seen:
        c = box.session()
        for command in (ENVELOPE, FIELDS, structure(n), FAST,
                        *(command for _, command in SORTS)):
            c.ask(command)
        c.close()
    got["peak"] = (seen.peak / 1024, 0)


def measure(n, runs):
    """{server: {row: (figure, CPU seconds)}}"""
    users = [f"large{i}" for i in range(runs)]
    with servers(users) as made:
        found = {s.name: [] for s in made}
        maildir = messages(n, boxes(made, users[0])[0].directory)
        for user in users:
            pair = boxes(made, user)
            for box in pair:
                box.fill(maildir)
                box.session().close()  # UIDs are given once,
                box.settle()           # and names that say them
                found[box.server.name].append({})
            for step in (fetches, questions, peak, changes):
                for box in pair:
                    step(box, n, found[box.server.name][-1])
            for box in pair:
                box.empty()
    return {name: {key: tuple(statistics.median(g[key][i] for g in got)
                              for i in (0, 1)) for key in got[0]}
            for name, got in found.items()}


# ---- the table: key, what, unit's factor

ROWS = (
    ("select_first", "SELECT without an index, ms", 1000),
    ("select", "SELECT, ms", 1000),
    ("fast_first", "FETCH UID FLAGS INTERNALDATE RFC822.SIZE first, ms", 1000),
    ("fast", "the same again, ms", 1000),
    ("envelope_first", "FETCH ENVELOPE first, ms", 1000),
    ("envelope", "FETCH ENVELOPE again, ms", 1000),
    ("structure_first", "BODYSTRUCTURE of SOME first, ms", 1000),
    ("structure", "BODYSTRUCTURE of SOME again, ms", 1000),
    ("fields_first", "six header fields first, ms", 1000),
    ("fields", "six header fields again, ms", 1000),
    ("subject", "SEARCH SUBJECT, ms", 1000),
    ("body", "SEARCH BODY of SOME, ms", 1000),
    ("unseen", "SEARCH UNSEEN, ms", 1000),
    ("sort_date", "SORT DATE, ms", 1000),
    ("sort_subject", "SORT SUBJECT, ms", 1000),
    ("thread", "THREAD REFERENCES, ms", 1000),
    ("store", "STORE 1:* +FLAGS, ms", 1000),
    ("store_names", "what is done of it behind the answer, ms", 1000),
    ("resync", f"SELECT with QRESYNC after {CHANGES:,} changes, ms", 1000),
    ("resync_bytes", "the same, octets", 1),
    ("expunge", "EXPUNGE of a quarter, of which nothing is kept, ms", 1000),
    ("expunge_kept", "EXPUNGE of a quarter of the rest; pabal keeps it for 7 days, "
     "ms", 1000),
    ("peak", "peak memory, MiB (PSS)", 1),
)


def table(found, n, cell):
    names = list(found)
    lines = [f"## IMAP, a mailbox of {n:,} messages", "",
             f"| | {' | '.join(names)} | ratio | "
             f"{' | '.join(f'CPU ms, {name}' for name in names)} |",
             "|---|---|---|---|---|---|"]
    for key, text, factor in ROWS:
        text = text.replace("SOME", f"{min(n, SOME):,}")
        a, b = (found[name][key][0] * factor for name in names)
        cpu = (f"{found[name][key][1] * 1000:,.0f}" if key in
               found[name] and factor == 1000 else "" for name in names)
        lines.append(f"| {text} | {cell(a)} | {cell(b)} | {a / b:.2f} | "
                     f"{' | '.join(cpu)} |")
    return lines + [""]

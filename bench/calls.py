# SPDX-License-Identifier: ISC
"""System calls a message, by daemon (strace)."""
import os
import tempfile

from peers import Instance  # tests/flow is on the path now
import syscalls

MANY = [f"user{n}" for n in range(21)]


def measure():
    """({daemon: {call: n}} for one recipient, the same for each further)."""
    p = Instance(users=MANY, disk=True)
    try:
        p.start()
        with tempfile.TemporaryDirectory() as d:
            out = os.path.join(d, "strace")
            one = syscalls.count(p, MANY[:1], out, 100)
            everybody = syscalls.count(p, MANY, out, 20, 10)
    finally:
        p.running = True
        p.close()
    further = {
        daemon: {call: (n - one.get(daemon, {}).get(call, 0)) /
                 (len(MANY) - 1) for call, n in calls.items()}
        for daemon, calls in everybody.items()}
    return one, further


def line(daemon, one, further):
    calls = sorted(one.items(), key=lambda c: -c[1])
    text = ", ".join(f"{call} {n:.1f}" for call, n in calls if n >= 0.05)
    return (f"| {daemon} | {sum(one.values()):.1f} | "
            f"{sum(further.values()):.1f} | {text} |")


def table(figures):
    one, further = figures
    lines = ["## System calls a message", "",
             "A message of 4 KiB over a session that stays and pipelines, to "
             "one local recipient, and what each further one adds; each "
             "message is delivered before the next is sent.", "",
             "| | one recipient | each further | of the one |",
             "|---|---|---|---|"]
    for daemon in ("smtpd", "lookup", "qmgr", "local", "master", "logger"):
        lines.append(line(daemon, one.get(daemon, {}),
                          further.get(daemon, {})))
    lines.append(f"| all but the logger | {syscalls.total(one, 'logger'):.1f}"
                 f" | {syscalls.total(further, 'logger'):.1f} | |")
    return lines + [""]

# SPDX-License-Identifier: ISC
"""A captured smtp has what it likes signed (tests/probe_sign.c): how far that
goes is in doc/security.md."""
import os
import re

import pytest

from pabal import BUILD, DOMAIN, Instance, wait
from test_capture import one_process_each

pytestmark = pytest.mark.skipif(
    "PABAL_SANITIZE" in os.environ, reason="the probes are not built with them")

OTHER = "other.example"

# KIND DOMAIN SELECTOR BYTES, and whether keys signs that.
ASKED = [
    (f"0 {DOMAIN} s 32", True),
    # Not the message's: keys sees a digest, and cannot know of what it is.
    (f"0 {OTHER} s 32", True),
    # No keys here, or none of that name ...
    ("0 stranger.example s 32", False),
    (f"0 sub.{OTHER} s 32", False),
    (f"0 {OTHER} t 32", False),
    ("0 example s 32", False),
    # ... nothing that is no digest, no other kind, and no other file.
    (f"0 {OTHER} s 31", False),
    (f"0 {OTHER} s 33", False),
    (f"0 {OTHER} s 0", False),
    (f"1 {OTHER} s 32", False),
    (f"999 {OTHER} s 32", False),
    ("0 ../../tls key 32", False),
    (f"0 {OTHER}/../{DOMAIN} s 32", False),
    (f"0 {OTHER} ../{DOMAIN}/s 32", False),
    ("0 . s 32", False),
]


@pytest.fixture
def p():
    p = Instance(command=os.path.join(BUILD, "probe", "pabal"))
    try:
        one_process_each(p)
        for domain in (DOMAIN, OTHER):
            p.pabal("dkim", "add", domain, "--selector", "s", "--now")
        p.start()
        yield p
    finally:
        p.allowed += ["ipc.dropped", "broker.refused", "keys.refused"]
        p.close()


def test_what_it_gets(p):
    path = os.path.join(p.dir, "etc", "pabal.conf")
    before = metric(p, "pabal_keys_signatures")
    with open(path, "a") as f:
        f.write("# captured: smtp\n" + "".join(f"# sign: {a}\n" for a, _ in ASKED))
    p.reload()
    wait(lambda: len(p.events("probe.signed")) == len(ASKED), "its answers")
    got = {(e["domain"], e["selector"]): [] for e in p.events("probe.signed")}
    for e in p.events("probe.signed"):
        got[e["domain"], e["selector"]].append(int(e["bytes"]) > 0)
    want = {}
    for asked, signs in ASKED:
        _, domain, selector, _ = asked.split(" ")
        want.setdefault((domain, selector), []).append(signs)
    assert {k: sorted(v) for k, v in got.items()} == \
        {k: sorted(v) for k, v in want.items()}
    # Each is counted where smtp has no hand in it, and refusals are logged.
    assert metric(p, "pabal_keys_signatures") - before == 2
    refused = p.events("keys.refused", peer="smtp")
    assert len(refused) >= sum(not signs for _, signs in ASKED)


def metric(p, name):
    out = p.pabal("metrics")
    return sum(int(float(line.split()[-1])) for line in out.splitlines()
               if re.match(name + r"(_total)?[ {]", line))

# SPDX-License-Identifier: ISC
"""Every command of doc/operations.md, as it stands there, in its order."""
import os
import re
import shutil
import subprocess

import pytest

from pabal import PABAL, PATIENCE, ROOT, Instance

PAGE = os.path.join(ROOT, "doc", "operations.md")
SEEDS = os.path.join(ROOT, "fuzz", "seeds", "report_aggregate")
# What has nothing to find here says so.
SAYS_NO = {
    "pabal sts refresh": "partner.example: it has no record",
    "pabal dns check": "mx        example.org",
    "pabal hold delete": "no mail of alice@example.org is held",
    "pabal hold release": "no mail of alice@example.org is held",
}


def blocks():
    with open(PAGE, encoding="utf-8") as f:
        text = f.read()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An instance, a directory where installed paths lead to it, and `pabal` in
    PATH as the installed one is."""
    p = Instance(users=(), domains=("example.org",))
    top = tmp_path_factory.mktemp("installed")
    for path, to in (("etc/pabal", "etc"), ("var/spool/pabal", "spool"),
                     ("var/lib/pabal/mail", "mail")):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).symlink_to(os.path.join(p.dir, to))
    (top / "bin").mkdir()
    (top / "tmp").mkdir()
    tool = top / "bin" / "pabal"
    tool.write_text(f'#!/bin/sh\nexec {PABAL} -d {p.dir} "$@"\n')
    tool.chmod(0o755)
    p.start()
    for user in "alice", "dmarc-reports":
        p.pabal("user", "add", f"{user}@example.org", input="a password\n")
    shutil.copy(os.path.join(SEEDS, "gzip"), top / "report.xml.gz")
    shutil.copy(os.path.join(SEEDS, "zip"), top / "another.zip")
    yield p, top
    p.running = True
    p.close()


def here(block, top):
    """Installed paths, and the root that tar is told, beneath TOP."""
    block = re.sub(r"(?<![\w.])/(tmp|etc|var)/", rf"{top}/\1/", block)
    return block.replace("tar -C / ", f"tar -h -C {top} ")


def test_there_are_commands():
    assert len(blocks()) >= 10


@pytest.mark.parametrize("number", range(len(blocks())))
def test_block(place, number):
    p, top = place
    block = here(blocks()[number], top)
    if "pabal trace" in block:
        p.send("something to follow", to="carol@example.org")
        p.wait_event("rcpt.result", to="carol@example.org")
    no = [text for command, text in SAYS_NO.items() if command in block]
    r = subprocess.run(
        ["bash", "-uc" if no else "-euc", block], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=4 * PATIENCE, cwd=top,
        input="a new password\n",
        env=dict(os.environ, PATH=f"{top}/bin:" + os.environ["PATH"]))
    assert r.returncode == 0 or no, block + r.stdout
    assert all(text in r.stdout for text in no), block + r.stdout
    assert not p.alarms()

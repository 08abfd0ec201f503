# SPDX-License-Identifier: ISC
"""A reload that names new ports is done when the processes that have them are
there."""
import os
import signal
import subprocess

import pytest

from pabal import PABAL, landlock


@pytest.mark.skipif(landlock() < 4, reason="no rights on ports here")
def test_reload_waits_for_new_ports(pabal):
    since = pabal.mark()
    pabal.conf("smtp", "ports", "9")
    pabal.reload()
    restarted = pabal.wait_event("proc.restart", since)
    assert "new port" in restarted["why"]
    # Both are said by master, and so in its order.
    told = [e["event"] for e in pabal.events(None, since)
            if e["event"] == "master.reloaded" or
            e["event"] == "child.ready" and e["daemon"] == "smtp"]
    assert told == ["child.ready"] * (len(told) - 1) + ["master.reloaded"]
    assert len(told) > 1


def test_reload_while_a_process_ends(pabal):
    """A process that ends by itself while it is asked (for a port that has
    become its own, or because somebody ended it) has said no to nothing: the
    one that follows it answers."""
    pid = pabal.pids("smtp")[0]
    since = pabal.mark()
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGTERM)  # seen before what it is asked
    try:
        reload = subprocess.Popen([PABAL, "-d", pabal.dir, "reload"],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        pabal.wait_event("proc.reloaded", since, daemon="qmgr")
    finally:
        os.kill(pid, signal.SIGCONT)
    out, _ = reload.communicate(timeout=60)
    assert reload.returncode == 0, out
    assert pabal.wait_event("child.stopped", since, pid=str(pid))
    assert pabal.wait_event("master.reloaded", since)

# SPDX-License-Identifier: ISC
"""A reload that names new ports is done when the processes that have them are
there."""
import pytest

from pabal import landlock


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

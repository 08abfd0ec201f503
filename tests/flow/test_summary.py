# SPDX-License-Identifier: ISC
"""pabal report: a day of the log in numbers, wherever the log is."""
import json
import os
import re
import smtplib
import time

import pytest

from pabal import DOMAIN, PASSWORD, message, wait
from sink import Sink


def tls(p):
    context = p.tls()
    context.check_hostname = False
    return context


def report(p, *args):
    return json.loads(p.pabal("report", *args, "--json"))


def names(day, part):
    return {e["name"]: e["count"] for e in day[part]}


@pytest.fixture
def used(make_pabal):
    """An instance that took mail of all kinds, and the host that it relays to."""
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{sink.port}"),
                       ("policy", "access", "enforce"))
        use(p)
        yield p


def use(p):
    with open(os.path.join(p.dir, "etc", "access"), "w") as f:
        f.write("sender=spam@example.org hold\n")
    p.pabal("map", "access")
    with p.smtp() as s:
        for n in range(3):
            s.sendmail(f"a{n}@example.org", f"alice@{DOMAIN}", message("x"))
        s.sendmail("a0@example.org", [f"bob@{DOMAIN}", "x@away.example"], message("x"))
        s.sendmail("spam@example.org", f"bob@{DOMAIN}", message("x"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            s.sendmail("a0@example.org", f"nobody@{DOMAIN}", message("x"))
    with p.smtp("submission") as s:
        s.starttls(context=tls(p))
        s.login(f"alice@{DOMAIN}", PASSWORD)
        s.sendmail(f"alice@{DOMAIN}", f"bob@{DOMAIN}", message("x", sender=f"alice@{DOMAIN}"))
    with p.smtp("submission") as s:
        s.starttls(context=tls(p))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            s.login(f"alice@{DOMAIN}", "wrong")
    wait(lambda: p.queue_count() == 1, "all but what is held")


def check(day):
    t = day["totals"]
    assert (t["accepted"], t["submitted"], t["delivered"], t["relayed"]) == (6, 1, 5, 1)
    assert (t["refused"], t["held"], t["bounced"], t["deferred"]) == (1, 1, 0, 0)
    assert t["logins"] == 1 <= t["logins_failed"]  # by each mechanism
    assert t["tls_sessions"] == 2 <= t["sessions"] - 1
    assert names(day, "senders")["a0@example.org"] == 2
    assert names(day, "sender_domains") == {"example.org": 5, DOMAIN: 1}
    assert names(day, "recipients") == {f"alice@{DOMAIN}": 3, f"bob@{DOMAIN}": 2,
                                        "x@away.example": 1}
    assert names(day, "accounts") == {f"alice@{DOMAIN}": 1}
    assert names(day, "refused_by_reply") == {"RCPT 550 5.1.1": 1}
    assert names(day, "refused_clients") == {"127.0.0.1": 1}
    assert names(day, "rules") == {"access hold": 1}
    assert len(day["held_by_reason"]) == 1
    assert names(day, "tls_out") == {"none": 1}
    assert sum(names(day, "tls_in").values()) == 2
    assert names(day, "protocols")["ESMTPSA"] == 1
    assert names(day, "logins_by_protocol") == {
        "submission ok": 1, "submission refused": t["logins_failed"]}
    assert names(day, "login_failures_by_client") == {"127.0.0.1": t["logins_failed"]}


def log_path(p, name="pabal.log"):
    return os.path.join(p.dir, "log", name)


def test_a_day(used):
    """What happened is there, once, also where the log was rotated meanwhile."""
    p = used
    os.rename(log_path(p), log_path(p, "pabal.log.1"))
    p.reload()
    with p.smtp() as s:
        s.sendmail("late@example.org", f"bob@{DOMAIN}", message("x"))
    p.wait_mail("bob", "x")
    days = report(p, "--since", "2d")
    assert 1 <= len(days) <= 2
    if len(days) == 1:  # else midnight was in between
        assert names(days[0], "senders").get("late@example.org") == 1
        assert days[0]["totals"]["accepted"] == 7
    text = p.pabal("report", "--since", "2d", "--top", "1")
    assert re.search(r"^Senders, by messages\n +2  a0@example.org\n\n", text, re.M)
    assert re.search(r"^ +1  RCPT 550 5.1.1$", text, re.M)
    assert report(p, "1999-01-01") == []
    assert "says nothing" in p.pabal("report", "1999-01-01")
    for wrong in (["tomorrow"], ["2026-02-30"], ["--since", "x"], ["--top", "0"],
                  ["today", "--since", "1d"], ["--mail", "a\nb"]):
        assert "usage: " in p.pabal_fails("report", *wrong).lower()


def test_other_logs(used, tmp_path):
    """The same log as syslog daemons write it, in another zone, and as JSON."""
    p = used
    p.sync_log()
    with open(log_path(p), encoding="utf-8") as f:
        lines = [line for line in f if re.match(r"\d{4}-\d\d-\d\dT", line)]
    day = lines[0][:10]
    lines = [line for line in lines if line.startswith(day)]
    check(report(p, "--log", log_path(p), day)[0])
    # at the end of a day in Seoul it is that day still here
    syslog = tmp_path / "syslog"
    syslog.write_text("Nov 20 21:15:54 old pabal[1]: smtpd[1] info: session.start sid=A\n" + "".join(
        f"2026-11-21T08:59:59.123456+09:00 mail pabal[411]: {line.split(' ', 1)[1]}"
        for line in lines))
    found = report(p, "--log", str(syslog), "2026-11-20")
    assert [d["day"] for d in found] == ["2026-11-20"]
    check(found[0])
    assert report(p, "--log", str(syslog), "2026-11-21") == []
    p.conf("pabal", "log_format", "json")
    p.reload()
    with p.smtp() as s:
        s.sendmail("json@example.org", f"bob@{DOMAIN}", message("x"))
    wait(lambda: any("json@example.org" in names(d, "senders")
                     for d in report(p, "--since", "2d")), "the line in JSON")


def test_by_mail(used):
    """The postmaster gets it as a message."""
    p = used
    day = time.strftime("%Y-%m-%d", time.gmtime())
    p.pabal("report", "--mail", f"alice@{DOMAIN}", day)
    raw = p.wait_mail("alice", f"mail.{DOMAIN}: mail of {day}")
    assert b"Auto-Submitted: auto-generated" in raw
    assert b"messages accepted" in raw
    assert "127.0.0.1" in p.pabal("report", day)
    p.stop()
    assert "mail system" in p.pabal_fails("report", "--mail", f"alice@{DOMAIN}", day)

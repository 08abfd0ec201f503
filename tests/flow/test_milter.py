# SPDX-License-Identifier: ISC
"""Filters (milters): what they are told, what they may say, and what comes of
it."""
import contextlib
import re
import smtplib
import threading

import pytest

import filters
from filters import Filter, at_end, change, header, insert, on
from pabal import DOMAIN, PATIENCE, Instance, message, wait

ALICE = "alice@" + DOMAIN


@pytest.fixture(scope="module")
def p():
    p = Instance()
    p.conf("qmgr", "retry_schedule", "1h")
    p.start()
    yield p
    p.close()


@contextlib.contextmanager
def using(p, *fs, options="", smtpd="smtpd"):
    """P with these filters for its services; OPTIONS of all, or of each."""
    if isinstance(options, str):
        options = [options] * len(fs)
    p.conf("milter", "filters", " ".join(
        f'"f{i} {f.address} {options[i]}"' for i, f in enumerate(fs)))
    p.conf(smtpd, "milters", " ".join(f"f{i}" for i in range(len(fs))))
    p.reload()
    try:
        yield fs[0] if len(fs) == 1 else fs
    finally:
        p.pabal("conf", "unset", smtpd, "milters")
        p.pabal("conf", "unset", "milter", "filters")
        p.reload()
        for f in fs:
            f.close()


def head(raw):
    return raw.decode().replace("\r\n", "\n").split("\n\n", 1)[0]


def test_what_it_is_told(p):
    f = Filter()
    with using(p, f):
        with p.smtp() as c:
            c.ehlo("client.example")
            c.mail("sender@example.org", ["SIZE=500"])
            c.rcpt(ALICE)
            c.data(message("told"))
        p.wait_mail("alice", "told")
        s, = f.sessions
        assert f.offered == (6, filters.ALL, 0x1FFFFF & ~0x800)
        assert s.steps.startswith("OCHMRT" + "L" * 5)
        assert s.steps.rstrip("QKA").endswith("NBE")
        assert s.heard[1][1].startswith(b"[127.0.0.1]\0004")
        assert s.heard[1][1].endswith(b"127.0.0.1\0")
        assert s.heard[2] == (b"H", b"client.example\0")
        assert s.heard[3] == (b"M", b"<sender@example.org>\0SIZE=500\0")
        assert s.heard[4] == (b"R", b"<%s>\0" % ALICE.encode())
        assert (b"Subject", b"told") in s.fields
        # our own Received field is not shown
        assert b"Received" not in [name for name, _ in s.fields]
        assert s.body == b"Hello.\r\n"
        assert s.macros["{client_addr}"] == "127.0.0.1"
        assert s.macros["{mail_addr}"] == "sender@example.org"
        assert s.macros["{rcpt_addr}"] == ALICE
        assert s.macros["{daemon_name}"] == "smtp"
        qid = p.events("mail.accepted")[-1]["qid"]
        assert s.macros["i"] == qid
        assert "j" in s.macros


def test_macros_that_it_asks_for(p):
    lists = b"".join(b"\0\0\0" + bytes([n]) + names + b"\0" for n, names in (
        (0, b"{client_addr}"), (2, b"{mail_addr}"), (5, b"i")))
    f = Filter(actions=filters.SETSYMLIST, lists=lists)
    with using(p, f):
        p.send("its macros")
        p.wait_mail("alice", "its macros")
        assert "j" not in f.sessions[0].macros
        assert f.sessions[0].macros["{client_addr}"] == "127.0.0.1"


@pytest.mark.parametrize("letter, verb", [
    (b"C", None), (b"H", "helo"), (b"M", "mail"), (b"R", "rcpt"), (b"T", "data"),
    (b"L", "end"), (b"N", "end"), (b"B", "end"), (b"E", "end")])
@pytest.mark.parametrize("reply, code, text", [
    (b"r", 550, b"5.7.1"), (b"t", 451, b"4.7.1"),
    (b"y550-5.7.9 one\r\n550 5.7.9 two 100%%\0", 550, b"5.7.9 two 100%")])
def test_refusals(p, letter, verb, reply, code, text):
    f = Filter(on(letter, reply))
    with using(p, f):
        since = p.mark()
        c = smtplib.SMTP()
        got = c.connect("127.0.0.1", p.port("smtp"))
        if verb is None:
            assert got[0] == (554 if code == 550 else 421)
            return
        got = {"helo": c.ehlo("x.example")}
        got["mail"] = c.mail("sender@example.org")
        got["rcpt"] = c.rcpt(ALICE)
        if verb in ("data", "end"):
            got["data"] = c.docmd("DATA")
        if verb == "end":
            assert got["data"][0] == 354
            c.send(message("refused") + b".\r\n")
            got["end"] = c.getreply()
        assert got[verb][0] == code
        assert text in got[verb][1]
        c.close()
        e = p.wait_event("milter.verdict", since=since, filter="f0")
        assert e["action"] == "refuse"


def test_a_recipient_is_refused_alone(p):
    f = Filter(lambda c, data, s: [b"r"] if c == b"R" and b"bob" in data
               else [b"c"])
    with using(p, f), p.smtp() as c:
        c.ehlo("x.example")
        c.mail("sender@example.org")
        assert c.rcpt("bob@" + DOMAIN)[0] == 550
        assert c.rcpt(ALICE)[0] == 250
        assert c.data(message("to one"))[0] == 250
        p.wait_mail("alice", "to one")


def test_hangup(p):
    with using(p, Filter(on(b"R", b"4"))):
        c = p.smtp()
        c.ehlo("x.example")
        c.mail("sender@example.org")
        assert c.rcpt(ALICE)[0] in (451, 421)
        with pytest.raises((smtplib.SMTPException, OSError)):
            while c.noop():
                pass


def test_discard(p):
    for letter in (b"M", b"R", b"E"):
        since = p.mark()
        with using(p, Filter(on(letter, b"d"))):
            p.send("thrown away")
        p.wait_event("mail.discarded", since=since)
    assert p.find_mail("alice", "thrown away") is None
    assert p.queue_count() == 0


def test_accepted_without_more(p):
    f = Filter(on(b"C", b"a"))
    with using(p, f):
        p.send("accepted client")
        p.wait_mail("alice", "accepted client")
        assert set(f.sessions[0].steps) <= set("OCQK")
    f = Filter(on(b"M", b"a"))
    with using(p, f):
        with p.smtp() as c:
            for n in range(2):
                c.sendmail("s@example.org", [ALICE], message(f"accepted {n}"))
        p.wait_mail("alice", "accepted 1")
        assert f.sessions[0].steps.count("M") == 2
        assert "E" not in f.sessions[0].steps


def test_fields(p):
    f = Filter(at_end(header("X-Added", "a\n b"), insert(0, "X-Top", "t"),
                      change(1, "Subject", "changed"), change(1, "X-Gone", "")),
               actions=filters.ALL)
    with using(p, f):
        p.send("before", X_Gone="here")
        raw = p.wait_mail("alice", "changed")
    text = head(raw)
    lines = text.split("\n")
    top = lines.index("X-Top: t")
    assert lines[top + 1] == "X-Added: a" and lines[top + 2] == " b"
    assert lines[top + 3].startswith("Received: ")
    assert "X-Gone" not in text and "before" not in text
    assert raw.replace(b"\r\n", b"\n").endswith(b"\n\nHello.\n")
    e = p.events("mail.changed")[-1]
    assert e["qid"] in text and e["was_qid"] not in text


def test_body(p):
    f = Filter(at_end(b"bnew\nbody ", b"bof two pieces"),
               actions=filters.CHGBODY)
    with using(p, f):
        p.send("a new body", body="old\r\n" * 5000)
        raw = p.wait_mail("alice", "a new body").replace(b"\r\n", b"\n")
    assert raw.endswith(b"\n\nnew\nbody of two pieces\n")


def test_large(p):
    """From a file, and with a header that is changed in it."""
    seen = []

    def script(command, data, s):
        if command == b"E":
            seen.append(len(s.body))
            return [header("X-Large", "yes"), change(1, "Subject", "it is large"),
                    b"c"]
        return [b"c"]
    body = ("x" * 70 + "\r\n") * 40000
    f = Filter(script, actions=filters.ALL, steps=filters.NR_BODY)
    with using(p, f):
        p.send("large", body=body)
        raw = p.wait_mail("alice", "it is large")
    assert seen == [len(body)]
    assert raw.replace(b"\r\n", b"\n").endswith(body.replace("\r\n", "\n").encode())
    assert "X-Large: yes" in head(raw)


def test_envelope(p):
    f = Filter(at_end(b"+<bob@%s>\0" % DOMAIN.encode(),
                      b"-<%s>\0" % ALICE.encode(),
                      b"e<other@example.org>\0"), actions=filters.ALL)
    with using(p, f):
        p.send("to another")
        raw = p.wait_mail("bob", "to another")
    assert "Return-Path: <other@example.org>" in head(raw)
    assert p.find_mail("alice", "to another") is None


def test_quarantine(p):
    f = Filter(at_end(b"qlooks bad\0"), actions=filters.QUARANTINE)
    since = p.mark()
    with using(p, f):
        p.send("held")
    e = p.wait_event("mail.held", since=since)
    assert "looks bad" in e["why"]
    assert p.queue_count() == 1
    assert "looks%20bad" in p.pabal("queue", "show", e["qid"]) or \
        "looks bad" in p.pabal("queue", "show", e["qid"])
    assert p.find_mail("alice", "held") is None
    p.stop()
    p.start()
    assert p.queue_count() == 1
    p.pabal("queue", "release", e["qid"])
    p.wait_mail("alice", "held")
    p.wait_queue(0)


def test_several(p):
    """Each sees what the one before has made."""
    first = Filter(at_end(insert(0, "X-First", "1"), b"bchanged\r\n"),
                   actions=filters.ALL)
    second = Filter(at_end(change(1, "X-First", "2")), actions=filters.ALL,
                    steps=filters.MESSAGE)
    third = Filter(actions=0)
    with using(p, first, second, third):
        p.send("several")
        raw = p.wait_mail("alice", "several")
    assert third.sessions[0].fields[0] == (b"X-First", b"2")
    assert second.sessions[0].fields[0] == (b"X-First", b"1")
    assert third.sessions[0].body == b"changed\r\n"
    assert "X-First: 2" in head(raw)


def test_who_only_judges_is_asked_together(p):
    """Each waits until the other was asked as well: by what it has negotiated,
    or by changes=no, which it need not know of."""
    both, asked = threading.Barrier(2), set()

    def script(command, data, s):
        if command in b"CHMRTLNBE":
            both.wait(PATIENCE / 2)
            asked.add(command)
        if command == b"E":
            return [insert(0, "X-Ignored", "1"), change(1, "Subject", "other"),
                    b"bother\r\n", b"-<%s>\0" % ALICE.encode(), b"c"]
        return [b"c"]

    def judge(command, data, s):
        return script(command, data, s)[-1:]
    first = Filter(judge)
    second = Filter(script, actions=filters.ALL)
    since = p.mark()
    with using(p, first, second, options=("", "changes=no")):
        for n in range(2):      # the second time on connections that are there
            p.send(f"both at once {n}")
            raw = p.wait_mail("alice", f"both at once {n}")
            assert not both.broken
            assert b"".join(sorted(asked)) == b"BCEHLMNRT"
            asked.clear()
            e = p.wait_event("milter.ignored", since=since, filter="f1")
            assert e["changes"] == "4" and e["qid"] in head(raw)
            assert "X-Ignored" not in head(raw) and b"Hello." in raw
            since = p.mark()
        assert second.offered[0] == 6 and second.offered[1] == filters.ALL


def test_the_strictest_verdict_counts(p):
    """Of those who are asked together, and of equal ones the first one's."""
    say = [{}, {}, {}]
    fs = [Filter(lambda c, data, s, i=i: say[i].get(c, [b"c"])) for i in range(3)]
    refuse = [b"y550 5.7.1 one\0"], [b"y554 5.7.1 two\0"], [b"y550 5.7.1 three\0"]
    with using(p, *fs):
        for letter, replies, told in (
                (b"M", ([b"t"], [b"c"], refuse[2]), b"three"),
                (b"M", ([b"d"], [b"t"], [b"a"]), b"4.7.1"),
                (b"R", ([b"4"], refuse[1], [b"t"]), b"two"),
                (b"R", ([b"t"], refuse[1], refuse[2]), b"two"),
                (b"E", ([b"d"], [b"t"], refuse[2]), b"three"),
                (b"E", (refuse[0], refuse[1], [b"d"]), b"one"),
                (b"E", ([b"c"], [b"t"], [b"d"]), b"4.7.1"),
                (b"E", ([b"a"], [b"c"], [b"d"]), None)):
            for i, reply in enumerate(replies):
                say[i] = {letter: reply}
            since = p.mark()
            if told is None:
                p.send("strictest")
                p.wait_event("mail.discarded", since=since)
                continue
            with pytest.raises((smtplib.SMTPResponseException,
                                smtplib.SMTPRecipientsRefused)) as e:
                p.send("strictest")
            assert told in str(e.value).encode()
    assert p.find_mail("alice", "strictest") is None


def test_one_that_only_warns(p):
    """A filter on trial: what it says is logged, and nothing comes of it, not
    even of its absence."""
    said = {b"R": [b"r"]}
    f = Filter(lambda c, data, s: said.get(c, [b"c"]), actions=filters.ALL)
    with using(p, f, options="mode=warn unavailable=reject"):
        since = p.mark()
        p.send("on trial")
        p.wait_mail("alice", "on trial")
        e = p.wait_event("milter.verdict", since=since, filter="f0")
        assert (e["action"], e["mode"]) == ("refuse", "warn")
        said = {b"E": [b"qlooks bad\0", change(1, "Subject", "other"), b"d"]}
        since = p.mark()
        p.send("on trial too")
        p.wait_mail("alice", "on trial too")
        p.wait_event("milter.verdict", since=since, action="discard", mode="warn")
        said = {b"E": [b"qlooks bad\0", change(1, "Subject", "other"), b"c"]}
        p.send("on trial still")
        p.wait_mail("alice", "on trial still")
        p.wait_event("milter.verdict", since=since, action="quarantine", mode="warn")
        p.wait_event("milter.ignored", since=since, changes="1")
        f.close()
        since = p.mark()
        p.send("gone")
        p.wait_mail("alice", "gone")
        assert [(e["stage"], e["action"], e["mode"]) for e in
                p.events("milter.unavailable", since=since)] == [
            (stage, "reject", "warn") for stage in ("connect", "mail")]
    assert p.queue_count() == 0


def test_reuse(p):
    f = Filter()
    with using(p, f):
        for n in range(3):
            p.send(f"again {n}")
            p.wait_mail("alice", f"again {n}")
            wait(lambda: f.sessions[0].steps.count("K") == n + 1, "QUIT_NC")
        assert len(f.sessions) == 1
        assert f.sessions[0].steps.count("O") == 1
        # A client who sends nothing leaves none for others.
        with p.smtp() as c:
            c.ehlo("x.example")
        p.send("one more")
        p.wait_mail("alice", "one more")
        wait(lambda: f.sessions[-1].steps.count("K") > 0, "QUIT_NC")
        p.send("and more")
        p.wait_mail("alice", "and more")
        assert not any(s.deaf for s in f.sessions)
    # one that does not take a second client
    seen = []

    def once(command, data, s):
        seen.append(command)
        return None if command == b"C" and s.steps.count("C") > 1 else [b"c"]
    f = Filter(once)
    with using(p, f):
        for n in range(3):
            p.send(f"not again {n}")
            p.wait_mail("alice", f"not again {n}")
        assert len(f.sessions) == 3
    # one that leaves him unanswered

    def deaf(command, data, s):
        return b"" if s.steps.count("C") > 1 else [b"c"]
    f = Filter(deaf)
    with using(p, f, options="command_timeout=1s"):
        for n in range(3):
            p.send(f"not answered {n}")
            p.wait_mail("alice", f"not answered {n}")
        assert len(f.sessions) == 3


def judged(p, c, subject):
    """What becomes of a recipient that the filter refuses, and of a message that
    it changes."""
    c.ehlo_or_helo_if_needed()
    c.mail("sender@example.org")
    bob = c.rcpt("bob@" + DOMAIN)[0]
    c.rcpt(ALICE)
    assert c.data(message(subject))[0] == 250
    return bob, "X-Changed" in head(p.wait_mail("alice", subject))


def test_a_reload_counts_for_the_next_client(p):
    """A connection that is in use over it stays as it was configured, and no
    other client gets it."""
    def script(command, data, s):
        if command == b"R" and b"bob" in data:
            return [b"r"]
        return [header("X-Changed", "yes"), b"c"] if command == b"E" else [b"c"]
    f, other = [Filter(script, actions=filters.ALL, path=f"{p.dir}/{name}.sock")
                for name in ("one", "other")]
    rows = (f, "", (550, True)), (f, "changes=no", (550, False)), \
        (f, "mode=warn", (250, False)), (f, "", (550, True)), \
        (other, "mode=warn", (250, False)), (f, "", (550, True))
    try:
        with using(p, f):
            for n, (filter_, options, after) in enumerate(rows[1:]):
                was, _, before = rows[n]
                with p.smtp() as c:
                    assert judged(p, c, f"before reload {n}") == before
                    s = was.sessions[-1]
                    p.conf("milter", "filters",
                           f'"f0 {filter_.address} {options}"')
                    p.reload()
                    assert judged(p, c, f"amid reload {n}") == before
                wait(lambda s=s: s.steps[-1] in "KQ", "the end of the connection")
                with p.smtp() as c:
                    assert judged(p, c, f"after reload {n}") == after
                assert filter_.sessions[-1] is not s
    finally:
        other.close()


def test_unknown_command(p):
    with using(p, Filter(on(b"U", b"y550 5.5.9 never heard of\0"))), \
            p.smtp() as c:
        c.ehlo("x.example")
        assert c.docmd("FROBNICATE", "now") == (550, b"5.5.9 never heard of")
        assert c.noop()[0] == 250


@pytest.mark.parametrize("unavailable, code", [
    ("accept", 250), ("defer", 451), ("reject", 550)])
def test_unavailable(p, unavailable, code):
    f = Filter()
    f.close()
    with using(p, f, options=f"unavailable={unavailable}"):
        c = smtplib.SMTP()
        greeting = c.connect("127.0.0.1", p.port("smtp"))[0]
        assert greeting == {250: 220, 451: 421, 550: 554}[code]
        if code == 250:
            c.sendmail("s@example.org", [ALICE], message("without it"))
            p.wait_mail("alice", "without it")
        c.close()


HOSTILE = (
    None, b"garbage that is no frame at all", b"\xff\xff\xff\xff",
    filters.frame(b"c") * 2, filters.frame(b"?"), filters.frame(b"hX\0y\0"),
    filters.frame(b"O", b"short"), filters.frame(b"p") * 30000)


@pytest.mark.parametrize("letter", "OCHMRTLNBE")
def test_hostile(p, letter):
    """It harms nobody but who is to be shown to it."""
    said = []
    f = Filter(lambda c, data, s: said[-1] if c == letter.encode() else [b"c"])
    good = Filter()
    p.conf("milter", "failure_limit", "100")
    with using(p, f, good, options="connect_timeout=3s command_timeout=3s "
               "message_timeout=3s"):
        for what in HOSTILE:
            said.append(what)
            heard = sum(s.steps.count(letter) for s in f.sessions)
            with pytest.raises((smtplib.SMTPException, OSError)):
                p.send("to the hostile one")
            assert sum(s.steps.count(letter) for s in f.sessions) > heard
        p.conf("smtpd", "milters", "f1")
        p.reload()
        p.send("to the other")
        p.wait_mail("alice", "to the other")
    p.pabal("conf", "unset", "milter", "failure_limit")
    assert p.find_mail("alice", "to the hostile one") is None


def test_a_filter_that_nobody_knows(p):
    """Mail would be deferred, so it is a mistake of the configuration."""
    f = Filter()
    with using(p, f):
        for smtpd in ("smtpd", "smtpd:submission"):
            assert 'milters has "spamd"' in p.pabal_fails(
                "conf", "set", smtpd, "milters", "f0 spamd")
        assert 'milters has "f0"' in p.pabal_fails("conf", "unset", "milter", "filters")
        p.conf("milter", "filters", f'"f0 {f.address} unavailable=acept"')
        assert 'not "unavailable=acept"' in p.pabal_fails("conf", "check")


def test_a_filter_that_is_not_there(p):
    """pabal check says so, for a port and for a path, and fails not for that."""
    f, gone = Filter(), Filter()
    gone.close()
    p.conf("milter", "filters",
           f'"here {f.address} unavailable=accept" "port   {gone.address}" '
           '"path unix:/nowhere/s"')
    try:
        told = p.pabal("check")
        assert re.search(rf"port cannot be reached at {gone.address} \(Connection refused\)",
                         told)
        assert re.search(r"path cannot be reached at unix:/nowhere/s \(No such file", told)
        assert "here cannot" not in told
    finally:
        p.pabal("conf", "unset", "milter", "filters")
        f.close()


def test_slow(p):
    f = Filter(lambda c, data, s: [] if c == b"E" else [b"c"])
    with using(p, f, options="message_timeout=200ms"):
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            p.send("too slow")


def test_it_reads_no_more(p):
    """A message that it does not take: that ends as one that it does not answer."""
    end = threading.Event()

    def script(command, data, s):
        if command == b"B":
            end.wait(PATIENCE)
        return [b"c"]
    f = Filter(script, steps=filters.NR_BODY)
    with using(p, f, options="message_timeout=500ms"):
        try:
            with pytest.raises(smtplib.SMTPDataError, match="451"):
                p.send("nobody reads it", body=("x" * 70 + "\r\n") * 200000)
        finally:
            end.set()
    assert p.find_mail("alice", "nobody reads it") is None


def test_a_late_answer_is_nobody_elses(p):
    """What it says of a message that was given up is not said of the next."""
    late, said = threading.Event(), threading.Event()

    def script(command, data, s):
        if command == b"E" and b"late" in dict(s.fields)[b"Subject"]:
            late.wait(PATIENCE)
            said.set()
            return [b"d"]
        return [b"c"]
    f = Filter(script)
    with using(p, f, options="message_timeout=300ms"):
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            p.send("late")
        with p.smtp() as c:
            c.ehlo("x.example")
            c.mail("sender@example.org")
            c.rcpt(ALICE)
            late.set()
            assert said.wait(PATIENCE)
            assert c.data(message("the next"))[0] == 250
        p.wait_mail("alice", "the next")


def test_circuit_breaker(p):
    f = Filter(on(b"M", b"?"))
    since = p.mark()
    p.conf("milter", "failure_limit", "2")
    p.conf("milter", "failure_pause", "1h")
    with using(p, f, options="unavailable=accept"):
        for n in range(4):
            p.send(f"broken {n}")
            p.wait_mail("alice", f"broken {n}")
        p.wait_event("milter.suspended", since=since)
        assert len(f.sessions) == 2
    p.pabal("conf", "unset", "milter", "failure_limit")
    p.pabal("conf", "unset", "milter", "failure_pause")


def test_unix_socket(p):
    f = Filter(at_end(header("X-Unix", "yes")), actions=filters.ALL,
               path=p.dir + "/filter.sock")
    with using(p, f):
        p.send("by a socket")
        assert "X-Unix: yes" in head(p.wait_mail("alice", "by a socket"))


def test_metrics_and_trace(p):
    f = Filter(at_end(header("X", "y")), actions=filters.ALL)
    with using(p, f):
        p.send("counted")
        p.wait_mail("alice", "counted")
        text = p.pabal("metrics")
    assert 'pabal_milter_messages_total{' in text and 'filter="f0"' in text
    assert text.count("# TYPE pabal_milter_messages ") <= 1
    qid = p.events("mail.changed")[-1]["qid"]
    out = p.pabal("trace", qid)
    assert "milter.changed" in out, out

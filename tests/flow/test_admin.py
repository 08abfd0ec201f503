# SPDX-License-Identifier: ISC
"""The administrator's command: users, aliases, parameters, the queue, the log,
certificates, and what scripts do with sendmail."""
import json
import os
import pwd
import re
import subprocess

import pytest

from pabal import DOMAIN, PABAL, PASSWORD, Failed, wait

# Mail to others stays in the queue: nobody listens there.
CONF = [("pabal", "relayhost", "[127.0.0.1]:9")]
FAR = "far@far.example"


def code(pabal, *args, **kw):
    """Exit status and output of a pabal command."""
    r = subprocess.run([PABAL, "-d", pabal.dir, *args], text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=60, **kw)
    return r.returncode, r.stdout


def sendmail(pabal, *args, text="Subject: x\n\nx\n", name=None):
    r = subprocess.run([PABAL, "-d", pabal.dir, name or "sendmail", *args],
                       input=text, text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=60)
    return r.returncode, r.stdout


def as_json(pabal, *args):
    return json.loads(pabal.pabal("--json", *args))


# ---- users and aliases

def test_user_life(pabal):
    pabal.add_user("carol", "one", "--quota", "100K")
    user, = as_json(pabal, "user", "list", "carol@" + DOMAIN)
    assert user["quota"] == 100 * 1024 and user["login"]
    for sub in ("cur", "new", "tmp"):
        assert os.path.isdir(os.path.join(pabal.maildir("carol"), sub))
    # The rest is made when it is used.
    assert sorted(os.listdir(pabal.maildir("carol"))) == ["cur", "new", "tmp"]
    assert "already" in pabal.pabal_fails(
        "user", "add", "carol@" + DOMAIN, input="x\n")
    pabal.pabal("user", "set", "carol@" + DOMAIN, "login", "no")
    assert not as_json(pabal, "user", "list", "carol@" + DOMAIN)[0]["login"]
    assert "quota" in pabal.pabal_fails(
        "user", "set", "carol@" + DOMAIN, "quota", "much")
    pabal.pabal("user", "password", "carol@" + DOMAIN, input="two\n")
    pabal.pabal("user", "del", "carol@" + DOMAIN)
    assert as_json(pabal, "user", "list", "carol@" + DOMAIN) == []
    assert os.path.isdir(pabal.maildir("carol"))
    with open(os.path.join(pabal.dir, "etc", "passwords")) as f:
        assert "carol" not in f.read()


@pytest.mark.parametrize("name, text", [
    ("dave", "NAME@DOMAIN"),
    ("@" + DOMAIN, "NAME@DOMAIN"),
    ("dave@elsewhere.test", "not a local domain"),
    ("../dave@" + DOMAIN, "expected"),
])
def test_user_names_refused(pabal, name, text):
    assert text in pabal.pabal_fails("user", "add", name, input="x\n")


def test_user_without_password_is_refused(pabal):
    assert "empty" in pabal.pabal_fails("user", "add", "eve@" + DOMAIN,
                                        input="")
    assert as_json(pabal, "user", "list", "eve@" + DOMAIN) == []


def test_alias_life(pabal):
    pabal.pabal("alias", "set", "sales", "alice@" + DOMAIN, "bob")
    assert as_json(pabal, "alias", "list", "sales") == [
        {"alias": "sales", "targets": f"alice@{DOMAIN}, bob"}]
    assert sendmail(pabal, "sales", text="Subject: to both\n\nx\n")[0] == 0
    pabal.wait_mail("alice", "to both")
    pabal.wait_mail("bob", "to both")
    pabal.pabal_fails("alias", "add", "sales", "alice")
    pabal.pabal("alias", "del", "sales")
    pabal.pabal_fails("alias", "list", "sales")
    pabal.pabal_fails("alias", "set", "bad", "|")


def test_tables_by_hand(pabal):
    path = os.path.join(pabal.dir, "etc", "aliases")
    with open(path) as f:
        before = f.read()
    with open(path, "a") as f:
        f.write("broken\n")
    out = pabal.pabal_fails("map", "aliases")
    assert f"aliases:{before.count(chr(10)) + 1}" in out
    assert "compiled" in code(pabal, "check")[1]
    with open(path, "w") as f:
        f.write(before + "by-hand: alice\n")
    assert sendmail(pabal, name="newaliases")[0] == 0
    assert sendmail(pabal, "by-hand", text="Subject: by hand\n\nx\n")[0] == 0
    pabal.wait_mail("alice", "by hand")


# ---- parameters

def test_conf_set_keeps_the_file(pabal):
    path = os.path.join(pabal.dir, "etc", "qmgr.conf")
    with open(path, "a") as f:
        f.write("# a word\nqueue_lifetime = 3d # ours\n# the end\n")
    pabal.conf("qmgr", "queue_lifetime", "4d")
    with open(path) as f:
        assert f.read().endswith("# a word\nqueue_lifetime = 4d\n# the end\n")
    assert pabal.pabal("conf", "get", "qmgr", "queue_lifetime") == "4d\n"
    assert {"daemon": "qmgr", "name": "queue_lifetime", "value": "4d",
            "default": "5d", "changed": True} in as_json(pabal, "conf", "diff")
    pabal.pabal("conf", "unset", "qmgr", "queue_lifetime")
    assert pabal.pabal("conf", "get", "qmgr", "queue_lifetime") == "5d\n"


@pytest.mark.parametrize("args, text", [
    (("qmgr", "queue_lifetime", "soon"), "expected a time"),
    (("qmgr", "queue_lifetme", "3d"), "queue_lifetime"),
    (("qmgr", "queue_lifetime", "3d\nx = 1"), "one line"),
    (("nobody", "x", "1"), "no daemon"),
    (("master", "processes", "2"), "master:SERVICE has"),
    (("smtpd", "queue_lifetime", "1d"), "but qmgr has"),
    (("pabal", "hostname", "a b"), "domain"),
    (("master:smtp", "listen", "25"), "address"),
    (("qmgr:smtp", "no_such", "1"), "no parameter"),
    (("smtpd:submision", "max_errors", "5"), "no service [submision]"),
    (("smtpd:imap", "max_errors", "5"), "no service [imap]"),
])
def test_conf_set_refused(pabal, args, text):
    assert text in pabal.pabal_fails("conf", "set", *args)
    assert as_json(pabal, "conf", "check") == []


def test_check_of_a_domain_table_that_is_not_there(make_pabal):
    p = make_pabal(users=())
    p.conf("pabal", "domains", "pabal.test cdb:nosuch")
    assert "nosuch.cdb: No such file" in p.pabal_fails("check")
    p.conf("pabal", "domains", "pabal.test cdb:domains")
    assert "domains.cdb: No such file" in p.pabal_fails("check")
    p.pabal("domain", "add", "new.test")
    p.pabal("check")


def test_check_of_a_master_conf_without_parking(make_pabal):
    """As one that an older version made."""
    p = make_pabal(users=())
    path = os.path.join(p.dir, "etc", "master.conf")
    with open(path) as f:
        text = f.read()
    assert "[parking]\ndaemon = parking\n" in text
    assert "master:parking" not in p.pabal("check")
    with open(path, "w") as f:
        f.write(text.replace("[parking]\ndaemon = parking\n", ""))
    assert "conf set master:parking daemon parking" in p.pabal("check")
    p.conf("imapd", "park_after", "0")
    assert "master:parking" not in p.pabal("check")
    p.conf("imapd", "park_after", "30s")
    p.conf("master:parking", "daemon", "parking")
    assert "master:parking" not in p.pabal("check")
    p.reload()
    assert p.pids("parking")


def test_help_of_no_command(pabal):
    assert code(pabal, "help", "nosuch")[0] == 2
    status, out = code(pabal, "help", "queue")
    assert status == 0 and "queue bad restore" in out


def test_conf_check_as_json(make_pabal):
    p = make_pabal(users=())
    path = os.path.join(p.dir, "etc", "qmgr.conf")
    with open(path, "a") as f:
        f.write("no_such = 1\n")
    status, out = code(p, "conf", "check", "--json")
    assert status == 1
    mistake, = json.loads(out)
    assert mistake["file"] == path and "no_such" in mistake["text"]


def test_conf_of_one_service(pabal):
    pabal.conf("smtpd:submission", "command_timeout", "77s")
    assert pabal.pabal("conf", "get", "smtpd:submission",
                       "command_timeout") == "77s\n"
    assert pabal.pabal("conf", "get", "smtpd", "command_timeout") != "77s\n"
    pabal.pabal("conf", "unset", "smtpd:submission", "command_timeout")


def test_section_of_no_service_is_mended(make_pabal):
    """An editor made the mistake; conf unset takes it back."""
    p = make_pabal(users=())
    path = os.path.join(p.dir, "etc", "qmgr.conf")
    with open(path) as f:
        before = f.read()
    with open(path, "a") as f:
        f.write("[foo]\nactive_limit = 50\n")
    assert "no service [foo]" in p.pabal_fails("reload")
    p.pabal("conf", "unset", "qmgr:foo", "active_limit")
    with open(path) as f:
        assert f.read() == before
    p.reload()


def test_every_parameter_is_explained(pabal):
    rows = as_json(pabal, "conf", "show")
    assert {r["daemon"].split(":")[0] for r in rows} >= {
        "pabal", "master", "smtpd", "qmgr", "lookup", "auth", "keys"}
    for name in {r["name"] for r in rows}:
        told = as_json(pabal, "conf", "explain", name)
        assert told and all(t["text"].endswith(".") for t in told), name


# ---- the queue and the log

def wait_held(pabal, n):
    """What is being tried is held when the attempt has ended."""
    wait(lambda: pabal.pabal("queue", "count", "state=held") == f"{n}\n",
         f"{n} held messages")


@pytest.fixture
def waiting(pabal):
    """A queue with two messages that are held; gone afterwards."""
    for subject, sender in (("one", "alice"), ("two", "bob")):
        assert sendmail(pabal, "-f", f"{sender}@{DOMAIN}", FAR,
                        text=f"Subject: {subject}\n\nx\n")[0] == 0
    pabal.pabal("queue", "hold", "--all")
    wait_held(pabal, 2)
    yield as_json(pabal, "queue", "list")
    pabal.pabal("queue", "delete", "--all")
    pabal.wait_queue(0)


def test_queue_filters(pabal, waiting):
    ids = {m["sender"]: m["qid"] for m in waiting}
    assert pabal.pabal("queue", "count") == "2\n"
    assert pabal.pabal("queue", "count", "sender=alice@*") == "1\n"
    assert pabal.pabal("queue", "count", "age>1h") == "0\n"
    assert pabal.pabal("queue", "count", "size<1M", "state=held") == "2\n"
    one, = as_json(pabal, "queue", "list", ids["bob@" + DOMAIN])
    assert one["held"] == "an administrator"
    assert "    held: an administrator\n" in pabal.pabal("queue", "list")
    pabal.pabal("queue", "release", "--all")
    wait(lambda: not any("held" in m for m in as_json(pabal, "queue", "list")), "a release")
    pabal.pabal("queue", "hold", "--all")
    wait_held(pabal, 2)
    assert one["recipients"][0]["address"] == FAR
    assert "expected" in pabal.pabal_fails("queue", "list", "colour=red")
    assert "expected" in pabal.pabal_fails("queue", "list", "age>soon")
    assert "expected" in pabal.pabal_fails("queue", "delete", "state=hold")
    top = as_json(pabal, "queue", "top", "sender")
    assert {(t["name"], t["messages"]) for t in top} == {
        ("alice@" + DOMAIN, 1), ("bob@" + DOMAIN, 1)}


def test_queue_show(pabal, waiting):
    qid = waiting[0]["qid"]
    out = pabal.pabal("queue", "show", qid)
    assert f"id {qid}\n" in out and "Subject: one" in out
    raw = pabal.pabal("queue", "show", "--message", qid)
    assert raw.startswith("Received:") and raw.endswith("\n\nx\n")
    told = as_json(pabal, "queue", "show", qid)
    assert told["qid"] == qid and told["recipients"] == [FAR]
    assert "Subject: one" in told["header"] and "mt_priority" not in told
    assert "no such message" in pabal.pabal_fails("queue", "show", "NOSUCH")


def test_queue_actions(pabal, waiting):
    a, b = (m["qid"] for m in waiting)
    assert "which ones" in pabal.pabal_fails("queue", "delete")
    assert "nothing to do" in pabal.pabal_fails("queue", "hold", "NOSUCH")
    assert as_json(pabal, "queue", "delete", a) == {"messages": 1,
                                                    "active": 0}
    assert pabal.queue_count() == 1
    pabal.pabal("queue", "release", b)
    assert pabal.pabal("queue", "count", "state=held") == "0\n"
    pabal.pabal("queue", "flush")
    pabal.pabal("queue", "hold", b)
    wait_held(pabal, 1)
    out = sendmail(pabal, name="mailq")
    assert out[0] == 0 and b in out[1]


def test_status_tells_the_uid_that_a_process_has(pabal):
    own = {r["daemon"]: r["uid"] for r in as_json(pabal, "status")}
    for daemon, user in (("qmgr", "pabal-queue"), ("keys", "pabal-keys"),
                         ("auth", "pabal-auth"), ("lookup", "pabal-lookup")):
        assert own[daemon] == (pwd.getpwnam(user).pw_uid
                               if os.getuid() == 0 else os.getuid())


@pytest.mark.allow("ipc.dropped")
def test_queue_is_closed_to_others(pabal, waiting):
    if os.getuid() != 0:
        pytest.skip("needs another user")
    other = dict(user="nobody", cwd="/")
    assert code(pabal, "queue", "list", **other)[0] == 0
    for verb in ("delete", "hold", "release", "retry"):
        assert code(pabal, "queue", verb, "--all", **other)[0] != 0, verb
    assert code(pabal, "stop", **other)[0] != 0
    assert code(pabal, "reload", **other)[0] != 0
    assert code(pabal, "conf", "set", "qmgr", "queue_lifetime", "1d",
                **other)[0] != 0
    assert pabal.queue_count() == 2
    pabal.status()


def test_trace_follows_a_message(pabal):
    assert sendmail(pabal, "-f", "bob@" + DOMAIN, "alice",
                    text="Subject: traced\n\nx\n")[0] == 0
    pabal.wait_mail("alice", "traced")
    accepted = pabal.events("mail.accepted", **{"from": "bob@" + DOMAIN})[-1]
    pabal.wait_event("rcpt.result", qid=accepted["qid"])
    rows = as_json(pabal, "trace", accepted["qid"])
    events = [r["event"] for r in rows]
    assert events.index("session.start") < \
        events.index("mail.accepted") < events.index("rcpt.result")
    assert {r.get("qid") for r in rows} <= {accepted["qid"], None}
    assert accepted["qid"] in pabal.pabal("trace", "BOB@" + DOMAIN)
    assert "nothing about" in pabal.pabal_fails("trace", "no.such@x.test")


def submit(pabal, text):
    with pabal.smtp("submission") as s:
        s.login("bob@" + DOMAIN, PASSWORD)
        s.sendmail("bob@" + DOMAIN, ["alice@" + DOMAIN], text)


def test_trace_by_message_id(pabal):
    """As in the header, with and without brackets; where a client gives none,
    the one that is added."""
    for given in (f"<Given.1@{DOMAIN}>", None):
        since = pabal.mark()
        field = f"Message-ID:\r\n {given}\r\n" if given else ""
        submit(pabal, f"{field}Subject: x\r\n\r\nx\r\n")
        accepted = pabal.wait_event("mail.accepted", since)
        qid = accepted["qid"]
        assert accepted["message_id"] == \
            (given or f"<{qid}@mail.{DOMAIN}>")
        pabal.wait_event("mail.removed", since, qid=qid)
        for asked in (accepted["message_id"],
                      accepted["message_id"][1:-1].upper()):
            rows = as_json(pabal, "trace", asked)
            assert {r["event"] for r in rows} >= \
                {"mail.accepted", "local.delivered", "mail.removed"}
            assert {r.get("qid") for r in rows} <= {qid, None}


def test_trace_is_in_the_order_of_the_times(pabal, tmp_path):
    """Several daemons write one log: a line may come after a later one.  A
    message is accepted first, even if qmgr was quicker to begin."""
    log = tmp_path / "log"
    said = [("05.000003", "local[3] info: local.delivered qid=1K1EH4WBQRKCW"),
            ("05.000001", "smtpd[1] info: session.start sid=1K1EH4WBQ1J102"),
            ("05.000004", "smtpd[1] info: mail.accepted sid=1K1EH4WBQ1J102 "
                          "qid=1K1EH4WBQRKCW"),
            ("05.000005", "qmgr[2] info: mail.removed qid=1K1EH4WBQRKCW")]
    log.write_text("".join(f"2026-11-30T01:25:{t}Z {text}\n"
                           for t, text in said))
    rows = as_json(pabal, "trace", "--log", str(log), "1K1EH4WBQRKCW")
    assert [r["event"] for r in rows] == [
        "session.start", "mail.accepted", "local.delivered", "mail.removed"]


def test_log_as_json(pabal):
    assert sendmail(pabal, "alice", text="Subject: logged\n\nx\n")[0] == 0
    pabal.wait_mail("alice", "logged")
    pabal.wait_event("mail.removed")
    rows = as_json(pabal, "log", "--lines", "1000000")
    plain = pabal.pabal("log", "--lines", "1000000").splitlines()
    assert 0 < len(rows) <= len(plain)  # it grows meanwhile
    for row, line in zip(rows, plain):
        assert line.startswith(row["time"])
        assert f" {row['event']}" in line
    assert as_json(pabal, "log", "--lines", "0") == []


def test_metrics(pabal):
    text = pabal.pabal("metrics")
    assert text.endswith("# EOF\n")
    types = [line.split()[2] for line in text.splitlines()
             if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) > 5
    rows = as_json(pabal, "metrics")
    assert {r["daemon"] for r in rows} >= {"smtpd", "qmgr", "keys"}


# ---- certificates, privileges, check

def test_certificates(pabal, tmp_path):
    first, = as_json(pabal, "cert", "list")
    assert "localhost" in first["names"] and first["days"] > 3000
    pabal.pabal("cert", "new", "other.test", "--name", "other", "--days", "9")
    assert [c["file"] for c in as_json(pabal, "cert", "list")] == \
        ["cert.pem", "other-cert.pem"]
    tls = os.path.join(pabal.dir, "tls")
    assert "not that of" in pabal.pabal_fails(
        "cert", "install", os.path.join(tls, "cert.pem"),
        os.path.join(tls, "other-key.pem"))
    pabal.pabal_fails("cert", "new", "--name", "../x")
    for name in ("other-cert.pem", "other-key.pem"):
        os.unlink(os.path.join(tls, name))


def test_privileges_are_told(pabal):
    rows = {r["daemon"]: r for r in as_json(pabal, "privileges")}
    assert rows["smtpd"]["dirs"] == "" and "spool" in rows["qmgr"]["dirs"]
    assert "connect" not in rows["smtpd"]["may"].split()


def test_check(pabal):
    status, out = code(pabal, "check")
    assert status == 0, out
    assert {r["what"] for r in as_json(pabal, "check")} >= {
        "configuration", "spool", "mail", "table", "certificate", "running"}


def test_check_of_an_open_relay(make_pabal):
    p = make_pabal(users=())

    def warned():
        return [r["detail"] for r in as_json(p, "check")
                if r["what"] == "relay" and r["verdict"] == "warning"]

    assert warned() == []
    p.conf("pabal", "trusted_networks", "127.0.0.0/8 0.0.0.0/0 198.51.0.0/16")
    relay, wide = warned()
    assert "0.0.0.0/0" in relay and "open relay" in relay
    assert "198.51.0.0/16" in wide and "without logging in" in wide


def test_check_of_wide_proxies(make_pabal):
    """Who is believed about clients is a host of ours, not half the network."""
    p = make_pabal(users=())

    def warned():
        return [r["detail"] for r in as_json(p, "check")
                if r["what"] == "proxy" and r["verdict"] == "warning"]

    p.conf("smtpd", "xclient_hosts", "127.0.0.1 192.0.2.0/24")
    p.conf("login", "proxy_protocol_hosts", "10.0.0.0/8")
    assert warned() == []
    p.conf("smtpd", "xclient_hosts", "0.0.0.0/0")
    p.conf("smtpd", "proxy_protocol_hosts", "198.51.0.0/16")
    p.conf("login", "proxy_protocol_hosts", "[::]/0")
    xclient, smtpd, login = warned()
    assert "xclient_hosts of smtpd.conf has 0.0.0.0/0" in xclient
    assert "without a password" in xclient
    assert "proxy_protocol_hosts of smtpd.conf has 198.51.0.0/16" in smtpd
    assert "proxy_protocol_hosts of login.conf has [::]/0" in login


def test_aliases_that_lead_nowhere(make_pabal):
    """They are made all the same, for the account may come later; but said."""
    p = make_pabal(users=("alice",))

    def warned(*args):
        status, out = code(p, *args)
        assert status == 0, out
        return out

    for target in (f"alice@{DOMAIN}", "alice", f"alice+tag@{DOMAIN}", "\\alice",
                   "x@example.org", "|cat", "postmaster"):
        assert "warning" not in warned("alias", "set", "good", target)
    assert f"warning: alias bad: there is neither an alias nor an account " \
        f"noone@{DOMAIN}" in warned("alias", "set", "bad", "alice",
                                     f"noone@{DOMAIN}")
    assert "not delivered to files: /var/mail/x" in warned(
        "alias", "set", "file", "/var/mail/x")
    assert "noone" in warned("map", "aliases")
    said = [r["detail"] for r in as_json(p, "check")
            if r["what"] == "aliases" and r["verdict"] == "warning"]
    assert len(said) == 2 and f"noone@{DOMAIN}" in said[0] + said[1]
    assert "warning" not in warned("alias", "set", "then", "bad")
    p.add_user("noone")
    assert "noone" not in warned("map", "aliases")
    status, out = code(p, "alias", "set", "odd", "not an address")
    assert status == 1 and ":include:/file" in out and " /file" not in out


def test_aliases_that_accounts_hide(make_pabal):
    """An account of the name comes first, unless the alias has the domain."""
    p = make_pabal(users=("alice",))
    p.pabal("domain", "add", "other.test")
    p.add_user("alice@other.test")
    p.add_user("bob@other.test")

    def warned(name, target="x@example.org"):
        status, out = code(p, "alias", "set", name, target)
        assert status == 0, out
        return re.findall(r"warning: alias (\S+) does not apply to (\S+),", out)

    def checked():
        return [r["detail"] for r in as_json(p, "check")
                if r["what"] == "aliases" and r["verdict"] == "warning"]

    assert checked() == []
    assert warned("postmaster") == [("postmaster", f"postmaster@{DOMAIN}")]
    assert sorted(warned("Alice")) == [("alice", "alice@other.test"),
                                       ("alice", f"alice@{DOMAIN}")]
    assert warned("bobby") == warned("dave") == warned("@other.test") == []
    said = checked()
    assert len(said) == 3 and all("does not apply to" in s for s in said)
    assert warned("alice", f"alice@{DOMAIN}") == [
        ("alice", "alice@other.test")]
    assert warned(f"alice@{DOMAIN}") == []
    assert warned("alice") == [("alice", "alice@other.test")]
    assert warned(f"postmaster@{DOMAIN}") == warned("alice@other.test") == []
    assert checked() == []


# ---- sendmail

def test_sendmail_options(pabal):
    text = ("Subject: options\nTo: Alice <alice>\nCc: bob\nBcc: "
            f"postmaster@{DOMAIN}\n\n.\nlast\n")
    assert sendmail(pabal, "-t", "-oi", "-F", "A. U. Thor", "-f",
                    "alice@" + DOMAIN, text=text) == (0, "")
    for user in ("alice", "bob", "postmaster"):
        body = pabal.wait_mail(user, "options").replace(b"\r\n", b"\n")
        assert b"Bcc" not in body
        assert b'From: "A. U. Thor" <alice@' in body
        assert b"\nMessage-ID: <" in body and b"\nDate: " in body
        assert body.endswith(b"\n\n.\nlast\n")


@pytest.mark.parametrize("args, text, status", [
    ((), "x", 64),
    (("-t",), "Subject: x\n\nx\n", 64),
    (("-Z",), "x", 64),
    (("-bd",), "", 64),
    (("-N", "a b", "alice"), "x", 64),
    (("a@b@",), "x", 65),
    (("alice", "nobody"), "x", 67),
])
def test_sendmail_refusals(pabal, args, text, status):
    since = pabal.mark()
    assert sendmail(pabal, *args, text=text)[0] == status
    assert pabal.events("mail.accepted", since) == []


def test_sendmail_smtp(pabal):
    status, out = sendmail(pabal, "-bs", text="EHLO me\r\nQUIT\r\n")
    assert status == 0
    assert out.startswith("220 ") and "\n250" in out and "\n221" in out


def test_sendmail_without_the_mail_system(make_pabal):
    p = make_pabal(users=())
    p.stop()
    status, out = sendmail(p, "alice")
    assert status == 75 and "does not answer" in out
    with pytest.raises(Failed):
        p.pabal("queue", "list")


def test_an_account_that_hides_an_alias(make_pabal):
    """`user add` says so, of the alias whose address it was until then."""
    p = make_pabal(users=())
    p.pabal("alias", "set", "carol", "x@example.org")
    p.pabal("alias", "set", f"dave@{DOMAIN}", "x@example.org")

    def said(name):
        return p.pabal("user", "add", name, "--no-password")

    assert f"warning: alias carol does not apply to carol@{DOMAIN} any " \
        "more" in said(f"carol@{DOMAIN}")
    assert "warning" not in said(f"dave@{DOMAIN}")
    assert "warning" not in said(f"eve@{DOMAIN}")

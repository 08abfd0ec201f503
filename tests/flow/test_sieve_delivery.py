# SPDX-License-Identifier: ISC
"""Sieve scripts decide about mail at delivery (local/script, sieverun)."""
import json
import os
import re
import signal

import pytest

from imapraw import Imap
from pabal import DOMAIN, message, wait
from sieveclient import Sieve
from sink import Sink

ALICE = "alice@" + DOMAIN
BOB = "bob@" + DOMAIN


def script(p, text, user="alice", name="main", **others):
    """As a mail program puts them there: files, and a link to the active one."""
    home = p.maildir(user)
    d = os.path.join(home, "sieve")
    os.makedirs(d, exist_ok=True)
    for n, t in {name: text, **others}.items():
        with open(os.path.join(d, n + ".sieve"), "w") as f:
            f.write(t)
    link = os.path.join(home, ".dovecot.sieve")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(f"sieve/{name}.sieve", link)
    owner = os.stat(home)
    for top, dirs, files in os.walk(d):
        for one in [top] + [os.path.join(top, f) for f in files]:
            os.chown(one, owner.st_uid, owner.st_gid)
    os.lchown(link, owner.st_uid, owner.st_gid)


def home(p, user="alice", *names):
    return os.path.join(p.maildir(user), *names)


def subjects(p, user, folder=None):
    return [re.search(rb"(?mi)^subject: *(.*?)\r?$", m)[1].decode()
            for m in p.mails(user, folder)]


def wait_in(p, subject, folder=None, user="alice"):
    wait(lambda: subject in subjects(p, user, folder),
         f"{subject} in {folder or 'INBOX'} of {user}")


def flags(p, folder, user="alice"):
    c = p.imap(user)
    assert c.select(f'"{folder}"')[0] == "OK"
    got = [re.search(rb"FLAGS \(([^)]*)\)", x)[1].decode().split()
           for x in c.fetch("1:*", "(FLAGS)")[1]]
    c.logout()
    return got


def settle(p):
    p.wait_queue(0)


def test_fileinto(pabal):
    script(pabal, '''require ["fileinto", "mailbox", "imap4flags"];
        if header :contains "subject" "work" { fileinto :create :flags ["\\\\Flagged", "$Label1"] "Work/Now"; }
        elsif header :contains "subject" "gone" { discard; }
        elsif header :contains "subject" "junk" { fileinto "Junk"; }
        elsif header :contains "subject" "nowhere" { fileinto "Does/Not/Exist"; }''')
    since = pabal.mark()
    for s in ("work 1", "gone 1", "junk 1", "plain 1", "nowhere 1"):
        pabal.send(s)
    settle(pabal)
    assert subjects(pabal, "alice", "Work.Now") == ["work 1"]
    assert subjects(pabal, "alice", "Junk") == ["junk 1"]
    assert subjects(pabal, "alice") == ["plain 1", "nowhere 1"]
    got = flags(pabal, "Work/Now")[0]
    assert "\\Flagged" in got and "$Label1" in got
    assert pabal.events("local.sieve-no-mailbox", since,
                        mailbox="Does/Not/Exist")
    # Delivered, all of them: the senders hear nothing.
    assert {e["actions"] for e in pabal.events("local.sieve", since)} == {
        "fileinto Work/Now", "discard", "fileinto Junk", "keep",
        "fileinto Does/Not/Exist"}


def test_without_a_script_nothing_runs(pabal):
    since = pabal.mark()
    pabal.send("for bob", to=BOB)
    pabal.wait_mail("bob", "for bob")
    assert not pabal.events("local.sieve", since)


def test_charsets(pabal):
    """Most processes have none but UTF-8 and ISO-8859-1; nobody notices."""
    script(pabal, '''require ["fileinto", "mailbox", "body"];
        if header :contains "subject" "가" { fileinto :create "Korean"; }
        elsif header :contains "subject" "été" { fileinto :create "French"; }
        elsif body :contains "мир" { fileinto :create "Russian"; }''')
    since = pabal.mark()
    for n, (subject, body, folder) in enumerate((
            (b"=?utf-8?b?6rCA?=", b"x", "Korean"),
            (b"=?euc-kr?b?sKE=?=", b"x", "Korean"),
            (b"=?iso-8859-1?q?=E9t=E9?=", b"x", "French"),
            (b"=?x-none?q?=E9?=", b"x", None),
            (b"=?iso-2022-kr?b?GyQpQw4wIQ8=?=", b"x", "Korean"),
            (b"plain", b"\xcd\xc9\xd2", "Russian"))):
        with pabal.smtp() as s:
            s.sendmail("s@example.org", [ALICE], b"Subject: %s %d\r\n"
                       b"Content-Type: text/plain; charset=koi8-r\r\n\r\n"
                       b"%s\r\n" % (subject, n, body))
        wait_in(pabal, f"{subject.decode()} {n}", folder)
    assert not pabal.events("local.sieve-failed", since)


def test_extension_of_the_address(pabal):
    """What is kept goes where the address says."""
    c = pabal.imap()
    c.create("lists")
    c.logout()
    script(pabal, '''require ["envelope", "subaddress", "fileinto", "mailbox"];
        if envelope :detail "to" "shop" { fileinto :create "Shops"; }''')
    pabal.send("by detail", to=f"alice+shop@{DOMAIN}")
    pabal.send("by folder", to=f"alice+lists@{DOMAIN}")
    settle(pabal)
    assert subjects(pabal, "alice", "Shops") == ["by detail"]
    assert subjects(pabal, "alice", "lists") == ["by folder"]


def test_questions_about_the_account(pabal):
    with Imap(pabal) as c:
        c.ok("CREATE There")
        c.ok('SETMETADATA There (/private/comment "yes")')
        ident = re.search(rb"MAILBOXID \(([^)]*)\)",
                          c.ok("STATUS There (MAILBOXID)")[0])[1].decode()
    script(pabal, '''require ["fileinto", "mailbox", "mboxmetadata", "mailboxid",
            "special-use", "imap4flags", "variables"];
        set "said" "";
        if mailboxexists "There" { set "said" "${said}a"; }
        if mailboxexists "Nowhere" { set "said" "${said}b"; }
        if metadata :is "There" "/private/comment" "yes" { set "said" "${said}c"; }
        if mailboxidexists "%s" { set "said" "${said}d"; }
        if specialuse_exists "\\\\Junk" { set "said" "${said}e"; }
        if specialuse_exists "There" "\\\\Junk" { set "said" "${said}f"; }
        addflag "$${said}";
        if header :is "subject" "by id" { fileinto :mailboxid "%s" "Wrong"; }
        if header :is "subject" "by use" { fileinto :specialuse "\\\\Trash" "Wrong"; }
        ''' % (ident, ident))
    for s in ("by id", "by use"):
        pabal.send(s)
    settle(pabal)
    assert subjects(pabal, "alice", "There") == ["by id"]
    assert "$acde" in flags(pabal, "There")[0]
    assert subjects(pabal, "alice", "Trash") == ["by use"]


def test_an_edited_message(pabal):
    script(pabal, '''require ["editheader", "fileinto", "mailbox", "copy"];
        fileinto :copy :create "Plain";
        addheader "X-Sorted" "by pabal";
        deleteheader "X-Secret";
        fileinto :create "Edited";''')
    for size in (10, 300000):
        m = message(f"edited {size}", "a line\r\n" * size, X_Secret="no")
        with pabal.smtp() as s:
            s.sendmail("s@example.org", [ALICE], m)
    settle(pabal)
    for size in (10, 300000):
        plain = [m for m in pabal.mails("alice", "Plain")
                 if f"edited {size}".encode() in m][0]
        edited = [m for m in pabal.mails("alice", "Edited")
                  if f"edited {size}".encode() in m][0]
        assert b"X-Secret: no" in plain and b"X-Sorted" not in plain
        assert b"X-Secret" not in edited and b"X-Sorted: by pabal\n" in edited
        assert edited.count(b"a line\n") == plain.count(b"a line\n") == size
        assert b"\r" not in edited
        for m in (plain, edited):
            assert m.startswith(b"Return-Path: <s@example.org>\n")


def test_an_edited_message_of_any_size(make_pabal):
    p = make_pabal(("pabal", "message_size_limit", "100M"))
    script(p, 'require "editheader"; addheader "X-Sorted" "by pabal";')
    size = 66 << 20
    with p.smtp() as s:
        s.sendmail("s@example.org", [ALICE],
                   message("large", ("x" * 62 + "\r\n") * (size // 64)))
    settle(p)
    (m,) = p.mails("alice")
    assert b"\nX-Sorted: by pabal\n" in m[:2000] and m.count(b"x" * 62) == size // 64


def memory_mib(pid):
    """The most that the process has had, without what is the file system's."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) / 1024


@pytest.mark.parametrize("edit", ["addheader", "enclose", "replace"])
def test_editing_large_messages_takes_no_memory(make_pabal, edit):
    p = make_pabal(("pabal", "message_size_limit", "100M"))
    script(p, {
        "addheader": 'require "editheader"; addheader "X-Sorted" "by pabal";',
        "enclose": 'require ["foreverypart", "mime", "enclose"]; '
                   'enclose :subject "large" "X-Sorted: by pabal";',
        "replace": 'require ["foreverypart", "mime", "replace"]; foreverypart { '
                   'if header :mime :type "Content-Type" "image" '
                   '{ replace "X-Sorted: by pabal"; } }'}[edit])
    p.send("small")
    settle(p)
    (pid,) = p.pids("local")
    before = memory_mib(pid)
    size = 50 << 20
    large = ("x" * 62 + "\r\n") * (size // 64)
    part = "--b\r\nContent-Type: %s\r\n\r\n%s\r\n"
    body = part % ("text/plain", large) + part % ("image/png", "image") + \
        part % ("text/plain", large[:30 << 20]) + "--b--\r\n"
    with p.smtp(timeout=60) as s:
        s.sendmail("s@example.org", [ALICE], f"""From: s@example.org
To: {ALICE}
Subject: large
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

""".replace("\n", "\r\n") + body)
    settle(p)
    assert memory_mib(pid) - before < 8
    (m,) = [m for m in p.mails("alice") if len(m) > size / 2]
    assert m.count(b"x" * 62) == body.count("x" * 62)
    assert m.count(b"X-Sorted: by pabal") == 1 and b"\nSubject: large\n" in m


def test_an_error_keeps_the_message_and_is_told_once(pabal):
    since = pabal.mark()
    script(pabal, 'require "fileinto"; if header "subject" { discard; }', user="bob")
    for n in range(3):
        pabal.send(f"with an error {n}", to=BOB)
    settle(pabal)
    got = subjects(pabal, "bob")
    assert [s for s in got if s.startswith("with an error")] == \
        [f"with an error {n}" for n in range(3)]
    notices = [m for m in pabal.mails("bob") if b"filter has an error" in m]
    assert len(notices) == 1 and b"main, line 1" in notices[0]
    assert len(pabal.events("local.sieve-failed", since)) == 3
    # And one that happens while it runs.
    script(pabal, 'require ["variables", "regex"]; '
           'if header :regex "subject" "^(a+)+$" { discard; } redirect "no address${x}";',
           user="bob")
    pabal.send("at run time", to=BOB)
    wait_in(pabal, "at run time", user="bob")


def test_includes_are_looked_at_each_time(pabal):
    main = 'require "include"; include :personal "other";'
    script(pabal, main, other='require "fileinto"; fileinto "Junk"; stop;')
    pabal.send("included 1")
    settle(pabal)
    code = home(pabal, "alice", "sieve", ".pabal-code")
    before = os.stat(code).st_ino
    pabal.send("included 2")
    settle(pabal)
    assert os.stat(code).st_ino == before
    script(pabal, main, other='require "fileinto"; fileinto "Trash"; stop;')
    pabal.send("included 3")
    settle(pabal)
    assert os.stat(code).st_ino != before
    assert "included 2" in subjects(pabal, "alice", "Junk")
    assert "included 3" in subjects(pabal, "alice", "Trash")
    # Whatever stands there is only believed when it is right.
    with open(code, "r+b") as f:
        f.seek(40)
        f.write(b"\xff" * 20)
    pabal.send("included 4")
    settle(pabal)
    assert "included 4" in subjects(pabal, "alice", "Trash")


def test_a_script_where_nothing_can_be_written(make_pabal):
    p = make_pabal()
    script(p, 'require ["fileinto", "mailbox"]; fileinto :create "Sorted";')
    os.chmod(home(p, "alice", "sieve"), 0o555)
    p.send("sorted")
    wait_in(p, "sorted", "Sorted")
    settle(p)
    assert not os.path.exists(home(p, "alice", "sieve", ".pabal-code"))


def test_a_file_where_the_scripts_should_be(make_pabal):
    p = make_pabal()
    os.symlink("sieve/main.sieve", home(p, "alice", ".dovecot.sieve"))
    with open(home(p, "alice", "sieve"), "w") as f:
        f.write("keep;")
    p.send("kept")
    p.wait_mail("alice", "kept")
    settle(p)
    assert p.events("local.sieve-failed")


def test_many_recipients(pabal):
    script(pabal, 'require "fileinto"; fileinto "Archive";')
    script(pabal, "discard;", user="bob")
    pabal.send("to both", to=[ALICE, BOB, f"alice+x@{DOMAIN}"])
    settle(pabal)
    assert subjects(pabal, "alice", "Archive").count("to both") == 2
    assert "to both" not in subjects(pabal, "bob")


def test_duplicates(pabal):
    script(pabal, '''require ["duplicate", "fileinto", "mailbox"];
        if duplicate { fileinto :create "Twice"; }''')
    m = message("seen twice")
    for _ in range(2):
        with pabal.smtp() as s:
            s.sendmail("s@example.org", [ALICE], m)
        settle(pabal)
    assert subjects(pabal, "alice").count("seen twice") == 1
    assert subjects(pabal, "alice", "Twice") == ["seen twice"]


def test_where_there_is_no_mailbox(make_pabal):
    """What a script names and is not there: INBOX, and the trace says so."""
    p = make_pabal()
    script(p, 'require "fileinto"; fileinto "Nowhere";')
    p.send("lost")
    wait_in(p, "lost")
    assert 'there is no mailbox "Nowhere": stored in INBOX' in \
        p.pabal("sieve", "trace", ALICE)


def test_what_was_decided_is_kept(pabal):
    script(pabal, 'require "fileinto"; if header :contains "subject" "why" '
           '{ fileinto "Archive"; }')
    since = pabal.mark()
    pabal.send("why is it there")
    settle(pabal)
    qid = pabal.events("local.sieve", since)[-1]["qid"]
    text = pabal.pabal("sieve", "trace", ALICE, "--qid", qid)
    assert f" {qid} <sender@example.org> to <{ALICE}>: fileinto Archive\n" in text
    assert "\n main:1: " in text
    rows = json.loads(pabal.pabal("sieve", "trace", ALICE, "--json"))
    assert rows[-1]["qid"] == qid and rows[-1]["account"] == ALICE
    assert rows[-1]["actions"] == "fileinto Archive" and "main:1" in rows[-1]["why"]
    assert pabal.pabal("sieve", "trace", "bob@" + DOMAIN, "--qid", qid) == ""


def test_trace_says_why_it_is_there(pabal):
    """pabal trace, by the id or the Message-ID, of each account it came to."""
    for user, folder in (("alice", "Archive"), ("bob", "Junk")):
        script(pabal, 'require "fileinto"; if header :contains "subject" "there" '
               f'{{ fileinto "{folder}"; }}', user=user)
    since = pabal.mark()
    pabal.send("why there", to=[ALICE, BOB])
    pabal.send("and another there", to=BOB)
    settle(pabal)
    e = pabal.wait_event("mail.accepted", since, nrcpt="2")
    for wanted in (e["qid"], e["message_id"]):
        text = pabal.pabal("trace", wanted)
        for account, folder in ((ALICE, "Archive"), (BOB, "Junk")):
            assert f" {e['qid']} <sender@example.org> to <{account}>: " \
                f"fileinto {folder}\n main:1:" in text, text
        assert "another" not in text
        rows = json.loads(pabal.pabal("trace", wanted, "--json"))
        assert sorted((r["account"], r["actions"]) for r in rows if "why" in r
                      and "event" not in r) == [
            (ALICE, "fileinto Archive"), (BOB, "fileinto Junk")]
    os.rename(home(pabal, "alice"), home(pabal, "alice") + ".gone")
    try:
        assert "fileinto Junk\n main:1:" in pabal.pabal("trace", e["qid"])
    finally:
        os.rename(home(pabal, "alice") + ".gone", home(pabal, "alice"))


# ---- what is sent ----

@pytest.fixture
def out(make_pabal):
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{sink.port}"),
                       ("sieverun", "vacation_min_period", "0s"),
                       ("qmgr", "retry_schedule", "1s"))
        p.sink = sink
        yield p


def sent(p, n):
    """Of the messages that went out, addresses without brackets."""
    wait(lambda: len(p.sink.messages) >= n,
         f"{n} messages sent")
    for m in p.sink.messages:
        m.sender = m.sender.lstrip("<").split(">")[0]
        m.rcpts = [r.lstrip("<").split(">")[0] for r in m.rcpts]
    return p.sink.messages


def test_redirect(out):
    script(out, '''require ["copy", "editheader"];
        if header :is "subject" "edited" { addheader "X-By" "alice"; }
        redirect :copy "carol@example.net";''')
    body = "line\r\n" * 100000
    for s in ("plain", "edited"):
        with out.smtp() as c:
            c.sendmail("s@example.org", [ALICE], message(s, body))
    sent(out, 2)
    settle(out)
    assert sorted(subjects(out, "alice")) == ["edited", "plain"]
    for m in out.sink.messages:
        assert m.sender == "s@example.org" and m.rcpts == ["carol@example.net"]
        assert m.header("X-Sieve-Redirected-From") == ALICE
        assert m.data.count(b"line\r\n") == 100000
        assert b"\nReturn-Path" not in m.data
        assert (m.header("X-By") == "alice") == (m.header("Subject") == "edited")
    assert len(out.events("mail.sieve-sent", kind="redirect")) == 2


def test_redirects_in_a_circle_end(out):
    script(out, f'redirect "{BOB}";')
    script(out, f'redirect "{ALICE}";', user="bob")
    out.send("round and round")
    wait_in(out, "round and round")
    settle(out)
    assert subjects(out, "alice") == ["round and round"]
    assert subjects(out, "bob") == []


def test_a_loop_is_known_whatever_a_script_deletes(out):
    script(out, f'''require "editheader";
        deleteheader "X-Sieve-Redirected-From";
        deleteheader "Received";
        redirect "{ALICE}";''')
    since = out.mark()
    out.send("back to me")
    wait_in(out, "back to me")
    settle(out)
    assert len(out.events("mail.sieve-sent", since)) == 1


def test_hops_are_counted(out):
    script(out, 'redirect "carol@example.net";')
    hop = b"Received: from a by b; Sat, 1 Jan 2022 00:00:00 +0000\r\n"
    since = out.mark()
    with out.smtp() as c:
        for n in (80, 95):
            c.sendmail("s@example.org", [ALICE], hop * n + message(f"{n} hops"))
    wait_in(out, "95 hops")
    (m,) = sent(out, 1)
    # Its own Received, the one of its intake, and what it came with.
    assert m.header("Subject") == "80 hops" and m.data.count(b"Received: ") == 82
    qid = out.events("mail.sieve-sent", since)[0]["letter"]
    assert re.match(rb"Received: by \S+ \(pabal sieve\) id %b; " % qid.encode(), m.data)


def test_what_an_account_may_send(make_pabal):
    """Whatever the process says that has run its script."""
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{sink.port}"),
                       ("qmgr", "script_recipients", "3"),
                       ("qmgr", "script_time", "30d"),
                       ("qmgr", "retry_schedule", "1h"))
        p.sink = sink
        script(p, 'require "copy"; redirect :copy "carol@example.net";')
        since = p.mark()
        for n in range(5):
            p.send(f"copy {n}")
        sent(p, 3)
        wait(lambda: len(p.events("mail.sieve-not-sent", since, kind="redirect")) == 2,
             "two not sent")
        p.wait_queue(2)
        assert sorted(subjects(p, "alice")) == [f"copy {n}" for n in range(5)]
        # What is only told is left out; others may send.
        script(p, 'require "enotify"; notify "mailto:pager@example.net";')
        script(p, 'redirect "carol@example.net";', user="bob")
        p.send("not told")
        p.send("of bob", to=BOB)
        wait_in(p, "not told")
        sent(p, 4)
        p.wait_queue(2)
        (e,) = p.events("mail.sieve-not-sent", since, kind="notice")
        assert "too much" in e["why"] and len(sink.messages) == 4


def test_what_a_message_may_cause(make_pabal):
    with Sink() as sink:
        p = make_pabal(("pabal", "relayhost", f"[127.0.0.1]:{sink.port}"),
                       ("qmgr", "script_messages", "2"))
        p.sink = sink
        script(p, 'require "enotify"; ' + "".join(
            f'notify "mailto:pager{n}@example.net";' for n in range(4)))
        p.send("told to some")
        wait_in(p, "told to some")
        settle(p)
        assert len(sent(p, 2)) == 2
        assert len(p.events("mail.sieve-not-sent")) == 2


def test_vacation(out):
    script(out, '''require ["vacation", "vacation-seconds"];
        vacation :seconds 3600 :subject "Away" "I am away.";''')
    out.send("first")
    m = sent(out, 1)[0]
    assert m.sender == "" and m.rcpts == ["sender@example.org"]
    assert m.header("Auto-Submitted").startswith("auto-replied")
    assert m.header("Subject") == "Away" and b"I am away." in m.data
    assert m.header("In-Reply-To")
    out.send("second", sender="Sender@Example.ORG")
    out.send("from a list", sender="list@example.org", List_Id="<l.example.org>")
    out.send("from nobody", sender="")
    with out.smtp() as c:
        c.sendmail("x@example.org", [ALICE],
                   message("to somebody else", to="c@example.org"))
    settle(out)
    out.stop()
    out.start()
    out.send("third")
    out.send("of another", sender="other@example.org")
    sent(out, 2)
    settle(out)
    sent(out, 2)
    assert [m.rcpts for m in out.sink.messages] == \
        [["sender@example.org"], ["other@example.org"]]
    for s in ("first", "second", "from a list", "third"):
        assert s in subjects(out, "alice")


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


def test_whom_a_vacation_is_from(out):
    """The account's own addresses are answered for, and nobody else's used."""
    table(out, "aliases", f"sales: alice\nteam: alice, bob\n")
    table(out, "senders", f"boss@{DOMAIN} {ALICE}\n")
    script(out, 'require ["vacation", "vacation-seconds"]; '
           'vacation :seconds 0 "I am away.";')
    with out.smtp() as c:
        for to in ("sales", "team"):
            c.sendmail(f"{to}.sender@example.org", [f"{to}@{DOMAIN}"],
                       message(to, to=f"{to}@{DOMAIN}"))
    out.wait_mail("bob", "team")
    settle(out)
    (m,) = sent(out, 1)
    assert m.rcpts == ["sales.sender@example.org"]
    assert m.header("From") == f"sales@{DOMAIN}"
    # :from
    for n, (said, is_from) in enumerate([
            (f"boss@{DOMAIN}", f"boss@{DOMAIN}"), (f"sales@{DOMAIN}",) * 2,
            (f"bob@{DOMAIN}", ALICE), ("ceo@example.net", ALICE)]):
        script(out, f'''require ["vacation", "vacation-seconds", "enotify"];
            vacation :seconds 0 :from "{said}" :addresses "ceo@example.net" "Away.";
            notify :from "{said}" "mailto:pager@example.net";''')
        out.send(f"from {n}")
        got = sent(out, 3 + 2 * n)[-2:]
        assert {m.header("From").strip("<>") for m in got} == {is_from}
        settle(out)


def test_no_vacation_where_it_cannot_be_noted(out):
    """Else each message would be answered."""
    script(out, 'require "vacation"; vacation "I am away.";')
    os.chmod(home(out, "alice", "sieve"), 0o555)
    out.send("first")
    out.send("second")
    for s in "first", "second":
        out.wait_mail("alice", s)
    settle(out)
    assert out.sink.messages == []
    assert out.events("local.vacation-not-sent")


def test_notify(out):
    script(out, '''require "enotify";
        notify :message "You have mail" "mailto:pager@example.net";''')
    out.send("told")
    m = sent(out, 1)[0]
    assert m.sender == ALICE and m.rcpts == ["pager@example.net"]
    assert m.header("Subject") == "You have mail"
    assert m.header("Auto-Submitted").startswith("auto-notified")
    wait_in(out, "told")


def test_nothing_is_sent_when_it_cannot_be_saved(out):
    script(out, 'require "copy"; redirect :copy "carol@example.net";')
    tmp = home(out, "alice", "tmp")
    os.chmod(tmp, 0o500)
    since = out.mark()
    out.send("cannot be saved")
    wait(lambda: out.events("rcpt.result", since, status="tempfail"), "a failure")
    assert out.sink.messages == [] and subjects(out, "alice") == []
    os.chmod(tmp, 0o700)
    out.pabal("queue", "flush")
    sent(out, 1)
    settle(out)
    assert subjects(out, "alice") == ["cannot be saved"]
    assert len(out.sink.messages) == 1


def test_killed_between_the_mailbox_and_the_rest(out):
    """It is in the mailbox once, and sent once."""
    out.allowed = ["child.killed", "ipc.dropped"]
    script(out, 'require "copy"; redirect :copy "carol@example.net";')
    out.send("wakes everybody")
    sent(out, 1)
    settle(out)
    workers, qmgr = out.pids("sieverun"), out.pids("qmgr")[0]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    out.send("killed")
    assert out.queue_count() == 1
    os.kill(qmgr, signal.SIGSTOP)
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    wait_in(out, "killed")
    seen = home(out, "alice", "sieve", ".pabal-seen")
    wait(lambda: open(seen).read().count("store1") == 2, "it to be remembered")
    for pid in out.pids("local") + [qmgr]:
        os.kill(pid, signal.SIGKILL)
    sent(out, 2)
    settle(out)
    assert subjects(out, "alice").count("killed") == 1
    assert [m.header("Subject") for m in out.sink.messages].count("killed") == 1


# ---- what the host knows ----

def test_scores(make_pabal):
    """Of what judges say of a message, or of what a scanner writes into it."""
    p = make_pabal()
    asks = '''require ["spamtest", "spamtestplus", "virustest", "relational",
            "comparator-i;ascii-numeric", "fileinto", "mailbox", "variables"];
        if spamtest :percent :value "ge" :comparator "i;ascii-numeric" "90" { fileinto :create "Worst"; }
        elsif spamtest :value "ge" :comparator "i;ascii-numeric" "5" { fileinto :create "Bad"; }
        elsif spamtest :value "eq" :comparator "i;ascii-numeric" "0" { fileinto :create "Unknown"; }
        if virustest :value "ge" :comparator "i;ascii-numeric" "4" { fileinto :create "Sick"; }'''
    script(p, asks)
    p.send("who knows", X_Spam_Score="9.5")
    settle(p)
    assert subjects(p, "alice", "Unknown") == ["who knows"]
    p.conf("sieverun", "spamtest_header", "X-Spam-Score: ([-0-9.]+)")
    p.conf("sieverun", "spamtest_max", "10")
    p.conf("sieverun", "virustest_header", r"X-Virus: ^(\w+)")
    p.conf("sieverun", "virustest_type", "text")
    p.conf("sieverun", "virustest_texts", "1=clean 5=infected")
    p.reload()
    for s, score in ("fine", "-1.5"), ("so so", "5.0 of 10"), ("awful", "12"):
        p.send(s, X_Spam_Score=score)
    p.send("ill", X_Spam_Score="0", X_Virus="infected, Eicar-Test-Signature")
    p.send("well", X_Spam_Score="0", X_Virus="clean")
    settle(p)
    assert subjects(p, "alice", "Worst") == ["awful"]
    assert subjects(p, "alice", "Bad") == ["so so"]
    assert subjects(p, "alice", "Sick") == ["ill"]
    assert sorted(subjects(p, "alice")) == ["fine", "well"]


@pytest.mark.parametrize("parameter, value", [
    ("spamtest_header", "X-Spam: ("), ("spamtest_max", "many"),
    ("virustest_max_header", "X-Max: [")])
def test_scores_that_nothing_can_have(make_pabal, parameter, value):
    p = make_pabal()
    p.conf("sieverun", parameter, value)
    assert f"{parameter.split('_')[0]}: {value}: " in p.pabal_fails("check")


def test_lists(make_pabal):
    p = make_pabal()
    d = os.path.join(p.dir, "etc", "sieve")
    os.makedirs(os.path.join(d, DOMAIN))
    for name, text in {"friends": "# known\n\nAnn@Example.org\n",
                       "blocked": "ben@example.org\n",
                       "team": f"Bob@{DOMAIN}\nbob+two@{DOMAIN}\n",
                       "many": "".join(f"bob+{n}@{DOMAIN}\n" for n in range(5)),
                       DOMAIN + "/blocked": "cid@example.org\n"}.items():
        with open(os.path.join(d, name + ".list"), "w") as f:
            f.write(text)
    p.conf("pabal", "sieve_directory", d)
    p.reload()
    script(p, '''require ["extlists", "envelope", "fileinto", "mailbox"];
        if not valid_ext_list ["friends", "tag:example.org,2026:blocked"] { discard; stop; }
        if valid_ext_list "urn:ietf:params:sieve:addrbook:default" { discard; stop; }
        if valid_ext_list "nobodys" { discard; stop; }
        if envelope :list "from" "tag:example.org,2026:friends" { fileinto :create "Friends"; }
        elsif envelope :list "from" "blocked" { fileinto :create "Blocked"; }''')
    for who in "ann", "ben", "cid":
        p.send("of " + who, sender=who + "@example.org")
    settle(p)
    assert subjects(p, "alice", "Friends") == ["of ann"]
    assert subjects(p, "alice", "Blocked") == ["of cid"]
    assert subjects(p, "alice") == ["of ben"]
    # RFC 6134 2.4: to each of them, as long as they are few enough
    script(p, '''require ["extlists"];
        if header :contains "subject" "few" { redirect :list "tag:example.org,2026:team"; }
        if header :contains "subject" "many" { redirect :list "many"; }''')
    for what in "few", "many":
        p.send("to " + what)
    settle(p)
    assert subjects(p, "bob") == ["to few"] * 2
    assert "to few" not in subjects(p, "alice")
    assert "to many" in subjects(p, "alice")
    assert "number of redirect actions exceeds" in p.wait_event(
        "local.sieve-failed")["why"]


def test_what_another_domain_has_is_its_own(make_pabal):
    """Neither its lists nor its scripts can be asked for by their path."""
    p = make_pabal()
    d = os.path.join(p.dir, "etc", "sieve")
    os.makedirs(os.path.join(d, "other.example"))
    for name, text in {"vip.list": "ann@example.org\n", "spam.sieve": "discard;"}.items():
        with open(os.path.join(d, "other.example", name), "w") as f:
            f.write(text)
    p.conf("pabal", "sieve_directory", d)
    p.reload()
    script(p, '''require ["extlists", "envelope"];
        if valid_ext_list "other.example/vip" { discard; stop; }
        if envelope :list "from" "tag:x,2026:other.example/vip" { discard; }''')
    p.send("by a list", sender="ann@example.org")
    settle(p)
    script(p, 'require "include"; include :global "other.example/spam";')
    p.send("by a script")
    settle(p)
    assert {"by a list", "by a script"} <= set(subjects(p, "alice"))


def test_environment(pabal):
    script(pabal, '''require ["environment", "variables", "imap4flags"];
        if environment :is "domain" "%s" { set "said" "${said}a"; }
        if environment :is "location" "MDA" { set "said" "${said}b"; }
        if environment :is "phase" "during" { set "said" "${said}c"; }
        if environment :is "name" "pabal" { set "said" "${said}d"; }
        if environment :matches "version" "?*" { set "said" "${said}e"; }
        if environment :matches "host" "?*" { set "said" "${said}f"; }
        if environment :is "remote-ip" "127.0.0.1" { set "said" "${said}g"; }
        if environment :matches "imap.cause" "*" { set "said" "${said}h"; }
        addflag "$${said}";''' % DOMAIN)
    pabal.send("where am I")
    settle(pabal)
    assert any("$abcdefg" in f for f in [flags(pabal, "INBOX")[-1]])


def test_extensions_off(make_pabal):
    """In all places, from a reload on."""
    p = make_pabal()
    script(p, 'require "editheader"; addheader "X-Sorted" "yes";')
    p.send("edited")
    settle(p)
    assert b"X-Sorted: yes" in p.mails("alice")[0]
    p.conf("pabal", "sieve_extensions_off", "editheader vacation-seconds")
    p.reload()
    since = p.mark()
    p.send("not any more")
    settle(p)
    (m,) = [m for m in p.mails("alice") if b"not any more" in m and b"filter" not in m]
    assert b"X-Sorted" not in m and p.events("local.sieve-failed", since)
    with Sieve(p, login=False) as c:
        names = [c.capabilities()["SIEVE"].split()]
        c.login()
        names.append(c.capabilities()["SIEVE"].split())
        c.no("CHECKSCRIPT", 'require "editheader";')
    assert names[0] == names[1] and "vacation" in names[0]
    assert not {"editheader", "vacation-seconds"} & set(names[0])
    p.pabal_fails("sieve", "put", ALICE, "x", input='require "editheader";')
    path = os.path.join(p.dir, "x.sieve")
    with open(path, "w") as f:
        f.write('require "editheader";')
    assert "editheader" in p.pabal_fails("sieve", "check", path)
    p.conf("pabal", "sieve_extensions_off", "nosuch")
    assert "nosuch" in p.pabal_fails("reload")


def test_redirects_are_announced_as_they_are_limited(make_pabal):
    """MAXREDIRECTS (RFC 5804 1.7)."""
    p = make_pabal()
    text = "\n".join(f'redirect "a{i}@b.example";' for i in range(3))
    path = os.path.join(p.dir, "x.sieve")
    with open(path, "w") as f:
        f.write(text)
    with open(path + ".eml", "wb") as f:
        f.write(message("sent on"))
    script(p, text)
    for limit, ok in (("2", False), ("3", True), ("0", False)):
        p.conf("pabal", "sieve_max_redirects", limit)
        p.reload()
        with Sieve(p, login=False) as c:
            assert c.capabilities()["MAXREDIRECTS"] == limit
            c.login()
            assert c.capabilities()["MAXREDIRECTS"] == limit
        told = (p.pabal if ok else p.pabal_fails)("sieve", "test", path, path + ".eml", "--json")
        assert ('"status":"done"' in told.replace(" ", "")) == ok
        since = p.mark()
        p.send(f"with {limit}")
        (event,) = [p.wait_event("local.sieve", since)]
        assert bool(p.events("local.sieve-failed", since)) != ok, event


# ---- scripts of the administrator ----

def test_global_scripts(make_pabal):
    def prepare(p):
        d = os.path.join(p.dir, "etc", "sieve")
        os.makedirs(os.path.join(d, DOMAIN))
        os.makedirs(os.path.join(d, "other.example"))
        for name, text in {
                "first": 'require ["fileinto", "mailbox"]; if header :is "subject" "virus" '
                         '{ discard; stop; }',
                "spam": 'require "fileinto"; if header :is "x-spam-flag" "yes" '
                        '{ fileinto "Junk"; }',
                DOMAIN + "/last": 'require ["imap4flags"]; addflag "$Last"; keep;',
                "last": "discard;",
                "other.example/theirs": "discard;",
                "common": 'require "fileinto"; fileinto "Archive";'}.items():
            with open(os.path.join(d, name + ".sieve"), "w") as f:
                f.write(text)
        p.conf("pabal", "sieve_directory", d)
        p.conf("pabal", "sieve_before", "theirs first")
        p.conf("pabal", "sieve_default", "spam")
        p.conf("pabal", "sieve_after", "last")

    p = make_pabal()
    p.stop()
    prepare(p)
    p.start()
    p.send("virus")
    p.send("spam", X_Spam_Flag="yes")
    p.send("ham")
    settle(p)
    assert subjects(p, "alice") == ["ham"]
    assert "$Last" in flags(p, "INBOX")[0]
    assert subjects(p, "alice", "Junk") == ["spam"]
    script(p, 'require "include"; include :global "common";')
    p.send("with my own", X_Spam_Flag="yes")
    settle(p)
    assert subjects(p, "alice", "Archive") == ["with my own"]
    path = os.path.join(p.dir, "etc", "sieve", "first.sieve")
    with open(path, "w") as f:
        f.write("discrd;")
    assert "first.sieve, line 1" in p.pabal_fails("conf", "check")


def test_a_script_of_another_domain_alone(make_pabal):
    p = make_pabal()
    p.stop()
    d = os.path.join(p.dir, "etc", "sieve")
    os.makedirs(os.path.join(d, "other.example"))
    with open(os.path.join(d, "other.example", "theirs.sieve"), "w") as f:
        f.write("discard;")
    p.conf("pabal", "sieve_directory", d)
    p.conf("pabal", "sieve_default", "theirs")
    p.start()
    p.send("mine")
    p.wait_mail("alice", "mine")
    settle(p)

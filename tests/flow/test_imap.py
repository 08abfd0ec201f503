# SPDX-License-Identifier: ISC
"""Reading over IMAP: imaplib, curl; IDLE; several sessions."""
import imaplib
import os
import re
import subprocess
import threading

import pytest

from pabal import DOMAIN, PASSWORD, PATIENCE, message, wait

USERS = ("alice", "bob", "carol", "dave", "erin", "frank")


class Wire:
    """IMAP by hand."""

    def __init__(self, p, user="alice", login=True):
        self.sock = p.raw("imap")
        self.file = self.sock.makefile("rb")
        self.n = 0
        assert self.line().startswith("* OK")
        if login:
            assert self.ask(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')[-1] \
                .split()[1] == "OK"

    def line(self):
        raw = self.file.readline()
        if not raw:
            raise ConnectionError("closed")
        return raw.decode(errors="replace").rstrip("\r\n")

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def tag(self):
        self.n += 1
        return f"a{self.n}"

    def until(self, tag):
        lines = []
        while True:
            lines.append(self.line())
            if lines[-1].startswith(tag + " "):
                return lines

    def ask(self, command):
        tag = self.tag()
        self.say(f"{tag} {command}")
        return self.until(tag)

    def ok(self, command):
        lines = self.ask(command)
        assert lines[-1].split()[1] == "OK", lines
        return lines

    def close(self):
        self.sock.close()


def append(c, folder, text, flags=None):
    typ, data = c.append(folder, flags, None, text)
    assert typ == "OK", data
    return data[0].decode()


def test_folders_of_a_new_account(pabal):
    w = Wire(pabal)
    lines = w.ok('LIST "" "*"')
    for name, use in (("Drafts", "Drafts"), ("Sent", "Sent"),
                      ("Junk", "Junk"), ("Trash", "Trash"),
                      ("Archive", "Archive")):
        assert any(f"\\{use}" in line and line.endswith(f' "/" {name}')
                   for line in lines), lines
    assert any(line.upper().endswith(' "/" INBOX') for line in lines)
    w.close()


def test_delivery_to_fetch(pabal):
    pabal.send("to be fetched", to=f"bob@{DOMAIN}")
    pabal.wait_mail("bob", "to be fetched")
    c = pabal.imap("bob")
    typ, data = c.select("INBOX")
    assert typ == "OK" and int(data[0]) == 1
    typ, data = c.fetch("1", "(FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE "
                        "BODY.PEEK[])")
    head, body = data[0]
    assert int(re.search(rb"RFC822.SIZE (\d+)", b"".join(
        p if isinstance(p, bytes) else p[0] for p in data))[1]) == len(body)
    assert b"\r\nSubject: to be fetched\r\n" in body
    assert b"\\Seen" not in head
    c.fetch("1", "(BODY[TEXT])")
    assert b"\\Seen" in c.fetch("1", "(FLAGS)")[1][0]
    assert c.search(None, "SUBJECT", '"to be fetched"')[1] == [b"1"]
    c.store("1", "+FLAGS", "(\\Deleted)")
    assert c.expunge()[1] == [b"1"]
    c.logout()


def test_append_copy_move(pabal):
    c = pabal.imap("carol")
    assert c.create("Work/2026")[0] == "OK"
    said = append(c, "Work/2026", message("appended"), "(\\Seen $Later)")
    assert "APPENDUID" in said
    c.select("Work/2026")
    assert b"\\Seen" in c.fetch("1", "(FLAGS)")[1][0]
    assert c.copy("1", "INBOX")[0] == "OK"
    assert c._simple_command("MOVE", "1", "Trash")[0] == "OK"
    assert c.select("Work/2026")[1] == [b"0"]
    assert c.select("Trash")[1] == [b"1"]
    assert c.select("INBOX")[1] == [b"1"]
    assert c.rename("Work/2026", "Work/2027")[0] == "OK"
    assert c.delete("Work/2027")[0] == "OK"
    assert c.copy("1", "No/Such")[0] == "NO"
    c.logout()


def test_folder_names_in_korean(pabal):
    c = pabal.imap("carol")
    name = "&1jC8HA-"  # two syllables in modified UTF-7
    assert c.create(name)[0] == "OK"
    assert any(name.encode() in line for line in c.list()[1])
    assert os.path.isdir(os.path.join(pabal.maildir("carol"), "." + name))
    append(c, name, message("inside"))
    c.logout()
    assert pabal.mails("carol", name)


def test_idle_hears_of_a_delivery(pabal):
    w = Wire(pabal, "dave")
    w.ok("SELECT INBOX")
    tag = w.tag()
    w.say(f"{tag} IDLE")
    assert w.line().startswith("+")
    pabal.send("wake up", to=f"dave@{DOMAIN}")
    while not re.match(r"\* \d+ EXISTS", line := w.line()):
        assert line.startswith("*")
    w.say("DONE")
    w.until(tag)
    w.close()


def test_many_idle_sessions_hear(pabal):
    sessions = []
    for _ in range(20):
        w = Wire(pabal, "dave")
        w.ok("SELECT INBOX")
        w.idle = w.tag()
        w.say(f"{w.idle} IDLE")
        assert w.line().startswith("+")
        sessions.append(w)
    pabal.send("all wake up", to=f"dave@{DOMAIN}")
    for w in sessions:
        while "EXISTS" not in w.line():
            pass
        w.say("DONE")
        w.until(w.idle)
        w.close()


def test_sessions_see_each_other(pabal):
    a, b = Wire(pabal, "erin"), Wire(pabal, "erin")
    c = pabal.imap("erin")
    for i in range(3):
        append(c, "INBOX", message(f"shared {i}"))
    a.ok("SELECT INBOX")
    b.ok("SELECT INBOX")
    a.ok("STORE 2 +FLAGS (\\Flagged)")
    assert any("FETCH" in line and "\\Flagged" in line
               for line in b.ok("NOOP"))
    a.ok("STORE 1 +FLAGS (\\Deleted)")
    a.ok("EXPUNGE")
    # Not during FETCH, STORE, SEARCH (RFC 9051 7.5.1), but at NOOP.
    assert not any("EXPUNGE" in line for line in b.ok("FETCH 2 (FLAGS)"))
    assert any(re.match(r"\* 1 EXPUNGE", line) for line in b.ok("NOOP"))
    assert any("* 2 EXISTS" in line for line in b.ok("SELECT INBOX"))
    a.close()
    b.close()
    c.logout()


def test_sessions_change_at_once(pabal):
    """Ten sessions append and flag together: nothing is lost, no UID twice."""
    uids, errors = [], []

    def work(n):
        try:
            c = pabal.imap("frank")
            c.select("INBOX")
            for i in range(10):
                said = append(c, "INBOX", message(f"by {n} {i}"))
                uids.append(int(re.search(r"APPENDUID \d+ (\d+)", said)[1]))
                c.uid("STORE", str(uids[-1]), "+FLAGS", "(\\Flagged)")
            c.logout()
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert len(set(uids)) == 100
    c = pabal.imap("frank")
    assert c.select("INBOX")[1] == [b"100"]
    assert len(c.search(None, "FLAGGED")[1][0].split()) == 100
    c.logout()


@pytest.mark.parametrize("command, answer", [
    ("SELECT INBOX", "BAD"),
    ("LOGIN alice@pabal.test wrong", "NO [AUTHENTICATIONFAILED]"),
    ("LOGIN alice@pabal.test", "BAD"),
    ("AUTHENTICATE NONSENSE", "NO"),
    ("NONSENSE", "BAD"),
    ("CAPABILITY", "OK"),
    ("NOOP", "OK"),
])
def test_before_login(pabal, command, answer):
    w = Wire(pabal, login=False)
    assert w.ask(command)[-1].split(" ", 1)[1].startswith(answer)
    w.close()


@pytest.mark.parametrize("command, answer", [
    ("FETCH 1 (FLAGS)", "BAD"),
    ("SELECT NoSuch", "NO"),
    ("SELECT ../alice", "NO"),
    ("CREATE ../../evil", "NO"),
    ("CREATE /etc", "NO"),
    ("DELETE INBOX", "NO"),
    ("RENAME NoSuch Other", "NO"),
    ("APPEND INBOX {99999999999}", "NO"),
    ("SEARCH ALL", "BAD"),
    ("UID", "BAD"),
    ("STATUS INBOX (NONSENSE)", "BAD"),
    ("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)", "OK"),
    ("NAMESPACE", "OK"),
    ("ID NIL", "OK"),
    ("ENABLE QRESYNC", "OK"),
    ("LOGIN alice@pabal.test x", "BAD"),
])
def test_after_login(pabal, command, answer):
    w = Wire(pabal)
    got = w.ask(command)[-1].split(" ", 1)[1]
    assert got.startswith(answer) or \
        answer == "NO" and got.startswith("BAD"), got
    w.close()


def test_quota(make_pabal):
    p = make_pabal()
    p.pabal("user", "set", f"alice@{DOMAIN}", "quota", "20K")
    c = p.imap()
    append(c, "INBOX", message("small"))
    typ, data = c.append("INBOX", None, None,
                         message("large") + b"y" * 30000)
    assert typ == "NO" and b"OVERQUOTA" in data[0]
    typ, data = c.getquotaroot("INBOX")
    assert typ == "OK" and b"STORAGE" in data[1][0]
    c.logout()
    # And at delivery.
    with p.smtp() as s:
        s.ehlo()
        s.mail("s@example.org")
        code = s.rcpt(f"alice@{DOMAIN}")[0]
        if code == 250:
            s.data(message("too much") + b"z" * 30000 + b"\r\n")
    wait(lambda: p.queue_count() == 0 or p.events("mail.deferred"),
         "a decision")
    assert p.find_mail("alice", "too much") is None


def test_curl(pabal):
    pabal.send("curled", to=f"alice@{DOMAIN}")
    pabal.wait_mail("alice", "curled")
    out = subprocess.run(
        ["curl", "-sS", "--cacert", pabal.cafile(), "--resolve",
         f"mail.{DOMAIN}:{pabal.port('imaps')}:127.0.0.1",
         f"imaps://mail.{DOMAIN}:{pabal.port('imaps')}/INBOX;MAILINDEX=1",
         "--user", f"alice@{DOMAIN}:{PASSWORD}"], capture_output=True,
        timeout=PATIENCE, check=True).stdout
    assert b"Subject: " in out


def test_compressed_literal_plus(pabal):
    w = Wire(pabal)
    capability = w.ok("CAPABILITY")[0]
    for word in ("IMAP4rev1", "IDLE", "UIDPLUS", "MOVE", "SPECIAL-USE"):
        assert word in capability
    if "LITERAL" in capability:
        text = message("non-synchronizing").decode()
        w.ok(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
    w.close()


def test_foreign_file_in_maildir(pabal):
    """Another program's delivery turns up without anything being said."""
    top = pabal.maildir("alice")
    path = os.path.join(top, "tmp", "1763670000.M1P1.elsewhere")
    with open(path, "wb") as f:
        f.write(message("by another hand").replace(b"\r\n", b"\n"))
    if os.getuid() == 0:
        st = os.stat(top)
        os.chown(path, st.st_uid, st.st_gid)
    os.rename(path, os.path.join(top, "new", os.path.basename(path)))
    w = Wire(pabal)
    w.ok("SELECT INBOX")

    def seen():
        lines = w.ok('SEARCH SUBJECT "by another hand"')
        return any(re.match(r"\* SEARCH \d", line) for line in lines)

    wait(seen, "the foreign file")
    w.close()


def test_imaplib_logs_out(pabal):
    c = pabal.imap()
    assert c.logout()[0] == "BYE"
    assert isinstance(c, imaplib.IMAP4)

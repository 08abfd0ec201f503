# SPDX-License-Identifier: ISC
"""Debian's Roundcube, where it is installed (roundcube-core,
roundcube-sqlite3, php-cli, php-sqlite3, php-intl), asked for what its own page
asks for.  No command that it sends may be refused."""
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import urllib.parse
import urllib.request

import pytest
from imapraw import Imap
from pabal import DOMAIN, PASSWORD, PATIENCE, wait
from sieveclient import Sieve

SHARE = "/usr/share/roundcube"
PAGES = "/var/lib/roundcube"
FILTERS = PAGES + "/plugins/managesieve"  # roundcube-plugins
USERS = ("alice",)
MANY = 120  # messages in threads of three
CONFIG = """<?php
$config = ['db_dsnw' => 'sqlite:///%(dir)s/db?mode=0600',
 'imap_host' => '127.0.0.1:%(imap)d', 'smtp_host' => '127.0.0.1:%(smtp)d',
 'des_key' => '0123456789abcdef01234567', 'plugins' => [%(plugins)s], 'skin' => 'elastic',
 'log_dir' => '%(dir)s', 'temp_dir' => '%(dir)s', 'language' => 'en_US',
 'imap_debug' => true,
 'managesieve_host' => 'tls://127.0.0.1:%(managesieve)d', 'managesieve_debug' => true,
 'managesieve_default' => '',
 'managesieve_conn_options' => ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]]];
"""


def is_installed():
    if shutil.which("php") is None or not os.path.isdir(PAGES):
        return False
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True)
    return {"pdo_sqlite", "mbstring", "intl", "dom"} <= {
        m.lower() for m in modules.stdout.split()}


pytestmark = pytest.mark.skipif(not is_installed(),
                                reason="roundcube is not installed")


NAMED = {"rawsetcontent"}  # all other fields of its forms begin with "_"


def encode(arguments):
    return urllib.parse.urlencode({k if k in NAMED else "_" + k: v
                                   for k, v in arguments.items()})


class Roundcube:
    """A browser with Roundcube behind it."""

    def __init__(self, pabal, top):
        self.top = top
        shutil.copy("/etc/roundcube/defaults.inc.php", top)
        shutil.copy("/etc/roundcube/mimetypes.php", top)
        (top / "config.inc.php").write_text(CONFIG % {
            "dir": top, "imap": pabal.port("imap"),
            "smtp": pabal.port("submission"),
            "managesieve": pabal.port("managesieve"),
            "plugins": "'managesieve'" if os.path.isdir(FILTERS) else ""})
        with sqlite3.connect(top / "db") as db, \
                open(SHARE + "/SQL/sqlite.initial.sql") as f:
            db.executescript(f.read())
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.php = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{self.port}", "-t", PAGES], cwd=PAGES,
            env=dict(os.environ, ROUNDCUBE_CONFIG_DIR=str(top)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        wait(self.listens, "php")
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = self.get("login")
        token = re.search(r'name="_token" value="([^"]+)"', page)[1]
        page = self.get("login", post={
            "token": token, "task": "login", "action": "login",
            "user": f"alice@{DOMAIN}", "pass": PASSWORD})
        self.token = re.search(r'"request_token":"([^"]+)"', page)[1]

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def get(self, task, action="", post=None, remote=False, **query):
        """A page; REMOTE: what a page asks for in the background."""
        query.update(task=task, action=action)
        if remote:
            query["remote"] = 1
        r = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/?{encode(query)}",
            encode(post).encode() if post else None)
        if remote:
            r.add_header("X-Roundcube-Request", self.token)
            r.add_header("X-Requested-With", "XMLHttpRequest")
        with self.browser.open(r, timeout=2 * PATIENCE) as answer:
            return answer.read().decode()

    def ask(self, action, post=None, task="mail", **query):
        """The script that the page is told to run."""
        return json.loads(self.get(task, action, post, True, **query))["exec"]

    def refused(self):
        """What pabal said NO or BAD to."""
        log = (self.top / "imap.log").read_text()
        assert "C: A0001" in log
        return re.findall(r"\[\w{4}\] S: A\d+ (?:NO|BAD) .*", log)

    def close(self):
        os.killpg(self.php.pid, signal.SIGTERM)
        self.php.wait()


def subject_of(i):
    return f"편지 {i - i % 3:03}"


def mail(i):
    first = i - i % 3
    return (f"From: s{i % 7} <s{i % 7}@example.org>\r\nTo: a@b.example\r\n"
            f"Subject: {'Re: ' if i % 3 else ''}{subject_of(i)}\r\n"
            f"Date: Fri, 21 Nov 2025 {10 + i // 60}:{i % 60:02}:00 +0900\r\n"
            f"Message-ID: <{i}@x>\r\n" +
            (f"References: <{first}@x>\r\n" if i % 3 else "") +
            f"\r\nbody {i}\r\n").encode()


@pytest.fixture
def page(pabal, tmp_path):
    with Imap(pabal) as c:
        for i in range(MANY):
            c.append(mail(i))
    one = Roundcube(pabal, tmp_path)
    yield one
    one.close()


def rows(script):
    """[(uid, subject)] of a list, in its order."""
    return [(int(u), json.loads(f'"{s}"')) for u, s in re.findall(
        r'add_message_row\((\d+),\{"subject":"((?:[^"\\]|\\.)*)"', script)]


def test_roundcube(pabal, page):
    script = page.ask("list", mbox="INBOX", sort="date_DESC")
    assert [u for u, _ in rows(script)] == list(range(MANY, MANY - 50, -1))
    assert f'set_unread_count("INBOX",{MANY}' in script
    script = page.ask("list", mbox="INBOX", sort="subject_ASC", page=2)
    assert [s.removeprefix("Re: ") for _, s in rows(script)] == [
        subject_of(i) for i in range(50, 100)]
    # what is added to a conversation stands below it
    script = page.ask("list", mbox="INBOX", threads=1, sort="date_DESC")
    assert len(rows(script)) == MANY
    assert len(set(re.findall(r'"parent_uid":"?(\d+)', script))) == MANY / 3
    script = page.ask("list", mbox="INBOX", threads=0, sort="date_DESC")
    script = page.ask("search", mbox="INBOX", q="편지 021", headers="subject",
                      scope="base", filter="ALL")
    assert sorted(u for u, _ in rows(script)) == [22, 23, 24]
    assert "body 4" in page.get("mail", "preview", mbox="INBOX", uid=5)
    page.ask("mark", {"mbox": "INBOX", "uid": "3,4", "flag": "flagged"})
    page.ask("move", {"mbox": "INBOX", "uid": "5,6", "target_mbox": "Archive"})
    page.ask("copy", {"mbox": "INBOX", "uid": "7", "target_mbox": "Archive"})
    page.ask("move", {"mbox": "INBOX", "uid": "8,9", "target_mbox": "Trash"})
    page.ask("delete", {"mbox": "INBOX", "uid": "10"})
    assert len(rows(page.ask("list", mbox="Archive"))) == 3
    page.ask("purge", {"mbox": "Trash"})
    page.get("settings", "save-folder", {
        "token": page.token, "name": "새 폴더", "parent": "", "mbox": ""})
    page.ask("rename-folder", {"folder_oldname": "&wMg- &0,SzVA-",
                               "folder_newname": "&wMg-2"}, "settings")
    page.ask("folder-delete", {"mbox": "&wMg-2"}, "settings")
    assert page.refused() == []
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        assert c.ok("UID SEARCH FLAGGED") == [b"SEARCH 3 4"]
        assert c.ok("UID SEARCH UID 5:10") == [b"SEARCH 7"]
        status = c.ok("STATUS Archive (MESSAGES)") + \
            c.ok("STATUS Trash (MESSAGES)")
        assert status == [b"STATUS Archive (MESSAGES 3)",
                          b"STATUS Trash (MESSAGES 0)"]
        assert not any(b"&" in a for a in c.ok('LIST "" "*"'))


# ---- filters: its plugin managesieve ----

def filter_form(page, name, number, word, folder, **more):
    """What the page of a filter sends: the subject contains WORD."""
    form = {"token": page.token, "framed": "1", "fid": number, "name": name,
            "enabled": "1", "join": "allof", "header[0]": "subject",
            "custom_header[0]": "", "rule_op[0]": "contains",
            "rule_target[0]": word, "rule_mod[0]": "", "rule_comp[0]": "",
            "action_type[0]": "fileinto", "action_mailbox[0]": folder}
    return {**form, **more}


def said(page):
    """The plugin's dialogue with pabal: [(C or S, line)]."""
    with open(page.top / "sieve.log") as f:
        return re.findall(r"(?m)([CS]): (.*)$", f.read())


def counts(c):
    """Messages in the folders that filters file into."""
    return [int(re.search(rb"MESSAGES (\d+)",
                          c.ok(f"STATUS {folder} (MESSAGES)")[0])[1])
            for folder in ("Archive", "Junk", "INBOX")]


@pytest.mark.skipif(not os.path.isdir(FILTERS), reason="no plugin managesieve")
def test_managesieve(pabal, page):
    def save(action="save", **form):
        return page.get("settings", f"plugin.managesieve-{action}", form)

    def act(what, **more):
        return page.ask("plugin.managesieve-action", {"act": what, **more}, "settings")

    page.get("settings", "plugin.managesieve")
    save(**filter_form(page, "Bills", "", "invoice", "Archive"))
    save(**filter_form(page, "\ud3b8\uc9c0 \"q\"", "", "\ud68c\uc758", "Junk"))
    with Sieve(pabal) as c:
        (name, active), = c.scripts().items()
        text = c.get(name)
    assert active and "# rule:[Bills]" in text and "\ud68c\uc758" in text
    with Imap(pabal) as c:
        before = counts(c)
    pabal.send("invoice 7")
    pabal.send("\ub0b4\uc77c \ud68c\uc758")
    pabal.send("other")
    pabal.wait_queue(0)
    with Imap(pabal) as c:
        assert counts(c) == [n + 1 for n in before]
    # a second set, made of the first, is made the active one, and changed
    save(token=page.token, framed="1", newset="1", name="second", copy=name, **{"from": "set"})
    act("setact", set="second")
    act("list", set="second")
    act("act", fid="0", set="second")  # off
    act("delete", fid="1", set="second")
    with Sieve(pabal) as c:
        assert c.scripts() == {name: False, "second": True}
        text = c.get("second")
    assert "\ud68c\uc758" not in text and "false" in text
    # the plugin finds the line of an error (roundcube#9562)
    page_of_error = save("saveraw", token=page.token, framed="1", set="second",
                         rawsetcontent="keep;\nif tru { stop; }\n")
    assert "sieve_errors" in page_of_error and "unknown test" in page_of_error
    assert "confirmation" in save("saveraw", token=page.token, framed="1", set="second",
                                  rawsetcontent="keep;\n")
    act("deact", set="second")
    act("setdel", set="second")
    with Sieve(pabal) as c:
        assert c.scripts() == {name: False}
    lines = said(page)
    assert ("C", "STARTTLS") in lines
    refused = [line for who, line in lines if who == "S" and line.startswith(("NO", "BYE"))]
    assert len(refused) == 1, refused  # the script with an error

# SPDX-License-Identifier: ISC
"""Debian's Thunderbird, where it is installed, without a display: told over its
own remote control (Marionette) what a user would click.  No command that it
sends may be refused."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest
from imapraw import Imap
from pabal import DOMAIN, PASSWORD, PATIENCE, wait
from test_imap_clients import kill_imapd

pytestmark = pytest.mark.skipif(shutil.which("thunderbird") is None,
                                reason="thunderbird is not installed")

USERS = ("alice",)
MANY = 300
KEYWORD = "$label1"
NEW, NEWER = "새 폴더", "더 새 폴더 & 1"

# What each script begins with.  The profile's account, folders by their names,
# and what is asked of them, as promises.
PRELUDE = """
const {MailServices} = ChromeUtils.importESModule(
    "resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.accounts[0].incomingServer;
const root = server.rootFolder;
const folder = name => root.descendants.find(f => f.name == name);
const headers = name => [...folder(name).messages];
const subjects = (name, wanted) => headers(name).filter(
    h => wanted.includes(h.mime2DecodedSubject));
const listens = work => new Promise((yes, no) => work({
    QueryInterface: ChromeUtils.generateQI(
        ["nsIUrlListener", "nsIMsgCopyServiceListener"]),
    OnStartRunningUrl() {},
    OnStopRunningUrl(url, status) {
        Components.isSuccessCode(status) ? yes() : no(Error(status)); },
    onStartCopy() {}, onProgress() {}, setMessageKey() {},
    getMessageId() { return null; },
    onStopCopy(status) {
        Components.isSuccessCode(status) ? yes() : no(Error(status)); },
}));
const update = name => listens(l => folder(name).QueryInterface(
    Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l));
"""
LOGIN = """
for (const origin of ["imap://127.0.0.1", "smtp://127.0.0.1"]) {
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(
        Ci.nsILoginInfo);
    login.init(origin, null, origin, user, password, "", "");
    await Services.logins.addLoginAsync(login);
}
server.performBiff(null);
"""


class Marionette:
    """Mozilla's remote control: JSON with its length before it."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 2 * PATIENCE)
        self.file = self.sock.makefile("rb")
        self.count = 0
        self.read()
        self.ask("WebDriver:NewSession")
        self.ask("Marionette:SetContext", value="chrome")
        self.ask("WebDriver:SetTimeouts", script=PATIENCE * 1000)

    def read(self):
        length = b""
        while (c := self.file.read(1)) != b":":
            assert c, "closed"
            length += c
        return json.loads(self.file.read(int(length)))

    def ask(self, command, **arguments):
        self.count += 1
        text = json.dumps([0, self.count, command, arguments]).encode()
        self.sock.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self.read()
        assert error is None, error
        return result

    def close(self):
        self.file.close()
        self.sock.close()


class Thunderbird:
    def __init__(self, pabal, user, top):
        self.user, self.top = user, top
        profile = top / "profile"
        profile.mkdir()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        (profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(k)}, {json.dumps(v)});\n"
            for k, v in self.settings(pabal, profile, port).items()))
        with open(top / "out", "wb") as out:
            self.process = subprocess.Popen(
                ["thunderbird", "--headless", "--marionette",
                 "--remote-allow-system-access", "--no-remote", "--profile",
                 str(profile)],
                env=dict(os.environ, HOME=str(top), MOZ_LOG="sync,IMAP:4",
                         MOZ_LOG_FILE=str(top / "imap")),
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self.control = None
            wait(lambda: self.listens(port), "thunderbird", 4 * PATIENCE)
            self.control = Marionette(port)
            self.run(LOGIN, user=f"{user}@{DOMAIN}", password=PASSWORD)
        except BaseException:
            self.close()
            raise

    def settings(self, pabal, profile, port):
        server = {"type": "imap", "hostname": "127.0.0.1",
                  "port": pabal.port("imap"), "socketType": 0, "authMethod": 3,
                  "userName": f"{self.user}@{DOMAIN}", "name": self.user,
                  "login_at_startup": False, "check_new_mail": False,
                  "directory": str(profile / "ImapMail"),
                  "directory-rel": "[ProfD]ImapMail"}
        smtp = {"hostname": "127.0.0.1", "port": pabal.port("submission"),
                "try_ssl": 0, "authMethod": 3,
                "username": f"{self.user}@{DOMAIN}"}
        return {
            "marionette.port": port, "app.update.enabled": False,
            "mail.provider.suppress_dialog_on_startup": True,
            "mailnews.start_page.enabled": False,
            "mail.accountmanager.accounts": "account1",
            "mail.accountmanager.defaultaccount": "account1",
            "mail.account.account1.server": "server1",
            "mail.account.account1.identities": "id1",
            "mail.identity.id1.useremail": f"{self.user}@{DOMAIN}",
            "mail.identity.id1.smtpServer": "smtp1",
            "mail.smtpservers": "smtp1",
            **{f"mail.server.server1.{k}": v for k, v in server.items()},
            **{f"mail.smtpserver.smtp1.{k}": v for k, v in smtp.items()}}

    @staticmethod
    def listens(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def run(self, script, **names):
        """What SCRIPT returns, with NAMES as its constants."""
        text = "".join(f"const {k} = {json.dumps(v)};\n"
                       for k, v in names.items())
        value = self.control.ask(
            "WebDriver:ExecuteAsyncScript", args=[], script="""
const done = arguments[arguments.length - 1];
(async () => {""" + PRELUDE + text + script + """})().then(
    v => done({value: v ?? null}),
    e => done({error: String(e) + e.stack}));""")["value"]
        assert "error" not in value, value["error"]
        return value["value"]

    def folders(self):
        return dict(self.run(
            "return root.descendants.map(f => [f.name, "
            "f.getTotalMessages(false)]);"))

    def seen(self, name):
        """{subject: (read, flagged, keywords)}"""
        return {s: tuple(v) for s, *v in self.run(
            "return headers(name).map(h => [h.mime2DecodedSubject, h.isRead, "
            "h.isFlagged, h.getStringProperty('keywords')]);", name=name)}

    def subjects(self, name):
        return self.run("return headers(name).map(h => h.mime2DecodedSubject);",
                        name=name)

    def waits(self, name, n):
        wait(lambda: self.folders().get(name) == n,
             f"{n} messages in {name}", 2 * PATIENCE)

    def log(self):
        return (self.top / "imap.moz_log").read_text(errors="replace")

    def rest(self, name):
        """Wait until its session with that folder is in IDLE."""
        wait(lambda: [c.endswith(" IDLE") for c in re.findall(
            f":S-{name}:SendData: (.*)", self.log())][-1:] == [True],
             f"IDLE in {name}", 2 * PATIENCE)

    def refused(self):
        """What pabal said NO or BAD to: [(command, answer)]"""
        text = self.log()
        assert " OK [CAPABILITY" in text
        asked = {(session, tag): command for session, tag, command in
                 re.findall(r"(\w+):127\.0\.0\.1:\S+:SendData: (\w+) (.*)",
                            text)}
        return [(asked.get((session, tag), ""), answer)
                for session, tag, answer in re.findall(
                    r"(\w+):127\.0\.0\.1:.*: (\w+) ((?:NO|BAD) .*)", text)]

    def close(self):
        if self.control is not None:
            self.control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def subject_of(i):
    return f"편지 {i:03}"


def mail(i):
    first = i - i % 3
    return (f"From: s{i % 7} <s{i % 7}@example.org>\r\nTo: a@b.example\r\n"
            f"Subject: {subject_of(i)}\r\n"
            f"Date: Fri, 21 Nov 2025 {10 + i // 60}:{i % 60:02}:00 +0900\r\n"
            f"Message-ID: <{i}@x>\r\n" +
            (f"References: <{first}@x>\r\n" if i % 3 else "") +
            f"\r\nbody {i}\r\n").encode()


def far(pabal, name):
    """[(subject, flags)] as the server tells it, in order."""
    with Imap(pabal) as c:
        c.enable("UTF8=ACCEPT")
        c.ok(f'EXAMINE "{name}"')
        found = []
        for a in c.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])"):
            flags = re.search(rb"FLAGS \(([^)]*)\)", a)[1].decode().split()
            found.append((re.search(rb"Subject: (.*)\r\n", a)[1].decode(),
                          sorted(set(flags) - {"\\Recent"})))
        return found


CHANGE = """
const some = (...n) => subjects("INBOX", n.map(i => names[i]));
folder("INBOX").markMessagesRead(some(0, 1, 2, 3), true);
folder("INBOX").markMessagesRead(some(3), false);
folder("INBOX").markMessagesFlagged(some(2), true);
folder("INBOX").addKeywordsToMessages(some(4), keyword);
await listens(l => MailServices.copy.copyMessages(folder("INBOX"),
    some(5, 6, 8), folder("Archive"), true, l, null, false));
await listens(l => MailServices.copy.copyMessages(folder("INBOX"), some(7),
    folder("Archive"), false, l, null, false));
await listens(l => folder("INBOX").deleteMessages(some(9, 10), null, false,
    false, l, false));
"""
# A draft, as the composer leaves it.
DRAFT = """
const file = Services.dirsvc.get("TmpD", Ci.nsIFile);
file.append("draft.eml");
file.createUnique(Ci.nsIFile.NORMAL_FILE_TYPE, 0o600);
await IOUtils.writeUTF8(file.path, text);
await listens(l => MailServices.copy.copyFileMessage(file, folder("Drafts"),
    null, true, Ci.nsMsgMessageFlags.Read, "", l, null));
file.remove(false);
"""
SEARCH = """
const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(
    Ci.nsIMsgSearchSession);
session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder("INBOX"));
const term = session.createTerm();
const value = term.value;
value.attrib = term.attrib = Ci.nsMsgSearchAttrib[attribute];
term.op = Ci.nsMsgSearchOp.Contains;
value.str = text;
term.value = value;
session.appendTerm(term);
const found = [];
await new Promise(yes => {
    session.registerListener({
        onNewSearch() {}, onSearchHit(h) { found.push(h.mime2DecodedSubject); },
        onSearchDone: yes });
    session.search(null);
});
return found;
"""
TEXT = """
const [h] = subjects("INBOX", [subject]);
const uri = h.folder.getUriForMsg(h);
return await new Promise((yes, no) => {
    let text = "";
    MailServices.messageServiceFromURI(uri).streamMessage(uri, {
        QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
        onStartRequest() {},
        onDataAvailable(r, stream, at, n) {
            const s = Cc["@mozilla.org/scriptableinputstream;1"].createInstance(
                Ci.nsIScriptableInputStream);
            s.init(stream);
            text += s.read(n);
        },
        onStopRequest(r, status) {
            Components.isSuccessCode(status) ? yes(text) : no(Error(status)); },
    }, null, null, false, "", false);
});
"""


def changes(pabal, bird):
    """Flags, keywords, MOVE, COPY, to the trash; a draft; searches."""
    names = [subject_of(i) for i in range(MANY)]
    assert set(bird.folders()) == {"INBOX", "Drafts", "Sent", "Junk", "Trash",
                                   "Archive"}
    assert list(bird.seen("INBOX")) == names
    assert "body 17\r\n" in bird.run(TEXT, subject=names[17])

    bird.run(CHANGE, names=names, keyword=KEYWORD)
    flags = {0: ["\\Seen"], 1: ["\\Seen"], 2: ["\\Flagged", "\\Seen"],
             4: [KEYWORD]}
    want = [(names[i], flags.get(i, [])) for i in range(MANY)
            if i not in (5, 6, 8, 9, 10)]
    wait(lambda: far(pabal, "INBOX") == want, "the changes to arrive")
    assert [s for s, _ in far(pabal, "Archive")] == \
        [names[i] for i in (5, 6, 8, 7)]
    assert [s for s, _ in far(pabal, "Trash")] == [names[9], names[10]]

    bird.run(DRAFT, text="Subject: 초안\r\n\r\nnot yet\r\n")
    assert far(pabal, "Drafts")[0][0] == "초안"
    assert sorted(bird.run(SEARCH, attribute="Subject", text="지 02")) == \
        names[20:30]
    assert bird.run(SEARCH, attribute="Body", text="body 299") == [names[299]]


def folders(pabal, bird):
    """Names of any letters; a folder that is not empty."""
    bird.run("root.createSubfolder(name, null);", name=NEW)
    bird.waits(NEW, 0)
    bird.run("""await listens(l => MailServices.copy.copyMessages(
        folder("INBOX"), headers("INBOX").slice(0, 9), folder(name), false, l,
        null, false));""", name=NEW)
    bird.rest(NEW)
    bird.run("folder(name).rename(other, null);", name=NEW, other=NEWER)
    wait(lambda: NEWER in bird.folders(), "the other name", 2 * PATIENCE)
    bird.run("update(name).catch(() => {}); return 1;", name=NEWER)
    bird.waits(NEWER, 9)
    assert NEW not in bird.folders()
    assert len(far(pabal, NEWER)) == 9
    with Imap(pabal) as c:
        c.enable("UTF8=ACCEPT")
        listed = b" ".join(c.ok('LIST (SUBSCRIBED) "" "*"'))
        assert NEWER.encode() in listed and f'"{NEW}"'.encode() not in listed


def hears(pabal, bird, n):
    """Of a delivery and of what another client does, without being asked."""
    bird.rest("INBOX")
    pabal.send("now")
    bird.waits("INBOX", n + 1)
    assert "now" in bird.seen("INBOX")
    with Imap(pabal) as c:
        c.ok("SELECT INBOX")
        c.ok("STORE 11:13 +FLAGS.SILENT (\\Flagged \\Seen)")
        names = [s for s, _ in far(pabal, "INBOX")][10:14]
        wait(lambda: [bird.seen("INBOX").get(s, ())[:2] for s in names] ==
             [(True, True)] * 3 + [(False, False)], "flags of another client")
        c.ok("STORE 14:23 +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
    bird.waits("INBOX", n - 9)


def killed(pabal, bird):
    """Its sessions end while it moves messages: each is in one place at last,
    and it goes on."""
    def both(of):
        return sorted(of("INBOX") + of("Archive"))

    def told(name):
        return [s for s, _ in far(pabal, name)]

    want = both(told)
    bird.run("""MailServices.copy.copyMessages(folder("INBOX"),
        headers("INBOX").slice(0, 150), folder("Archive"), true, null, null,
        false);""")
    kill_imapd(pabal)

    def whole():
        with contextlib.suppress(AssertionError):
            bird.run("await update('INBOX'); await update('Archive');")
            return both(bird.subjects) == want
    wait(whole, "both folders", 2 * PATIENCE)
    assert both(told) == want


@pytest.mark.allow("signal=KILL")
def test_thunderbird(pabal, tmp_path):
    with Imap(pabal) as c:
        for i in range(MANY):
            c.append(mail(i))
    bird = Thunderbird(pabal, "alice", tmp_path)
    try:
        bird.waits("INBOX", MANY)
        changes(pabal, bird)
        folders(pabal, bird)
        hears(pabal, bird, MANY - 5)
        killed(pabal, bird)
    finally:
        bird.close()
    # One session may ask for what another has just given a new name.
    assert [r for r in bird.refused() if NEW not in r[0] or
            not r[1].startswith("NO [NONEXISTENT]")] == []

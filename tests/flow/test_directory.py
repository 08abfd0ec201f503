# SPDX-License-Identifier: ISC
"""Accounts by the thousand: import and export, one change of a large table, and
what lookup and auth see of it without a reload."""
import json
import os
import poplib
import subprocess

import pytest

from pabal import DOMAIN, PABAL, PASSWORD, Failed

MANY = 6000  # texts of more than 256 KiB
HASH = "$6$saltsalt$" + 86 * "x"


def run(pabal, *args, text=""):
    r = subprocess.run([PABAL, "-d", pabal.dir, *args], input=text, text=True,
                       capture_output=True, timeout=120)
    return r.returncode, r.stdout, r.stderr


def rcpt(pabal, name, domain=DOMAIN):
    with pabal.smtp() as s:
        s.helo("client.example")
        s.mail("sender@example.org")
        return s.rcpt(f"{name}@{domain}")[0]


def can_login(pabal, name, password):
    try:
        pabal.pop(name, password).quit()
        return True
    except poplib.error_proto:
        return False


@pytest.fixture(scope="module", autouse=True)
def many(shared_pabal):
    text = "".join(f"m{i}@{DOMAIN} quota=10M home={DOMAIN}/many/m{i} "
                   f"hash={HASH}\n" for i in range(MANY))
    assert run(shared_pabal, "user", "import", text=text) == \
        (0, f"imported {MANY} accounts\n", "")


def path(pabal, *names):
    return os.path.join(pabal.dir, *names)


def test_imported_at_once(pabal):
    assert rcpt(pabal, "m17") == 250 and rcpt(pabal, f"m{MANY}") == 550
    assert not os.path.exists(path(pabal, "mail", DOMAIN, "many"))


def test_import_with_everything(pabal):
    text = (f'i1@{DOMAIN} password="two words" alias=i-alias@{DOMAIN}\n'
            f"i2@{DOMAIN} login=no quota=5M\n")
    assert run(pabal, "user", "import", text=text)[0] == 0
    assert rcpt(pabal, "i-alias") == 250 and rcpt(pabal, "i2") == 250
    assert can_login(pabal, "i1", "two words")
    assert not can_login(pabal, "i1", "two")


def test_export_and_import_again(pabal, make_pabal):
    out = run(pabal, "user", "export")[1]
    kept = [line for line in out.splitlines() if not line.startswith(
        ("postmaster@", "alice@", "bob@"))]
    assert len(kept) >= MANY
    other = make_pabal()
    assert run(other, "user", "import", text="\n".join(kept))[0] == 0
    again = run(other, "user", "export")[1].splitlines()
    assert [line for line in again if line in set(kept)] == kept
    assert run(pabal, "user", "export", f"m3@{DOMAIN}")[1] == \
        f"m3@{DOMAIN} uid=- gid=- home={DOMAIN}/many/m3 quota=10M hash={HASH}\n"


def test_import_again_after_a_failure(pabal):
    """What a run that was ended between accounts and aliases left is completed
    by the same list; passwords changed meanwhile stay."""
    text = (f"a1@{DOMAIN} password=one alias=a1-alias@{DOMAIN}\n"
            f"a2@{DOMAIN} password=two quota=5M\n")
    block = path(pabal, "etc", ".aliases.next")
    os.mkdir(block)
    try:
        assert ".aliases.next" in run(pabal, "user", "import", text=text)[2]
    finally:
        os.rmdir(block)
    assert rcpt(pabal, "a1") == 250 and rcpt(pabal, "a1-alias") == 550
    assert run(pabal, "user", "password", f"a1@{DOMAIN}", text="new")[0] == 0
    more = text + f"a3@{DOMAIN} alias=a3-alias@{DOMAIN}\n"
    code, out, err = run(pabal, "user", "import", text=more)
    assert (code, err) == (0, "")
    assert out == "imported 1 account\n2 were there already and keep their " \
        "password\n"
    assert rcpt(pabal, "a1-alias") == 250 and rcpt(pabal, "a3-alias") == 250
    assert can_login(pabal, "a1", "new") and can_login(pabal, "a2", "two")
    assert run(pabal, "user", "import", text=more)[0] == 0
    other = text.replace("quota=5M", "quota=6M")
    assert "account a2@" in run(pabal, "user", "import", text=other)[2]
    other = f"a4@{DOMAIN} alias=a1-alias@{DOMAIN}\n"
    assert "alias a1-alias@" in run(pabal, "user", "import", text=other)[2]


def test_what_a_killed_command_left_goes(pabal):
    """A temporary file of a writer that was ended goes with the next one."""
    left = [path(pabal, "etc", name) for name in (
        ".accounts.0123abcd", ".accounts.cdb.01234567",
        ".accounts.journal.89abcdef", ".accounts.next", ".passwords.00000000")]
    kept = path(pabal, "etc", ".accounts.backup-1")
    for name in left + [kept]:
        with open(name, "w") as f:
            f.write("half")
    pabal.add_user("tidy")
    assert [name for name in left if os.path.exists(name)] == []
    assert os.path.exists(kept)
    os.unlink(kept)


def test_what_the_journal_has_is_known_beside_an_edit(pabal):
    """An account that a command added is there, though the text has been edited
    since and was not compiled yet."""
    pabal.add_user("added")
    with open(path(pabal, "etc", "accounts"), "a") as f:
        f.write(f"byhand@{DOMAIN} home={DOMAIN}/byhand\n")
    assert "already" in pabal.pabal_fails("user", "add", f"added@{DOMAIN}")
    assert f"added@{DOMAIN}" in pabal.pabal("user", "list", f"added@{DOMAIN}")
    pabal.pabal("user", "del", f"added@{DOMAIN}")
    assert rcpt(pabal, "added") == 550 and rcpt(pabal, "byhand") == 250


BAD = f"""good@{DOMAIN} quota=1M
m1@{DOMAIN}
far@elsewhere.test
x@{DOMAIN} nonsense=1
y@{DOMAIN} password=a hash=$6$b$c
good@{DOMAIN}
z@{DOMAIN} hash=plain
v@{DOMAIN} password="open
w@{DOMAIN} alias=postmaster
k@{DOMAIN} hash={{SSHA512}}aGVsbG8gd29ybGQ=
l@{DOMAIN} hash=$1$abcdefgh$5XhrJpGu.bBXAZh4lT8oY/
"""


def test_export_as_json(pabal):
    name = f"m3@{DOMAIN}"
    row, = json.loads(run(pabal, "user", "export", name, "--json")[1])
    assert row == {"account": name, "uid": None, "gid": None,
                   "home": f"{DOMAIN}/many/m3", "quota": 10 << 20,
                   "quota_messages": 0, "login": True, "mail": True, "hash": HASH, "aliases": None}
    name = f"i3@{DOMAIN}"
    aliases = [f"i3-{i}@{DOMAIN}" for i in "ab"]
    assert run(pabal, "user", "import", text=" alias=".join(
        [name] + aliases))[0] == 0
    row, = json.loads(run(pabal, "user", "export", name, "--json")[1])
    assert row["aliases"] == ", ".join(aliases) and row["hash"] is None
    code, out, err = run(pabal, "user", "export", f"nix@{DOMAIN}", "--json")
    assert (code, json.loads(out)) == (1, []) and "no account" in err


def test_import_tells_all_mistakes(pabal):
    code, out, err = run(pabal, "user", "import", text=BAD)
    assert code == 1 and out == ""
    lines = [line.split(":")[1] for line in err.splitlines()
             if line.startswith("(standard input)")]
    assert lines == ["2", "3", "4", "5", "6", "7", "8", "9",
                     "10", "11"]
    assert "nothing was imported" in err
    assert rcpt(pabal, "good") == 550
    code, out, err = run(pabal, "user", "import", "--partial", text=BAD)
    assert code == 1 and out == "imported 1 account\n"
    assert rcpt(pabal, "good") == 250


def test_mistakes_are_counted(pabal):
    text = "".join(f"n{i}@elsewhere.test\n" for i in range(1000))
    err = run(pabal, "user", "import", text=text)[2]
    assert len(err.splitlines()) == 22 and "and 980 more" in err


def test_one_change_is_one_line(pabal):
    """The texts stay as they are, and the daemons see the change at once."""
    before = os.stat(path(pabal, "etc", "accounts"))
    assert rcpt(pabal, "late") == 550
    pabal.add_user("late")
    assert rcpt(pabal, "late") == 250
    pabal.imap("late").logout()
    assert os.stat(path(pabal, "etc", "accounts")).st_ino == before.st_ino
    pabal.pabal("user", "set", f"m5@{DOMAIN}", "mail", "no")
    assert rcpt(pabal, "m5") == 550
    assert f"m5@{DOMAIN}" in run(pabal, "user", "list", f"m5@{DOMAIN}")[1]
    pabal.pabal("user", "del", f"m6@{DOMAIN}")
    assert rcpt(pabal, "m6") == 550
    assert os.path.getsize(path(pabal, "etc", "accounts.journal")) < 1000
    text, journal = (os.stat(path(pabal, "etc", name))
                     for name in ("passwords", "passwords.journal"))
    assert (text.st_mode, text.st_uid, text.st_gid) == \
        (journal.st_mode, journal.st_uid, journal.st_gid)


def test_map_puts_it_into_the_text(pabal):
    pabal.pabal("user", "add", f"merged@{DOMAIN}", "--no-password")
    pabal.pabal("user", "set", f"m8@{DOMAIN}", "quota", "1M")
    with open(path(pabal, "etc", "accounts")) as f:
        text = f.read()
    assert "merged@" not in text
    # a person edits another entry, and one that a command changed
    text = text.replace(f"m7@{DOMAIN} uid=- gid=- ", f"m7@{DOMAIN} mail=no ")
    text = text.replace("many/m8 quota=10M", f"many/m8 quota=7M")
    with open(path(pabal, "etc", "accounts"), "w") as f:
        f.write(text)
    assert "pabal map" in pabal.pabal_fails(
        "user", "set", f"m9@{DOMAIN}", "quota", "1M")
    code, _, err = run(pabal, "map", "accounts")
    assert code == 0 and f"m8@{DOMAIN} was changed by hand" in err
    assert not os.path.exists(path(pabal, "etc", "accounts.journal"))
    with open(path(pabal, "etc", "accounts")) as f:
        text = f.read()
    assert "merged@" in text
    assert rcpt(pabal, "merged") == 250 and rcpt(pabal, "m7") == 550
    assert "quota=7M" in run(pabal, "user", "export", f"m8@{DOMAIN}")[1]


def test_no_password_is_left_behind(pabal):
    """An account made anew without a password does not have the old one."""
    with open(path(pabal, "etc", "passwords"), "a") as f:
        f.write(f"left@{DOMAIN} {hash_of(pabal)}\n")
    pabal.pabal("map", "passwords")
    pabal.pabal("user", "add", f"left@{DOMAIN}", "--no-password")
    assert not can_login(pabal, "left", PASSWORD)
    with pytest.raises(Failed):
        pabal.pabal("user", "del", f"nobody@{DOMAIN}")


def test_a_password_that_stays_is_told(pabal):
    """Who is told that all went well need not look for a password."""
    journal = path(pabal, "etc", "passwords.journal")
    pabal.add_user(f"stays@{DOMAIN}")
    with open(journal, "w") as f:
        f.write("no line\nof a journal\n")
    try:
        assert "corrupt" in pabal.pabal_fails(
            "user", "del", f"stays@{DOMAIN}")
        assert "corrupt" in pabal.pabal_fails(
            "user", "add", f"stays@{DOMAIN}", "--no-password")
    finally:
        os.unlink(journal)


def hash_of(pabal):
    line, = run(pabal, "user", "export", f"alice@{DOMAIN}")[1].splitlines()
    return line.split("hash=")[1].split()[0]


def domains(pabal):
    return [line.split()[0] for line in
            run(pabal, "domain", "list")[1].splitlines()[1:]]


def test_domains_in_the_configuration(pabal):
    assert "is not a local domain" in pabal.pabal_fails(
        "user", "add", "x@one.test", "--no-password")
    assert json.loads(pabal.pabal("domain", "add", "--json", "two.test")) == {
        "domain": "two.test", "in_effect": False, "accounts_left": 0}
    pabal.pabal("domain", "del", "two.test")
    assert "reload" in pabal.pabal("domain", "add", "One.test")
    assert "already" in pabal.pabal_fails("domain", "add", "one.TEST")
    assert domains(pabal) == [DOMAIN, "one.test"]
    pabal.reload()
    assert rcpt(pabal, "x", "one.test") == 550
    pabal.pabal("user", "add", "x@one.test", "--no-password")
    assert rcpt(pabal, "x", "one.test") == 250
    assert "1 account of one.test stays" in pabal.pabal(
        "domain", "del", "one.test")
    assert domains(pabal) == [DOMAIN]
    assert "only domain" in pabal.pabal_fails("domain", "del", DOMAIN)
    assert "not a local" in pabal.pabal_fails("domain", "del", "two.test")
    assert "expected a domain" in pabal.pabal_fails("domain", "add", "a..b")
    pabal.reload()


def test_domains_in_a_table(pabal):
    """They count at once, and a domain is one in either form."""
    pabal.conf("pabal", "domains", f"{DOMAIN} cdb:domains")
    assert json.loads(pabal.pabal("domain", "add", "--json", "first.test")) \
        == {"domain": "first.test", "in_effect": True, "accounts_left": 0}
    pabal.reload()
    pabal.pabal("domain", "add", "b\u00fccher.test")
    assert domains(pabal) == [DOMAIN, "first.test", "xn--bcher-kva.test"]
    pabal.pabal("user", "add", "x@B\u00dccher.test", "--no-password")
    assert rcpt(pabal, "x", "xn--bcher-kva.test") == 250
    assert rcpt(pabal, "y", "xn--bcher-kva.test") == 550
    assert os.path.isdir(path(pabal, "mail", "xn--bcher-kva.test", "x"))
    assert "table" in pabal.pabal("check")
    pabal.pabal("domain", "del", "xn--bcher-kva.test")
    assert rcpt(pabal, "x", "xn--bcher-kva.test") == 250  # relayed: trusted
    assert domains(pabal) == [DOMAIN, "first.test"]
    pabal.pabal("conf", "set", "pabal", "domains", DOMAIN)
    pabal.reload()


def warned(pabal):
    return [row["detail"] for row in json.loads(pabal.pabal("--json", "check"))
            if row["verdict"] == "warning" and row["what"] == "aliases" and
            "only to itself" in row["detail"]]


def test_alias_loops_are_named(pabal):
    at = "@" + DOMAIN
    pabal.pabal("alias", "add", "ring-a", "ring-b" + at)
    for targets in (["ring-a"], ["ring-c", "ring-a" + at]):
        pabal.pabal("alias", "set", "ring-c", "ring-a")
        assert "only to itself" in pabal.pabal_fails(
            "alias", "add", "ring-b" + at, *targets)
    assert warned(pabal) == []
    pabal.pabal("alias", "add", "ring-b" + at, "ring-a", "--force")
    assert [w.split(": ")[1] for w in warned(pabal)] == [
        f"{name} expands only to itself" for name in
        ("ring-a", "ring-c", "ring-b" + at)]
    code, out, err = run(pabal, "map")
    assert code == 0
    assert len([x for x in err.splitlines() if "only to itself" in x]) == 3
    assert rcpt(pabal, "ring-a") == 550
    # one that has an end is none: a mailbox, itself, another host, a command
    for end in ("alice", "\\ring-b" + at, "ring-b" + at, "x@far.example",
                "|true", "unknown"):
        pabal.pabal("alias", "set", "ring-b" + at, "ring-a", end)
        assert warned(pabal) == [], end
    for name in ("ring-a", "ring-b" + at, "ring-c"):
        pabal.pabal("alias", "del", name)

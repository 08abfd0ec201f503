# SPDX-License-Identifier: ISC
"""What an address is, seen from outside: users, aliases, domains, postmaster,
quota, and tables that change under a running instance."""
import os
import signal

import pytest

from pabal import DOMAIN, Failed, message, wait

OTHER = "other.test"
CONF = [("pabal", "domains", f"{DOMAIN} {OTHER}")]
USERS = ("alice", "bob", "dave")


def prepare(instance):
    instance.add_user("alice@" + OTHER)


def rcpt(pabal, address, size=None):
    with pabal.smtp() as s:
        s.ehlo()
        s.mail("sender@example.org", [f"SIZE={size}"] if size else [])
        code, text = s.rcpt(address)
        return code, text.decode()


@pytest.mark.parametrize("address,answer", [
    ("alice@pabal.test", (250, "2.1.5")),
    ("ALICE@Pabal.Test", (250, "2.1.5")),
    ("alice+tag@pabal.test", (250, "2.1.5")),
    ('"alice"@pabal.test', (250, "2.1.5")),
    ("alice@other.test", (250, "2.1.5")),
    ("bob@other.test", (550, "5.1.1")),
    ("nobody@pabal.test", (550, "5.1.1")),
    ("+tag@pabal.test", (550, "5.1.1")),
    ("postmaster", (250, "2.1.5")),
    ("postmaster@pabal.test", (250, "2.1.5")),
    ("PostMaster@other.test", (250, "2.1.5")),
])
def test_rcpt(pabal, address, answer):
    code, text = rcpt(pabal, address)
    assert (code, text.split()[0]) == answer


def test_each_domain_has_its_own_alice(pabal):
    pabal.send("for the other one", to="alice@" + OTHER)
    path = pabal.maildir("alice", OTHER)
    wait(lambda: os.path.isdir(path) and
         any(os.listdir(os.path.join(path, d)) for d in ("new", "cur")),
         "mail for the other alice")
    assert pabal.find_mail("alice", "for the other one") is None


def test_postmaster_gets_mail_out_of_the_box(pabal):
    pabal.send("to postmaster", to="postmaster")
    pabal.wait_mail("postmaster", "to postmaster")


def test_alias_to_several(pabal):
    pabal.pabal("alias", "set", "team", "alice,", "bob")
    pabal.send("to the team", to="team@" + DOMAIN)
    pabal.wait_mail("alice", "to the team")
    pabal.wait_mail("bob", "to the team")
    pabal.wait_queue()


def test_alias_counts_in_every_domain(pabal):
    pabal.pabal("alias", "set", "desk", "bob")
    pabal.send("desk elsewhere", to="desk@" + OTHER)
    pabal.wait_mail("bob", "desk elsewhere")


def test_alias_that_names_itself_keeps_a_copy(pabal):
    pabal.pabal("alias", "set", "dave@" + DOMAIN, "dave,", "bob")
    pabal.send("a copy for bob", to="dave@" + DOMAIN)
    pabal.wait_mail("dave", "a copy for bob")
    pabal.wait_mail("bob", "a copy for bob")
    pabal.pabal("alias", "del", "dave@" + DOMAIN)


def test_aliases_in_a_circle_deliver_once(pabal):
    pabal.pabal("alias", "set", "ping", "pong,", "alice")
    pabal.pabal("alias", "set", "pong", "ping,", "alice")
    pabal.send("round and round", to="ping@" + DOMAIN)
    pabal.wait_mail("alice", "round and round")
    pabal.wait_queue()
    found = [m for m in pabal.mails("alice") if b"round and round" in m]
    assert len(found) == 1


def test_catch_all(pabal):
    pabal.pabal("alias", "set", "@" + OTHER, "bob@" + DOMAIN)
    assert rcpt(pabal, "whoever@" + OTHER)[0] == 250
    pabal.send("to whoever", to="whoever@" + OTHER)
    pabal.wait_mail("bob", "to whoever")
    pabal.pabal("alias", "del", "@" + OTHER)
    assert rcpt(pabal, "whoever@" + OTHER)[0] == 550


def test_new_and_removed_users_count_at_once(pabal):
    assert rcpt(pabal, "erin@" + DOMAIN)[0] == 550
    pabal.add_user("erin")
    assert rcpt(pabal, "erin@" + DOMAIN)[0] == 250
    pabal.pabal("user", "set", "erin@" + DOMAIN, "mail", "no")
    code, text = rcpt(pabal, "erin@" + DOMAIN)
    assert (code, text.split()[0]) == (550, "5.2.1")
    pabal.pabal("user", "del", "erin@" + DOMAIN)
    assert rcpt(pabal, "erin@" + DOMAIN)[0] == 550


def test_transports_table(pabal):
    path = os.path.join(pabal.dir, "etc", "transports")
    with open(path, "w") as f:
        f.write("gone.example error:5.1.2 this domain has moved\n"
                "later.example error:4.4.1\n"
                "bob@pabal.test error:5.1.6 bob has moved\n")
    os.chmod(path, 0o644)
    pabal.pabal("map", "transports")
    assert rcpt(pabal, "x@gone.example") == (550, "5.1.2 this domain has moved")
    code, text = rcpt(pabal, "x@later.example")
    assert (code, text.split()[0]) == (450, "4.4.1")
    assert rcpt(pabal, "bob@pabal.test")[1].startswith("5.1.6 ")
    with open(path, "w") as f:
        f.write("# nothing\n")
    pabal.pabal("map", "transports")
    assert rcpt(pabal, "bob@pabal.test")[0] == 250


def test_mistakes_in_a_table_change_nothing(pabal):
    path = os.path.join(pabal.dir, "etc", "aliases")
    with open(path) as f:
        before = f.read()
    with open(path, "a") as f:
        f.write("bad entry: here\nworse\nfine: alice\n")
    with pytest.raises(Failed) as e:
        pabal.pabal("map", "aliases")
    lines = len(before.splitlines())
    assert f"{lines + 1}" in str(e.value) and f"{lines + 2}" in str(e.value)
    assert rcpt(pabal, "fine@" + DOMAIN)[0] == 550
    with open(path, "w") as f:
        f.write(before)
    pabal.pabal("map", "aliases")


def test_lost_table_bounces_nothing(pabal):
    path = os.path.join(pabal.dir, "etc", "accounts.cdb")
    os.rename(path, path + ".away")
    try:
        assert rcpt(pabal, "nobody@" + DOMAIN)[0] == 451
        assert rcpt(pabal, "alice@" + DOMAIN)[0] == 451
    finally:
        os.rename(path + ".away", path)
    assert rcpt(pabal, "nobody@" + DOMAIN)[0] == 550


def test_full_mailbox_is_refused_at_rcpt(pabal):
    pabal.pabal("user", "set", "bob@" + DOMAIN, "quota", "20K")
    # larger than all there is, as the client says beforehand
    code, text = rcpt(pabal, "bob@" + DOMAIN, 100000)
    assert code == 552 and text.startswith("5.2.2")
    body = ("x" * 70 + "\r\n") * 150
    pabal.send("first half", to="bob@" + DOMAIN, body=body)
    pabal.wait_mail("bob", "first half")
    pabal.wait_queue()
    code, text = rcpt(pabal, "bob@" + DOMAIN, 15000)
    assert code in (452, 552) and text.split()[0][1:] == ".2.2"
    assert rcpt(pabal, "bob@" + DOMAIN, 1000)[0] == 250
    pabal.pabal("user", "set", "bob@" + DOMAIN, "quota", "0")
    assert rcpt(pabal, "bob@" + DOMAIN, 15000)[0] == 250


def test_mail_for_a_folder_that_quota_has_no_room_for(pabal):
    """Two messages that each fit are taken at the same time: the second of
    them is deferred, and nothing of it stays in the folder's tmp/."""
    c = pabal.imap("dave")
    assert c.create("Lists")[0] == "OK"
    c.logout()
    pabal.pabal("user", "set", "dave@" + DOMAIN, "quota", "20K")
    address = "dave+lists@" + DOMAIN
    top = os.path.join(pabal.maildir("dave"), ".Lists")
    text = message("half", "x" * 60 + "\r\n", to=address) + \
        b"line of 40 bytes, again and again, yes.\r\n" * 300
    since = pabal.mark()
    with pabal.smtp() as a, pabal.smtp() as b:
        for s in a, b:
            s.ehlo()
            assert s.mail("")[0] == 250
            assert s.rcpt(address)[0] == 250
        for s in a, b:
            assert s.data(text)[0] == 250
    pabal.wait_event("rcpt.result", since, status="delivered")
    said = pabal.wait_event("rcpt.result", since, status="tempfail")
    assert said["text"] == "mailbox is full"
    assert len(pabal.mails("dave", "Lists")) == 1
    assert os.listdir(os.path.join(top, "tmp")) == []
    pabal.pabal("user", "set", "dave@" + DOMAIN, "quota", "0")
    pabal.pabal("queue", "flush")
    pabal.wait_queue(0)
    assert len(pabal.mails("dave", "Lists")) == 2


def test_relay_for_strangers_is_refused(pabal):
    """127.0.0.0/8 is trusted in an instance; take that away."""
    pabal.conf("pabal", "trusted_networks", "192.0.2.0/24")
    pabal.reload()
    try:
        wait(lambda: rcpt(pabal, "x@far.example")[0] in (550, 554),
             "relaying refused")
        for address in ("x%far.example@relay.example", "far!x@relay.example",
                        "<@pabal.test:x@far.example>"):
            assert rcpt(pabal, address)[0] in (550, 554)
        assert rcpt(pabal, "alice@" + DOMAIN)[0] == 250
        assert rcpt(pabal, "x%far.example@" + DOMAIN)[0] == 550
    finally:
        pabal.pabal("conf", "unset", "pabal", "trusted_networks")
        pabal.reload()


@pytest.mark.allow("child.killed")
def test_lookup_ends_amid_questions(make_pabal):
    """The next one is asked; who is a recipient does not depend on it."""
    p = make_pabal()
    [lookup] = {n: pid for pid, n in p.processes().items()
                if n.split("/")[0] == "lookup"}.values()
    with p.smtp() as s:
        s.ehlo()
        assert s.mail("sender@example.org")[0] == 250
        assert s.rcpt("alice@" + DOMAIN)[0] == 250
        os.kill(lookup, signal.SIGSTOP)
        s.send(f"RCPT TO:<alice+2@{DOMAIN}>\r\nRCPT TO:<none@{DOMAIN}>\r\n")
        os.kill(lookup, signal.SIGKILL)
        assert [s.getreply()[0] for _ in range(2)] == [250, 550]
        assert s.rcpt("alice+3@" + DOMAIN)[0] == 250
        assert s.data(message("three of them"))[0] == 250
    wait(lambda: p.count_mails("alice") == 3, "the mail")

# SPDX-License-Identifier: ISC
"""Where the table transports sends mail, or does not."""
import os
import re
import smtplib

import pytest

from badsmtp import BadSmtp
from pabal import DOMAIN, message, wait
from sink import Sink


def table(p, name, text):
    with open(os.path.join(p.dir, "etc", name), "w") as f:
        f.write(text)
    p.pabal("map", name)


def test_discard(pabal):
    table(pabal, "transports", "gone.test discard:nobody reads it\n"
                               f"gone@{DOMAIN} discard:\n")
    since = pabal.mark()
    pabal.send("to nobody", to=["x@gone.test", f"gone@{DOMAIN}",
                                f"alice@{DOMAIN}"])
    pabal.wait_mail("alice", "to nobody")
    pabal.wait_queue(0)
    event = pabal.wait_event("rcpt.discarded", since, to="x@gone.test")
    assert event["why"] == "transports"
    assert event["text"] == "nobody reads it"
    event = pabal.wait_event("mail.removed", since)
    assert (event["delivered"], event["discarded"], event["reported"]) == \
        ("1", "2", "0")


def test_hold(pabal):
    """The message waits, other recipients are served, and when it is released
    it goes on as if there were no such entry; a restart forgets nothing."""
    table(pabal, "transports", f"bob@{DOMAIN} hold:to be seen first\n")
    since = pabal.mark()
    pabal.send("held", to=[f"bob@{DOMAIN}", f"alice@{DOMAIN}"])
    pabal.wait_mail("alice", "held")
    pabal.wait_event("rcpt.held", since, text="to be seen first")
    qid = pabal.wait_event("mail.held", since)["qid"]
    assert not pabal.events("mail.deferred", since)
    assert "to be seen first" in pabal.pabal("queue", "list")
    pabal.stop()
    pabal.start()
    wait(lambda: pabal.queue_count() == 1, "the queue, read again")
    assert pabal.find_mail("bob", "held") is None
    pabal.pabal("queue", "release", "--all")
    pabal.wait_mail("bob", "held")
    pabal.wait_queue(0)
    assert re.findall(r" mail\.(held|released|removed) ",
                      pabal.pabal("trace", qid)) == \
        ["held", "released", "removed"]


@pytest.mark.parametrize("value, code, enhanced, text", (
    ("retry:back on Monday", 450, "4.0.0", "back on Monday"),
    ("error:5.1.6 they moved", 550, "5.1.6", "they moved"),
    ("error:they moved", 550, "5.0.0", "they moved"),
))
def test_refused(pabal, value, code, enhanced, text):
    table(pabal, "transports", f"far.test {value}\n")
    with pabal.smtp() as s, pytest.raises(smtplib.SMTPRecipientsRefused) as e:
        s.sendmail("a@b.test", ["x@far.test"], message("refused"))
    [(got, said)] = e.value.recipients.values()
    assert got == code
    assert said.decode() == f"{enhanced} {text}"


def test_our_domain_goes_on(make_pabal):
    """A domain of ours that transports sends to another host: its mail is taken
    from everybody, as that of relay_domains is."""
    with Sink() as sink:
        p = make_pabal(("pabal", "trusted_networks", "192.0.2.1"),
                       ("pabal", "domains", f"{DOMAIN} inner.test"))
        table(p, "transports", f"inner.test smtp:{sink.nexthop}\n"
                               f"other.test smtp:{sink.nexthop}\n")
        p.send("inwards", to="x@inner.test", sender="stranger@far.test")
        p.wait_queue(0)
        assert len(sink.messages) == 1
        with p.smtp() as s, \
                pytest.raises(smtplib.SMTPRecipientsRefused) as e:
            s.sendmail("stranger@far.test", ["x@other.test"], message("no"))
        assert b"Relay access denied" in str(e.value).encode()


# ---- by sender

AUTH = ("smtp", "relay_auth")


def test_relays_by_sender(make_pabal):
    """Each sender's mail goes by his relay, with his password; what transports
    names does not, nor does mail for our own domains."""
    caps = ("AUTH PLAIN",)
    with BadSmtp(caps=caps) as one, BadSmtp(caps=caps) as two, \
            Sink() as rest, Sink() as routed:
        p = make_pabal(("pabal", "relayhost", rest.nexthop),
                       ("qmgr", "retry_schedule", "1h"))
        hop = {s: f"[127.0.0.1]:{s.port}" for s in (one, two)}
        table(p, "transports", f"routed.test smtp:{routed.nexthop}\n")
        table(p, "sender_relays", f"carol@a.test smtp:{hop[one]}\n"
                                  f"@a.test smtp:{hop[two]}\n"
                                  f"@c.test smtp:{hop[two]}\n")
        p.secret(*AUTH, "# who we are\n"
                        f"{hop[one]} carol@a.test carol:first\n"
                        f"{hop[two]} @a.test anybody:second one\n")
        p.reload()
        for sender in ("carol@a.test", "dave@a.test", "Carol@A.test",
                       "eve@c.test", "frank@b.test", "dave@a.test"):
            p.send(f"of {sender}", to="x@far.test", sender=sender)
            p.wait_queue(0)
        p.send("routed", to="x@routed.test", sender="carol@a.test")
        p.send("ours", to=f"alice@{DOMAIN}", sender="carol@a.test")
        p.wait_mail("alice", "ours")
        p.wait_queue(0)
        assert len(one.messages) == 2
        assert len(two.messages) == 3
        assert len(rest.messages) == 1 and len(routed.messages) == 1
        assert {tuple(s) for s in one.secrets} == {("", "carol", "first")}
        # who has no line there logs in as nobody, and in no session of others
        assert {tuple(s) for s in two.secrets} == \
            {("", "anybody", "second one")}
        assert [m.sender for m in two.messages] == \
            ["dave@a.test", "eve@c.test", "dave@a.test"]
        assert "second one" not in p.log() and not p.alarms()


def test_a_password_stays_with_its_relay(make_pabal):
    """A next hop that is not the line's gets no password, whoever asks for it:
    a table that names another host does not move it there."""
    with BadSmtp(caps=("AUTH PLAIN",)) as other:
        p = make_pabal(("qmgr", "retry_schedule", "1h"))
        p.secret(*AUTH, "[127.0.0.2]:587 * user:secret\n")
        p.reload()
        table(p, "sender_relays", f"@a.test smtp:[127.0.0.1]:{other.port}\n")
        p.send("one", to="x@far.test", sender="carol@a.test")
        p.wait_queue(0)
        assert len(other.messages) == 1 and other.secrets == []


@pytest.mark.parametrize("line", ("[relay.test]:587 *", "[relay.test user:x",
                                  "[relay.test] a@b.test nocolon",
                                  "[relay.test] nobody user:x"))
def test_mistakes_in_the_file(make_pabal, line):
    """They are told without the line, which may be the password."""
    p = make_pabal(users=())
    p.secret(*AUTH, "[relay.test] * user:x\n" + line + "\n")
    out = p.pabal_fails("reload") + p.pabal_fails("check")
    assert "relay_auth: expected NEXTHOP SENDER user:password" in out
    assert line not in out

# SPDX-License-Identifier: ISC
"""Where the table transports sends mail, or does not."""
import os
import smtplib

import pytest

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
    event = pabal.wait_event("mail.deferred", since)
    assert event["attempts"] == "0"
    assert "to be seen first" in pabal.pabal("queue", "list")
    pabal.stop()
    pabal.start()
    wait(lambda: pabal.queue_count() == 1, "the queue, read again")
    assert pabal.find_mail("bob", "held") is None
    pabal.pabal("queue", "release", "--all")
    pabal.wait_mail("bob", "held")
    pabal.wait_queue(0)


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

# SPDX-License-Identifier: ISC
"""Copies that nobody else knows of: always_bcc, sender_bcc, recipient_bcc."""
import pytest

from pabal import DOMAIN, PASSWORD, message, wait
from sink import Sink
from test_srs import path, rcpts

ALICE, BOB, FAR = f"alice@{DOMAIN}", f"bob@{DOMAIN}", "u@far.example"


@pytest.fixture(scope="module")
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def make(make_pabal, sink):
    return lambda *conf: make_pabal(("pabal", "relayhost", sink.nexthop),
                                    ("qmgr", "retry_schedule", "1s"),
                                    *[("smtpd", *c) for c in conf])


def test_each_message(make):
    p = make(("always_bcc", "bob"))
    p.send("plain", to=ALICE)
    one, copy = p.wait_mail("alice", "plain"), p.wait_mail("bob", "plain")
    for data in (one, copy.split(b"Delivered-To: ", 1)[1].split(b"\n", 1)[1]):
        assert b"bob@" not in data
    # One who is named gets no second one.
    p.send("named", to=[ALICE, BOB])
    p.wait_mail("alice", "named")
    p.wait_mail("bob", "named")
    p.wait_queue()
    assert sum(b"Subject: named" in m for m in p.mails("bob")) == 1
    # Submitted mail, too; LMTP answers for each recipient that was named.
    with p.smtp("submission") as s:
        s.ehlo()
        s.login(ALICE, PASSWORD)
        s.sendmail(ALICE, [ALICE], message("sent", sender=ALICE))
    p.wait_mail("bob", "sent")
    with p.lmtp() as s:
        s.ehlo()
        assert s.sendmail("x@y.example", [ALICE], message("lmtp")) == {}
    p.wait_mail("alice", "lmtp")
    p.wait_queue()
    assert p.find_mail("bob", "lmtp") is None


def test_by_sender_and_recipient(make, sink):
    p = make(("sender_bcc", f"@one.example=bob {FAR}=alice"),
             ("recipient_bcc", f"@far.example=copy@else.example {ALICE}=bob"))
    p.send("by sender", to=ALICE, sender="x@ONE.example")
    p.wait_mail("bob", "by sender")
    p.send("by recipient", to=FAR, sender="x@two.example")
    wait(lambda: sum(len(m.rcpts) for m in sink.find("by recipient")) == 2, "both")
    assert {r for m in sink.find("by recipient") for r in rcpts(m)} == {
        FAR, "copy@else.example"}
    p.send("neither", to=BOB, sender="x@two.example")
    p.wait_mail("bob", "neither")
    p.wait_queue()
    assert p.find_mail("alice", "neither") is None and not sink.find("neither")


def test_what_becomes_of_it_is_nobodys(make, sink):
    """The copy cannot be delivered: the sender hears nothing of it."""
    p = make(("always_bcc", f"nobody@{DOMAIN}"))
    p.send("lost copy", to=ALICE, sender=FAR)
    p.wait_mail("alice", "lost copy")
    p.wait_event("rcpt.discarded", to=f"nobody@{DOMAIN}")
    p.wait_queue()
    assert not [m for m in sink.messages if path(m.sender) == ""]


@pytest.mark.parametrize("parameter, value", [
    ("always_bcc", "not@@an.address"), ("sender_bcc", "bob"), ("sender_bcc", "@=bob"),
    ("sender_bcc", "alice=bob@one.example"), ("recipient_bcc", "@one.example="),
    ("recipient_bcc", "=bob")])
def test_what_could_make_no_copy_is_no_configuration(make_pabal, parameter, value):
    p = make_pabal()
    p.conf("smtpd", parameter, value)
    assert f"{parameter}: expected" in p.pabal_fails("check")


def test_an_equals_sign_in_an_address(make, sink):
    p = make(("sender_bcc", "a=b@one.example=copy+of=one@else.example"))
    p.send("equals", to=ALICE, sender="a=b@one.example")
    p.wait_mail("alice", "equals")
    wait(lambda: sink.find("equals"), "the copy")
    assert rcpts(sink.find("equals")[0]) == ["copy+of=one@else.example"]

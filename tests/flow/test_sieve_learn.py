# SPDX-License-Identifier: ISC
"""Debian's rspamd, the whole way round: it scores what comes (milter), Sieve
looks at the score (spamtest), and what users move into Junk and out of it teaches
it (imapsieve, pipe, etc/sieve/rspamd-learn)."""
import json
import os
import random
import shutil
import subprocess
import tempfile
import urllib.request

import pytest

from pabal import DOMAIN, free_base, message, wait
from test_milter_known import program, using
from test_sieve_delivery import settle, subjects, wait_in

SAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "etc", "sieve")
START = 120
SPAM = """pharmacy pills discount luxury watches casino jackpot winner lottery credit
mortgage refinance cheap replica bargain million dollars transfer inheritance""".split()
HAM = """meeting agenda minutes quarterly lunch river garden children birthday holiday
project compiler deadline review patch library database schedule travel""".split()


def words(subject, of):
    """A message of these words."""
    r = random.Random("in always the same order")
    return message(subject, "".join(
        " ".join(r.sample(of, 8)) + "\r\n" for _ in range(12)))


class Rspamd:
    """A worker that filters, and a controller that learns, with no network."""

    def __init__(self, d):
        self.d, self.command = d, program("rspamd")
        program("rspamc")
        base, self.lock = free_base()
        self.controller = f"127.0.0.1:{base}"
        with open(d + "/conf", "w") as f:
            f.write(f'''
options {{ pidfile = "{d}/pid"; tempdir = "{d}"; filters = ""; local_addrs = []; }}
logging {{ type = "console"; level = "warning"; }}
modules {{ path = "/usr/share/rspamd/plugins/milter_headers.lua"; }}
milter_headers {{ use = ["x-spamd-result"]; skip_local = false; skip_authenticated = false; }}
actions {{ reject = 15; }}
group "statistics" {{
	symbols = {{ "BAYES_SPAM" {{ weight = 12.0; }} "BAYES_HAM" {{ weight = -3.0; }} }}
}}
classifier "bayes" {{
	tokenizer {{ name = "osb"; }}
	cache {{ path = "{d}/cache.sqlite"; }}
	backend = "sqlite3"; min_tokens = 1; min_learns = 1; min_token_hits = 1;
	statfile {{ symbol = "BAYES_HAM"; path = "{d}/ham.sqlite"; spam = false; }}
	statfile {{ symbol = "BAYES_SPAM"; path = "{d}/spam.sqlite"; spam = true; }}
}}
worker "controller" {{ bind_socket = "{self.controller}"; count = 1; secure_ip = "127.0.0.1"; }}
worker "rspamd_proxy" {{
	bind_socket = "{d}/s mode=0666"; count = 1; milter = yes;
	upstream "local" {{ default = yes; self_scan = yes; }}
}}
''')

    def arguments(self):
        return [self.command, "-f", "-i", "-c", self.d + "/conf",
                f"--var=DBDIR={self.d}", f"--var=RUNDIR={self.d}"]

    def learned(self):
        """How many messages it knows, as spam and as ham."""
        try:
            with urllib.request.urlopen(f"http://{self.controller}/stat", timeout=20) as r:
                known = {s["symbol"]: s["revision"] for s in json.load(r)["statfiles"]}
        except OSError:
            return None
        return known["BAYES_SPAM"], known["BAYES_HAM"]


@pytest.fixture(scope="module")
def taught(shared_pabal):
    p = shared_pabal
    etc = os.path.join(p.dir, "etc")
    scripts = os.path.join(etc, "sieve")
    os.mkdir(scripts)
    for name in ("learn-spam", "learn-ham", "spam-score"):
        shutil.copy(os.path.join(SAMPLES, name + ".sieve"), scripts)
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        rspamd = Rspamd(d)
        rspamd.learn = os.path.join(d, "rspamd-learn")
        shutil.copy(os.path.join(SAMPLES, "rspamd-learn"), rspamd.learn)
        for name, text in {
                "commands": f"learn_spam {rspamd.learn} spam {rspamd.controller}\n"
                            f"learn_ham {rspamd.learn} ham {rspamd.controller}\n",
                "transports": "spam@learn.internal pipe:learn_spam\n"
                              "ham@learn.internal pipe:learn_ham\n"}.items():
            with open(os.path.join(etc, name), "w") as f:
                f.write(text)
            p.pabal("map", name)
        for daemon, parameter, value in (
                ("pabal", "sieve_directory", scripts),
                ("pabal", "sieve_default", "spam-score"),
                ("pabal", "imapsieve", r"learn-spam:to=\Junk learn-ham:from=\Junk"),
                ("sieverun", "spamtest_header", r"X-Spamd-Result: \[([-0-9.]+) /"),
                ("sieverun", "spamtest_max_header", r"X-Spamd-Result: / ([0-9.]+)\]")):
            p.conf(daemon, parameter, value)
        with using(p, d, *rspamd.arguments()):
            wait(rspamd.learned, "its controller", START)
            yield rspamd
        rspamd.lock.close()


def deliver(p, subject, of):
    with p.smtp(timeout=60) as s:
        s.sendmail("sender@example.org", [f"alice@{DOMAIN}"], words(subject, of))


def move(p, subject, source, target):
    c = p.imap()
    c.select(source)
    uid = c.uid("SEARCH", "SUBJECT", f'"{subject}"')[1][0].decode()
    assert c.uid("MOVE", uid, target)[0] == "OK"
    c.logout()


def test_the_whole_way_round(pabal, taught):
    """Unknown words go to INBOX; what is moved is learned; what looks like it then
    goes where it belongs, whatever its sender says of it."""
    deliver(pabal, "buy now", SPAM)
    deliver(pabal, "about lunch", HAM)
    wait_in(pabal, "buy now")
    wait_in(pabal, "about lunch")
    move(pabal, "buy now", "INBOX", "Junk")
    wait(lambda: taught.learned() == (1, 0), "one is spam")
    move(pabal, "about lunch", "INBOX", "Junk")
    wait(lambda: taught.learned() == (2, 0), "two are")
    move(pabal, "about lunch", "Junk", "INBOX")
    wait(lambda: taught.learned() == (1, 1), "one is taken back")
    settle(pabal)
    deliver(pabal, "buy more", SPAM)
    deliver(pabal, "dinner instead", HAM)
    wait_in(pabal, "dinner instead")
    wait_in(pabal, "buy more", "Junk")
    (m,) = [m for m in pabal.mails("alice", "Junk") if b"buy more" in m]
    assert b"\nX-Spamd-Result: default: False [" in m and b"BAYES_SPAM" in m
    # A field that the sender has put there is not believed.
    with pabal.smtp(timeout=60) as s:
        s.sendmail("sender@example.org", [f"alice@{DOMAIN}"],
                   b"X-Spamd-Result: default: False [-9.00 / 15.00]\r\n" +
                   words("buy this, too", SPAM))
    wait_in(pabal, "buy this, too", "Junk")
    (m,) = [m for m in pabal.mails("alice", "Junk") if b"buy this, too" in m]
    assert m.count(b"X-Spamd-Result:") == 1
    settle(pabal)


def test_what_it_knows_is_no_failure(pabal, taught):
    """The same message twice."""
    since = pabal.mark()
    c = pabal.imap()
    c.select("INBOX")
    uid = c.uid("SEARCH", "SUBJECT", '"about lunch"')[1][0].decode()
    for _ in range(2):
        assert c.uid("COPY", uid, "Junk")[0] == "OK"
        wait(lambda: taught.learned() == (2, 0), "it is learned")
        settle(pabal)
    c.logout()
    results = pabal.events("rcpt.result", since)
    assert [e["status"] for e in results] == ["delivered"] * 2, results


def teach(taught, text, where=None):
    return subprocess.run([taught.learn, "spam", where or taught.controller], input=text,
                          capture_output=True, timeout=120)


def test_what_the_command_says(taught):
    """What can be tried again is tried again, and what cannot is done."""
    text = words("learn this", SPAM)
    assert teach(taught, text).returncode == 0
    assert teach(taught, text).returncode == 0
    base, lock = free_base()
    with lock:
        held = teach(taught, text, f"127.0.0.1:{base}")
    assert held.returncode == 75 and held.stdout.startswith(b"4.3.0 ")

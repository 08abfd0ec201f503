# SPDX-License-Identifier: ISC
"""pabal mailbox export and import: tar of a Maildir, and mbox."""
import io
import json
import mailbox
import os
import re
import signal
import subprocess
import tarfile

import pytest

from dovecot import Dovecot
from pabal import DOMAIN, message, wait
from test_dovecot import FOLDERS, fill, plain, quoted, seen, take
from test_import import box

ALICE, BOB = (f"{n}@{DOMAIN}" for n in ("alice", "bob"))


def put(p, who, path, *more, **kw):
    out = p.pabal("--json", "mailbox", "import", who, path, *more, **kw)
    row, = json.loads(out[out.index("["):])
    return row["imported"], row["were_here"]


def test_tar_there_and_back(make_pabal, tmp_path):
    p = make_pabal()
    with p.imap() as imap:
        fill(imap, FOLDERS)
        # More keywords than there are letters.
        imap.append("INBOX", " ".join(f"word{i}" for i in range(40)), None,
                    message("many words"))
        here, subscribed = seen(imap), quoted(imap, "lsub")
    out = str(tmp_path / "alice.tar")
    p.pabal("mailbox", "export", ALICE, "--to", out)
    assert "there already" in p.pabal_fails("mailbox", "export", ALICE, "--to",
                                            out)
    assert not os.path.exists(out + ".part")
    count = sum(len(b[2]) for b in here.values())
    assert put(p, BOB, out) == (count, 0)
    with p.imap("bob") as imap:
        assert seen(imap) == here
    assert put(p, BOB, out) == (0, count)
    # What was removed here comes back, and no more than that.
    with p.imap() as imap:
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    assert put(p, ALICE, out) == (1, count - 1)
    with p.imap() as imap:
        assert plain(box(imap, "INBOX")[2]) == plain(here["INBOX"][2])
    # Through pipes.
    pipe = subprocess.run([p.command, "-d", p.dir, "mailbox", "export", ALICE,
                           "INBOX", "--to", "-"], stdout=subprocess.PIPE,
                          check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(pipe)) as t:
        names = [n for n in t.getnames() if n.startswith("cur/")]
    assert len(names) == len(here["INBOX"][2])
    with open(tmp_path / "pipe", "wb") as f:
        f.write(pipe)
    with open(tmp_path / "pipe", "rb") as f:
        assert put(p, BOB, "-", stdin=f)[0] == 0
    assert "no folder" in p.pabal_fails("mailbox", "export", ALICE, "Nowhere",
                                        "--to", str(tmp_path / "x"))
    assert not os.path.exists(tmp_path / "x")


def test_scripts_come_along(make_pabal, tmp_path):
    p = make_pabal()
    odd = "a/b " + "ü" * 100
    texts = {"main": "keep;\n", "no compiler took this": "kepp;\n", odd: "stop;\n"}
    for name, text in texts.items():
        if "kepp" not in text:
            p.pabal("sieve", "put", ALICE, name, input=text)
    home = p.maildir("alice")
    with open(os.path.join(home, "sieve", "no compiler took this.sieve"), "w") as f:
        f.write("kepp;\n")
    p.pabal("sieve", "activate", ALICE, odd)

    def scripts(who):
        rows = json.loads(p.pabal("--json", "sieve", "list", who))
        return ({r["script"]: p.pabal("sieve", "show", who, r["script"]) for r in rows},
                [r["script"] for r in rows if r["active"]])

    assert scripts(ALICE) == (texts, [odd])
    tar = str(tmp_path / "alice.tar")
    p.pabal("mailbox", "export", ALICE, "--to", tar)
    with tarfile.open(tar) as t:
        link = t.getmember(".dovecot.sieve")
        assert link.issym() and link.linkname in t.getnames()
    put(p, BOB, tar)
    assert scripts(BOB) == (texts, [odd])
    # What is there stays.
    p.pabal("sieve", "put", BOB, "main", input="discard;\n")
    p.pabal("sieve", "activate", BOB, "main")
    p.pabal("mailbox", "import", BOB, tar)
    assert scripts(BOB) == ({**texts, "main": "discard;\n"}, ["main"])


@pytest.mark.parametrize("active", ["link", "absolute", "file"])
def test_scripts_of_pigeonhole(make_pabal, tmp_path, active):
    """In a home, without mail, in any order."""
    p = make_pabal()
    home = tmp_path / "home"
    os.makedirs(home / "sieve" / "tmp")
    (home / "sieve" / "roundcube.sieve").write_text("keep;\n")
    (home / "sieve" / "roundcube.svbin").write_text("binary")
    (home / "sieve" / "tmp" / "x.sieve").write_text("discard;")
    if active == "file":
        (home / ".dovecot.sieve").write_text("stop;\n")
    else:
        os.symlink("sieve/roundcube.sieve" if active == "link" else
                   "/srv/vmail/bob/sieve/roundcube.sieve", home / ".dovecot.sieve")
    tar = str(tmp_path / "tar")
    subprocess.run(["tar", "-C", home, "-cf", tar, ".dovecot.sieve", "sieve"],
                   check=True)
    assert put(p, BOB, tar) == (0, 0)
    rows = {r["script"]: r["active"] for r in
            json.loads(p.pabal("--json", "sieve", "list", BOB))}
    assert rows == ({"roundcube": True} if active != "file" else
                    {"roundcube": False, "dovecot.orig": True})


def tar_of(path, entries):
    """Of (name, bytes), or (name, where a link leads to)."""
    with tarfile.open(path, "w") as t:
        for name, what in entries:
            info = tarfile.TarInfo(name)
            if isinstance(what, str):
                info.type, info.linkname = tarfile.SYMTYPE, what
            else:
                info.size = len(what)
            t.addfile(info, io.BytesIO(what if isinstance(what, bytes) else b""))
    return str(path)


def test_scripts_that_are_none(make_pabal, tmp_path):
    """What cannot come in is said, and the rest comes."""
    p = make_pabal()
    tar = tar_of(tmp_path / "tar", [
        ("sieve/a.sieve", b"keep;\n"), ("sieve/b.sieve", b"discard;\n"),
        (".dovecot.sieve", "sieve/a.sieve"), ("sieve/c.sieve", "b.sieve"),
        ("sieve/b.name", b""), ("sieve/\x1b[2J.sieve", b"keep;\n"),
        ("cur/1.a:2,S", message("in the tar"))])
    r = subprocess.run([p.command, "-d", p.dir, "mailbox", "import", BOB, tar],
                       capture_output=True, text=True, check=True)
    assert "b is left out: no script can be called so" in r.stderr
    assert r.stderr.count("left out") == 2 and "\x1b" not in r.stderr
    p.wait_mail("bob", "in the tar")
    rows = json.loads(p.pabal("--json", "sieve", "list", BOB))
    assert {r["script"]: r["active"] for r in rows} == {"a": True, "b": False}


@pytest.mark.skipif("PABAL_SANITIZE" in os.environ,
                    reason="sanitizers need more memory")
def test_many_names_of_scripts(make_pabal, tmp_path):
    """They take no memory."""
    p = make_pabal()
    names = ((f"sieve/{i}.name", b"x" * (1 << 20)) for i in range(200))
    tar = tar_of(tmp_path / "tar", [*names, ("cur/1.a:2,S", message("last"))])
    r = subprocess.run(["sh", "-c", 'ulimit -d 100000; exec "$@"', "sh", p.command,
                        "-d", p.dir, "mailbox", "import", BOB, tar],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    p.wait_mail("bob", "last")


def test_script_too_long(make_pabal, tmp_path):
    """It is told, and does not stop the others."""
    p = make_pabal()
    os.makedirs(tmp_path / "sieve")
    (tmp_path / "sieve" / "a.sieve").write_text("#" * (2 << 20))
    (tmp_path / "sieve" / "b.sieve").write_text("keep;\n")
    tar = str(tmp_path / "tar")
    subprocess.run(["tar", "-C", tmp_path, "-cf", tar, "sieve"], check=True)
    assert "sieve/a.sieve is left out: it is too long" in p.pabal(
        "mailbox", "import", BOB, tar)
    rows = json.loads(p.pabal("--json", "sieve", "list", BOB))
    assert [r["script"] for r in rows] == ["b"]


def test_dovecot_reads_it_with_uids(make_pabal, tmp_path):
    p = make_pabal()
    with p.imap() as imap:
        fill(imap, FOLDERS)
        here, subscribed = seen(imap), quoted(imap, "lsub")
    with Dovecot() as d:
        p.pabal("mailbox", "export", ALICE, "--to", str(tmp_path / "tar"))
        subprocess.run(["tar", "-C", d.path("mail"), "-xf", tmp_path / "tar"],
                       check=True)
        for base, dirs, files in os.walk(d.path("mail")):
            for name in dirs + files:
                os.chown(os.path.join(base, name), d.owner.pw_uid,
                         d.owner.pw_gid)
        with d.imap() as imap:
            assert seen(imap) == here
            assert subscribed <= quoted(imap, "lsub")
        # And a tar of its Maildir comes back.
        subprocess.run(["tar", "-C", d.path("mail"), "-cf", tmp_path / "back",
                        "."], check=True)
    assert put(p, BOB, str(tmp_path / "back"))[1] == 0
    with p.imap("bob") as imap:
        found = seen(imap)
    for folder, (_, _, messages) in here.items():
        assert plain(found[folder][2]) == plain(messages), folder


def test_mbox(make_pabal, tmp_path):
    p = make_pabal()
    lines = "From here\n>From there\n\n\nFrom\nto\n\n".replace("\n", "\r\n")
    with p.imap() as imap:
        for i in range(3):
            imap.append("INBOX", r"(\Seen \Flagged word)" if i else "",
                        '"02-Jan-2003 04:05:06 +0000"',
                        message(f"number {i}", body=lines))
        # Twice the same is two messages.
        imap.select("INBOX")
        imap.copy("1", "INBOX")
        here = box(imap, "INBOX")[2]
    out = str(tmp_path / "mbox")
    p.pabal("mailbox", "export", ALICE, "--format", "mbox", "--to", out)
    # Others read it.
    there = mailbox.mbox(out)
    assert [m["subject"] for m in there] == [
        "number 0", "number 1", "number 2", "number 0"]
    assert sorted(there[1].get_flags()) == ["F", "O", "R"]
    assert put(p, BOB, out, "--folder", "Old/mail") == (4, 0)
    assert put(p, BOB, out, "--folder", "Old/mail") == (0, 4)
    with p.imap("bob") as imap:
        assert plain(box(imap, "Old/mail")[2]) == plain(here)
    # Written by another program.
    other = mailbox.mbox(str(tmp_path / "other"))
    m = mailbox.mboxMessage(message("theirs"))
    m.set_flags("RA")
    other.add(m)
    other.close()
    assert put(p, BOB, str(tmp_path / "other")) == (1, 0)
    with p.imap("bob") as imap:
        (flags, _, text), = box(imap, "INBOX")[2].values()
    assert {r"\Seen", r"\Answered"} <= flags and b"Subject: theirs" in text


def entry(name, text=b"Subject: x\n\nhello\n", **kw):
    info = tarfile.TarInfo(name)
    info.size = len(text)
    for key, value in kw.items():
        setattr(info, key, value)
    return info, io.BytesIO(text)


def test_what_means_harm(make_pabal, tmp_path):
    p = make_pabal()
    path = str(tmp_path / "bad")
    with tarfile.open(path, "w") as t:
        for name in ("../../cur/1.a:2,", "/etc/cur/2.a:2,", "..x/cur/3.a:2,",
                     "cur/../../4.a:2,", ".../cur/5.a:2,", "pabal.index/data",
                     "new/6.a", "cur/7.a:2,S", ".A.B/cur/8.a:2,"):
            t.addfile(*entry(name))
        t.addfile(*entry("cur/9.a", type=tarfile.SYMTYPE,
                         linkname="/etc/passwd", text=b""))
        t.addfile(*entry("cur/10.a", type=tarfile.CHRTYPE, text=b""))
    assert put(p, BOB, path) == (3, 0)
    with p.imap("bob") as imap:
        assert len(box(imap, "INBOX")[2]) == 2
        assert len(box(imap, "A/B")[2]) == 1
    whole = open(path, "rb").read()
    for n, why in ((100, "neither"), (700, "early"), (20, "neither")):
        with open(path, "wb") as f:
            f.write(whole[:n])
        assert why in p.pabal_fails("mailbox", "import", BOB, path)
    with open(path, "wb") as f:
        f.write(b"\xff" * 4096)
    assert "no tar" in p.pabal_fails("mailbox", "import", BOB, path)
    with open(path, "wb") as f:
        f.write(bytes(10240))
    assert "nothing in it" in p.pabal_fails("mailbox", "import", BOB, path)
    with tarfile.open(path, "w") as t:
        for i in range(2):
            text = b"pabal-keywords 1\n" + b"1 b word\n" * (4 << 20)
            t.addfile(*entry(f".F{i}/pabal-keywords", text))
    assert "more than" in p.pabal_fails("mailbox", "import", BOB, path)


def test_odd_entries_do_not_end_it(make_pabal, tmp_path):
    """What other programs write, and what has no place here."""
    p = make_pabal()
    path = str(tmp_path / "odd")
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT,
                      pax_headers={"comment": "x" * 2000}) as t:
        t.addfile(*entry("cur/1.a:2,S"))
        t.addfile(*entry("cur/.nfs0001"))
        t.addfile(*entry(".x.x..y/cur/2.a:2,"))
        t.addfile(*entry("cur/3 with blanks:2,F", b"Subject: 3\n\nx\n"))
        for kind in b"D", b"M", b"V", b"Z":
            t.addfile(*entry("cur/none", type=kind))
        t.addfile(*entry("cur/4.a", b"Subject: 4\n\nx\n",
                         type=tarfile.CONTTYPE))
        t.addfile(*entry("n" * 150, type=tarfile.LNKTYPE, linkname="m" * 150,
                         text=b""))
    with open(path, "rb") as f:
        whole = f.read()
    assert tarfile.BLOCKSIZE * 2 < len(whole)
    out = p.pabal_fails("--json", "mailbox", "import", BOB, path)
    assert ".x.x..y is no folder" in out and "1 messages were left" in out
    with p.imap("bob") as imap:
        there = box(imap, "INBOX")[2].values()
    subjects = sorted(re.search(rb"Subject: (\S+)", m[2])[1] for m in there)
    assert subjects == [b"3", b"4", b"x"]
    # GNU's: long names of links, numbers that do not fit.
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as t:
        t.addfile(*entry("n" * 150, type=tarfile.SYMTYPE, linkname="m" * 150,
                         text=b""))
        t.addfile(*entry(".F/cur/" + "1" * 120, mtime=-3600))
        t.addfile(*entry(".F/cur/2.b", mtime=1 << 36))
    assert put(p, BOB, path) == (2, 0)


def test_killed_and_done_again(make_pabal, tmp_path):
    p = make_pabal()
    path, count = str(tmp_path / "mbox"), 3000
    with open(path, "wb") as f:
        for i in range(count):
            f.write(b"From x\nSubject: %d\n\nhello\n\n" % i)
    cur = os.path.join(p.maildir("bob"), "cur")
    for stop_at in 1, 1000:
        with subprocess.Popen([*p.prefix, p.command, "-d", p.dir, "mailbox",
                               "import", BOB, path],
                              stdout=subprocess.DEVNULL,
                              start_new_session=True) as run:
            wait(lambda: run.poll() is not None or os.path.isdir(cur) and
                 len(os.listdir(cur)) >= stop_at, "some messages")
            try:
                os.killpg(run.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    assert sum(put(p, BOB, path)) == count
    with p.imap("bob") as imap:
        found = box(imap, "INBOX")[2]
    subjects = sorted(int(re.search(rb"Subject: (\d+)", m[2])[1])
                      for m in found.values())
    assert subjects == list(range(count))

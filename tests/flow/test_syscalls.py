# SPDX-License-Identifier: ISC
"""What a message costs in system calls, from the client's socket to the
Maildir, and what a command of an IMAP session.  A bound with reserve: it fails
when somebody asks the kernel again and again for what he knows, not when a
library makes a call more."""
import os

import pytest

import syscalls
from imapraw import Imap
from pabal import wait

USERS = [f"user{n}" for n in range(21)]
# The logger's calls are as many as its pauses.
APART = "logger"
ONE = 85
FURTHER = 19
# Commands of an IMAP session, in the process of the account.
COMMANDS = {"NOOP": 9, "FETCH %d FLAGS": 10, "FETCH 1:100 FLAGS": 12,
            "STORE %d +FLAGS.SILENT (\\Flagged)": 18}

pytestmark = pytest.mark.skipif(syscalls.permitted() is not None,
                                reason=str(syscalls.permitted()))


def test_a_message(pabal, tmp_path):
    one = syscalls.count(pabal, USERS[:1], tmp_path / "one")
    all_of_them = syscalls.count(pabal, USERS, tmp_path / "all", 5, 5)
    further = (syscalls.total(all_of_them, APART) -
               syscalls.total(one, APART)) / (len(USERS) - 1)
    assert syscalls.total(one, APART) <= ONE, one
    assert further <= FURTHER, all_of_them


def test_a_message_in_a_chunk(pabal, tmp_path):
    """It costs no more than with DATA, for there is no go-ahead."""
    chunk = syscalls.count(pabal, USERS[:1], tmp_path / "chunk",
                           client=syscalls.ChunkClient)
    assert syscalls.total(chunk, APART) <= ONE, chunk


def settle(c, cur):
    """Names that follow flags would be counted with the next command."""
    c.ok("STORE 1:* -FLAGS.SILENT (\\Flagged)")
    wait(lambda: not any("F" in name.rpartition(",")[2]
                         for name in os.listdir(cur)), "the names of files")


def test_imap_commands(pabal, tmp_path):
    """The best of some rounds, for names follow flags a second later, whoever
    is counting: on a slow machine in the midst of a round."""
    cur = os.path.join(pabal.maildir(USERS[0]), "cur")
    with Imap(pabal, USERS[0]) as c:
        for _ in range(100):
            c.append(b"Subject: x\r\n\r\nx\r\n")
        c.ok("SELECT INBOX")
        for command, most in COMMANDS.items():
            for _ in range(10):
                calls = syscalls.count_imap(pabal, c, command,
                                            tmp_path / "imap", 20)
                calls.pop("renameat", None)
                settle(c, cur)
                if sum(calls.values()) <= most:
                    break
            else:
                pytest.fail(f"{command}: {calls}")

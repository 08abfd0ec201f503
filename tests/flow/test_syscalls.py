# SPDX-License-Identifier: ISC
"""What a message costs in system calls, from the client's socket to the
Maildir.  A bound with reserve: it fails when somebody asks the kernel again and
again for what he knows, not when a library makes a call more."""
import pytest

import syscalls

USERS = [f"user{n}" for n in range(21)]
# The logger's calls are as many as its pauses.
APART = "logger"
ONE = 78
FURTHER = 16

pytestmark = pytest.mark.skipif(syscalls.permitted() is not None,
                                reason=str(syscalls.permitted()))


def test_a_message(pabal, tmp_path):
    one = syscalls.count(pabal, USERS[:1], tmp_path / "one")
    all_of_them = syscalls.count(pabal, USERS, tmp_path / "all", 5, 5)
    further = (syscalls.total(all_of_them, APART) -
               syscalls.total(one, APART)) / (len(USERS) - 1)
    assert syscalls.total(one, APART) <= ONE, one
    assert further <= FURTHER, all_of_them

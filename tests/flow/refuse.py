#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Run a command whose file system lacks something, as far as it can tell.

usage: refuse.py WORD... -- COMMAND...

Each WORD is a call that this process and all that come of it are answered with
an error, by a seccomp filter: what a filter refuses, no later one allows again.

    syncfs      ENOSYS: a kernel without it
    noreplace   EINVAL for renameat2 with flags: NFS, many FUSE file systems
    lease       EINVAL for F_SETLEASE: NFS
"""
import ctypes
import errno
import os
import platform
import struct
import sys

NR = {"x86_64": {"syncfs": 306, "renameat2": 316, "fcntl": 72},
      "aarch64": {"syncfs": 267, "renameat2": 276, "fcntl": 25}}
F_SETLEASE = 1024
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LD_W_ABS, JEQ_K, RET_K = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7fff0000, 0x00050000


def arg(n):
    """Where the lower half of argument N stands (little endian)."""
    return 16 + 8 * n


def supported():
    return platform.machine() in NR


def rule(word):
    nr = NR[platform.machine()]
    if word == "syncfs":
        return [(LD_W_ABS, 0, 0, 0), (JEQ_K, 0, 1, nr["syncfs"]),
                (RET_K, 0, 0, ERRNO | errno.ENOSYS)]
    if word == "noreplace":
        return [(LD_W_ABS, 0, 0, 0), (JEQ_K, 0, 3, nr["renameat2"]),
                (LD_W_ABS, 0, 0, arg(4)), (JEQ_K, 1, 0, 0),
                (RET_K, 0, 0, ERRNO | errno.EINVAL)]
    if word == "lease":
        return [(LD_W_ABS, 0, 0, 0), (JEQ_K, 0, 3, nr["fcntl"]),
                (LD_W_ABS, 0, 0, arg(1)), (JEQ_K, 0, 1, F_SETLEASE),
                (RET_K, 0, 0, ERRNO | errno.EINVAL)]
    raise SystemExit(f"refuse: {word}?")


class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def install(words):
    lines = [line for w in words for line in rule(w)] + [(RET_K, 0, 0, ALLOW)]
    code = b"".join(struct.pack("=HBBI", *line) for line in lines)
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(lines), code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                       ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    end = sys.argv.index("--")
    install(sys.argv[1:end])
    os.execvp(sys.argv[end + 1], sys.argv[end + 1:])

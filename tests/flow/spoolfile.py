# SPDX-License-Identifier: ISC
"""Files of the queue as they lie on disk (doc/queue-format.md), for tests that
change them while qmgr does not run."""
import glob
import os


def spool_file(p, qid):
    found = glob.glob(os.path.join(p.dir, "spool", "*", "*", qid))
    assert len(found) == 1, found
    return found[0]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "r+b") as f:
        f.truncate(0)
        f.write(data)


def head_end(data):
    return data.index(b"\nend ") + len("\nend 01234567\n")


def seal(line):
    return line + b" !%08x\n" % crc32c(line)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def resealed(data, old, new):
    """A head that somebody has changed who knows how it is sealed."""
    head = data[:data.index(b"\nend ") + 1].replace(old, new)
    assert old in data[:len(head)]
    return head + b"end %08x\n" % crc32c(head) + data[head_end(data):]

# SPDX-License-Identifier: ISC
"""What waits in a queue, made to look as though it had come in otherwise."""
import os


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def rewrite(p, change):
    """What waits in the queue of P, changed while it does not run: CHANGE gets
    the lines of an envelope and the message and gives others."""
    p.stop()
    for folder in ("new", "cur"):
        for d, _, names in os.walk(os.path.join(p.dir, "spool", folder)):
            for name in names:
                rewrite_file(os.path.join(d, name), change)
    p.start()


def rewrite_file(path, change):
    with open(path, "rb") as f:
        data = f.read()
    end = data.index(b"\nend ") + 1
    head = data[:end].splitlines()
    n = int(next(w for w in head if w.startswith(b"size ")).split()[1])
    at = data.index(b"\n", end) + 1
    lines, body = change(head, data[at:at + n])
    lines = [b"size %020d" % len(body) if w.startswith(b"size ") else
             b"crc32c %08x" % crc32c(body) if w.startswith(b"crc32c ") else w
             for w in lines]
    block = b"".join(w + b"\n" for w in lines)
    with open(path, "r+b") as f:
        f.truncate(0)
        f.write(block + b"end %08x\n" % crc32c(block) + body + data[at + n:])


def with_line(head, line):
    first = next(i for i, w in enumerate(head) if w.startswith(b"rcpt "))
    return head[:first] + [line] + head[first:]


def with_requiretls(head, body):
    return with_line(head, b"requiretls"), body

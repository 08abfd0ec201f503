# SPDX-License-Identifier: ISC
"""Spool files of messages that wait, as many as one wants, written by hand
(doc/queue-format.md): what deliveries that fail for hours would leave."""
import os
import subprocess
import time

from pabal import BUILD, DOMAIN

POLY = 0x82F63B78
TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (POLY if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for b in data:
        crc = crc >> 8 ^ TABLE[(crc ^ b) & 0xFF]
    return crc ^ 0xFFFFFFFF


def sealed(text):
    return b"%s !%08x\n" % (text, crc32c(text))


class Backlog:
    """Messages to xN@site.example, for sites of which there are SITES, each
    tried once; they wait for WAIT_S seconds, spread over SPREAD_S more."""
    BODY = b"Subject: backlog\r\n\r\nHello.\r\n"

    def __init__(self, spool, sites=50, wait_s=7200, spread_s=7200):
        self.spool, self.sites = spool, sites
        self.wait_s, self.spread_s = wait_s, spread_s
        self.crc = crc32c(self.BODY)
        self.now_ms = int(time.time() * 1000)

    def domain(self, n):
        return f"site{n % self.sites}.example"

    def text(self, n, held=False, rcpts=1):
        qid = self.qid(n)
        arrived = (self.now_ms - 3600000) * 1000 + n
        head = (f"pabal-queue 1\nid {qid}\narrived {arrived}\n"
                f"size {len(self.BODY):020d}\ncrc32c {self.crc:08x}\n"
                f"sender sender{n % 7}@{DOMAIN}\nclient 192.0.2.7\n"
                f"login user{n % 5}@{DOMAIN}\nprotocol ESMTPA\n")
        for r in range(rcpts):
            head += f"rcpt x{n}.{r}@{self.domain(n)}\n"
        head = head.encode()
        next_ms = self.now_ms + (self.wait_s * 1000 +
                                 n * 7919 % (self.spread_s * 1000 + 1))
        tail = b"".join(sealed(
            b"result %d tempfail dsn=4.4.1 host=mx.%s text="
            b"connect%%20to%%20mx.%s:%%20connection%%20refused" %
            (r, self.domain(n).encode(), self.domain(n).encode()))
            for r in range(rcpts))
        tail += sealed(b"next %d" % next_ms)
        if held:
            tail += sealed(b"held %d" % self.now_ms)
        return head + b"end %08x\n" % crc32c(head) + self.BODY + tail

    @staticmethod
    def qid(n):
        return f"0BACK{n:08d}"

    def path(self, n, place="cur"):
        name = self.qid(n)
        return os.path.join(self.spool, place,
                            f"{crc32c(name.encode()) % 256:02x}", name)

    def write_many(self, first, n, owner):
        """Numbers FIRST on, by tests/backlog.c; one recipient each."""
        subprocess.run(
            [os.path.join(BUILD, "backlog"), self.spool] +
            [str(x) for x in (first, n, self.now_ms, self.sites, self.wait_s,
                              self.spread_s, *owner)], check=True)

    def write(self, numbers, owner=None, **how):
        for n in numbers:
            path = self.path(n)
            with open(path, "wb") as f:
                f.write(self.text(n, **how))
                os.fchmod(f.fileno(), 0o600)
                if owner:
                    os.fchown(f.fileno(), *owner)

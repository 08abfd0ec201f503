# SPDX-License-Identifier: ISC
"""COMPRESS=DEFLATE (RFC 4978), with and without TLS, awake and at rest."""
import io
import ssl
import zlib

import pytest

from imapraw import Closed, Imap
from pabal import DOMAIN, PASSWORD, message, wait


class Inflated(io.RawIOBase):
    """What SOCK sends, unpacked."""

    def __init__(self, sock):
        self.sock, self.packed = sock, 0
        self.inflater, self.rest = zlib.decompressobj(-15), b""

    def readable(self):
        return True

    def readinto(self, room):
        while not self.rest:
            data = self.sock.recv(4096)
            if not data:
                return 0
            self.packed += len(data)
            self.rest = self.inflater.decompress(data)
        n = min(len(room), len(self.rest))
        room[:n], self.rest = self.rest[:n], self.rest[n:]
        return n


class Compressed(Imap):
    FLUSH = zlib.Z_SYNC_FLUSH

    def compress(self):
        self.ok("COMPRESS DEFLATE")
        self.deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.file.close()
        self.inflated = Inflated(self.sock)
        self.file = io.BufferedReader(self.inflated)
        self.send = self.send_packed
        return self

    def send_packed(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.sock.sendall(self.deflater.compress(data) +
                          self.deflater.flush(self.FLUSH))


class CompressedTls(Compressed):
    """STARTTLS first: login pumps between TLS and the session."""

    def __init__(self, instance, user="alice"):
        super().__init__(instance, user, login=False)
        self.ok("STARTTLS")
        self.file.close()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")
        self.ok(f'LOGIN {user}@{DOMAIN} "{PASSWORD}"')


@pytest.mark.parametrize("kind", [Compressed, CompressedTls])
def test_a_session(pabal, kind):
    text = message("compressed") + b"All work and no play.\r\n" * 40000
    with kind(pabal) as c:
        assert b" COMPRESS=DEFLATE " in c.ok("CAPABILITY")[0] + b" "
        c.compress()
        uid = c.append(text)
        c.ok("SELECT INBOX")
        fetched = c.ok(f"UID FETCH {uid} BODY.PEEK[]")
        assert text in fetched[0]
        assert c.inflated.packed < len(text) / 20
        status, why, _ = c.cmd("COMPRESS DEFLATE")
        assert status == b"NO" and why.startswith(b"[COMPRESSIONACTIVE]")
        c.ok(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")
        tag = c.tag()
        c.send(tag + b" LOGOUT\r\n")
        assert c.answer().startswith(b"* BYE")
        assert c.finish(tag)[0] == b"OK"
        assert c.file.read() == b""


@pytest.mark.parametrize("flush", [zlib.Z_SYNC_FLUSH, zlib.Z_PARTIAL_FLUSH])
def test_idle_at_rest(pabal, flush):
    """What was given back in IDLE is there again, for both ways and many times,
    and the client may refer to what it sent before."""
    with Compressed(pabal, "bob") as c, Imap(pabal, "bob") as other:
        c.compress()
        c.FLUSH = flush
        c.ok("SELECT INBOX")
        have = len(c.ok("UID SEARCH ALL")[0].split()) - 1
        for i in range(20):
            tag = c.tag()
            c.send(tag + b" IDLE\r\n")
            assert c.answer().startswith(b"+")
            other.append(message(f"idle {i}"))
            while c.answer() != b"* %d EXISTS" % (have + i + 1):
                pass
            c.send(b"DONE\r\n")
            assert c.finish(tag)[0] == b"OK"
            c.ok("NOOP")


def test_other_compression(pabal):
    with Imap(pabal) as c:
        for name in ("LZMA", "deflatex"):
            assert c.cmd(f"COMPRESS {name}")[0] == b"NO"
        assert c.cmd("COMPRESS")[0] == b"BAD"
        assert c.cmd("COMPRESS DEFLATE x")[0] == b"BAD"
        c.ok("NOOP")


def test_what_comes_behind_the_command(pabal):
    """Bytes in the clear behind COMPRESS are no part of the session."""
    with Imap(pabal) as c:
        c.send(b"a COMPRESS DEFLATE\r\nb LOGOUT\r\n")
        assert c.finish(b"a")[0] == b"OK"
        assert c.answer().startswith(b"* BYE")
        assert c.file.read() == b""


def test_garbage_ends_one_session(pabal):
    with Compressed(pabal) as c, Compressed(pabal) as other:
        other.compress()
        c.compress()
        c.sock.sendall(b"\xff" * 1000)
        with pytest.raises((Closed, ConnectionError)):
            c.line()
        other.ok("NOOP")


def test_a_client_that_vanishes_in_idle(pabal):
    with Compressed(pabal) as c:
        c.compress()
        c.send(b"a IDLE\r\n")
        assert c.answer().startswith(b"+")
    ends = len(pabal.events("imapd.session-end"))
    with Compressed(pabal) as c:
        c.compress()
        c.send(b"a IDLE\r\n")
        c.answer()
    wait(lambda: len(pabal.events("imapd.session-end")) > ends, "the end")


def test_not_offered(make_pabal):
    pabal = make_pabal(("imapd", "compression", "no"))
    with Imap(pabal) as c:
        assert b"COMPRESS" not in c.ok("CAPABILITY")[0]
        assert c.cmd("COMPRESS DEFLATE")[0] == b"NO"

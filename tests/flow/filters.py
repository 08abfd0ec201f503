# SPDX-License-Identifier: ISC
"""A mail filter for tests: the other side of the milter protocol, version 6.

A Filter listens on a port of 127.0.0.1, or at a path, and has a thread for each
connection.  What it answers says script(command, data, session), which gives the
letters and bytes of replies; sessions and what they were told are kept."""
import contextlib
import os
import socket
import struct
import threading

ADDHDRS, CHGBODY, ADDRCPT, DELRCPT, CHGHDRS, QUARANTINE, CHGFROM = (
    1, 2, 4, 8, 16, 32, 64)
ADDRCPT_PAR, SETSYMLIST = 128, 256
ALL = 0x1FF
NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOHDRS, NOEOH, NR_HDR = (
    1, 2, 4, 8, 16, 32, 64, 128)
NOUNKNOWN, NODATA, SKIP, NR_EOH, NR_BODY = 0x100, 0x200, 0x400, 0x40000, 0x80000
# For a filter that looks at messages alone, and fast.
MESSAGE = (NOCONNECT | NOHELO | NOMAIL | NORCPT | NODATA | NOUNKNOWN | NR_HDR
           | NR_EOH | NR_BODY)


def frame(code, data=b""):
    return struct.pack(">I", 1 + len(data)) + code + data


def header(name, value):
    return b"h" + name.encode() + b"\0" + value.encode() + b"\0"


def insert(index, name, value):
    return b"i" + struct.pack(">I", index) + header(name, value)[1:]


def change(index, name, value):
    return b"m" + struct.pack(">I", index) + header(name, value)[1:]


class Session:
    """A connection, and what was said on it."""

    def __init__(self, sock):
        self.sock = sock
        self.macros = {}
        self.heard = []     # (letter, data) in order, macros left out
        self.fields = []    # of the message at hand
        self.body = b""
        self.steps = ""     # the letters alone
        self.open = False       # it is amid a message
        self.between = False    # that is over, and nothing was said since
        self.deaf = False       # it was said what libmilter does not take

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def next(self):
        size = struct.unpack(">I", self.read(4))[0]
        data = self.read(size)
        return data[:1], data[1:]


class Filter:
    def __init__(self, script=None, actions=0, steps=0, path=None, lists=b"",
                 version=6):
        self.script = script or (lambda command, data, session: [b"c"])
        self.actions, self.steps, self.lists = actions, steps, lists
        self.version = version
        self.sessions = []
        self.offered = None
        if path is None:
            self.server = socket.create_server(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        else:
            self.server = socket.socket(socket.AF_UNIX)
            self.server.bind(path)
            os.chmod(path, 0o666)
            self.server.listen(64)
            self.address = "unix:" + path
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.server.accept()
            except OSError:
                return
            s = Session(sock)
            self.sessions.append(s)
            self.open.append(sock)
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            while self.step(s):
                pass
        except (OSError, ConnectionError):
            pass
        finally:
            s.sock.close()

    def silent(self, command):
        return self.steps & {b"L": NR_HDR, b"N": NR_EOH, b"B": NR_BODY}.get(command, 0)

    def negotiate(self, s, data):
        self.offered = struct.unpack(">III", data)
        return frame(b"O", struct.pack(">III", self.version, self.actions,
                                       self.steps) + self.lists)

    def step(self, s):
        command, data = s.next()
        if command == b"D":
            parts = data[1:].split(b"\0")
            s.macros.update(zip(map(bytes.decode, parts[::2]),
                                map(bytes.decode, parts[1::2])))
            return True
        s.heard.append((command, data))
        s.steps += command.decode()
        if command == b"M":
            s.fields, s.body = [], b""
        elif command == b"L":
            s.fields.append(tuple(data.split(b"\0")[:2]))
        elif command == b"B":
            s.body += data
        if command == b"Q":
            return False
        # As libmilter: it takes a second client between messages alone, not
        # after a verdict of its own, does not negotiate with it again, and
        # leaves all else unanswered.
        s.deaf |= command == b"K" and not s.between
        s.deaf |= command == b"O" and s.steps.count("O") > 1
        s.between = command == b"A" and s.open
        s.open = command not in b"AECHU" and (s.open or command == b"M")
        if s.deaf or command in b"AK":
            return True
        replies = self.script(command, data, s)
        if replies is None:     # hangs up
            return False
        if replies[-1:] == [b"c"]:
            s.between = command == b"E"
        elif command != b"R":
            s.open = False
        if isinstance(replies, bytes):  # as it is
            s.sock.sendall(replies)
            return True
        if command == b"O" and replies == [b"c"]:
            s.sock.sendall(self.negotiate(s, data))
        elif not self.silent(command):
            s.sock.sendall(b"".join(frame(r[:1], r[1:]) for r in replies))
        return True

    def close(self):
        with contextlib.suppress(OSError):  # wakes who accepts
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for sock in self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


def at_end(*replies):
    """A script that says these at the end of each message."""
    return lambda command, data, session: \
        [*replies, b"c"] if command == b"E" else [b"c"]


def on(letter, *replies):
    return lambda command, data, session: \
        list(replies) if command == letter else [b"c"]

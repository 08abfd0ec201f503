# SPDX-License-Identifier: ISC
"""A scripted SMTP or LMTP server that does exactly what a test tells it to.

    bad = BadSmtp(MAIL="451 4.3.0 not now")
    bad = BadSmtp(RCPT={"a@x.test": "550 5.1.1 no", "*": "250 ok"})
    bad = BadSmtp(DOT=["451 later", "250 ok"])       one after the other
    with bad: ... bad.host, bad.port, bad.sessions, bad.messages ...

A step is GREETING, EHLO, HELO, LHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, RSET,
QUIT.  What it does is

    "250 ok"        that reply ("250-a\\n250 b" for more lines)
    DROP            close the connection without a word
    RESET           the same with a TCP reset
    HANG            say nothing more
    BABBLE          reply lines without end
    [x, y]          x the first time, y from then on
    {key: x}        RCPT: by address ("*" the others); DOT of LMTP too
    callable        called with the session, gives one of these

caps is what EHLO announces; drop_in_body=N closes after N bytes of message;
reply_in_body="552 ..." says so in the middle; tls is an ssl.SSLContext, or
"garbage" for a server that lies about STARTTLS, "silent" for one that says no
more, "octet" for one that begins a TLS record and says no more.  tls_caps is what
EHLO announces under TLS, if it is something else.

Hole() is one that connections wait for until open() is called.
"""
import base64
import errno
import socket
import struct
import threading
import time

DROP, RESET, HANG, BABBLE = "DROP", "RESET", "HANG", "BABBLE"
CAPS = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8",
        "ENHANCEDSTATUSCODES", "DSN")
DEFAULTS = {"GREETING": "220 bad.example ESMTP", "HELO": "250 bad.example",
            "STARTTLS": "220 2.0.0 go", "AUTH": "235 2.7.0 ok",
            "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok",
            "DATA": "354 go on", "DOT": "250 2.0.0 taken",
            "RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye"}


class End(Exception):
    """This session is over."""


class Message:
    def __init__(self, sender, rcpts, body, commands, tls):
        self.sender, self.rcpts, self.body = sender, rcpts, body
        self.commands, self.tls = commands, tls


class Session:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.file = sock.makefile("rb")
        self.commands = []      # every line of the client
        self.batches = []       # commands that arrived together
        self.tls = self.resumed = False
        self.lmtp = False
        self.chunks = []
        self.sender, self.rcpts = None, []
        self.ended = threading.Event()

    # ---- what a step does

    def resolve(self, what, key=None):
        while not isinstance(what, str):
            if callable(what):
                what = what(self)
            elif isinstance(what, dict):
                what = what.get(key, what.get("*", "250 2.0.0 ok"))
            elif isinstance(what, list):
                what = what.pop(0) if len(what) > 1 else what[0]
        return what

    def act(self, what):
        if what == DROP:
            raise End
        if what == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            raise End
        if what == HANG:
            while self.sock.recv(4096):
                pass
            raise End
        if what == BABBLE:
            while True:
                self.say("250-and another thing")
        self.say(what)
        return what

    def say(self, text):
        self.sock.sendall(text.replace("\n", "\r\n").encode(
            "utf-8", "surrogateescape") + b"\r\n")

    def step(self, name, key=None):
        return self.act(self.resolve(self.server.steps[name], key))

    # ---- the dialogue

    def run(self):
        try:
            self.step("GREETING")
            while True:
                line = self.file.readline()
                if not line:
                    return
                line = line.rstrip(b"\r\n").decode("utf-8", "replace")
                self.commands.append(line)
                self.command(line)
        except (End, OSError):
            pass
        finally:
            self.file.close()
            try:
                self.sock.close()
            finally:
                self.ended.set()

    def command(self, line):
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        handler = getattr(self, "do_" + verb.lower(), None)
        if handler is not None:
            handler(rest)
        elif verb in self.server.steps:
            self.step(verb)
        else:
            self.say("500 5.5.1 what?")

    def hello(self, verb):
        if verb in self.server.steps:
            self.step(verb)
            return
        caps = self.server.caps
        if self.tls and self.server.tls_caps is not None:
            caps = self.server.tls_caps
        lines = [self.server.name] + [
            c for c in caps if not (self.tls and c == "STARTTLS")]
        self.say("\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{c}"
                           for i, c in enumerate(lines)))

    def do_ehlo(self, rest):
        self.hello("EHLO")

    def do_lhlo(self, rest):
        self.lmtp = True
        self.hello("LHLO")

    def do_starttls(self, rest):
        if not self.step("STARTTLS").startswith("220"):
            return
        tls = self.server.tls
        # What they say comes behind the hello, not with the 220.
        if tls == "garbage":
            self.sock.recv(1)
            self.sock.sendall(b"this is no TLS at all\r\n" * 20)
            raise End
        if tls == "silent":
            self.act(HANG)
        if tls == "octet":
            self.sock.recv(1)
            self.sock.sendall(b"\x16")
            self.act(HANG)
        if tls is None:
            raise End
        self.file.close()
        self.sock = tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True
        self.resumed = self.sock.session_reused

    def do_auth(self, rest):
        mechanism, _, secret = rest.partition(" ")
        if mechanism == "PLAIN":
            self.server.secrets.append(
                base64.b64decode(secret).decode().split("\0"))
        self.step("AUTH")

    def do_mail(self, rest):
        self.sender = rest[rest.index("<") + 1:rest.index(">")]
        self.rcpts = []
        if not self.step("MAIL").startswith("2"):
            self.sender = None

    def do_rcpt(self, rest):
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
            return
        address = rest[rest.index("<") + 1:rest.index(">")]
        if self.step("RCPT", address).startswith("2"):
            self.rcpts.append(address)

    def do_rset(self, rest):
        self.rcpts = []
        self.step("RSET")

    def do_data(self, rest):
        if not self.step("DATA").startswith("354"):
            return
        self.take(self.read_body())

    def take(self, body):
        message = Message(self.sender, list(self.rcpts), body,
                          list(self.commands), self.tls)
        # It stands in messages before the client can know that it was taken.
        for_whom = message.rcpts if self.lmtp else [None]
        says = [self.resolve(self.server.steps["DOT"], r) for r in for_whom]
        if self.lmtp:
            message.rcpts = [r for r, what in zip(for_whom, says)
                             if what.startswith("2")]
        elif not says[0].startswith("2"):
            message.rcpts = []
        if message.rcpts:
            with self.server.lock:
                self.server.messages.append(message)
        for what in says:
            self.act(what)

    def do_bdat(self, rest):
        """What the reply to the last chunk is, DOT says."""
        size, _, last = rest.partition(" ")
        data = self.file.read(int(size))
        if len(data) < int(size):
            raise End
        self.chunks.append(data)
        if last.upper() != "LAST":
            self.say("250 2.0.0 go on")
            return
        body, self.chunks = b"".join(self.chunks), []
        self.take(body)

    def read_body(self):
        body = bytearray()
        while True:
            line = self.file.readline()
            if not line:
                raise End
            if line == b".\r\n":
                return bytes(body)
            body += line[1:] if line.startswith(b".") else line
            limit = self.server.drop_in_body
            if limit is not None and len(body) > limit:
                raise End
            if self.server.reply_in_body and len(body) > 1000:
                self.say(self.server.reply_in_body)
                self.sock.shutdown(socket.SHUT_WR)
                while self.sock.recv(65536):
                    pass
                raise End

    def do_quit(self, rest):
        self.step("QUIT")
        raise End


class BadSmtp:
    def __init__(self, host="127.0.0.1", port=0, caps=CAPS, tls=None,
                 drop_in_body=None, reply_in_body=None, path=None,
                 name="bad.example", tls_caps=None, **steps):
        self.host, self.port, self.path = host, port, path
        self.caps, self.tls, self.name = caps, tls, name
        self.tls_caps = tls_caps
        self.drop_in_body, self.reply_in_body = drop_in_body, reply_in_body
        self.steps = dict(DEFAULTS, **steps)
        self.sessions, self.messages, self.secrets = [], [], []
        self.lock = threading.Lock()
        self.listener = None

    def __enter__(self):
        if self.path is not None:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(self.path)
        else:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            self.listener = socket.socket(family)
            self.listener.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind()
            self.port = self.listener.getsockname()[1]
        self.begin()
        return self

    def bind(self):
        """A connection of somebody else may have the port for a while."""
        for left in range(600, -1, -1):
            try:
                self.listener.bind((self.host, self.port))
                return
            except OSError as e:
                if e.errno != errno.EADDRINUSE or left == 0:
                    raise
                time.sleep(0.1)

    def begin(self):
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def __exit__(self, *exc):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in list(self.sessions):
            try:
                s.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            if self.path is None:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, sock)
            with self.lock:
                self.sessions.append(session)
            threading.Thread(target=session.run, daemon=True).start()

    def commands(self, verb):
        """All commands of that verb, in all sessions."""
        return [c for s in self.sessions for c in s.commands
                if c.upper().split(" ")[0] == verb]


class Hole(BadSmtp):
    """Its queue of connections is full: who connects hears nothing, neither yes
    nor no, until open()."""
    def begin(self):
        self.listener.listen(0)
        self.fill = []
        for _ in range(4):
            s = socket.socket(self.listener.family)
            s.setblocking(False)
            s.connect_ex(self.listener.getsockname())
            self.fill.append(s)

    def open(self):
        self.close_fill()
        super().begin()

    def close_fill(self):
        for s in self.fill:
            s.close()

    def __exit__(self, *exc):
        self.close_fill()
        super().__exit__(*exc)

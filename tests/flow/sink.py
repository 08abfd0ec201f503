# SPDX-License-Identifier: ISC
"""A mail server of the tests' own that keeps what it gets and answers as told.

    with Sink() as sink:                 takes everything
    Sink(RCPT=["450 4.2.1 later", None]) the first RCPT is put off, the second
                                         and all later ones get the usual answer
    Sink(DATA=lambda line, s: "554 5.6.0 no" if ... else None)
    Sink(CONNECT=["421 4.3.2 busy"])     the greeting; "close" closes instead

Names are verbs, CONNECT, and END (the reply to the end of data; with lmtp=True
one for each recipient).
"""
import re
import socket
import ssl
import threading


class Message:
    def __init__(self, session, sender, rcpts, data):
        self.session, self.sender, self.rcpts, self.data = \
            session, sender, rcpts, data

    def header(self, name):
        """The value of the first header NAME, unfolded; None without one."""
        head = self.data.split(b"\r\n\r\n", 1)[0].decode(errors="replace")
        m = re.search(rf"(?im)^{re.escape(name)}:[ \t]*"
                      r"([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
        return re.sub(r"\r\n(?=[ \t])", "", m[1]).rstrip() if m else None


class Session:
    """One connection; also what scripts see as their second argument."""

    def __init__(self, sink, sock, number):
        self.sink, self.sock, self.number = sink, sock, number
        self.file = sock.makefile("rb")
        self.helo, self.tls = None, False
        self.sender, self.rcpts, self.params = None, [], {}

    def answer(self, text):
        if text == "close":
            raise ConnectionError
        self.sock.sendall(text.encode() + b"\r\n")

    def run(self):
        self.answer(self.sink.next_of("CONNECT", "", self)
                    or "220 sink.example ESMTP")
        while True:
            line = self.file.readline(10000)
            if not line.endswith(b"\r\n"):
                return
            line = line[:-2].decode(errors="replace")
            verb = line.split(" ", 1)[0].upper()
            self.sink.note(line)
            if verb == "DATA":
                self.data(line)
                continue
            scripted = self.sink.next_of(verb, line, self)
            reply = scripted or self.usual(verb, line)
            if reply[0] == "2" and scripted is None or \
                    scripted and scripted[0] == "2":
                self.accept(verb, line)
            self.answer(reply)
            if verb == "STARTTLS" and reply[0] == "2":
                self.start_tls()
            if verb == "QUIT" or reply.startswith("421"):
                return

    def usual(self, verb, line):
        if verb in ("EHLO", "LHLO"):
            words = ["250-sink.example", *("250-" + w for w in
                                           self.sink.keywords)]
            if self.sink.tls and not self.tls:
                words.append("250-STARTTLS")
            return "\r\n".join(words + ["250 HELP"])
        if verb in ("HELO", "MAIL", "RCPT", "RSET", "NOOP"):
            return "250 2.0.0 ok"
        if verb == "QUIT":
            return "221 2.0.0 bye"
        if verb == "STARTTLS" and self.sink.tls:
            return "220 2.0.0 go"
        return "502 5.5.1 what?"

    def accept(self, verb, line):
        if verb in ("EHLO", "LHLO", "HELO", "RSET"):
            self.sender, self.rcpts = None, []
        if verb in ("EHLO", "LHLO", "HELO"):
            self.helo = line.partition(" ")[2]
        if verb == "MAIL":
            self.sender, self.rcpts = line[len("MAIL FROM:"):], []
        if verb == "RCPT":
            self.rcpts.append(line[len("RCPT TO:"):])

    def start_tls(self):
        self.sock = self.sink.tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True

    def data(self, line):
        reply = self.sink.next_of("DATA", line, self)
        if reply is None and not self.rcpts:
            reply = "554 5.5.1 no recipients"
        self.answer(reply or "354 go on")
        if reply is not None and not reply.startswith("354"):
            return
        data = bytearray()
        while True:
            part = self.file.readline(1 << 20)
            if part == b"":
                raise ConnectionError
            if part == b".\r\n":
                break
            data += part[1:] if part.startswith(b".") else part
        taken = []
        rcpts = self.rcpts if self.sink.lmtp else ["all"]
        replies = [self.sink.next_of("END", r, self) or "250 2.0.0 taken"
                   for r in rcpts]
        if self.sink.lmtp:
            taken = [r for r, a in zip(self.rcpts, replies) if a[0] == "2"]
        elif replies[0][0] == "2":
            taken = self.rcpts
        if taken:
            self.sink.take(Message(self, self.sender, taken, bytes(data)))
        for reply in replies:
            self.answer(reply)


class Sink:
    def __init__(self, lmtp=False, tls=None, keywords=(
            "PIPELINING", "SIZE 100000000", "8BITMIME", "SMTPUTF8", "DSN",
            "ENHANCEDSTATUSCODES"), port=0, host="127.0.0.1", **script):
        self.lmtp, self.tls, self.keywords = lmtp, tls, list(keywords)
        self.script = {k: v if callable(v) else list(v)
                       for k, v in script.items()}
        self.messages, self.lines = [], []
        self.sessions = self.now = self.peak = 0
        self.lock = threading.Lock()
        self.open = set()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(200)
        self.host, self.port = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Nobody is listening any more, and every session ends."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    @property
    def nexthop(self):
        return f"[{self.host}]:{self.port}"

    def next_of(self, verb, line, session):
        entry = self.script.get(verb)
        if callable(entry):
            return entry(line, session)
        with self.lock:
            return entry.pop(0) if entry else None

    def note(self, line):
        with self.lock:
            self.lines.append(line)

    def take(self, message):
        with self.lock:
            self.messages.append(message)

    def find(self, subject):
        with self.lock:
            return [m for m in self.messages if m.header("Subject") == subject]

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.sessions += 1
                self.now += 1
                self.peak = max(self.peak, self.now)
                self.open.add(sock)
                number = self.sessions
            threading.Thread(target=self.serve, args=(sock, number),
                             daemon=True).start()

    def serve(self, sock, number):
        session = Session(self, sock, number)
        try:
            session.run()
        except (OSError, ssl.SSLError, ConnectionError, ValueError):
            pass
        finally:
            with self.lock:
                self.now -= 1
                self.open.discard(sock)
            try:
                session.sock.close()
                sock.close()
            except OSError:
                pass


def server_tls(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context

# SPDX-License-Identifier: ISC
"""A small authoritative DNS server for tests (UDP and TCP on 127.0.0.1).

    dns = DnsServer({
        "example.test": {"MX": ["10 mx.example.test."], "A": ["192.0.2.1"]},
        "mx.example.test": {"A": ["127.0.0.2"], "AAAA": ["::1"]},
        "alias.test": {"CNAME": ["example.test."]},
        "broken.test": "SERVFAIL",     # any rcode by name
        "silent.test": "DROP",         # never answered
        "long.test": {"TXT": [...], "truncate": True},   # over TCP only
    })
    with dns: ... dns.port, dns.queries (list of (name, type)) ...

DnsServer(records, signed=True) signs everything beneath test. (DNSSEC) as it
answers; dns.trust_anchor() is the key to believe.  "bogus": True in an entry
spoils the signatures of its records.

Names that are not listed do not exist (NXDOMAIN), unless something below them
does.  Records may be changed while it runs: dns.records[name] = ...; answers
have TTL 0 (dns.ttl), so nobody remembers them.

As a program: dnsserver.py FILE.json prints "port N" and serves until its
standard input is closed.
"""
import json
import socket
import struct
import sys
import threading

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

ZONE = dns.name.from_text("test.")
ORIGIN_SOA = "ns.test. hostmaster.test. 1 3600 600 86400 0"


class Signer:
    """Signs RRsets of the zone test. with one key."""

    def __init__(self):
        # Of Debian's python3-cryptography; needed for signed zones only.
        from cryptography.hazmat.primitives.asymmetric import ec
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.key = dns.dnssec.make_dnskey(
            self.private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256,
            flags=257)

    def sign(self, rrset, bogus=False):
        sig = dns.dnssec.sign(
            rrset, self.private, ZONE, self.key, lifetime=86400)
        if bogus:
            sig = sig.replace(signature=bytes(64))
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, sig)

    def denial(self, name, ttl, types):
        """NSEC that NAME has nothing but TYPES and this NSEC (RFC 9824);
        resolvers conclude from it what else there is not (RFC 8198)."""
        following = dns.name.Name((b"\0",) + name.labels)
        return dns.rrset.from_text(
            name, ttl, "IN", "NSEC",
            " ".join([str(following), *types, "RRSIG", "NSEC"]))


class DnsServer:
    def __init__(self, records=None, port=0, ttl=0, signed=False,
                 address="127.0.0.1"):
        self.signer = Signer() if signed else None
        self.records = dict(records or {})
        self.ttl = ttl
        self.queries = []
        self.udp = self.tcp = None
        self.address, self.port = address, port
        self.threads = []

    def trust_anchor(self):
        return f"{ZONE} 3600 IN DNSKEY {self.signer.key.to_text()}\n"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        for _ in range(20):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((self.address, self.port))
            port = self.udp.getsockname()[1]
            self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind((self.address, port))
            except OSError:  # taken over TCP only: take another
                self.udp.close()
                self.tcp.close()
                continue
            break
        else:
            raise OSError("no free port")
        self.port = port
        self.tcp.listen(16)
        for target in (self._udp_loop, self._tcp_loop):
            t = threading.Thread(target=target, daemon=True)
            t.start()
            self.threads.append(t)

    def stop(self):
        # A close alone does not wake a thread that waits in the kernel.
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        for t in self.threads:
            t.join(5)
        self.threads = []

    def _udp_loop(self):
        while True:
            try:
                packet, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            if not packet:  # woken by stop
                return
            answer = self.answer(packet, False)
            if answer is not None:
                try:
                    self.udp.sendto(answer, peer)
                except OSError:
                    return

    def _tcp_loop(self):
        while True:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(
                target=self._tcp_one, args=(conn,), daemon=True).start()

    def _tcp_one(self, conn):
        with conn, conn.makefile("rb") as f:
            while True:
                head = f.read(2)
                if len(head) < 2:
                    return
                packet = f.read(struct.unpack("!H", head)[0])
                answer = self.answer(packet, True)
                if answer is None:
                    return
                conn.sendall(struct.pack("!H", len(answer)) + answer)

    def _find(self, name):
        """The entry of NAME; {} when only something below it exists."""
        if name in self.records:
            return self.records[name]
        wild = "*." + name.partition(".")[2]
        if wild in self.records:
            return self.records[wild]
        if any(k.endswith("." + name) for k in self.records) or name == "":
            return {}
        return None

    def answer(self, packet, tcp):
        try:
            query = dns.message.from_wire(packet)
            question = query.question[0]
        except Exception:
            return None
        name = question.name.to_text(omit_final_dot=True).lower()
        if name in (".", "@"):
            name = ""
        rtype = dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, rtype))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        if self.signer is not None and (name, rtype) == ("test", "DNSKEY"):
            keys = dns.rrset.from_rdata(ZONE, 3600, self.signer.key)
            reply.answer += [keys, self.signer.sign(keys)]
            return reply.to_wire()
        for _ in range(8):
            entry = self._find(name)
            if isinstance(entry, str):
                if entry == "DROP":
                    return None
                reply.set_rcode(dns.rcode.from_text(entry))
                return reply.to_wire()
            if entry is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            if entry.get("truncate") and not tcp:
                reply.flags |= dns.flags.TC
                return reply.to_wire()
            if "CNAME" in entry and rtype != "CNAME":
                self._add(reply, name, "CNAME", entry)
                name = entry["CNAME"][0].rstrip(".").lower()
                continue
            if entry.get(rtype):
                self._add(reply, name, rtype, entry)
                return reply.to_wire(max_size=65535)
            break
        self._nothing(reply, name, entry)
        return reply.to_wire()

    def _add(self, reply, name, rtype, entry):
        rrset = dns.rrset.from_text(
            name + ".", self.ttl, "IN", rtype, *entry[rtype])
        reply.answer.append(rrset)
        if self.signer is not None and rrset.name.is_subdomain(ZONE):
            reply.answer.append(
                self.signer.sign(rrset, bool(entry.get("bogus"))))

    def _nothing(self, reply, name, entry):
        soa = dns.rrset.from_text(ZONE, self.ttl, "IN", "SOA", ORIGIN_SOA)
        reply.authority.append(soa)
        owner = dns.name.from_text(name + ".")
        if self.signer is None or not owner.is_subdomain(ZONE):
            return
        # That a name does not exist is proved by what it does not have.
        reply.set_rcode(dns.rcode.NOERROR)
        types = [t for t in entry or () if t.isupper()]
        nsec = self.signer.denial(owner, self.ttl, types)
        reply.authority += [self.signer.sign(soa), nsec,
                            self.signer.sign(nsec)]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        server = DnsServer(json.load(f))
    with server:
        print("port", server.port, flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()

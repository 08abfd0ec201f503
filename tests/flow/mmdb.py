# SPDX-License-Identifier: ISC
"""Files in the MaxMind DB format, as small as a test needs them."""
import ipaddress
import struct


def text(s):
    return bytes((0x40 | len(s),)) + s.encode()


def number(v):
    return b"\xc4" + struct.pack("!I", v)


def pairs(d):
    """A map; values are made."""
    return bytes((0xe0 | len(d),)) + b"".join(text(k) + v for k, v in d.items())


def mmdb(countries):
    """{network: code} as the bytes of a file with records of 24 bits."""
    nodes, data = [[None, None]], b""
    for network, code in countries.items():
        net = ipaddress.ip_network(network)
        four = net.version == 4
        bits = f"{int(net.network_address):0128b}"[:net.prefixlen + (96 if four else 0)]
        node = 0
        for bit in map(int, bits[:-1]):
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][int(bits[-1])] = -1 - len(data)
        data += pairs({"country": pairs({"iso_code": text(code)})})
    n = len(nodes)

    def record(r):
        value = n if r is None else n + 16 + (-1 - r) if r < 0 else r
        return struct.pack("!I", value)[1:]
    return b"".join(record(r) for node in nodes for r in node) + bytes(16) + data + \
        b"\xab\xcd\xefMaxMind.com" + pairs({
            "node_count": number(n), "record_size": number(24), "ip_version": number(6),
            "binary_format_major_version": number(2)})

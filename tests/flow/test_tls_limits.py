# SPDX-License-Identifier: ISC
"""tls_min_version and tls_ciphers: what clients are agreed with, from a reload
on, and settings that make no sense."""
import socket
import ssl

import pytest

from pabal import PATIENCE, wait

USERS = ("alice",)
SERVICES = ("submissions", "imaps")
AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256"


def connect(pabal, service, version):
    ctx = ssl.create_default_context()
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    ctx.minimum_version = ctx.maximum_version = version
    return ctx.wrap_socket(socket.create_connection(
        ("127.0.0.1", pabal.port(service)), PATIENCE))


def agreed(pabal, service, version):
    """The cipher suite, None where there is no agreement."""
    try:
        with connect(pabal, service, version) as s:
            return s.cipher()[0]
    except ssl.SSLError:
        return None


V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("service", SERVICES)
def test_default(pabal, service):
    assert "GCM" in agreed(pabal, service, V12)
    assert agreed(pabal, service, V13).startswith("TLS_")


def test_limits_count_from_the_reload(make_pabal):
    p = make_pabal(users=())
    with connect(p, "submissions", V12) as old:
        assert old.recv(3) == b"220"
        p.conf("pabal", "tls_ciphers", AES128 + ":TLS_AES_128_GCM_SHA256")
        p.reload()
        for service in SERVICES:
            wait(lambda s=service: agreed(p, s, V12) == AES128, "the suite")
            assert agreed(p, service, V13) == "TLS_AES_128_GCM_SHA256"
        p.conf("pabal", "tls_min_version", "1.3")
        p.reload()
        for service in SERVICES:
            wait(lambda s=service: agreed(p, s, V12) is None, "no TLS 1.2")
            assert agreed(p, service, V13) == "TLS_AES_128_GCM_SHA256"
        # A session from before goes on.
        old.sendall(b"QUIT\r\n")
        text = b""
        while chunk := old.recv(1000):
            text += chunk
        assert b"221" in text
    p.stop()
    p.start()
    assert agreed(p, "imaps", V12) is None
    # One service may differ.
    p.conf("smtpd:submissions", "tls_min_version", "1.2")
    p.reload()
    wait(lambda: agreed(p, "submissions", V12) == AES128, "TLS 1.2 there")
    assert agreed(p, "imaps", V12) is None


def test_what_makes_no_sense_is_refused(make_pabal):
    p = make_pabal(users=())
    assert "one of 1.2, 1.3" in p.pabal_fails(
        "conf", "set", "pabal", "tls_min_version", "1.1")
    p.conf("pabal", "tls_ciphers", "ECDHE+AESGCM:nonsense")
    for command in (("conf", "check"), ("check",), ("reload",)):
        assert 'no cipher suite "nonsense"' in p.pabal_fails(*command), command
    assert "GCM" in agreed(p, "imaps", V12)
    p.pabal("conf", "unset", "pabal", "tls_ciphers")
    p.reload()

/* SPDX-License-Identifier: ISC */
/* Data of a TLS connection that an authentication inside it is bound to (RFC
 * 5056): whoever sits between client and server has two connections, and these
 * differ. */
#ifndef TLS_BINDING_H
#define TLS_BINDING_H

#include <stddef.h>
#include <stdint.h>

enum { TLS_BINDING_MAX = 64, TLS_EXPORTER_SIZE = 32 };

struct tls_conn;

/* Of a server's connection, after the handshake; the size, 0: there is none.
 *
 * tls-exporter (RFC 9266), of TLS 1.3, and of 1.2 with the extended master
 * secret. */
size_t tls_binding_exporter(
    const struct tls_conn *c, uint8_t out[TLS_BINDING_MAX]);
/* tls-server-end-point (RFC 5929 4): a digest of our certificate. */
size_t tls_binding_end_point(
    const struct tls_conn *c, uint8_t out[TLS_BINDING_MAX]);

#endif

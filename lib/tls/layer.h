/* SPDX-License-Identifier: ISC */
/*
 * TLS as a layer of a stream: for connections that are TLS from the first
 * byte and for STARTTLS.  The handshake runs as the stream reads and writes;
 * what is written before it is done waits for it.
 *
 * Nothing that came in the clear may count afterwards (RFC 3207 4.2): both
 * starts refuse a stream with unread input.  Such a client pipelined behind
 * STARTTLS, which is an attack: end its session.  Output must have been sent
 * too (the 220 itself goes out in the clear): start in on_drain.
 */
#ifndef TLS_LAYER_H
#define TLS_LAYER_H

#include "base/err.h"
#include "tls/conn.h"

struct stream;

/* -1 (ERR_PERM): input or output stands in the stream. */
int tls_layer_accept(
    struct stream *s, struct tls_server *server, struct err *err);
/* HOST and VERIFY as for tls_conn_new_client. */
int tls_layer_connect(struct stream *s, struct tls_client *client,
    const char *host, enum tls_verify verify, struct err *err);

/* Have FN called (from the loop) once the handshake is done. */
void tls_layer_on_done(struct stream *s, void (*fn)(struct stream *s));

/* False before the handshake is done, or without TLS. */
bool tls_layer_facts(const struct stream *s, struct tls_facts *facts);
/* In on_end: what TLS has to say of it; empty when nothing. */
const char *tls_layer_error(const struct stream *s);
/* The connection, for tls_conn_add_tlsa; NULL without TLS. */
struct tls_conn *tls_layer_conn(const struct stream *s);

#endif

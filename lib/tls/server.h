/* SPDX-License-Identifier: ISC */
/*
 * What a TLS server presents: certificates by name (SNI), and how it gets
 * signatures.  Filled once, then only read; counted, so that connections keep
 * the one they began with when certificates are renewed: make a new server
 * and let go of the old.
 *
 * TLS 1.2 and 1.3, forward secret AEAD suites only; neither renegotiation nor
 * compression.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "base/err.h"
#include "base/slice.h"
#include "tls/sign.h"

struct tls_server;

/* Keys for session tickets, the same in every process that serves a name. */
enum { TLS_TICKET_KEY_SIZE = 80 };

/* SIGNER must outlive the server and its connections. */
struct tls_server *tls_server_new(struct tls_signer *signer);
/* Let go of *S; it is freed with its last connection. */
void tls_server_free(struct tls_server **s);

/* Present the chain in PEM for the names in its leaf.  The first one is also
 * for clients that name no host or an unknown one.  A name may have one RSA
 * and one EC certificate; of two of a kind the one that is valid longer
 * counts. */
int tls_server_add(struct tls_server *s, struct slice pem, struct err *err);

/* Resume sessions with tickets under CURRENT; those under PREVIOUS (may be
 * empty) are still taken.  Without this call there are no tickets.  -1 when a
 * key has not TLS_TICKET_KEY_SIZE bytes. */
int tls_server_set_ticket_keys(struct tls_server *s, struct slice current,
    struct slice previous, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What a TLS client trusts, filled once, and the sessions that it may resume
 * (tls_conn_resume).  Counted, so that connections keep the one they began
 * with.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct tls_client;

struct tls_client *tls_client_new(void);
void tls_client_free(struct tls_client **c);

/* Trust the certificates in PEM (a CA bundle); -1 (ERR_PERM) when there is
 * none or one cannot be read. */
int tls_client_trust(struct tls_client *c, struct slice pem, struct err *err);
/* The same of *PEM, whose bytes are C's then, once the first connection asks
 * for it: a system's bundle is a hundred certificates, which many a process
 * never needs.  What cannot be read then is not trusted.  -1 (ERR_PERM) when it
 * has nothing that looks like a certificate. */
int tls_client_trust_later(
    struct tls_client *c, struct buf *pem, struct err *err);
/* Call BAD with what is wrong of that, once, where a connection is what reads
 * it. */
void tls_client_on_bad(
    struct tls_client *c, void (*bad)(const struct err *err));
/* Have the SSL_CTX of somebody else's, CTX, trust the same.  -1 (ERR_PERM):
 * what was to be read later was read now, and not all of it could be; said
 * once. */
int tls_client_lend(struct tls_client *c, void *ctx, struct err *err);
/* Forget all sessions that might be resumed. */
void tls_client_forget(struct tls_client *c);

#endif

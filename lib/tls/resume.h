/* SPDX-License-Identifier: ISC */
/*
 * Sessions that a client may resume (RFC 8446 2.2, RFC 5077), in memory, for
 * lib/tls alone.  A session is taken up without its certificate being looked
 * at again, so whoever names one (tls_conn_resume) has everything in its key
 * that made the handshake what it was: host, port, how it was verified and by
 * what.  One is given out once (RFC 8446 C.4) and forgotten after an hour.
 */
#ifndef TLS_RESUME_H
#define TLS_RESUME_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/slice.h"

enum {
	TLS_RESUME_SESSIONS = 512,
	TLS_RESUME_BYTES = 16 << 10, /* a larger one is not kept */
	TLS_RESUME_S = 3600,
};

struct tls_resume_entry;

struct tls_resume {
	struct map by_key;
	TAILQ_HEAD(, tls_resume_entry) order; /* oldest first */
	size_t count;
};

void tls_resume_init(struct tls_resume *r);
void tls_resume_fini(struct tls_resume *r);
/* Keep SESSION under KEY instead of what is there; the oldest one goes when
 * there are too many. */
void tls_resume_put(
    struct tls_resume *r, struct slice key, const SSL_SESSION *session);
/* Take out what is kept under KEY; NULL: nothing that may still be used.  The
 * caller frees it. */
SSL_SESSION *tls_resume_take(struct tls_resume *r, struct slice key);
/* For OpenSSL: it has a session that may be resumed.  The sessions are the
 * application data of the context, the key (a C string, "": do not keep it)
 * that of the connection. */
int tls_resume_on_session(SSL *ssl, SSL_SESSION *session);

#endif

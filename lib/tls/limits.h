/* SPDX-License-Identifier: ISC */
/* What of TLS a server agrees to, where it is told. */
#ifndef TLS_LIMITS_H
#define TLS_LIMITS_H

#include "base/err.h"

struct tls_server;

enum tls_lowest { TLS_LOWEST_1_2, TLS_LOWEST_1_3 };

struct tls_limits {
	enum tls_lowest lowest;
	/* Suites for TLS 1.2 as in ciphers(1), and names of those of TLS 1.3
	 * ("TLS_..."); of which there is none the default stays. */
	const char *ciphers;
};

/* Does OpenSSL know every word of it, and is something left?  ERR_PERM names
 * what it does not know. */
int tls_limits_check(const struct tls_limits *l, struct err *err);
/* For S, which has no connection yet. */
int tls_server_limit(
    struct tls_server *s, const struct tls_limits *l, struct err *err);

#endif

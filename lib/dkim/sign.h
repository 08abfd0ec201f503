/* SPDX-License-Identifier: ISC */
/* Making a DKIM signature; the key is elsewhere and signs a digest. */
#ifndef DKIM_SIGN_H
#define DKIM_SIGN_H

#include "dkim/message.h"

struct dkim_sign {
	enum dkim_alg alg;
	enum dkim_canon head, body;
	struct slice domain, selector; /* A-labels */
	struct slice identity;         /* i=; empty: none */
	const struct slice *names;     /* lower case; one more of a name than
					  there are fields forbids to add one */
	size_t nnames;
	int64_t signed_s, expires_s; /* -1: none */
};

/* Add the field to FIELD, folded, up to "b=", and give the digest that is to be
 * signed: by RSA as that of a PKCS #1 1.5 signature, by Ed25519 as the message.
 * M has ended, and had dkim_message_want(m, s->body). */
void dkim_sign_begin(const struct dkim_message *m, const struct dkim_sign *s,
    struct buf *field, uint8_t digest[32]);
/* Add the signature and the end of the line. */
void dkim_sign_end(struct buf *field, struct slice signature);

#endif

/* SPDX-License-Identifier: ISC */
/* Key records (RFC 6376 3.6.1, RFC 8463 4). */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "dkim/signature.h"

struct tls_pubkey;

struct dkim_key {
	struct tls_pubkey *key;
	bool testing; /* t=y */
	bool exact;   /* t=s: i= must have the domain d= itself */
};

/* Read TXT as a key for ALG.  NULL in KEY->key: *WHY says why it cannot be
 * used. To be freed by dkim_key_fini. */
bool dkim_key_parse(struct slice txt, enum dkim_alg alg, struct dkim_key *key,
    const char **why);
void dkim_key_fini(struct dkim_key *key);

/* Is TXT a record with the public key P (p= in base 64), so that signatures by
 * its private key can pass? */
bool dkim_key_shows(struct slice txt, struct slice p);
/* Add the record of P, whose type is "rsa" or "ed25519". */
void dkim_key_record(const char *type, struct slice p, struct buf *out);

#endif

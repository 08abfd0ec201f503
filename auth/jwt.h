/* SPDX-License-Identifier: ISC */
/*
 * Tokens that their issuer has signed: JWT (RFC 7519) as JWS in compact form
 * (RFC 7515), and the keys for them (RFC 7517).  Pure.
 *
 * A token comes from a stranger.  So its signature is checked over the bytes as
 * they came, by each key there is, before anything in it is read; what
 * algorithm counts follows from the key.  Only what the issuer wrote is parsed.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct tls_pubkey;

enum { JWT_KEYS_MAX = 16, JWT_KID_MAX = 128 };

struct jwt_key {
	struct tls_pubkey *key;
	char kid[JWT_KID_MAX]; /* empty: any */
};

struct jwt_keys {
	struct jwt_key v[JWT_KEYS_MAX];
	size_t n;
};

/* The keys in TEXT, a JWK set, a JWK, or public keys in PEM form.  Keys that
 * are not for signatures or of a kind we do not have are passed over; ERR_PERM
 * when none is left, or there are more than JWT_KEYS_MAX. */
int jwt_keys_parse(struct slice text, struct jwt_keys *keys, struct err *err);
void jwt_keys_fini(struct jwt_keys *keys);

/* What a token must say. */
struct jwt_rules {
	const char *issuer, *audience, *scope; /* empty: anything */
	const char *account_claim;
	int64_t now_s, skew_s;
};

/* NULL: TOKEN is good, and the claim that names the account is in ACCOUNT.
 * Otherwise what is wrong with it, for the log. */
const char *jwt_check(const struct jwt_keys *keys, const struct jwt_rules *r,
    struct slice token, struct buf *account);

#endif

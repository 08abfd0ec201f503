/* SPDX-License-Identifier: ISC */
/*
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): what is stored of a password, and the
 * arithmetic of an exchange.  Stored as PostgreSQL writes it,
 *
 *   SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY
 *
 * with salt and keys in base 64, or as Dovecot does,
 * "{SCRAM-SHA-256}ITERATIONS,SALT,STOREDKEY,SERVERKEY".  With these keys nobody
 * can log in elsewhere as the client, but they allow to guess the password, at
 * the cost of its iterations a try.
 */
#ifndef SASL_SCRAM_H
#define SASL_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	SCRAM_KEY_SIZE = 32,
	SCRAM_SALT_MAX = 64,
	SCRAM_SALT_SIZE = 16, /* of what is made */
	/* RFC 7677 4 asks for no less; a check must come to an end */
	SCRAM_ITERATIONS_MIN = 4096,
	SCRAM_ITERATIONS_MAX = 5000000,
	/* what is made: as long as a hash of yescrypt takes */
	SCRAM_ITERATIONS = 32768,
};

struct scram_secret {
	unsigned iterations;
	size_t salt_len;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored_key[SCRAM_KEY_SIZE], server_key[SCRAM_KEY_SIZE];
};

/* Is STORED of this kind, whatever is in it? */
bool scram_is_stored(struct slice stored);
bool scram_parse(struct slice stored, struct scram_secret *s);
/* The keys of PASSWORD for the salt and iterations in S.  Takes milliseconds on
 * purpose. */
void scram_derive(struct scram_secret *s, struct slice password);

/* As password_verify and password_hash. */
enum found scram_check(
    struct slice stored, struct slice secret, struct err *err);
int scram_make(struct slice secret, struct buf *out, struct err *err);

/* Is PROOF (SCRAM_KEY_SIZE bytes) that of the password of S for MESSAGE, the
 * AuthMessage? */
bool scram_proves(
    const struct scram_secret *s, struct slice message, struct slice proof);
/* The server's signature of MESSAGE, to OUT. */
void scram_sign(const struct scram_secret *s, struct slice message,
    uint8_t out[SCRAM_KEY_SIZE]);

#endif

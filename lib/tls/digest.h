/* SPDX-License-Identifier: ISC */
/*
 * Digests, HMAC and what builds on them, so that nobody but lib/tls knows
 * OpenSSL.  None of these can fail: an algorithm that the library does not
 * have is our own bug (must).
 */
#ifndef TLS_DIGEST_H
#define TLS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum digest_alg {
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512
};

enum { DIGEST_MAX = 64 }; /* bytes of the longest digest */

/* Bytes that ALG gives. */
size_t digest_size(enum digest_alg alg);
/* Digest of IN to OUT, which holds DIGEST_MAX bytes; gives the size. */
size_t digest_of(enum digest_alg alg, struct slice in, uint8_t *out);
/* The same as lower-case hex with a NUL; OUT holds 2 * DIGEST_MAX + 1. */
void digest_hex(enum digest_alg alg, struct slice in, char *out);
/* HMAC (RFC 2104) of IN under KEY to OUT (DIGEST_MAX bytes). */
size_t digest_hmac(
    enum digest_alg alg, struct slice key, struct slice in, uint8_t *out);
/* PBKDF2 with HMAC (RFC 8018 5.2; Hi() of RFC 5802): digest_size(ALG) bytes
 * to OUT.  ITERATIONS from 1 to INT_MAX. */
void digest_pbkdf2(enum digest_alg alg, struct slice password,
    struct slice salt, unsigned iterations, uint8_t *out);

/* A digest over pieces; digest_end gives the size and frees D. */
struct digest;
struct digest *digest_begin(enum digest_alg alg);
void digest_add(struct digest *d, struct slice in);
size_t digest_end(struct digest **d, uint8_t *out);

/* Equal?  Takes the same time wherever the first difference is (not for
 * different lengths). */
bool digest_equal(struct slice a, struct slice b);
/* N bytes that nobody can guess. */
void digest_random(void *out, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/* Keys with which mail is signed (RFC 8301, RFC 8463): RSA of 2048 to 4096 bits
 * and Ed25519.  They sign digests of 32 bytes and nothing else. */
#ifndef TLS_MAILKEY_H
#define TLS_MAILKEY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct mailkey;

enum mailkey_type { MAILKEY_RSA, MAILKEY_ED25519 };
enum { MAILKEY_SIGNATURE_MAX = 512, MAILKEY_PEM_MAX = 16384 };

/* A new key as PEM (RSA has 2048 bits), which the caller wipes. */
int mailkey_make(enum mailkey_type type, struct buf *pem, struct err *err);
/* -1 (ERR_PERM): PEM holds none, it is encrypted, or of another kind. */
int mailkey_parse(struct slice pem, struct mailkey **out, struct err *err);
/* Wiped, then freed. */
void mailkey_free(struct mailkey **k);

enum mailkey_type mailkey_type(const struct mailkey *k);
/* Add what p= of a key record has, in base 64 (RFC 6376 3.6.1, RFC 8463 4). */
void mailkey_public(const struct mailkey *k, struct buf *out);
/* Add the signature of a SHA-256 digest: PKCS #1 1.5 (RFC 6376 3.3.1), or
 * PureEdDSA over the digest (RFC 8463 3). */
int mailkey_sign(const struct mailkey *k, const uint8_t digest[32],
    struct buf *out, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Passwords at rest: hashes as crypt(5) writes them ($y$ yescrypt, $gy$, $7$
 * scrypt, $2a$ $2b$ $2y$ bcrypt, $6$ and $5$ SHA-crypt), or Argon2 in its own
 * form ($argon2id$...), or the keys of SCRAM (sasl/scram.h).  "{SCHEME}" before
 * it, as Dovecot writes it, is understood; plain text and what can be guessed
 * by the billion (DES, MD5, NT) is not.
 *
 * These calls take milliseconds of CPU and more on purpose: never in an event
 * loop.
 */
#ifndef SASL_PASSWORD_H
#define SASL_PASSWORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/words.h"

/* clang-format off */
/* Those that are made. */
#define PASSWORD_SCHEMES(W) \
	W(PASSWORD_YESCRYPT, "yescrypt") W(PASSWORD_SHA512, "sha512-crypt") \
	W(PASSWORD_BCRYPT, "bcrypt") W(PASSWORD_ARGON2ID, "argon2id") \
	W(PASSWORD_SCRAM, "scram-sha-256")
/* clang-format on */
enum password_scheme { PASSWORD_SCHEMES(WORDS_ID) };

enum { PASSWORD_SECRET_MAX = 511, PASSWORD_HASH_MAX = 512 };

/* SECRET against STORED: FOUND when it is the password, ABSENT when not,
 * TEMPFAIL (ERR) when STORED is of no known kind or memory is short. */
enum found password_verify(
    struct slice stored, struct slice secret, struct err *err);

/* STORED is of a kind that password_verify can check. */
bool password_is_known(struct slice stored);

/* Its word. */
const char *password_scheme(enum password_scheme scheme);

/* Hash SECRET under the word SCHEME to OUT (room for PASSWORD_HASH_MAX).
 * ERR_PERM: unknown scheme, empty or too long a secret, or one with a NUL in
 * it. */
int password_hash(
    const char *scheme, struct slice secret, struct buf *out, struct err *err);

/* Take as long as checking a password of SCHEME takes: for names that do not
 * exist.  ABSENT, or TEMPFAIL when memory is short. */
enum found password_pretend(const char *scheme, struct slice secret);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Passwords at rest: hashes as crypt(5) writes them ($y$ yescrypt, $gy$, $7$
 * scrypt, $2a$ $2b$ $2y$ bcrypt, $6$ and $5$ SHA-crypt), or Argon2 in its own
 * form ($argon2id$...).  "{SCHEME}" before it, as Dovecot writes it, is
 * understood; plain text and what can be guessed by the billion (DES, MD5, NT)
 * is not.
 *
 * These calls take milliseconds of CPU and more on purpose: never in an event
 * loop.
 */
#ifndef SASL_PASSWORD_H
#define SASL_PASSWORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { PASSWORD_SECRET_MAX = 511, PASSWORD_HASH_MAX = 512 };

/* SECRET against STORED: FOUND when it is the password, ABSENT when not,
 * TEMPFAIL (ERR) when STORED is of no known kind or memory is short. */
enum found password_verify(
    struct slice stored, struct slice secret, struct err *err);

/* Hash SECRET under SCHEME ("yescrypt", "sha512-crypt", "bcrypt", "argon2id")
 * to OUT (room for PASSWORD_HASH_MAX).  ERR_PERM: unknown scheme, empty or too
 * long a secret, or one with a NUL in it. */
int password_hash(
    const char *scheme, struct slice secret, struct buf *out, struct err *err);

/* Take as long as checking a password of SCHEME takes: for names that do not
 * exist.  ABSENT, or TEMPFAIL when memory is short. */
enum found password_pretend(const char *scheme, struct slice secret);

#endif

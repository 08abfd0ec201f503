/* SPDX-License-Identifier: ISC */
/* Argon2 (RFC 9106) in its encoded form, without threads: the sandbox of the
 * workers allows none, and lanes may as well be worked off in turn. */
#ifndef SASL_ARGON2_H
#define SASL_ARGON2_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* As password_verify; STORED begins with "$argon2". */
enum found argon2_check(
    struct slice stored, struct slice secret, struct err *err);
/* A new hash, argon2id, 19 MiB, 2 passes, one lane. */
int argon2_make(struct slice secret, struct buf *out, struct err *err);

#endif

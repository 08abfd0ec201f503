/* SPDX-License-Identifier: ISC */
/*
 * Passwords for programs, which are made and not chosen: 24 letters and digits,
 * 120 random bits.  Nobody guesses one, so a fast hash is as good as a slow
 * one, and many can be looked at for each login.
 */
#ifndef SASL_APP_H
#define SASL_APP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum { SASL_APP_CHARS = 24, SASL_APP_TEXT = 30, SASL_APP_HASH = 80 };

/* A new one to SECRET, in groups ("abcd-efgh-..."), and what is stored of it to
 * HASH. */
void sasl_app_make(struct buf *secret, struct buf *hash);
/* Has SECRET their form?  Dashes, spaces and case do not matter. */
bool sasl_app_is(struct slice secret);
/* Is SECRET the one that HASH is of? */
bool sasl_app_check(struct slice hash, struct slice secret);

#endif

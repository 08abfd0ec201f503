/* SPDX-License-Identifier: ISC */
/* What ManageSieve says of the language (RFC 5804 1.7). */
#ifndef SIEVE_ANNOUNCE_H
#define SIEVE_ANNOUNCE_H

struct buf;
struct sieve_lang;

/* The capability lines of what is the same for everybody: who this is, the
 * extensions of LANG, ways of notification, redirects, and VERSION. */
void sieve_announce(const struct sieve_lang *lang, struct buf *out);

#endif

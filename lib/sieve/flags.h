/* SPDX-License-Identifier: ISC */
/* Lists of IMAP flags as scripts have them (RFC 5232 2): strings with flags and
 * blanks between, each flag once, whatever its case. */
#ifndef SIEVE_FLAGS_H
#define SIEVE_FLAGS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

/* Take the next flag off *S; false at its end. */
bool sieve_flags_next(struct slice *s, struct slice *flag);
/* Can a message have it: a keyword, or \Answered, \Flagged, \Deleted, \Seen,
 * \Draft? */
bool sieve_flags_valid(struct slice flag);
bool sieve_flags_has(struct slice list, struct slice flag);
/* Add those of FLAGS that are valid and not there yet; take them off. */
void sieve_flags_add(struct buf *list, struct slice flags);
void sieve_flags_remove(struct buf *list, struct slice flags);
/* A mailbox attribute: "\" and an atom (RFC 6154). */
bool sieve_flags_is_attribute(struct slice s);

#endif

/* SPDX-License-Identifier: ISC */
/* Which documents may have a string in them, found in steps. */
#ifndef FULLTEXT_QUERY_H
#define FULLTEXT_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct fulltext;
struct term_query;

enum query_scope {
	QUERY_HEADER = 1 << 0,
	QUERY_BODY = 1 << 1, /* and the headers of parts */
	QUERY_ALL = QUERY_HEADER | QUERY_BODY,
};

/* For NEEDLE (folded; copied) in what SCOPE (enum query_scope) says.  NULL: it
 * has nothing that the index knows of. */
struct term_query *query_new(struct slice needle, unsigned scope);
/* Q may point at NULL; leaves NULL. */
void query_free(struct term_query **q);
/* A piece of the work, of less than a millisecond mostly; *MORE: call again.
 * Documents that were in F at the first call are answered for. */
int query_step(
    struct term_query *q, struct fulltext *f, bool *more, struct err *err);
/* After the last step: is it of use?  Not where too much was found. */
bool query_is_useful(const struct term_query *q);
/* All that have it, and no others; else some may not have it. */
bool query_is_exact(const struct term_query *q);
bool query_has(const struct term_query *q, uint64_t doc);

#endif

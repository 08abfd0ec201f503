/* SPDX-License-Identifier: ISC */
/* Which documents come near a string (fulltext/near.h), and how near, found in
 * steps. */
#ifndef FULLTEXT_FUZZY_H
#define FULLTEXT_FUZZY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct fulltext;
struct fuzzy_query;

/* For NEEDLE (folded; copied) in what SCOPE (enum query_scope) says.  NULL: it
 * has no words. */
struct fuzzy_query *fuzzy_new(struct slice needle, unsigned scope);
/* Q may point at NULL; leaves NULL. */
void fuzzy_free(struct fuzzy_query **q);
/* A piece of the work, of a millisecond mostly; *MORE: call again.  Documents
 * that were in F at the first call are answered for. */
int fuzzy_step(
    struct fuzzy_query *q, struct fulltext *f, bool *more, struct err *err);
/* After the last step: 0, not at all, to 100.  Of several words the rare ones
 * count more (the inverse document frequency of BM25; how often a word is in a
 * document is not known), and what is in a header more than what is not. */
unsigned fuzzy_score(const struct fuzzy_query *q, uint64_t doc);

#endif

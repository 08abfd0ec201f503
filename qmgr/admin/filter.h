/* SPDX-License-Identifier: ISC */
/*
 * Which messages `pabal queue` means.  A filter is words, all of which must
 * hold:
 *   id=PATTERN sender=PATTERN recipient=PATTERN domain=PATTERN
 *   state=waiting|active|held   age>SECONDS age<SECONDS size>BYTES size<BYTES
 *   login=PATTERN (who authenticated)
 *   host=PATTERN (who answered last, or did not)
 *   site=PATTERN (of the last attempt, with or without its transport; of who
 * had none it is the domain) reason=PATTERN (the last failure's text) Patterns
 * are shell globs, ASCII case ignored.  No words: every message.
 */
#ifndef QMGR_ADMIN_FILTER_H
#define QMGR_ADMIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/qrecord.h"

enum { FILTER_MAX_TERMS = 16 };

struct filter_term {
	const struct filter_key *key;
	char op; /* '=', '<' or '>' */
	int64_t number;
	char pattern[256];
};

struct filter {
	struct filter_term terms[FILTER_MAX_TERMS];
	size_t n;
	bool needs_known; /* a term asks what R's known or whole stands for */
	bool needs_whole;
	bool admin; /* a term asks what administrators alone see */
};

/* ERR_PERM says which word is not understood and what would be. */
int filter_parse(struct filter *f, struct slice text, struct err *err);
/* The one id that F may take, in F; empty: more than one. */
struct slice filter_only(const struct filter *f);
/* R is known, or whole, as far as F needs it. */
bool filter_match(const struct filter *f, const struct qrecord *r);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Whose mail it says it is (RFC 9989 4.1, RFC 5322 3.6.2, RFC 6854): the
 * domains of From.  What people are shown must be what was checked, so whatever
 * can be read in two ways is not read at all.
 */
#ifndef DMARC_FROM_H
#define DMARC_FROM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum { DMARC_AUTHORS_MAX = 8 };

enum dmarc_from_state {
	DMARC_FROM_GOOD,      /* one field; n may be 0 (an empty group, an
				 address literal) */
	DMARC_FROM_ABSENT,    /* no From field */
	DMARC_FROM_SEVERAL,   /* more than one */
	DMARC_FROM_MALFORMED, /* not a list of addresses; or too many */
};

struct dmarc_from {
	enum dmarc_from_state state;
	size_t n; /* different domains, in A-labels */
	struct slice domains[DMARC_AUTHORS_MAX];
};

/* Look at all From fields of HEADER. */
void dmarc_from_find(
    struct slice header, struct arena *a, struct dmarc_from *from);
/* One field's value. */
void dmarc_from_parse(
    struct slice value, struct arena *a, struct dmarc_from *from);

/* What is wrong, for people; NULL for DMARC_FROM_GOOD. */
const char *dmarc_from_why(enum dmarc_from_state state);

#endif

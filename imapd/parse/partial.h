/* SPDX-License-Identifier: ISC */
/* PARTIAL (RFC 9394) of SEARCH, SORT and FETCH. */
#ifndef IMAPD_PARSE_PARTIAL_H
#define IMAPD_PARSE_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parse;

/* partial-range: "1:100", or "-1:-100" from the end on. */
struct partial_range {
	uint32_t from, to; /* as written; from 1 */
	bool from_end;
};

/* partial-range-first / partial-range-last (RFC 9394 4) */
struct partial_range partial_parse(struct parse *p);
/* The part of N results that R names: *N of them from the result of that
 * index on. */
size_t partial_of(const struct partial_range *r, size_t *n);

#endif

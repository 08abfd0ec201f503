/* SPDX-License-Identifier: ISC */
/* What a search is to return: RETURN (...) of RFC 9051 6.4.4 (ESEARCH, RFC
 * 4731), SAVE (RFC 5182), UPDATE and CONTEXT (RFC 5267), PARTIAL (RFC 9394),
 * RELEVANCY (RFC 6203). */
#ifndef IMAPD_SEARCH_RETURNS_H
#define IMAPD_SEARCH_RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imapd/parse/partial.h"

struct parse;

enum search_return_option {
	RETURN_MIN = 1 << 0,
	RETURN_MAX = 1 << 1,
	RETURN_ALL = 1 << 2,
	RETURN_COUNT = 1 << 3,
	RETURN_SAVE = 1 << 4,
	RETURN_PARTIAL = 1 << 5,
	RETURN_UPDATE = 1 << 6,
	RETURN_CONTEXT = 1 << 7, /* a hint, which changes nothing here */
	RETURN_RELEVANCY = 1 << 8,
};

struct search_returns {
	unsigned options; /* enum search_return_option; 0: no RETURN */
	struct partial_range partial;
};

/* ["RETURN" SP "(" ... ")" SP] */
struct search_returns returns_parse(struct parse *p);
#endif

/* SPDX-License-Identifier: ISC */
/* How much a script may be and do.  Every number is a limit: 0 allows none. */
#ifndef SIEVE_LIMITS_H
#define SIEVE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct sieve_limits {
	/* of a script's text */
	size_t script_bytes;
	uint32_t nesting;    /* blocks in blocks, and tests in tests */
	uint32_t arguments;  /* of one command */
	uint32_t list_items; /* of one list */
	uint32_t errors;     /* told at once */
	size_t code_bytes;   /* with all scripts it includes */
	uint32_t includes, include_depth;
	uint32_t variables;
	/* of a run */
	uint64_t steps;      /* instructions, and bytes compared, by 64 */
	size_t memory_bytes; /* of strings and what was decoded, about */
	uint32_t actions, redirects, notifications;
	uint32_t hops;       /* Received fields: with more it is in a loop */
	size_t value_bytes;  /* of one variable */
	size_t field_bytes;  /* of a header field that is added */
	uint32_t part_depth; /* foreverypart in foreverypart */
	uint32_t regex_matches, regex_depth, regex_heap_kib; /* of PCRE2 */
	uint32_t vacation_min_s, vacation_max_s, vacation_default_s;
	uint32_t duplicate_max_s, duplicate_default_s;
};

extern const struct sieve_limits sieve_limits_default;

#endif

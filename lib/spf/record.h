/* SPDX-License-Identifier: ISC */
/* The syntax of an SPF record (RFC 7208 4.6.1, 5, 6, 12). */
#ifndef SPF_RECORD_H
#define SPF_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum { SPF_RECORD_MAX = 16384, SPF_TERMS_MAX = 1024 };

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
};

/* A mechanism with its qualifier. */
struct spf_term {
	struct slice text;
	char qualifier; /* + - ? ~ */
	enum spf_mechanism mechanism;
	struct slice domain;   /* domain-spec, not expanded; empty: not given */
	uint8_t ip[16];        /* of ip4, ip6; IPv4 mapped */
	unsigned bits4, bits6; /* of the prefix; those of ip4 count in bits4 */
};

struct spf_record {
	struct spf_term *terms;
	size_t n;
	struct slice redirect, exp; /* domain-spec; empty: not there */
};

/* Does TXT begin as a record of version 1 does (4.5)? */
bool spf_record_is(struct slice txt);
/* Read TXT, which is one, to its end.  False: *WHERE is the term that is wrong.
 * What *R points at is in TXT and A. */
bool spf_record_parse(struct slice txt, struct arena *a, struct spf_record *r,
    struct slice *where);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The country of an address by a file in the MaxMind DB format, version 2.0, as
 * several publishers give them away: a binary tree over the bits of addresses,
 * whose leaves lead to records.  Pure.
 */
#ifndef ORIGIN_COUNTRY_H
#define ORIGIN_COUNTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct country_file {
	struct slice tree, data;
	uint32_t nodes;
	unsigned record_bits; /* 24, 28 or 32 */
	bool ipv6;            /* else it knows IPv4 alone */
};

enum { COUNTRY_CODE = 3 };

/* F borrows from FILE.  -1 (ERR_PERM): it is none. */
int country_open(struct country_file *f, struct slice file, struct err *err);
/* The code of IP's country (ISO 3166, upper case).  False: F has none. */
bool country_find(const struct country_file *f, const uint8_t ip[16],
    char code[COUNTRY_CODE]);

#endif

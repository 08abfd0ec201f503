/* SPDX-License-Identifier: ISC */
/* Where something is posted by HTTPS (RFC 3986, RFC 9110 4.2.2), as a record in
 * the DNS has it. */
#ifndef PROTO_WEBURI_H
#define PROTO_WEBURI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { WEBURI_MAX = 1024 };

struct weburi {
	struct slice host; /* a domain name, as it is written */
	uint16_t port;     /* 0: none is said */
	struct slice path; /* with its query; may begin with "?" or be empty */
};

/* TEXT is an https URI from end to end, of at most WEBURI_MAX bytes; what U has
 * lies within it.  Refused: other schemes, user names, addresses in place of a
 * name, fragments, and commas, exclamation points and semicolons, which are
 * encoded in a record (RFC 8460 3). */
bool weburi_parse(struct slice text, struct weburi *u);

#endif

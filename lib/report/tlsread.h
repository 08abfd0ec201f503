/* SPDX-License-Identifier: ISC */
/* TLS reports (RFC 8460 4.4) that others have sent. */
#ifndef REPORT_TLSREAD_H
#define REPORT_TLSREAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	TLSREAD_TEXT_MAX = 1024,   /* of a value, beyond that cut off */
	TLSREAD_ROWS_MAX = 100000, /* of a report */
};

/* Sessions alike; empty: left out. */
struct tlsread_row {
	struct slice policy, domain; /* a type, and whose policy */
	struct slice result;         /* "successful", or a type of 4.3 */
	struct slice host, host_ip, sending_ip, reason;
	uint64_t sessions;
};

struct tlsread {
	struct arena arena; /* of what follows */
	struct slice organization, contact, id, begin, end;
	struct tlsread_row *rows;
	size_t n;
};

/* Read JSON into R, which is to be let go of.  -1 (ERR_PERM): it is no report,
 * and R is gone. */
int tlsread(struct tlsread *r, struct slice json, struct err *err);
void tlsread_fini(struct tlsread *r);

#endif

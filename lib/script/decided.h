/* SPDX-License-Identifier: ISC */
/* The last decisions of an account's scripts, and why they came to them
 * (sieve_trace_keep): `pabal sieve trace`. */
#ifndef SCRIPT_DECIDED_H
#define SCRIPT_DECIDED_H

#include <stdint.h>

#include "base/slice.h"

struct verdict;

struct decided {
	int64_t time_s;
	struct slice qid; /* of a delivery; or what has happened in IMAP */
	struct slice from, to;
	struct slice script;
	const struct verdict *verdict;
	const char *failed; /* why the verdict is no script's; or NULL */
	struct slice trace; /* lines */
};

/* Note D in the account whose directory is ACCOUNT, which keeps KEEP of them;
 * 0: none.  As well as may be. */
void decided_keep(int account, uint64_t keep, const struct decided *d);

#endif

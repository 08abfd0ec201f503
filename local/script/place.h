/* SPDX-License-Identifier: ISC */
#ifndef LOCAL_SCRIPT_PLACE_H
#define LOCAL_SCRIPT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct local_message;

/* One of the places that a script wants a message in. */
struct local_store {
	struct slice mailbox; /* empty: where the address says */
	bool create;          /* where it does not exist */
	unsigned flags;
	struct slice keywords;         /* with blanks between */
	struct local_message *message; /* instead of the job's, or NULL */
	/* It is on disk (ERR NULL), or nothing is, for a reason or because the
	 * message is DAMAGED. */
	void (*done)(struct local_store *s, const struct err *err);
	uint32_t uid;
	bool elsewhere; /* there is no MAILBOX: in INBOX */
	bool damaged;
};

#endif

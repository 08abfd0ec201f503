/* SPDX-License-Identifier: ISC */
/* What a session is made of again when it comes back from parking: bytes that
 * parking keeps and does not read.  Pure. */
#ifndef IMAPD_PARK_STATE_H
#define IMAPD_PARK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct park_state {
	struct slice tag;     /* of IDLE */
	struct slice address; /* of the client */
	bool returns;         /* as in struct session */
	unsigned enabled;     /* conn/enabled.h */
	uint64_t commands;    /* for the log */
	/* The selected mailbox; name empty: none. */
	struct slice name;
	struct slice id; /* MAILBOXID */
	bool readonly;
	uint64_t keywords;
	struct slice view;    /* store/view.h's text */
	struct slice deflate; /* ev/deflate.h's bytes; empty: not compressed */
};

void park_state_put(const struct park_state *p, struct buf *out);
/* Slices of P point into BYTES.  False: they are no state. */
bool park_state_get(struct slice bytes, struct park_state *p);

#endif

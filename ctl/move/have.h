/* SPDX-License-Identifier: ISC */
/* Which messages of a mailbox came from where, by their EMAILIDs: those of an
 * import depend on the message's place on the other server alone. */
#ifndef CTL_MOVE_HAVE_H
#define CTL_MOVE_HAVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct mailbox;

struct move_have {
	struct move_have_row {
		uint64_t id;
		uint32_t uid; /* here */
	} * v;
	size_t n;
};

/* Of all messages that M has now.  Fini in any case. */
int move_have_load(struct move_have *h, struct mailbox *m, struct err *err);
void move_have_fini(struct move_have *h);
/* The UID here; 0: it is not here. */
uint32_t move_have_find(const struct move_have *h, uint64_t id);

/* The base of the file's name (append.h) of message number UID in what PLACE
 * names, and its EMAILID. */
void move_have_base(
    struct buf *out, uint64_t place, uint32_t uidvalidity, uint32_t uid);
uint64_t move_have_id(uint64_t place, uint32_t uidvalidity, uint32_t uid);

#endif

/* SPDX-License-Identifier: ISC */
/* Reading messages of an account into its table, from the index; what that does
 * not have of them, from their files, and then the index has it. */
#ifndef MAILQUERY_EMAILREAD_H
#define MAILQUERY_EMAILREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mailquery/emailtable.h"
#include "mailread/mailread.h"

struct account;

enum { EMAILREAD_BATCH = 256 };

struct emailread {
	struct account *account;
	struct emailread_message {
		struct emailtable_message m;
		bool known; /* all of it */
		bool fresh; /* and it is not in the column yet */
	} batch[EMAILREAD_BATCH];
	size_t n, limit;
	size_t at; /* the next one to be put, or read */
	struct emailtable *table;
	struct buf keywords; /* scratch */
	struct err *err;
	bool failed;
	struct mailbox *mailbox; /* of the messages that are read; or NULL */
	struct mailread reading;
	bool open; /* reading is */
};

void emailread_init(struct emailread *r, struct account *a);
void emailread_fini(struct emailread *r);
void emailread_reset(struct emailread *r);
/* Some messages of BOX, from *UID on; *UID is where to go on if *MORE. */
int emailread_some(struct emailread *r, struct emailtable *t, uint32_t box,
    uint32_t *uid, bool *more, struct err *err);
/* The message UID of BOX, if it is there, as of MODSEQ or later. */
int emailread_one(struct emailread *r, struct emailtable *t, uint32_t box,
    uint32_t uid, uint64_t modseq, struct err *err);
/* Is there more to be done for what these were asked?  Then _step does some of
 * it. */
bool emailread_is_busy(const struct emailread *r);
int emailread_step(struct emailread *r, struct emailtable *t, struct err *err);

#endif

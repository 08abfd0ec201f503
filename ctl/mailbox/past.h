/* SPDX-License-Identifier: ISC */
/* What a folder held at a time, as far as what is there says. */
#ifndef CTL_MAILBOX_PAST_H
#define CTL_MAILBOX_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "maildir/name.h"

struct asowner;
struct kept_mailbox;

struct past {
	char id[MAILBOX_ID_SIZE]; /* of the folder */
	bool exists;              /* it is there */
	bool complete;            /* missing is known */
	size_t later;             /* came after the time and are there */
	size_t missing;           /* left it since, and were not found */
	uint32_t last;  /* a UID that was there, the highest that is known */
	uint32_t *gone; /* UIDs that left it since */
	size_t ngone;
	size_t cap;
	uint64_t *ids; /* EMAILIDs of what is there, in order */
	size_t nids;
};

/* Look at the folder NAME, which was WHOLE where it was deleted (NULL: not)
 * at the time AT_S.  CTL_OK, or what went wrong was said.  Fini in any case. */
int past_look(struct past *p, struct asowner *o, struct slice name,
    const struct kept_mailbox *whole, int64_t at_s);
void past_fini(struct past *p);
/* Is a message with EMAIL_ID there? */
bool past_has(const struct past *p, uint64_t email_id);
/* It is known what became of the message that had UID, or: it was there at the
 * time, and is found. */
void past_known(struct past *p, uint32_t uid);
void past_found(struct past *p, uint32_t uid);
/* Those that were there at the time and are not found are missing. */
void past_count(struct past *p);

#endif

/* SPDX-License-Identifier: ISC */
/* The table behind accountmail.h, which its files alone change. */
#ifndef MAILQUERY_EMAILTABLE_H
#define MAILQUERY_EMAILTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/slice.h"
#include "maildir/name.h"
#include "mailquery/accountmail.h"
#include "mailquery/idslots.h"

struct emailtable {
	struct accountmail_email *emails;        /* 0 is none */
	uint32_t nemails, capemails, free_email; /* a list by email.next */
	uint32_t count;
	struct accountmail_place *places;        /* 0 is none */
	uint32_t nplaces, capplaces, free_place; /* a list by next */
	struct idslots by_id, by_thread;         /* of emails */
	struct idslots by_place;                 /* of places */
	uint32_t *received;                      /* count of them, in order */
	uint32_t capreceived;
	bool sorted; /* received is */

	struct emailtable_box {
		uint32_t box;
		char id[MAILBOX_ID_SIZE];
		char *name;
		bool seen;
	} * boxes;
	size_t nboxes;

	struct emailtable_set {
		uint32_t n;
		char *text;
	} * *sets; /* of keywords */
	uint32_t nsets, capsets;
	struct map by_set;

	/* Emails that went, in the order in which they did. */
	struct emailtable_gone {
		uint64_t modseq, id, thread;
	} * gone;
	size_t ngone, capgone;
	uint64_t gone_from; /* all that went after it are there */
};

void emailtable_init(struct emailtable *t);
void emailtable_fini(struct emailtable *t);
/* Forget all. */
void emailtable_reset(struct emailtable *t);
/* It shows the account as of MODSEQ or later from now on. */
void emailtable_begin(struct emailtable *t, uint64_t modseq);
/* After changes: received is in order. */
void emailtable_sort(struct emailtable *t);

/* What is known of a message. */
struct emailtable_message {
	uint32_t box;
	uint32_t uid;
	uint32_t keywords;
	unsigned flags;
	uint64_t modseq;
	bool attachment;
	uint64_t id, thread, size;
	int64_t received_s, sent_s;
};
void emailtable_put(struct emailtable *t, const struct emailtable_message *m);
void emailtable_remove(
    struct emailtable *t, uint32_t box, uint32_t uid, uint64_t modseq);
/* The place of a message; 0: none. */
uint32_t emailtable_place(
    const struct emailtable *t, uint32_t box, uint32_t uid);

void emailtable_put_box(
    struct emailtable *t, uint32_t box, struct slice name, const char *id);
/* _mark: then _put those that are there; _sweep: all others go, and with them
 * what is in them. */
void emailtable_mark_boxes(struct emailtable *t);
void emailtable_sweep_boxes(struct emailtable *t, uint64_t modseq);
/* 0: there are no more. */
uint32_t emailtable_nth_box(const struct emailtable *t, size_t n);
const struct emailtable_box *emailtable_box(
    const struct emailtable *t, uint32_t box);
uint32_t emailtable_find_box(const struct emailtable *t, struct slice id);

/* The number of a set of keywords, as they stand in TEXT (accountmail.h). */
uint32_t emailtable_set(struct emailtable *t, struct slice text);

#endif

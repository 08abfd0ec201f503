/* SPDX-License-Identifier: ISC */
/* What is known of a message while it waits, without its file: a value of the
 * index (qmgr/queue/qindex.h), and what filters and lists look at. */
#ifndef QMGR_QUEUE_QRECORD_H
#define QMGR_QUEUE_QRECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "qmgr/queue/crowd.h"
#include "queue/envelope.h"

struct message;

/* A recipient that is open, and what was said of it last. */
struct qrecord_rcpt {
	struct slice address;
	struct slice target;
	struct slice dsn, host, text;
	struct slice site; /* of the last attempt; empty: not one of smtp */
};

struct qrecord {
	char id[ENVELOPE_ID_BYTES];
	uint8_t state; /* enum entry_state */
	uint8_t soons; /* of the entry */
	uint8_t place; /* enum spool_place; the file may have gone on */
	bool known;    /* size, sender and login are set */
	bool whole;    /* and all open recipients */
	uint32_t attempts;
	uint32_t life;   /* of the process (waiting.h) that wrote it */
	int64_t seen_ms; /* of the queue's clock: since when that one knew it */
	int64_t next_ms; /* of the queue's clock */
	int64_t arrived_us;
	int64_t size;
	int8_t mt_priority;               /* RFC 6710 */
	struct slice sender, login, held; /* held: by whom, and why */
	struct qrecord_rcpt *rcpts;
	size_t nrcpts;
};

/* Fill R with what M and its entry say; the strings are M's, the rest is in
 * ARENA.  Times of the queue's clock and the life stay as they are. */
void qrecord_of(struct qrecord *r, const struct message *m, struct arena *a);

/* Its site (the domain, without an attempt), its login (the sender, without
 * one), and whether it is urgent. */
struct crowd_of qrecord_crowd(const struct qrecord *r);

/* Add R as a value, without the id; one with many recipients is not whole. */
void qrecord_put(struct buf *out, const struct qrecord *r);
/* Read one; false when it cannot be right.  Strings point into VALUE. */
bool qrecord_get(struct slice value, struct arena *a, struct qrecord *r);

#endif

/* SPDX-License-Identifier: ISC */
/* Walking over the messages of a view that a set names, in order, with what
 * the index knows of each read in batches. */
#ifndef MAILREAD_SEQWALK_H
#define MAILREAD_SEQWALK_H

#include "base/buf.h"
#include "proto/seqset.h"
#include "store/message.h"

struct arena;
struct view;

enum { SEQWALK_BATCH = 64 };

struct seqwalk {
	struct view *view;
	struct seqset set; /* resolved; of sequence numbers */
	size_t range;
	uint32_t next;  /* sequence number; 0: the range has not begun */
	bool missing;   /* a message was gone */
	uint64_t since; /* pass over those with no later mod-sequence */
	struct message_info batch[SEQWALK_BATCH];
	uint64_t keywords; /* the table that it was read with */
	size_t n, at;
	bool with_records;
	struct slice records[SEQWALK_BATCH];
	struct buf bytes; /* of the records */
};

/* SET as parsed, of UIDs or sequence numbers; is resolved and, if of UIDs,
 * turned into sequence numbers.  False: a number beyond the
 * last message (a BAD command). */
bool seqwalk_init(
    struct seqwalk *w, struct view *v, struct seqset set, bool uid);
/* Only those of its messages whose UIDs are among the N UIDS (ascending). */
void seqwalk_narrow(
    struct seqwalk *w, const uint32_t *uids, size_t n, struct arena *a);
/* Only those in SET (resolved), of UIDs or sequence numbers. */
void seqwalk_narrow_to(
    struct seqwalk *w, const struct seqset *set, bool uid, struct arena *a);
/* How many messages it names. */
uint64_t seqwalk_count(const struct seqwalk *w);
/* Only its last MAX ones (0: all); the UID of the first of them, or 0 when
 * there are no more (RFC 9738 3.1). */
uint32_t seqwalk_limit(struct seqwalk *w, uint32_t max);
/* All messages of V. */
void seqwalk_all(struct seqwalk *w, struct view *v, struct arena *a);
/* Only N messages of those, from the one of that index on. */
void seqwalk_part(struct seqwalk *w, size_t from, size_t n);
/* Read what is kept of each message along with it; ended by seqwalk_fini. */
void seqwalk_read_records(struct seqwalk *w);
void seqwalk_fini(struct seqwalk *w);
/* Of the message that seqwalk_next gave, until its next call; p == NULL: none,
 * or it has to be asked for. */
struct slice seqwalk_record(const struct seqwalk *w);
/* The next message; ABSENT at the end.  INFO points into W until the next
 * call. */
enum found seqwalk_next(struct seqwalk *w, uint32_t *seq,
    const struct message_info **info, struct err *err);
/* The next number, which is not taken; 0: there is none.  _skip takes it. */
uint32_t seqwalk_peek(struct seqwalk *w);
void seqwalk_skip(struct seqwalk *w);
/* All their UIDs, ascending, without looking whether they are still there;
 * heap memory, the caller's. */
uint32_t *seqwalk_uids(const struct seqwalk *w, size_t *n);

#endif

/* SPDX-License-Identifier: ISC */
/* The messages of a COPY or MOVE to another account, which goes in batches of
 * so many as one APPEND may have: which there are, which are read by now, and
 * what is to be told of those that are there (RFC 4315 3). */
#ifndef IMAPD_RELAY_BATCHES_H
#define IMAPD_RELAY_BATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "imapd/parse/seqset_write.h"

/* Each message of an APPEND has a file open (incoming.c). */
enum { BATCH_MAX = 1000 };

struct batches {
	uint32_t *uids; /* all, ascending; heap memory */
	size_t n, cap;
	size_t begin, end; /* of them, the batch under way */
	size_t at;         /* the next that may be read */
	uint32_t read[BATCH_MAX];
	size_t nread;
	uint32_t copies[BATCH_MAX]; /* of those */
	uint32_t uidvalidity;       /* of the copies; 0: none so far */
	bool any;                   /* is to be told */
	struct seqset_writer w_from, w_to;
	struct buf from, to; /* what is to be told, as sets */
};

void batches_init(struct batches *b);
void batches_fini(struct batches *b);
/* One more; false: it does not ascend, or there are too many. */
bool batches_add(struct batches *b, uint32_t uid);
/* Does it take more than one? */
bool batches_several(const struct batches *b);
bool batches_left(const struct batches *b);
/* The next begins, of at least one. */
void batches_next(struct batches *b);
/* UID of it was read; false: it is none, or not in order. */
bool batches_read(struct batches *b, uint32_t uid);
/* It was answered: "OK [APPENDUID ...".  False: with something else. */
bool batches_written(struct batches *b, struct slice status);
/* "[COPYUID uidvalidity source target]" of what was written since the last. */
void batches_put_copyuid(struct batches *b, struct buf *out);
void batches_put_set(struct buf *out, const uint32_t *uids, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/* What threading asks of a message: its ids, its base subject, its date.  They
 * are kept in a column (store/visit.h) as hashes, which are those of every
 * process; what threads are made with is keyed by this one. */
#ifndef MAILSEARCH_THREAD_READER_H
#define MAILSEARCH_THREAD_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "mailsearch/threads.h"

struct mailread;

struct thread_reader {
	int in_reply_to, message_id; /* numbers of kept fields */
	struct buf text[3];          /* scratch */
	struct buf column;           /* of the message */
	uint64_t key[2];             /* of the hashes in this process */
	uint64_t references[THREADS_REFERENCES_MAX];
};

void thread_reader_init(struct thread_reader *r);
void thread_reader_fini(struct thread_reader *r);
/* Make r->column of M, and keep it.  READY false: M is being read, ask again.
 */
enum found thread_reader_message(
    struct thread_reader *r, struct mailread *m, bool *ready, struct err *err);
/* T is filled from COLUMN, but for its number; it borrows from R until the next
 * call.  False: it is none of ours. */
bool thread_reader_get(
    struct thread_reader *r, struct slice column, struct thread_message *t);

#endif

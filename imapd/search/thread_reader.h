/* SPDX-License-Identifier: ISC */
/* What threading asks of a message: its ids, its base subject, its date. */
#ifndef IMAPD_SEARCH_THREAD_READER_H
#define IMAPD_SEARCH_THREAD_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "imapd/search/threads.h"

struct imapd_message;

struct thread_reader {
	enum thread_algorithm algorithm;
	int in_reply_to, message_id; /* numbers of kept fields */
	struct buf text[3];          /* scratch */
	uint64_t *references;
	size_t nreferences, cap;
};

void thread_reader_init(
    struct thread_reader *r, enum thread_algorithm algorithm);
void thread_reader_fini(struct thread_reader *r);
/* T is filled, but for its number; it borrows from R until the next call.
 * READY false: M is being read, ask again. */
enum found thread_reader_get(struct thread_reader *r, struct imapd_message *m,
    struct thread_message *t, bool *ready, struct err *err);

#endif

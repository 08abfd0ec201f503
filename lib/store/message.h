/* SPDX-License-Identifier: ISC */
/*
 * Messages of a mailbox by UID: reading them (changing: change.h).  What is
 * done here is in the index, and so seen by every process, when the call
 * returns.
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/keyword_set.h"

struct mailbox;

struct message_info {
	uint32_t uid;
	unsigned flags; /* enum message_flag */
	struct keyword_set keywords;
	uint64_t modseq;
	int64_t size;       /* bytes in the file */
	int64_t vsize;      /* bytes on the wire: each line ends in CRLF */
	int64_t date_s;     /* INTERNALDATE */
	int64_t sent_s;     /* the Date field; 0: none, or not read yet */
	int64_t saved_s;    /* SAVEDATE */
	uint64_t email_id;  /* EMAILID */
	uint64_t thread_id; /* THREADID; 0: none */
};

/* Up to N messages with UIDs from FIRST on, in order; *GOT says how many. */
int message_read(struct mailbox *m, uint32_t first, struct message_info *out,
    size_t n, size_t *got, struct err *err);
/* The same with what is kept of each (message_cached): RECORDS has N slices,
 * which point into BYTES (used again) afterwards; p == NULL: nothing, or it
 * waits in memory.  Fewer come where BYTES is near its maximum. */
int message_read_records(struct mailbox *m, uint32_t first,
    struct message_info *out, struct slice *records, size_t n,
    struct buf *bytes, size_t *got, struct err *err);
enum found message_find(
    struct mailbox *m, uint32_t uid, struct message_info *out, struct err *err);
/* The file, at offset 0, for reading; INFO (may be NULL) fits it exactly.
 * ABSENT: gone, by us or by another program. */
enum found message_open(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err);

/* The same, but INFO is what the index says: of who reads all of it, finds out
 * whether that is right, and says so with message_cache, or asks message_open
 * to correct it. */
enum found message_open_unread(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err);

/* What was made of a message and kept beside it (bytes that only the maker
 * understands); ABSENT when nothing is kept. */
enum found message_cached(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err);
/* VSIZE and SENT_S are what was found when it was made.  May wait in memory
 * for the next ones, until the mailbox is closed or the account flushed. */
int message_cache(struct mailbox *m, uint32_t uid, struct slice bytes,
    int64_t vsize, int64_t sent_s, struct err *err);

enum message_column {
	COLUMN_SORT,
	COLUMN_THREAD,
	COLUMN_EMAIL
}; /* store/visit.h */

/* The same of a PREVIEW (RFC 8970); a longer one is not kept. */
enum { MESSAGE_PREVIEW_MAX = 1024 };
enum found message_preview(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err);
int message_keep_preview(
    struct mailbox *m, uint32_t uid, struct slice text, struct err *err);

#endif

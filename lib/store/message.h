/* SPDX-License-Identifier: ISC */
/*
 * Messages of a mailbox by UID: reading them and changing them.  What is done
 * here is in the index, and so seen by every process, when the call returns.
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/mailbox.h"

enum message_flag {
	MSG_DRAFT = 1 << 0,
	MSG_FLAGGED = 1 << 1,
	MSG_PASSED = 1 << 2, /* Maildir's P; no IMAP flag */
	MSG_ANSWERED = 1 << 3,
	MSG_SEEN = 1 << 4,
	MSG_DELETED = 1 << 5,
	MSG_FLAGS = (1 << 6) - 1,
};

struct message_info {
	uint32_t uid;
	unsigned flags; /* enum message_flag */
	uint32_t keywords;
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
enum found message_find(
    struct mailbox *m, uint32_t uid, struct message_info *out, struct err *err);
/* The file, at offset 0, for reading; INFO (may be NULL) fits it exactly.
 * ABSENT: gone, by us or by another program. */
enum found message_open(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err);

/* What was made of a message and kept beside it (bytes that only the maker
 * understands); ABSENT when nothing is kept. */
enum found message_cached(
    struct mailbox *m, uint32_t uid, struct buf *out, struct err *err);
/* VSIZE and SENT_S are what was found when it was made.  May wait in memory
 * for the next ones, until the mailbox is closed or the account flushed. */
int message_cache(struct mailbox *m, uint32_t uid, struct slice bytes,
    int64_t vsize, int64_t sent_s, struct err *err);

enum flags_op { FLAGS_SET, FLAGS_ADD, FLAGS_DEL };

struct flags_change {
	enum flags_op op;
	unsigned flags;
	uint32_t keywords;
	uint64_t unchanged_since; /* RFC 7162; UINT64_MAX: whatever */
};

/* Change the N messages UIDS (ascending).  FAILED (may be NULL) gets the UIDs,
 * as uint32_t one behind the other, that unchanged_since kept from it; those
 * that are gone are left out.  *FROM and *TO: the new mod-sequences lie in
 * [FROM, TO). */
int message_flags(struct mailbox *m, const uint32_t *uids, size_t n,
    const struct flags_change *change, struct buf *failed, uint64_t *from,
    uint64_t *to, struct err *err);

/* Remove those of UIDS (ascending) that carry \Deleted; ANY: all of them. */
int message_expunge(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    struct err *err);

#endif

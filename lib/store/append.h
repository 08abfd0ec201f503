/* SPDX-License-Identifier: ISC */
/*
 * Putting messages into mailboxes: many in one batch, of many accounts, with
 * one wait for the disk.  done() is called from the loop (durable_reap), or
 * before commit returns where the store has no pool; from then on, and not
 * before, what succeeded may be acknowledged.
 */
#ifndef STORE_APPEND_H
#define STORE_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct store;
struct append_batch;
struct append;

/* Longest base of a name that all fields can be added to. */
enum { APPEND_BASE_MAX = 130 };
/* UIDs from here on are not taken from elsewhere: too few would be left. */
enum { APPEND_UID_LIMIT = 0x70000000 };

struct append_info {
	unsigned flags;
	struct slice keywords; /* names, parted by blanks */
	bool has_date;         /* else now */
	int64_t date_s;        /* INTERNALDATE */
	bool fresh;            /* a delivery: into new/, for others to notice */
	uint64_t frees; /* of one that counts and is about to go for it; 0 */
	/* Of who brings messages along from elsewhere; see mailbox_take.h. */
	uint32_t uid; /* the one it had, where that is still free; 0: any */
	struct slice base; /* its name's; it is in the mailbox's EMAILIDs */
};

/* ATOMIC: all messages go into one mailbox, all or none (MULTIAPPEND). */
struct append_batch *append_batch_new(struct store *store, bool atomic);
/* Not between commit and done().  What was not committed leaves nothing. */
void append_batch_free(struct append_batch **b);

/* A message into M, which stays open until the batch is freed.  The message
 * belongs to the batch.  NULL: no room, or M is gone (ERR_PERM). */
struct append *append_begin(
    struct append_batch *b, struct mailbox *m, struct err *err);
/* Bytes in the form they have on the wire. */
int append_write(struct append *a, struct slice bytes, struct err *err);
/* The whole message was written; INFO is copied.  ERR_PERM with ERR_LIMIT: a
 * keyword cannot be one, or there are too many. */
int append_finish(
    struct append *a, const struct append_info *info, struct err *err);
/* Kept with the message once it is in (see message_cache); copied. */
void append_set_cache(struct append *a, struct slice bytes, int64_t sent_s);
/* Its THREADID, where the caller knows it. */
void append_set_thread(struct append *a, uint64_t thread_id);
/* How much of it was written so far: bytes of the file, and as the wire has
 * them.  A CR at the end counts when the next byte is there. */
void append_written(const struct append *a, int64_t *bytes, int64_t *wire);
/* What was written so far, from the start: for a parser. */
int append_fd(const struct append *a);
/* A message that goes into many mailboxes.  Its TEXT, of MAX bytes at most, is
 * made once and written behind what each has before it: that ends a line. */
struct append_text;
struct append_text *append_text_new(struct store *store, size_t max);
void append_text_free(struct append_text **t);
int append_text_put(struct append_text *t, struct slice bytes, struct err *err);
int append_text_end(struct append_text *t, struct err *err);
void append_text_written(
    const struct append_text *t, int64_t *bytes, int64_t *wire);
struct slice append_text_bytes(const struct append_text *t);
int append_write_text(
    struct append *a, const struct append_text *t, struct err *err);
/*
 * The same bytes once more: a message into M that is a further name of the file
 * of FROM, which is finished, of the same batch and no such name itself. ABSENT
 * where the file systems do not have that.
 */
enum found append_link(struct mailbox *m, struct append *from,
    struct append **to, struct err *err);

/* Leave this one out of the batch; not one that has further names. */
void append_drop(struct append *a);

void append_commit(struct append_batch *b,
    void (*done)(struct append_batch *b, void *arg), void *arg);
/* In done(): 0 and the UID, or -1 and why. */
int append_result(const struct append *a, uint32_t *uid, uint32_t *uidvalidity,
    struct err *err);

#endif

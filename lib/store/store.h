/* SPDX-License-Identifier: ISC */
/*
 * Accounts of mail.  Files (Maildir++) are the truth; an index for each
 * account makes them fast and is rebuilt from them whenever it is missing or
 * doubtful, with the same UIDs, flags and keywords (doc/store-format.md).
 *
 * An account is named by a path relative to the store's root directory
 * ("example.org/alice") and reached through that directory alone: no link, no
 * mount trick and no ".." leads out.  Many processes of one uid may have it
 * open.  An open account costs little while nobody works on it: maps and fds
 * are closed by turns and opened again on demand.
 *
 * Errors: ERR_TEMP unless said otherwise.  A text that begins with "[CODE] "
 * carries a response code of RFC 5530 or 9208 ([OVERQUOTA], [NONEXISTENT],
 * [ALREADYEXISTS], [CANNOT], [LIMIT], [INUSE]).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/slice.h"

struct durable;
struct store;
struct account;

struct store_opts {
	const char *hostname;    /* the third part of file names; copied */
	const char *boot_id;     /* from store_boot_id; copied */
	struct durable *durable; /* group commit; NULL: sync in place */
	unsigned max_open;       /* accounts with an open index; 0: 256 */
	bool crlf;               /* keep CRLF in files; else LF as is usual */
};

enum { STORE_BOOT_ID_SIZE = 64 };

/* What tells one run of the kernel from the next.  Read it before the sandbox
 * closes /proc. */
int store_boot_id(char id[STORE_BOOT_ID_SIZE], struct err *err);

/* A store in the directory ROOTFD, which stays open and the caller's. */
struct store *store_new(int rootfd, const struct store_opts *opts);
/* No account may be open.  Writes out what is pending and marks the indexes
 * that this process holds as safe across a reboot. */
void store_free(struct store **store);

/* Make the account at PATH with its INBOX and Drafts, Sent, Junk, Trash and
 * Archive, subscribed and with their special-use flags.  What is there
 * already stays as it is; 0 also when all of it is. */
int store_account_create(
    struct store *store, const char *path, struct err *err);

/* The account at PATH, counted: each open has its close.  A Maildir that comes
 * from another server is taken over here. */
enum found store_account_open(struct store *store, const char *path,
    struct account **account, struct err *err);
void account_close(struct account **account);
const char *account_path(const struct account *a);

/* Sums over all mailboxes, exact as of the last look at the directories. */
struct account_usage {
	uint64_t bytes; /* of the messages as they go over the wire */
	uint64_t messages;
};
int account_usage(
    struct account *a, struct account_usage *usage, struct err *err);

/* What may not be passed by append and copy (ERR_PERM, [OVERQUOTA]);
 * 0 means no limit.  Set after each open: it is not kept on disk. */
void account_set_quota(
    struct account *a, uint64_t max_bytes, uint64_t max_messages);
/* Would N more messages of BYTES together fit? */
int account_check_quota(
    struct account *a, uint64_t bytes, uint64_t n, struct err *err);

/* The number of the last change: equal as long as nothing happened in any
 * mailbox (RFC 7162's mod-sequences, JMAP's state strings). */
int account_modseq(struct account *a, uint64_t *modseq, struct err *err);

/* Called in this process after each change made through this store, and by
 * store_changed.  Only note it and return: the caller is amid its work. */
struct account_watch {
	void (*on_change)(struct account_watch *w);
	LIST_ENTRY(account_watch) link;
};
void account_watch(struct account *a, struct account_watch *w);
void account_unwatch(struct account_watch *w);
/* Another process said that it changed the account at PATH. */
void store_changed(struct store *store, const char *path);

/* The maildrop for one POP3 session (RFC 1939 4).  ABSENT: another holds it.
 * The lock is an fd and ends with its process. */
enum found account_lock_maildrop(
    struct account *a, int *lockfd, struct err *err);

/* File names catch up with the flags in the index, a bounded number of files
 * a call; *MORE says whether to call again.  The store does it by itself in the
 * loop, a second after a change, and in store_free. */
int account_flush(struct account *a, bool *more, struct err *err);
/* Throw the index away and build it from the files. */
int account_rebuild(struct account *a, struct err *err);

#endif

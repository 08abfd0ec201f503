/* SPDX-License-Identifier: ISC */
/*
 * Accounts of mail.  Files (Maildir++) are the truth; an index for each
 * account makes them fast and is rebuilt from them whenever it is missing or
 * doubtful, with the same UIDs, flags and keywords (doc/store-format.md).
 *
 * An account is named by a path relative to the store's root directory
 * ("example.org/alice"; "." is the root itself) and reached through that
 * directory alone: no link, no mount trick and no ".." leads out.  Many
 * processes of one uid may have it open; maps and fds are closed by turns and
 * opened again on demand.
 *
 * Errors: ERR_TEMP unless said otherwise.  Those that a client is told of
 * have a code: ERR_OVER_QUOTA, ERR_NOT_FOUND, ERR_NO_ACCOUNT, ERR_EXISTS,
 * ERR_CANNOT, ERR_LIMIT, ERR_IN_USE, ERR_BUSY.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "sys/kernel.h"

struct durable;
struct store;
struct account;

struct store_opts {
	const char *hostname;    /* the third part of file names; copied */
	const char *boot_id;     /* from store_boot_id; copied */
	const char *place;       /* the root's name, for the log; copied */
	struct durable *durable; /* group commit; NULL: sync in place */
	unsigned max_open;       /* accounts with an open index; 0: 256 */
	bool crlf;               /* keep CRLF in files; else LF as is usual */
	bool visitor; /* leaves indexes as they are that it has not written */
};

enum { STORE_BOOT_ID_SIZE = KERNEL_BOOT_ID_BYTES };

/* What tells one run of the kernel from the next.  Read it before the sandbox
 * closes /proc. */
int store_boot_id(char id[STORE_BOOT_ID_SIZE], struct err *err);

/* A store in the directory ROOTFD, which stays open and the caller's. */
struct store *store_new(int rootfd, const struct store_opts *opts);
/* No account may be open.  Its indexes are safe across a reboot then. */
void store_free(struct store **store);

/* Make the account at PATH with its INBOX, where it is not there.  The default
 * mailboxes are shown from the start and made when first used.  Not synced: it
 * is safe with its first message, and made again by whoever uses it next. */
int store_account_create(
    struct store *store, const char *path, struct err *err);

/* The account at PATH, counted: each open has its close.  A Maildir that comes
 * from another server is taken over here. */
enum found store_account_open(struct store *store, const char *path,
    struct account **account, struct err *err);
/* The same for a delivery: made where nobody has used it yet, and where it was
 * open already, only append_begin will find that it was taken away (ERR_PERM:
 * once more from here).  Never ABSENT. */
enum found store_account_ensure(struct store *store, const char *path,
    struct account **account, struct err *err);
/* Was it only that another process builds the index (ERR_BUSY)?  Try
 * again in a moment. */
bool store_is_building(const struct err *err);
/* Do names of files still have to follow flags, soon?  Not those that could not
 * and are tried again. */
bool store_is_behind(const struct store *store);
/* Another process said that it changed the account at PATH. */
void store_changed(struct store *store, const char *path);

#endif

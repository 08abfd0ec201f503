/* SPDX-License-Identifier: ISC */
/* An account that is open (store.h). */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"

struct account;

void account_close(struct account **account);
const char *account_path(const struct account *a);

/* The number of the last change in any mailbox (RFC 7162, JMAP's state). */
int account_modseq(struct account *a, uint64_t *modseq, struct err *err);

/* Called in this process after each change made through this store, and by
 * store_changed.  Only note it and return: the caller is amid its work. */
struct account_watch {
	void (*on_change)(struct account_watch *w);
	LIST_ENTRY(account_watch) link;
};
void account_watch(struct account *a, struct account_watch *w);
void account_unwatch(struct account_watch *w);

/* The maildrop for one POP3 session (RFC 1939 4).  ABSENT: another holds it.
 * The lock is an fd and ends with its process. */
enum found account_lock_maildrop(
    struct account *a, int *lockfd, struct err *err);

/* File names catch up with the flags in the index, some files a call; *MORE:
 * call again.  The store does it by itself, a second after a change. */
int account_flush(struct account *a, bool *more, struct err *err);
/* Throw the index away and build it from the files. */
int account_rebuild(struct account *a, struct err *err);

#endif

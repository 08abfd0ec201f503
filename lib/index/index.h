/* SPDX-License-Identifier: ISC */
/*
 * The index of an account: opened where it may be believed, and made clean at
 * the end, so that it may be believed after the next start (stamp.h).  What is
 * in it is read with ix.h and walk.h and changed with tx.h.
 *
 * To clean, for all indexes that a process has open, when it ends:
 *   1. ix_meta.clean = IX_CLEAN is committed (index_settle);
 *   2. the file system is synced;
 *   3. in a writing transaction, if nobody has written since: the stamp is
 *      replaced by "clean" (index_settled);
 *   4. the file system is synced.
 * To open: whoever is about to write and finds IX_CLEAN puts the stamp
 * "open" on disk before, in the same transaction (tx_soil).
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include <stdbool.h>

#include "base/err.h"
#include "index/stamp.h"

#define INDEX_DIR "pabal.index"

struct index {
	int fd;              /* the account's directory; -1: closed */
	struct kv_env *env;  /* NULL: closed */
	const char *boot_id; /* borrowed */
	/* A transaction that changed something (CHANGED), or left something to
	 * do (PENDED), is committed. */
	void (*on_commit)(struct index *ix, bool changed, bool pended);
	unsigned busy;         /* > 0: a transaction is open; do not close */
	bool settling, soiled; /* being made clean; written to by us */
	bool unsynced;         /* its account is new, and not on disk yet */
	bool synced;           /* it is: the index shall say so */
};

/* Open what is there, if it may be believed: IX->env stays NULL else, and *S
 * says why.  -1: it may be believed, but not opened now. */
int index_open(struct index *ix, enum stamp *s, struct err *err);
/* One process builds: an fd that holds the lock, or -1, with ERR_BUSY where
 * another has it. */
int index_lock(struct index *ix, struct err *err);
int index_settle(struct index *ix, struct err *err);
int index_settled(struct index *ix, struct err *err);

#endif

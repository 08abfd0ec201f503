/* SPDX-License-Identifier: ISC */
/* Accounts and mailboxes, as the files of this folder see them; handle.h says
 * when what is in them may be used. */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "index/index.h"
#include "maildir/dirs.h"
#include "maildir/name.h"
#include "store/cachequeue.h"

struct account {
	struct index ix; /* its directory and index; closed while parked */
	struct store *store;
	char *path, *name, *owner; /* name: for the log; owner: or NULL */
	unsigned refs;
	bool told_unusable, told_unkept; /* see boxes_adopt, keep.c */
	bool skipped;      /* a directory that we may not use was met */
	bool gathers;      /* see boxfiles.h */
	unsigned boxfiles; /* written since then */
	bool renamed;      /* and one that others gave another name */
	bool deleted_left; /* directories of deleted mailboxes are there */
	struct append *last_append; /* append_place_all's, within it */
	uint64_t turn;              /* of the loop, in which it was looked at */
	uint64_t builds; /* goes up when another index takes this one's place */
	uint64_t replaced; /* and this when it was taken away under us */
	uint64_t max_bytes, max_messages; /* quota */
	LIST_HEAD(, account_watch) watches;
	LIST_HEAD(, mailbox) boxes;
	TAILQ_ENTRY(account) link;
	bool behind;       /* on the store's list, which then holds it open */
	int64_t behind_ms; /* since when */
	int64_t wait_ms;   /* until then others go first */
	int64_t flush_ms;  /* not tried before; after a failure */
	bool given_up;     /* it failed, and nobody had the account open */
	TAILQ_ENTRY(account) behind_link;
};

/* Of an index; needs base/mem.h. */
#define ACCOUNT_OF(index) OUTER(index, struct account, ix)

struct mailbox {
	struct account *a;
	unsigned refs;
	uint32_t box;
	uint64_t builds;    /* of the account, when box was looked up */
	uint64_t replaced;  /* of it, when M was last looked at for that */
	uint64_t turn;      /* as the account's */
	int64_t cleaned_ms; /* when tmp/ was looked through; 0: not yet */
	char *name;
	char id[MAILBOX_ID_SIZE];
	struct maildir dirs;  /* -1 while parked */
	unsigned holds;       /* see handle_hold */
	struct maildir *held; /* closed while they were held */
	size_t nheld;
	struct maildir_times times; /* as of times_turn, or later */
	uint64_t times_turn;        /* of the loop; 0: outside of one */
	struct cache_queue cache;
	struct seed *seed; /* NULL: none */
	struct scan *scan; /* under way; NULL: none */
	bool building;     /* it is the first one, or the first is to come */
	struct keyword_table *keywords;
	struct seen_set *seen; /* of a guest's own; NULL: all have the same */
	LIST_ENTRY(mailbox) link;
};

#endif

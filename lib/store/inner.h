/* SPDX-License-Identifier: ISC */
/*
 * What the files of this folder share about stores, accounts and mailboxes.
 *
 * An account is entered (account_enter) before its index is used: that opens
 * what was parked.  What is entered stays open until another account is
 * entered, so a function enters, works, and keeps nothing.
 */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include <sys/queue.h>

#include "base/map.h"
#include "ev/loop.h"
#include "store/boxfile.h"
#include "store/index.h"
#include "store/store.h"

struct store {
	int rootfd;
	struct durable *durable;
	char *hostname;
	char *boot_id;
	unsigned max_open;
	unsigned nopen;
	bool crlf;
	struct map accounts;          /* by path */
	TAILQ_HEAD(, account) open;   /* least recently used first */
	TAILQ_HEAD(, account) behind; /* names are behind: see idle.c */
	struct ev_timer flusher;
};

struct account {
	struct store *store;
	char *path;
	unsigned refs;
	unsigned busy;      /* > 0: a transaction is open; do not park */
	int fd;             /* its directory; -1 while parked */
	struct kv_env *env; /* NULL while parked */
	bool settling;      /* between index_settle and index_settled */
	uint64_t builds; /* goes up when another index takes this one's place */
	uint64_t max_bytes;
	uint64_t max_messages;
	LIST_HEAD(, account_watch) watches;
	LIST_HEAD(, mailbox) boxes;
	TAILQ_ENTRY(account) link;
	bool behind; /* on the store's list, which then holds it open */
	TAILQ_ENTRY(account) behind_link;
};

struct box_dirs {
	int fd; /* the mailbox's directory */
	int curfd;
	int newfd;
	int tmpfd;
};

/* See cache.c. */
struct cache_queue {
	STAILQ_HEAD(, cached) list;
	size_t n;
	size_t bytes;
};

struct mailbox {
	struct account *a;
	unsigned refs;
	uint32_t box;
	uint64_t builds; /* of the account, when box was looked up */
	char *name;
	char id[MAILBOX_ID_SIZE];
	struct box_dirs dirs; /* -1 while parked */
	struct cache_queue cache;
	struct keyword_table keywords;
	uint32_t keywords_seen; /* struct ix_box's keywords; 0: not read */
	LIST_ENTRY(mailbox) link;
};

/* Levels with something in them, none of which begins with a dot. */
bool account_path_ok(struct slice path);
/* Index and directory of A are open when 0 comes back.  ERR_PERM
 * [NONEXISTENT] when the account is no more. */
int account_enter(struct account *a, struct err *err);
/* Close them; nothing may be under way. */
void account_park(struct account *a);
/* Let file names catch up soon, in the loop. */
void account_flush_later(struct account *a);
void flush_init(struct store *s);
/* Now, for all that wait. */
void flush_fini(struct store *s);
/* Tell the watches. */
void account_notify(struct account *a);

/* The directories of M are open and m->box is its number when 0 comes back.
 * ERR_PERM [NONEXISTENT] when the mailbox is no more. */
int mailbox_enter(struct mailbox *m, struct err *err);
void mailbox_park(struct mailbox *m);
/* Read M's table of keywords if BOX says that it grew. */
int mailbox_load_keywords(
    struct mailbox *m, const struct ix_box *box, struct err *err);

/* Open the directory DIR ("" is INBOX) and its cur, new and tmp; MAKE makes
 * those of the three that lack.  Links are refused.  ABSENT: no such mailbox.
 */
enum found box_dirs_open(struct box_dirs *d, int accountfd, const char *dir,
    bool make, struct err *err);
void box_dirs_close(struct box_dirs *d);

/* stamp.c and build.c: open A's index, built anew where it cannot be believed.
 * a->fd is open.  FORCE: throw away what there is. */
int index_open(struct account *a, bool force, struct err *err);
/* One process builds, the others wait for it: an fd, or -1. */
int index_lock(struct account *a, struct err *err);
int index_stamp(struct account *a, int dirfd, struct err *err);
int index_build(struct account *a, bool doubt, struct err *err);
/* Before the first change after a clean end: the index is no longer clean. */
int index_soil(struct account *a, struct err *err);
/* The two halves of making A's index clean, with a sync of the file system
 * after each (see stamp.c). */
int index_settle(struct account *a, struct err *err);
int index_settled(struct account *a, struct err *err);

#endif

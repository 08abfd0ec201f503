/* SPDX-License-Identifier: ISC */
/* What an account keeps of what was expunged (maildir/keptdir.h), read from
 * names alone. */
#ifndef STORE_KEPTLIST_H
#define STORE_KEPTLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct account;

/* A mailbox: one that is there, or was, and lost messages or was deleted. */
struct kept_mailbox {
	struct slice name; /* now, or as it was last known; "": not known */
	char id[MAILBOX_ID_SIZE];
	bool exists;
	/* It was deleted and is kept as a whole: */
	int64_t deleted_s;   /* 0: no */
	const char *path[3]; /* beneath pabal.kept: day, entry, directory */
	/* What of it is kept: */
	size_t messages;
	uint64_t bytes;
};

struct kept_message {
	const struct kept_mailbox *mailbox;
	const char *path[4]; /* beneath pabal.kept; of npath directories */
	size_t npath;
	const char *file;
	uint32_t uid;
	int64_t size;
	int64_t expunged_s; /* its own, or its mailbox's with it */
	int64_t saved_s;    /* when it came into the mailbox; 0: not known */
	unsigned flags;     /* enum message_flag */
};

struct kept_list {
	struct arena arena;
	struct kept_mailbox **mailboxes;
	size_t nmailboxes;
	struct kept_message *messages; /* in the order of their expunge */
	size_t nmessages;
};

/* Fini in any case. */
int keptlist_read(struct kept_list *l, struct account *a, struct err *err);
void keptlist_fini(struct kept_list *l);
/* The message, for reading; ABSENT: somebody was faster. */
enum found keptlist_open(
    struct account *a, const struct kept_message *k, int *fd, struct err *err);

#endif

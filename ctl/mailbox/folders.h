/* SPDX-License-Identifier: ISC */
/* The mailboxes of an account, which people call folders. */
#ifndef CTL_MAILBOX_FOLDERS_H
#define CTL_MAILBOX_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct account;
struct mailbox_status;
struct out;

struct folder {
	struct slice name;
	unsigned special; /* enum mailbox_special */
	bool subscribed;
	bool used; /* false: a default one that has no directory yet */
};

struct folders {
	struct arena arena;
	struct folder *v;
	size_t n;
};

/* Those that are there, INBOX first, as the directories have them now.  Fini in
 * any case. */
int folders_read(struct folders *l, struct account *a, struct err *err);
void folders_fini(struct folders *l);
/* What is in the one called NAME now.  ABSENT: it is gone. */
enum found folders_status(struct account *a, struct slice name,
    struct mailbox_status *st, struct err *err);
/* The same, but one that nobody has used yet is not made: ABSENT. */
enum found folders_status_if(struct account *a, struct slice name,
    struct mailbox_status *st, struct err *err);
/* A cell with special uses, as IMAP writes them. */
void folders_put_special(struct out *out, unsigned special);

#endif

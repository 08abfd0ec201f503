/* SPDX-License-Identifier: ISC */
/* Mailboxes made by an administrator's hand, always as their owner. */
#ifndef CTL_MAIL_MAILSTORE_H
#define CTL_MAIL_MAILSTORE_H

#include <sys/types.h>

#include "base/err.h"
#include "table/account.h"

/* Whose mail an account is. */
struct mailstore_owner {
	uid_t uid;
	gid_t gid;
	const char *root; /* its home is beneath it */
};

/* The owner of A; strings stand until the next call.  ERR_PERM: it is nobody,
 * or only root could become it. */
int mailstore_find_owner(const char *mail_directory,
    const struct account_entry *a, struct mailstore_owner *o, struct err *err);

/* Make account A's mailboxes (what is there stays).  MAIL_DIRECTORY is where
 * virtual accounts have their homes; a system user's is beneath his own home
 * directory.  As root a child does it under the owner's uid. */
int mailstore_create(const char *mail_directory, const char *hostname,
    const struct account_entry *a, struct err *err);

#endif

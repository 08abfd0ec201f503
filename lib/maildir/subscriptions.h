/* SPDX-License-Identifier: ISC */
/* The file of subscribed names, as Dovecot keeps it (version 2; a file of
 * version 1 stays one).  Where there is none, Courier's is read. */
#ifndef MAILDIR_SUBSCRIPTIONS_H
#define MAILDIR_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct subscriptions {
	char **names;
	size_t n;
	int version;
};

/* With no file, the default mailboxes in SHOWN (special uses) are subscribed.
 */
int subscriptions_read(
    int dirfd, unsigned shown, struct subscriptions *s, struct err *err);
void subscriptions_fini(struct subscriptions *s);
/* NAME is one of them from now on, or none: on disk when 0 comes back. */
int subscriptions_set(
    int dirfd, unsigned shown, struct slice name, bool on, struct err *err);

#endif

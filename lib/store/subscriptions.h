/* SPDX-License-Identifier: ISC */
/* The file of subscribed names, as Dovecot keeps it (version 2; a file of
 * version 1 stays one).  Where there is none, Courier's is read. */
#ifndef STORE_SUBSCRIPTIONS_H
#define STORE_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct subscriptions {
	char **names;
	size_t n;
	int version;
};

int subscriptions_read(int dirfd, struct subscriptions *s, struct err *err);
void subscriptions_fini(struct subscriptions *s);
/* The N NAMES, or none of them: on disk when 0 comes back.  Nothing happens
 * when it is so already. */
int subscriptions_set(
    int dirfd, const struct slice *names, size_t n, bool on, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/* What lookup says of an account. */
#ifndef LOOKUP_MAILBOX_H
#define LOOKUP_MAILBOX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct msg_lookup_found;
struct table;

enum { LOOKUP_HOME_MAX = 1024 };

/* Of KEY in ACCOUNTS, whose entry is VALUE, to *A, which points into HOME: it
 * is a mailbox, or takes no mail (LOOKUP_REFUSE).  -1: the entry is invalid, or
 * that of its domain. */
int lookup_mailbox(struct table *accounts, struct slice key, struct slice value,
    struct msg_lookup_found *a, char home[LOOKUP_HOME_MAX], struct err *err);
/* The same of a mailbox that has no entry and is made for the first message;
 * false: KEY cannot have one. */
bool lookup_mailbox_made(
    struct slice key, struct msg_lookup_found *a, char home[LOOKUP_HOME_MAX]);

#endif

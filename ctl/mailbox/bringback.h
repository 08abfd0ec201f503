/* SPDX-License-Identifier: ISC */
/* Bringing expunged messages and deleted folders back. */
#ifndef CTL_MAILBOX_BRINGBACK_H
#define CTL_MAILBOX_BRINGBACK_H

#include <stddef.h>

#include "base/slice.h"

struct asowner;
struct kept_mailbox;
struct kept_message;

/* The folder NAME gets the N messages of V; it is made where it is not there.
 * *RESTORED: how many came.  CTL_OK, or what went wrong was said. */
int bringback_messages(struct asowner *o, struct slice name,
    const struct kept_message *const *v, size_t n, size_t *restored);
/* The deleted folder F as it was.  BRINGBACK_EXISTS: there is another of its
 * name by now; else as above. */
enum { BRINGBACK_EXISTS = 100 };
int bringback_folder(struct asowner *o, const struct kept_mailbox *f);

#endif

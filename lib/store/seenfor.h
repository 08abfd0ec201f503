/* SPDX-License-Identifier: ISC */
#ifndef STORE_SEENFOR_H
#define STORE_SEENFOR_H

#include <stdbool.h>

struct mailbox;

/* Once for M, which was made for GUEST (seen.h). */
void seen_new(struct mailbox *m, const char *guest);
void seen_free(struct mailbox *m);
/* NULL: was it made for nobody? */
bool seen_is_of(const struct mailbox *m, const char *guest);

#endif

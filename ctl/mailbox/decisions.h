/* SPDX-License-Identifier: ISC */
/* What scripts decided of late about an account's mail, and why, as it is kept
 * in the account (lib/script/decided.c). */
#ifndef CTL_MAILBOX_DECISIONS_H
#define CTL_MAILBOX_DECISIONS_H

#include <stdbool.h>

struct ctl;
struct map;

struct decisions {
	const struct map *qids; /* only of these messages; NULL: of all */
	/* In JSON a list has begun: each is one more object of it. */
	bool objects;
};

/* Print those of ACCOUNT, the oldest first; gives an exit status. */
int decisions_print(
    struct ctl *ctl, const char *account, const struct decisions *wanted);

#endif

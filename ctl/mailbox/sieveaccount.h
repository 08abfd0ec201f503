/* SPDX-License-Identifier: ISC */
/* What a delivery finds in an account: its mailboxes, and how full it is. */
#ifndef CTL_MAILBOX_SIEVEACCOUNT_H
#define CTL_MAILBOX_SIEVEACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/quota.h"
#include "base/slice.h"

struct ctl;

struct sieveaccount_mailbox {
	struct slice name, id;
	unsigned special; /* enum mailbox_special */
};

struct sieveaccount {
	struct arena arena;
	struct sieveaccount_mailbox *v;
	size_t n;
	struct quota used, max; /* 0: without a limit */
};

/* Read WHO's, NAME@DOMAIN, as its owner; an exit status.  Fini in any case. */
int sieveaccount_read(struct sieveaccount *a, struct ctl *ctl, const char *who);
void sieveaccount_fini(struct sieveaccount *a);

/* The mailbox called NAME; of that id; the first with the special use WORD (of
 * NAME, where that is not empty).  NULL: there is none. */
const struct sieveaccount_mailbox *sieveaccount_named(
    const struct sieveaccount *a, struct slice name);
const struct sieveaccount_mailbox *sieveaccount_id(
    const struct sieveaccount *a, struct slice id);
const struct sieveaccount_mailbox *sieveaccount_used_as(
    const struct sieveaccount *a, struct slice name, struct slice word);

#endif

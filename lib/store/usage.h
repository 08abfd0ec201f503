/* SPDX-License-Identifier: ISC */
/*
 * How full an account is, and how full it may be.
 *
 * What counts are the sums of the index, less those of mailboxes that a rule
 * has ignored: exact as of each transaction, at the cost of a look at each
 * mailbox's record where there is such a rule.
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/quota.h"
#include "base/slice.h"

struct account;
struct mailbox;
struct shared_conf;
struct store;

/* What CONF says of quotas and of expunged mail is in effect from now on;
 * ERR_PERM: a parameter is invalid, and the old ones stay.  _check: are they
 * valid? */
int store_configure(
    struct store *store, const struct shared_conf *conf, struct err *err);
int store_configure_check(const struct shared_conf *conf, struct err *err);

/* Whose it is, for messages to him, and what may not be passed by append and
 * copy (ERR_PERM, ERR_OVER_QUOTA).  Set after each open: it is not kept on
 * disk. */
void account_set_owner(
    struct account *a, struct slice address, const struct quota *quota);

/* Sums over all mailboxes that count, of the messages as they go over the wire,
 * exact as of the last look at the directories; and the limits. */
struct account_usage {
	struct quota used;
	struct quota max;
};
int account_usage(
    struct account *a, struct account_usage *usage, struct err *err);
/* Take in some more of the messages that a new index has not counted; *MORE:
 * there are others. */
int account_count(struct account *a, bool *more, struct err *err);

/* Would N more messages of BYTES together fit?  ERR_PERM, ERR_OVER_QUOTA. */
int mailbox_check_quota(
    struct mailbox *m, uint64_t bytes, uint64_t n, struct err *err);
/* Do M's messages count? */
int mailbox_counts(struct mailbox *m, bool *counts, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table groups: in which groups an account is, for ACLs of
 * mailboxes (RFC 4314).
 *
 *     bob@example.org     staff, night shift
 *     carol@example.net   board@example.org
 *
 * A group without a domain is one of the account's.
 */
#ifndef TABLE_GROUP_H
#define TABLE_GROUP_H

#include "base/err.h"
#include "base/slice.h"

struct buf;

enum {
	GROUPS_MAX = 64,            /* of an account */
	GROUPS_TEXT_MAX = 16 << 10, /* of them, as group_put writes them */
	GROUP_NAME_MAX = 128,
};

/* Add the groups of ACCOUNT, whose entry is VALUE, to OUT, a line for each,
 * with its domain. */
void group_put(struct slice account, struct slice value, struct buf *out);

/* For table/kind.h. */
int group_check(struct slice key, struct slice value, struct err *err);

#endif

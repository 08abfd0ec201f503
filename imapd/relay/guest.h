/* SPDX-License-Identifier: ISC */
/* A session of somebody else's in this account: his imapd speaks to ours as a
 * client would, and the ACL of each mailbox says what he may. */
#ifndef IMAPD_RELAY_GUEST_H
#define IMAPD_RELAY_GUEST_H

#include <stddef.h>

#include "base/slice.h"

struct session;

struct guest {
	struct slice name;    /* bob@example.org */
	struct slice prefix;  /* of names that he writes and reads:
			       * "Other Users/alice/" */
	struct slice *groups; /* that he is in */
	size_t ngroups;
};

/* NULL: S is of the account's owner. */
const struct guest *guest_of(const struct session *s);
/* S, which is new, is NAME's, who is in GROUPS (a line for each). */
void guest_begin(struct session *s, struct slice name, struct slice groups);
void guest_end(struct session *s);

#endif

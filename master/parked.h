/* SPDX-License-Identifier: ISC */
/*
 * Sessions that wait in parking (lib/ipc/parking.def): whose they are, told by
 * master to itself when imapd asks for a ticket, so that neither imapd nor
 * parking can name another account later.  A ticket counts for parking alone,
 * until it says that the session is gone, or ends.
 */
#ifndef MASTER_PARKED_H
#define MASTER_PARKED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "conf/quota.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"

struct parked {
	uint8_t ticket[AUTH_TICKET_SIZE];
	uid_t uid;
	char *account;
	char *home;
};

/* A new one, its ticket chosen; NULL: there are too many, of this account or of
 * all.  ACCOUNT and HOME are copied. */
struct parked *parked_new(uid_t uid, struct slice account, struct slice home,
    const struct quota *quota);
/* NULL: there is none. */
struct parked *parked_find(struct slice ticket);
/* What the account of HOME may have, as was said last; nothing where none of its
 * sessions waits. */
void parked_set_quota(struct slice home, const struct quota *quota);
/* The same of P's. */
struct quota parked_quota(const struct parked *p);
/* Does a session of HOME wait? */
bool parked_has(struct slice home);
void parked_forget(struct slice ticket);
/* parking has ended, and all of them with it. */
void parked_clear(void);

#endif

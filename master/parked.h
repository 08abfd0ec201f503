/* SPDX-License-Identifier: ISC */
/*
 * Sessions that wait in parking (lib/ipc/parking.def): whose they are, told by
 * master to itself when imapd asks for a ticket, so that neither imapd nor
 * parking can name another account later.  A ticket counts for parking alone,
 * until it says that the session is gone, or ends.
 *
 * What a process of imapd says of accounts counts among its own alone.
 */
#ifndef MASTER_PARKED_H
#define MASTER_PARKED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/quota.h"
#include "base/slice.h"
#include "ipc/auth.h"

struct mailwatch;

enum { PARKED_DIRS = 2 }; /* of a mailbox: new, cur */

/* Who wants to park a session; borrowed. */
struct parked_for {
	uid_t uid;
	struct slice process; /* of imapd: which one */
	struct slice account;
	struct slice home;
	struct slice address; /* of the client */
	struct quota quota;
};

struct parked {
	uint8_t ticket[AUTH_TICKET_SIZE];
	uid_t uid;
	char *account;
	char *home;
	struct mailwatch *watches[PARKED_DIRS]; /* closed with it */
	struct parked_number *counted[4];
};

/* There is room for so many; 0, as before the first: for none. */
void parked_set_room(unsigned sessions);

/* A new one, its ticket chosen; NULL: there are too many, of this account, of
 * this process (which leaves room for others, however little) or of all. */
struct parked *parked_new(const struct parked_for *who);
/* NULL: there is none. */
struct parked *parked_find(struct slice ticket);
/* What the account of HOME may have, as was said last; nothing where none of
 * its sessions waits. */
void parked_set_quota(struct slice home, const struct quota *quota);
/* The same of P's. */
struct quota parked_quota(const struct parked *p);

/* Does a session of HOME wait? */
bool parked_has(struct slice home);
/* How many of PROCESS's ACCOUNT do, from ADDRESS. */
unsigned parked_count(
    struct slice process, struct slice account, struct slice address);
/* All of them. */
unsigned parked_total(void);

void parked_forget(struct slice ticket);
/* parking has ended, and all of them and its room with it. */
void parked_clear(void);

#endif

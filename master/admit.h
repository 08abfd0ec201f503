/* SPDX-License-Identifier: ISC */
/*
 * Who has logged in and has no session yet.  auth says so, and what ticket it
 * gave to which process of login; that process may be connected once, and soon,
 * with the process that serves the account, whose mail is UID's (0: the owner
 * of virtual mail) in HOME, beneath mail_directory or that user's home.  So who
 * has taken over a login reaches no process but those of accounts that log in
 * through it.
 */
#ifndef MASTER_ADMIT_H
#define MASTER_ADMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/quota.h"
#include "base/slice.h"
#include "ipc/auth.h"
#include "ipc/role.h"

struct admission {
	TAILQ_ENTRY(admission) link; /* oldest first: all live equally long */
	int64_t expires_ms;
	enum role role; /* imapd or pop3d */
	unsigned login; /* the process of login that may come */
	unsigned index; /* of the process that serves it */
	uid_t uid;      /* whose */
	uint8_t ticket[AUTH_TICKET_SIZE];
	char *account;
	char *home;
	char *place; /* a part of home */
	struct quota quota;
	char *address; /* of the client; NULL: parking's, or a visitor's */
	char *guest;   /* who visits the account; NULL: its owner comes */
	char *groups;  /* in which he is, a line for each; NULL: in none */
};
/* As LOGIN: a visitor's imapd, with its pid. */
#define ADMIT_VISITOR (1U << 31)

/* May one more visitor get a ticket?  They must not displace those who log in.
 */
bool admit_has_room(void);
/* Note A (borrowed); the oldest of too many counts no longer. */
void admit_put(const struct admission *a, int64_t now_ms);
/* Take out what LOGIN's TICKET for ROLE stands for; free it with admit_free.
 * NULL when it is unknown, used, too old or not LOGIN's (then used up). */
struct admission *admit_take(
    struct slice ticket, unsigned login, enum role role, int64_t now_ms);
void admit_free(struct admission **a);
void admit_clear(void);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * One-time tickets: who logged in through login is known to imapd and pop3d by
 * a number that cannot be guessed, counts once, for one service and uid, and
 * for a short time.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/auth.h"

/* What a ticket stands for. */
struct ticket_facts {
	struct slice service; /* "imap" or "pop3" */
	struct slice account;
	struct slice home;
	uint32_t uid;
	uint64_t quota;
};

struct ticket;
struct tickets;

/* Of more than MAX the oldest count no longer. */
struct tickets *tickets_new(size_t max);
void tickets_free(struct tickets **t);
size_t tickets_count(const struct tickets *t);

/* A ticket for FACTS (copied) to OUT. */
void tickets_issue(struct tickets *t, const struct ticket_facts *facts,
    int64_t now_ms, uint8_t out[AUTH_TICKET_SIZE]);
/* What NUMBER stands for, once, to FACTS: they last until the next call.
 * False when it is unknown, used, too old, or for another service or uid (then
 * it is used up as well). */
bool tickets_redeem(struct tickets *t, struct slice number,
    struct slice service, uint32_t uid, int64_t now_ms,
    struct ticket_facts *facts);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A round: one attempt at all recipients of a message that are still open.
 * When the last is settled the message is removed, reported on, or put off.
 */
#ifndef QMGR_ROUND_H
#define QMGR_ROUND_H

#include "qmgr/message.h"

void round_init(void);
/* Begin with M's open recipients; M belongs to the round from here on. */
void round_start(struct message *m);
/* Recipients from number FROM on are new: resolve them. */
void round_resolve_new(struct message *m, size_t from);
/* R is DEFERRED, FAILED or DONE; may end the round and free the message. */
void round_settle(struct rcpt *r, enum rcpt_state state);

/* Start what is due, as far as memory allows; called when that may change. */
void round_pump(void);
/* Rounds under way. */
size_t round_count(void);
/* No new rounds from here on. */
void round_stop(void);

#endif

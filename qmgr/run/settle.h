/* SPDX-License-Identifier: ISC */
/*
 * The end of a recipient's attempt, by whoever finds it: lookup's answer, an
 * agent's, a destination that is down.  What is final is written down; the
 * round (qmgr/run/round.h) goes on from here.
 */
#ifndef QMGR_RUN_SETTLE_H
#define QMGR_RUN_SETTLE_H

#include "qmgr/queue/message.h"

/* Call BEGIN when M has recipients from number m->begun on that an expansion
 * has brought, and ENDED when all of M's are settled. */
void settle_init(
    void (*begin)(struct message *m), void (*ended)(struct message *m));
/* Before M's first recipient is settled. */
void settle_open(struct message *m);
/* R's attempt has ended in STATE; M may be gone afterwards. */
void settle(struct rcpt *r, enum rcpt_state state);
/* Write the lines that were collected for M's file. */
void settle_write(struct message *m);

#endif

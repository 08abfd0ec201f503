/* SPDX-License-Identifier: ISC */
/* Keys for session tickets: made at random, changed from time to time, and
 * different for each role, so that what a taken-over smtpd learns opens no
 * session of login. */
#ifndef KEYS_TICKETS_H
#define KEYS_TICKETS_H

#include "ipc/role.h"

enum { KEYS_TICKET_BYTES = 80 };

/* Make a new current key; the one before stays good, older ones go. */
void keys_tickets_roll(void);
/* KEYS_TICKET_BYTES to OUT: ROLE's current (AGE 0) or previous (1) key; false
 * when there is none of that age. */
bool keys_tickets_for(enum role role, unsigned age, unsigned char *out);
/* Wipe all. */
void keys_tickets_forget(void);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Mail that is sent on: a recipient here (an alias, a .forward, a script) has
 * it go to another host.  It goes there from an address of this host's that
 * leads back to the sender (SRS), which lookup is asked for once for a message.
 * What the sender is told, this host tells him itself.
 */
#ifndef QMGR_RUN_FORWARDED_H
#define QMGR_RUN_FORWARDED_H

#include <stdbool.h>

struct rcpt;

/* Is it not known yet whom R's mail would be from, were it sent on? */
bool forwarded_is_open(const struct rcpt *r);
/* Then it is asked, and THEN called, never from inside: it may be as open as
 * before, which only stops what is really sent on. */
bool forwarded_ask(struct rcpt *r, void (*then)(struct rcpt *r));
/* Does R's mail go from m->sent_as? */
bool forwarded_is(const struct rcpt *r);

#endif

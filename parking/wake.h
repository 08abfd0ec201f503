/* SPDX-License-Identifier: ISC */
/*
 * Sessions on their way back: each asks master for an imapd of its account by
 * its ticket, again and again for some minutes, and is let go when that says
 * that it is there.  Some of a home are under way at once, and some of all, so
 * that neither descriptors run out nor a home that gets no imapd holds up the
 * others, which take turns.
 */
#ifndef PARKING_WAKE_H
#define PARKING_WAKE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/slice.h"

struct held;
struct ipc;
struct wake;

enum { WAKES_MAX = 500 }; /* under way at once; each has a descriptor */

/* What is of one home; zeroed, but for DUE. */
struct wakes {
	TAILQ_HEAD(, wake) due;
	TAILQ_ENTRY(wakes) link;
	unsigned asking;
	bool listed;
};

struct wake_ops {
	/* PEER is an imapd of H's account.  False: H is here still, and is to
	 * try again; else all of it is gone, its wake included. */
	bool (*on_there)(struct held *h, struct ipc *peer);
	/* It could not be done, for the TRIES-th time. */
	void (*on_failed)(struct held *h, unsigned tries);
	/* It is not tried again. */
	void (*on_given_up)(struct held *h);
};

/* Once. */
void wake_init(const struct wake_ops *ops);
/* H, one of OF, whose ticket is TICKET, which stays. */
struct wake *wake_start(struct held *h, struct wakes *of, struct slice ticket);
/* Accepts a pointer to NULL. */
void wake_stop(struct wake **w);
/* None is begun any more. */
void wake_close(void);

#endif

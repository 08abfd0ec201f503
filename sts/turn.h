/* SPDX-License-Identifier: ISC */
/*
 * Whose turn it is to have a connection.  There are few at a time, and fewer to
 * hosts of one network, and the networks take turns, so that slow ones in one
 * place leave room for others.  Where there is no room, whoever has had his
 * share of time is given up for the next.
 */
#ifndef STS_TURN_H
#define STS_TURN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "sys/addr.h"

enum {
	STS_TURNS = 100,        /* at a time */
	STS_TURNS_NETWORK = 10, /* of them in one network */
	STS_TURN_MS = 5000,     /* a share, where others wait */
};

struct sts_network;

struct sts_turn {
	TAILQ_ENTRY(sts_turn) link;  /* of its network, running or waiting */
	TAILQ_ENTRY(sts_turn) order; /* running, of all */
	struct sts_network *network; /* NULL: it neither waits nor runs */
	int64_t since_ms;            /* when it began; running */
	bool running;
	/* Not called from inside sts_turn_wait. */
	void (*on_turn)(struct sts_turn *t);
	/* Its turn is over: it ends it (sts_turn_end) in this. */
	void (*on_over)(struct sts_turn *t);
};

/* ADDR: of the host that is connected to first. */
void sts_turn_wait(struct sts_turn *t, const struct addr *addr);
/* It had it, or wants it no more. */
void sts_turn_end(struct sts_turn *t);

#endif

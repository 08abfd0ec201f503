/* SPDX-License-Identifier: ISC */
/*
 * What waits at one destination, in the order in which it has its turn.
 *
 * A flow is the mail of one login, or where nobody logged in of one sender.
 * Flows take turns, and in a flow messages do: one delivery each.  So a sender
 * with ten thousand messages holds up nobody else's single one, and a message
 * with ten thousand recipients none behind it.  Each rank has flows of its own:
 * a lower one goes behind those above it, and has one turn of bulk_turn while
 * they wait, so that it is never starved.
 *
 * Each step costs O(log n) of the flows.
 */
#ifndef QMGR_RUN_FLOW_H
#define QMGR_RUN_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/heap.h"
#include "base/map.h"

struct flow;
struct message;
struct rcpt;

/* Recipients of one message for one next hop. */
struct batch {
	TAILQ_ENTRY(batch) link;
	struct flow *flow;
	struct message *message;
	int64_t born_ms;
	struct rcpt *first;
	struct rcpt **last;
};

struct flow_class {
	TAILQ_HEAD(, flow) turns;
	struct heap longest; /* by batches */
	unsigned passed; /* deliveries of higher ranks since its last, while it
			    waited */
};

enum flow_rank { FLOW_URGENT, FLOW_MAIL, FLOW_BULK, FLOW_RANKS };

struct flows {
	struct flow_class class[FLOW_RANKS];
	struct map by_key;
	size_t nbatches;
};

/* What was asked for in MAIL (RFC 6710) counts; else bulk is what its header
 * calls so, and what has very many recipients. */
enum flow_rank flow_rank_of(const struct message *m);

void flow_init(struct flows *fs);
/* FS has no batches. */
void flow_fini(struct flows *fs);
void flow_put(struct flows *fs, struct rcpt *r);
/* Whose turn it is, of those that are whole or have waited for the rest of
 * their message (or of ALL); NULL for none. */
struct batch *flow_pick(const struct flows *fs, bool all);
/* Take up to N recipients off the front of B into OUT. */
size_t flow_take(struct batch *b, struct rcpt **out, size_t n);
/* B had its turn; it is freed if nothing is left of it. */
void flow_served(struct flows *fs, struct batch *b);
/* The one that would be last to have its turn, as far as is worth knowing: the
 * last of the longest flow of the lowest rank. */
struct batch *flow_last(const struct flows *fs);

#endif

/* SPDX-License-Identifier: ISC */
/* A relay, for the files that make it: relay.c says which commands go where,
 * job.c runs one, line.c has the connection with the owner's imapd. */
#ifndef IMAPD_RELAY_RELAY_INNER_H
#define IMAPD_RELAY_RELAY_INNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ev/stream.h"
#include "ipc/ipc.h"

struct session;

struct relay {
	LIST_ENTRY(relay) link;
	struct session *session;
	char *owner;          /* alice@example.org */
	struct ipc_call call; /* until it is open */
	struct ipc *peer;     /* likewise; NULL: none */
	bool *gone;           /* set when it is freed */
	bool has_stream;
	struct stream stream;
	unsigned enabled; /* there, of what the client has turned on */
	unsigned skip;    /* answers to commands of our own to come */

	/* Of what is being read. */
	bool inside; /* a line has begun */
	bool own;    /* it is no answer to the client's command */
	bool last;   /* it is the end of one */
	uint64_t left;
	char tail[32]; /* the end of the line so far */
	size_t ntail;
};

struct relays {
	LIST_HEAD(, relay) list; /* used last first */
	unsigned n;
	struct relay *selected; /* NULL: nothing is selected elsewhere */
};

/* ---- line.c ---- */

/* What becomes of a relay, told to the job that waits; R may be freed by it. */
struct relay_events {
	void (*on_open)(struct relay *r);
	/* It cannot be: ABSENT or TEMPFAIL.  R was freed. */
	void (*on_refused)(struct session *s, enum found found);
	/* A piece of the answer; LAST: the line that ends it, whole. */
	void (*on_piece)(struct relay *r, struct slice piece, bool last);
	/* The end, with SELECTED: of what was selected, MID: within a line.  R
	 * was freed. */
	void (*on_broken)(struct session *s, bool selected, bool mid);
	void (*on_drained)(struct relay *r);
};
void relay_events(const struct relay_events *events);
/* Those of S; NULL: it never had one. */
struct relays *relay_all(const struct session *s);
/* The relay to OWNER; on_open is told when it is open, at once if it is. */
void relay_open(struct session *s, struct slice owner);
/* A command of our own, whose answer nobody sees. */
void relay_say(struct relay *r, const char *text);
void relay_free(struct relay *r);

#endif

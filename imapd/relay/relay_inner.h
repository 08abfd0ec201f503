/* SPDX-License-Identifier: ISC */
/* A relay, for the files that make it: relay.c says which commands go where,
 * job.c and transfer.c run one, line.c has the connection with the imapd there.
 */
#ifndef IMAPD_RELAY_RELAY_INNER_H
#define IMAPD_RELAY_RELAY_INNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ev/stream.h"
#include "imapd/relay/answer.h"
#include "ipc/ipc.h"

struct session;

struct relay {
	LIST_ENTRY(relay) link;
	struct session *session;
	char *owner;          /* alice@example.org */
	struct ipc_call call; /* until it is open */
	struct ipc *peer;     /* likewise; NULL: none */
	bool busy; /* its input is being read: it is freed behind it */
	bool dead;
	bool has_stream;
	struct stream stream;
	unsigned enabled; /* there, of what the client has turned on */
	bool to_self;     /* to the session's own account */
	struct answer_reader reader;
};

/* What becomes of a relay, told to the job that waits; R may be freed by it. */
struct relay_events {
	void (*on_open)(struct relay *r);
	/* It cannot be: ABSENT or TEMPFAIL.  R was freed. */
	void (*on_refused)(struct session *s, enum found found);
	/* Of the answer; nothing more comes behind the last one. */
	void (*on_piece)(struct relay *r, const struct answer_piece *piece);
	/* The end of R, freed behind it, with SELECTED: of what was selected,
	 * MID: within an answer. */
	void (*on_broken)(
	    struct session *s, const struct relay *r, bool selected, bool mid);
	void (*on_drained)(struct relay *r);
};

struct relays {
	LIST_HEAD(, relay) list; /* used last first */
	unsigned n;
	struct relay *selected; /* NULL: nothing is selected elsewhere */
	const struct relay_events *events; /* of who used them last */
};

/* ---- line.c ---- */

/* Those of S; NULL: it never had one. */
struct relays *relay_all(const struct session *s);
/* The relay to OWNER; on_open is told when it is open, at once if it is. */
void relay_open(
    struct session *s, struct slice owner, const struct relay_events *events);
/* One to the session's own account, as if its client came once more. */
void relay_open_self(struct session *s, const struct relay_events *events);
/* A command of our own, whose answer nobody sees. */
void relay_say(struct relay *r, const char *text);
/* TEXT and CRLF; the answer is taken from then on. */
void relay_send(struct relay *r, struct slice text);
void relay_free(struct relay *r);
void relay_free_all(struct session *s);
/* Of on_broken: is it the end for S's client, too?  Then he was told. */
bool relay_was_all(struct session *s, bool selected, bool mid);

/* What is said of one that broke off. */
#define RELAY_LOST "[UNAVAILABLE] the other user's mailbox cannot be reached"

#endif

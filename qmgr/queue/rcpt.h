/* SPDX-License-Identifier: ISC */
/*
 * A recipient and the law of the queue: every recipient that was accepted ends
 * in exactly one of delivered, relayed, reported, discarded on order, or waits;
 * a message leaves the spool only when that holds for all of them.
 *
 * A recipient that was expanded (an alias, a list, a .forward) ends in those
 * it leads to.  One that leads only to itself, over however many others, ends
 * nowhere: round.c fails it, so that the sender is told.  The steps from state
 * to state are drawn in rcpt.c.
 */
#ifndef QMGR_QUEUE_RCPT_H
#define QMGR_QUEUE_RCPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "queue/envelope.h"
#include "queue/job.h"

struct message;

enum rcpt_state {
	RCPT_PENDING,   /* to be resolved */
	RCPT_RESOLVING, /* lookup was asked */
	RCPT_QUEUED,    /* waits at a destination */
	RCPT_SENT,      /* in a job */
	/* settled in this round: */
	RCPT_DEFERRED, /* failed for now: the message waits */
	RCPT_FAILED,   /* failed for good, its report not written yet */
	/* settled for good: */
	RCPT_EXPANDED,  /* others stand in its place */
	RCPT_DELIVERED, /* in a mailbox, or taken by a command */
	RCPT_RELAYED,   /* taken by another host */
	RCPT_REPORTED,  /* failed, and the report is in the spool */
	RCPT_DISCARDED, /* on order, or failed and nobody wants a report */
	RCPT_STATES,
};

enum { RCPT_NO_PARENT = UINT32_MAX };

struct rcpt {
	struct message *message;
	struct rcpt *next_in_batch;
	struct envelope_rcpt env;
	uint32_t number;
	uint32_t parent;   /* the recipient it came from by expansion */
	uint8_t depth;     /* expansions above it */
	uint8_t letters;   /* its script has sent, in this attempt */
	uint32_t promised; /* members that will follow: the rest of a list */
	enum rcpt_state state;
	enum job_status status;
	struct slice dsn, host, text, refusal; /* of the last attempt */
	struct slice source_ip, tls; /* it went from, how protected, or "" */
	int64_t sent_ms;             /* to the agent, of ev_now_ms */
	uint32_t connect_ms;         /* of that, as the agent says */
	/* EXPANDED: recipients it leads to that were there before; those whose
	 * parent it is are not among them. */
	uint32_t *also;
	uint32_t nalso;
	/* From lookup: */
	struct slice account, home, extension;
	struct slice nexthop; /* "transport:next hop" */
	struct slice site;    /* "transport:hosts" of the last attempt, smtp */
	struct slice limits;  /* of its site: "KEY VALUE", or empty */
	struct slice source;  /* addresses it goes from (table/source.h) */
	uint64_t quota_bytes, quota_messages;
	bool forwarded;    /* it goes from m->sent_as (run/forwarded.h) */
	bool tell_success; /* NOTIFY=SUCCESS, delivered in this round */
};

/* The only writer of a recipient's state in a round; a step that the table of
 * rcpt.c does not allow is our own bug (must). */
void rcpt_enter(struct rcpt *r, enum rcpt_state to);
/* What was said of R in this attempt: by HOST, or here when it is empty (copied
 * into the message's arena; an earlier attempt is forgotten). */
void rcpt_say(struct rcpt *r, enum job_status status, struct slice dsn,
    struct slice host, struct slice text);
/* The state that a line of the file says. */
void rcpt_restore(struct rcpt *r, enum job_status status);
/* Nothing more is done for it in this round / ever. */
bool rcpt_is_settled(const struct rcpt *r);
bool rcpt_is_final(const struct rcpt *r);
/* What a failure comes to: REPORTED where the sender is to be told, else
 * DISCARDED. */
enum rcpt_state rcpt_failed_end(const struct rcpt *r);

/* Add a recipient as ENV (slices in M's arena) says. */
struct rcpt *rcpt_add(struct message *m, const struct envelope_rcpt *env);
/* Add one that PARENT expands to. */
struct rcpt *rcpt_add_child(struct message *m, const struct rcpt *parent,
    struct slice address, struct slice target, uint32_t uid);
/* Take back those from number N on, which nothing refers to yet. */
void rcpt_undo(struct message *m, size_t n);
/* The recipient with ADDRESS (ASCII case ignored) and TARGET, or NULL. */
struct rcpt *rcpt_find(
    struct message *m, struct slice address, struct slice target);
/* PARENT leads to the N recipients TO, which were there already. */
void rcpt_set_also(struct rcpt *parent, const uint32_t *to, size_t n);
/* The one above R that the sender wrote; R itself if he wrote that. */
const struct rcpt *rcpt_root(const struct rcpt *r);

/*
 * Call FN for each expanded recipient that leads only back to expanded ones,
 * unless a recipient above it is such a one, or has failed as one: so once for
 * each loop.  All of M's recipients are settled.
 */
void rcpt_each_loop(struct message *m, void (*fn)(struct rcpt *r));
/* Does the law hold, so that M may leave?  ERR names who breaks it. */
bool rcpt_may_leave(struct message *m, struct err *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * A message in memory: its envelope, its recipients and what became of them.
 *
 * What is final is appended to the file, a line each, with its own checksum
 * (doc/queue-format.md): results, recipients that came by expansion, the time
 * of the next attempt.  A last line that is cut short is as if never written.
 */
#ifndef QMGR_MESSAGE_H
#define QMGR_MESSAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "qmgr/entry.h"
#include "queue/envelope.h"
#include "queue/job.h"

enum rcpt_state {
	RCPT_PENDING,   /* to be resolved */
	RCPT_RESOLVING, /* lookup was asked */
	RCPT_QUEUED,    /* waits at a destination */
	RCPT_SENT,      /* in a job */
	RCPT_DEFERRED,  /* failed for now in this round */
	RCPT_FAILED,    /* failed for good, its report not written yet */
	RCPT_DONE,      /* delivered, relayed, expanded or reported */
};

struct rcpt {
	struct message *message;
	struct rcpt *next_in_batch;
	struct envelope_rcpt env;
	uint32_t number;
	uint8_t depth; /* expansions above it */
	enum rcpt_state state;
	enum job_status status;
	struct slice dsn, host, text; /* of the last attempt */
	/* From lookup: */
	struct slice account, home, extension;
	int64_t quota_bytes;
	bool tell_success; /* NOTIFY=SUCCESS, delivered in this round */
};

struct message {
	struct entry *entry;
	struct arena arena;
	struct envelope env;
	size_t head_bytes; /* where the message begins in the file */
	struct rcpt **rcpts;
	size_t nrcpts;
	size_t open;      /* recipients not DEFERRED, FAILED or DONE */
	size_t resolving; /* recipients that are RESOLVING */
	int64_t next_ms;  /* from the file: next attempt */
	bool warned;      /* the sender knows that it is late */
	bool held;        /* from the file */
	bool damaged;     /* an agent found that its checksum differs */
	bool soon;        /* nobody\'s fault: try again in seconds */
};

/* Read the message of E.  NULL: ERR_PERM when it cannot be understood (the
 * caller sets it aside), ERR_TEMP when it cannot be read now. */
struct message *message_load(struct entry *e, struct err *err);
/* From an envelope just committed; takes over ARENA's content. */
struct message *message_new(struct entry *e, struct arena *arena,
    const struct envelope *env, size_t head_bytes);
void message_free(struct message **m);

/* Add a recipient that PARENT expands to. */
struct rcpt *message_add_rcpt(
    struct message *m, const struct rcpt *parent, struct slice address);
/* Is ADDRESS (with TARGET) a recipient already? */
bool message_has(
    const struct message *m, struct slice address, struct slice target);

/* Lines for the file, collected and appended in one write. */
void message_note_result(struct buf *lines, const struct rcpt *r);
void message_note_rcpt(struct buf *lines, const struct rcpt *r);
/* WORD is "next" (AT: ms of the wall clock), "held", "released", "warned". */
void message_note(struct buf *lines, const char *word, int64_t at);
/* Append LINES to the file of E; -1 and the queue goes on (ERR_TEMP). */
int message_append(
    const struct entry *e, const struct buf *lines, struct err *err);

#endif

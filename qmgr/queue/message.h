/* SPDX-License-Identifier: ISC */
/* A message in memory: its envelope, its recipients and what became of them.
 * What is final is in its file as well (qmgr/queue/note.h). */
#ifndef QMGR_QUEUE_MESSAGE_H
#define QMGR_QUEUE_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "ev/loop.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/kept.h"
#include "qmgr/queue/rcpt.h"
#include "queue/envelope.h"

struct message {
	struct entry *entry;
	struct direct *direct; /* while it may not be in the spool (direct.h) */
	struct forwarding *forwarding; /* while sent_as is asked for */
	struct arena arena;
	struct envelope env;
	struct slice sent_as; /* sender where it is sent on; empty: none */
	size_t head_bytes;    /* where the message begins in the file */
	int64_t active_ms;    /* since when it is in memory, of ev_now_ms */
	struct rcpt **rcpts;
	size_t nrcpts;
	size_t promised;        /* recipients that lists will yet bring */
	struct map by_address;  /* rcpt_find */
	struct kept_bytes kept; /* empty in one that was read */
	struct buf notes;       /* lines of this turn, not yet in the file */
	struct ev_task write_notes;
	size_t begun;     /* of the recipients, in this round */
	size_t open;      /* recipients not settled in this round */
	size_t resolving; /* recipients that are RESOLVING */
	size_t paused;    /* put off untried, in this round (run/retry.h) */
	int64_t pause_ms, next_ms; /* next: attempt (wall clock) */
	bool warned;               /* the sender knows that it is late */
	bool held, released;       /* from the file; released: once at least */
	struct slice held_why;     /* as far as it was written; in arena */
	bool damaged;    /* an agent found that its checksum differs */
	bool soon;       /* nobody's fault: try again in seconds */
	bool unreported; /* a report could not be written, in this round */
	struct ev_timer report_again;
	bool in_tmp;  /* its file has no name of a message's yet */
	bool refused; /* never accepted: nothing more is to be done */
};

/* Read the message of E.  NULL: ERR_PERM when it cannot be understood, ERR_TEMP
 * when it cannot be read now; then errno is ENOENT where there is no file. */
struct message *message_load(struct entry *e, struct err *err);
/* From an envelope just committed; takes over ARENA's content. */
struct message *message_new(struct entry *e, struct arena *arena,
    const struct envelope *env, size_t head_bytes);
void message_free(struct message **m);
/* Its file for an agent; -1: there is none (logged where one should be). */
int message_open_file(struct message *m);

#endif

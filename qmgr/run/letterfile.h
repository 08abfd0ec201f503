/* SPDX-License-Identifier: ISC */
/* A letter of a recipient's script (letter.h) as a message in the spool. */
#ifndef QMGR_RUN_LETTERFILE_H
#define QMGR_RUN_LETTERFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ipc/sieve.h"
#include "queue/envelope.h"

struct rcpt;

/* Who waits for it. */
struct letterfile_owner {
	/* It is durable, or why not; nothing of it is kept then. */
	void (*done)(struct letterfile_owner *o, bool ok, const char *why);
	char id[ENVELOPE_ID_BYTES]; /* in the queue, when it is durable */
};

/* What R's script sends TO is not sent: for the log. */
void letterfile_not_sent(const struct rcpt *r, enum job_letter kind,
    struct slice to, const char *why);
/* Queue what R's script sends TO (a line for each address): BYTES, and behind
 * them R's message from BODY_FROM on, where that is not -1.  O is told, maybe
 * before this returns. */
void letterfile_begin(struct letterfile_owner *o, struct rcpt *r,
    enum job_letter kind, struct slice to, struct slice bytes,
    int64_t body_from);

/* The same of what a script has sent at an IMAP event (RFC 6785), whose bytes
 * come one after the other: of ACCOUNT, TO others.  STAYS as in ipc/letter.def.
 * NULL: it cannot be, and O is not told. */
struct letterfile;
struct letterfile_event {
	struct slice account, to;
	enum job_letter kind;
	bool stays;
};
struct letterfile *letterfile_open(struct letterfile_owner *o,
    const struct letterfile_event *e, struct err *err);
int letterfile_write(struct letterfile *l, struct slice bytes, struct err *err);
/* That was all; takes *L. */
void letterfile_end(struct letterfile **l);
/* Nothing is to come of it; O is not told. */
void letterfile_drop(struct letterfile **l);

/* Queue a report of this host's TO others, from SENDER (empty: the null
 * sender); PROTOCOL says what it is. */
void letterfile_report(struct letterfile_owner *o, const char *protocol,
    struct slice sender, struct slice to, struct slice bytes);
#endif

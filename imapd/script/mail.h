/* SPDX-License-Identifier: ISC */
/* Messages that scripts send at IMAP events, through qmgr (ipc/letter.def): one
 * at a time of a process. */
#ifndef IMAPD_SCRIPT_MAIL_H
#define IMAPD_SCRIPT_MAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ipc/sieve.h"

struct pieced;
struct pieced_source;

struct event_mail {
	TAILQ_ENTRY(event_mail) link;
	struct slice account, to; /* a line for each */
	enum job_letter kind;
	bool stays; /* ipc/letter.def */
	const struct pieced *pieces;
	const struct pieced_source *source;
	/* It is durable (WHY NULL), or not.  LATER: it may be then. */
	void (*done)(struct event_mail *m, const char *why, bool later);
	int64_t at; /* bytes of the pieces that are said */
	bool cr;    /* the last one was a CR */
	bool waits; /* among others */
};

/* What M points at stays until done(), which is never called from inside. */
void event_mail_send(struct event_mail *m);
/* Nothing is to come of it; also after done(). */
void event_mail_cancel(struct event_mail *m);

#endif

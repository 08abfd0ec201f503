/* SPDX-License-Identifier: ISC */
/* A command that is carried out elsewhere: it goes to the imapd of the owner,
 * word by word, and its answers come back so.  There the session is a guest's
 * (guest.h), with the same names.  What is not understood of an answer, or
 * breaks off, ends the relay: a command that has told nothing yet is refused, a
 * session that has one of its mailboxes selected ends.
 *
 * What goes between two accounts is in transfer.c. */
#ifndef IMAPD_RELAY_JOB_H
#define IMAPD_RELAY_JOB_H

#include <stddef.h>

#include "base/slice.h"

struct literal;
struct session;

enum relay_kind {
	RELAY_PLAIN,
	RELAY_SELECTS, /* OK: something is selected there */
	RELAY_LEAVES,  /* OK: nothing is any more */
	RELAY_IDLES,   /* the client's next line goes there, too */
	RELAY_APPENDS, /* so does what stands behind the literal */
};

/* The command goes to OWNER's imapd.  L: the literal that its text ends in. */
void relay_job_start(struct session *s, struct slice owner,
    enum relay_kind kind, const struct literal *l);
/* LIST of PATTERNS. */
void relay_job_list(struct session *s, const struct slice *patterns, size_t n);
/* The command was answered, as it was elsewhere. */
void relay_answered(struct session *s);

#endif

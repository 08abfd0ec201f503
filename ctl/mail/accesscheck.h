/* SPDX-License-Identifier: ISC */
/*
 * The table access about one message, as policy has lookup ask it.  What a
 * client is called, and where it is, is what strangers and a foreign file say:
 * entries for that are brought here, and looked at by the child that asks
 * (ctl/mail/accessfound.h).
 */
#ifndef CTL_MAIL_ACCESSCHECK_H
#define CTL_MAIL_ACCESSCHECK_H

#include "base/arena.h"
#include "base/slice.h"

struct accesscheck_brought;
struct accesscheck_found;

struct accesscheck {
	/* Empty: not known; the null sender for SENDER. */
	struct slice client, helo, sender, rcpt, login, mechanism, tls;
	struct slice country;     /* if empty, that of the client */
	const char *country_file; /* in the directory; may be empty */
	/* The rest is filled in; in the arena of the caller */
	const char *why_not; /* NULL: it was asked */
	struct accesscheck_found *found;
	struct accesscheck_brought *brought;
};

/* Look in DIRECTORY; to be let go of in any case. */
void accesscheck_run(
    struct accesscheck *c, const char *directory, struct arena *arena);
void accesscheck_fini(struct accesscheck *c);

#endif

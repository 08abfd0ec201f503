/* SPDX-License-Identifier: ISC */
/* The table access about one message, as policy has lookup ask it.  What only
 * lookup or a session knows is left out: countries, reverse names, TLS and
 * mechanisms. */
#ifndef CTL_MAIL_ACCESSCHECK_H
#define CTL_MAIL_ACCESSCHECK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ipc/verdict.h"

struct accesscheck {
	/* Empty: not known; the null sender for SENDER. */
	struct slice client, helo, sender, rcpt, login;
	/* what is found; in the arena of the caller */
	const char *why_not;           /* NULL: it was asked */
	bool accepts, accepts_rcpt;    /* as no stranger */
	struct policy_verdict verdict; /* why: of the entry, its key */
};

/* Look in DIRECTORY. */
void accesscheck_run(
    struct accesscheck *c, const char *directory, struct arena *arena);

#endif

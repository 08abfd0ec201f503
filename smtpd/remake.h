/* SPDX-License-Identifier: ISC */
/*
 * A message made anew, under another queue id: from the fields that filters put
 * in front, our Received field, and the header and body that are the old ones,
 * or new ones of filters, or a header with other addresses.  It takes the place
 * of the session's.
 */
#ifndef SMTPD_REMAKE_H
#define SMTPD_REMAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct envelope;
struct smtpd_remake;
struct smtpd_session;

/* What it is made of; see milter_done (ipc/milter.h). */
struct smtpd_remade {
	/* Has SIZE bytes from OFFSET on, the body BODY_AT of them; -1: these
	 * are OLD_TEXT. */
	int old;
	struct slice old_text;
	int new; /* -1: there is none */
	int64_t offset, size, body_at, header_bytes;
	bool header, body; /* NEW has one */
	struct slice
	    header_text; /* instead, with its empty line; p == NULL: no */
	struct slice front;
};

/* For S, behind ENV; descriptors, texts and ENV must stand until THEN, which
 * runs once with NULL, or the reply that refuses it, maybe from inside, and may
 * free it. */
void smtpd_remake(struct smtpd_remake **p, struct smtpd_session *s,
    const struct smtpd_remade *from, const struct envelope *env,
    void (*then)(void *arg, const char *refusal), void *arg);
/* Accepts a pointer to NULL; THEN will not run. */
void smtpd_remake_free(struct smtpd_remake **p);

#endif

/* SPDX-License-Identifier: ISC */
/* The message of a session as it is stored, for a look at its header and for
 * another header in its place. */
#ifndef SMTPD_REWRITE_STORED_H
#define SMTPD_REWRITE_STORED_H

#include "base/slice.h"

struct smtpd_session;
struct smtpd_stored;

/* THEN runs once, never from inside, with the header and its empty line, or
 * with the reply (static) that refuses the message; it may free it. */
void smtpd_stored_read(struct smtpd_stored **p, struct smtpd_session *s,
    void (*then)(void *arg, const char *refusal, struct slice header),
    void *arg);
/* The message with HEADER (borrowed) becomes that of the session, behind the
 * envelope it has now.  THEN as that of smtpd_remake. */
void smtpd_stored_remake(struct smtpd_stored *st, struct slice header,
    void (*then)(void *arg, const char *refusal), void *arg);
/* Accepts a pointer to NULL; THEN will not run. */
void smtpd_stored_free(struct smtpd_stored **st);

#endif

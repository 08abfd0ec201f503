/* SPDX-License-Identifier: ISC */
/*
 * Whether a message of somebody who has logged in is in his own name: the
 * envelope's sender and the authors that From shows.  The header is kept until
 * its end; when the message has ended lookup is asked whose the addresses are.
 */
#ifndef SMTPD_OWNER_H
#define SMTPD_OWNER_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct smtpd_owner;

/* What LOGIN sends from now on; what is found lives in ARENA. */
struct smtpd_owner *smtpd_owner_new(const char *login, struct arena *arena);
/* Accepts a pointer to NULL; THEN will not run. */
void smtpd_owner_free(struct smtpd_owner **o);

/* Bytes of the header, and its end. */
void smtpd_owner_add(struct smtpd_owner *o, struct slice bytes);
void smtpd_owner_end(struct smtpd_owner *o);
/* May message QID be of SENDER (empty: the null sender) and its authors?  THEN
 * runs once, never from inside, with NULL, or the reply that refuses it, which
 * stands as long as the arena; what is only to be logged is logged. */
void smtpd_owner_ask(struct smtpd_owner *o, struct slice sender,
    const char *qid, void (*then)(void *arg, const char *refusal), void *arg);

/* Those of them that are not the login's, and so are to be replaced (lines):
 * none unless sender_login is rewrite.  *AS_MADE: some are his only as lookup
 * rewrites them. */
struct slice smtpd_owner_foreign(const struct smtpd_owner *o, bool *as_made);

#endif

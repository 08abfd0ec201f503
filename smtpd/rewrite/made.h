/* SPDX-License-Identifier: ISC */
/* What the addresses of a message become: the login's in the place of those
 * that are not his, then what lookup has for all. */
#ifndef SMTPD_REWRITE_MADE_H
#define SMTPD_REWRITE_MADE_H

#include <stdbool.h>

#include "base/slice.h"

struct smtpd_made;

/* All is borrowed until the end. */
struct smtpd_made_of {
	struct slice header; /* with its empty line */
	struct slice sender; /* empty: the null sender */
	struct slice login;
	struct slice foreign; /* not the login's, lines */
	bool is_owned;        /* From is to be the login's, as it becomes */
	bool utf8;            /* addresses can have more than ASCII */
};

struct smtpd_made_result {
	struct slice header; /* p == NULL: it stays */
	struct slice sender; /* empty: it stays */
	struct slice copies; /* who else gets mail of that sender (lines) */
	unsigned changed;    /* addresses in the header */
	bool replaced;       /* From was not the login's */
};

/* THEN runs once, maybe from inside, with what came of it, or with NULL and the
 * reply (static) that refuses the message; it may free it. */
void smtpd_made_start(struct smtpd_made **p, const struct smtpd_made_of *of,
    void (*then)(
	void *arg, const char *refusal, const struct smtpd_made_result *result),
    void *arg);
/* Accepts a pointer to NULL; THEN will not run. */
void smtpd_made_free(struct smtpd_made **m);

#endif

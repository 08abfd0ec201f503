/* SPDX-License-Identifier: ISC */
/*
 * A message at its end, shown to filters before it is committed.  It is kept as
 * it came where they change nothing; else it is made anew, under another queue
 * id and behind an envelope that has what they changed there, from the fields
 * they put in front, our Received field, and the header and body that are the
 * old ones or theirs.
 */
#ifndef SMTPD_REVIEW_H
#define SMTPD_REVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "smtpd/spool.h"

struct smtpd_review;
struct smtpd_session;

/* What becomes of a message; each ends its review. */
struct smtpd_outcomes {
	/* It is to be committed, as it stands in the transaction. */
	void (*commit)(struct smtpd_session *s);
	/* REPLY (of the transaction): it is not accepted, */
	void (*refuse)(struct smtpd_session *s, const char *reply);
	/* or it is, though nobody gets it. */
	void (*discard)(struct smtpd_session *s);
	/* It could not be read. */
	void (*failed)(struct smtpd_session *s, enum smtpd_spool_result result);
};

/* Is the message of S to be reviewed?  Then one of OUTCOMES (static) runs,
 * maybe from inside.  HEAD is what stands before what the client sent. */
bool smtpd_review(struct smtpd_session *s, int64_t head,
    const struct smtpd_outcomes *outcomes);
/* Accepts a pointer to NULL. */
void smtpd_review_free(struct smtpd_review **r);

#endif

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

struct smtpd_review;
struct smtpd_session;

/* Is the message of S to be reviewed?  Then its transaction goes on from there:
 * to smtpd_message_commit, or a reply.  HEAD is what stands before what the
 * client sent. */
bool smtpd_review(struct smtpd_session *s, int64_t head);
/* Accepts a pointer to NULL. */
void smtpd_review_free(struct smtpd_review **r);

#endif

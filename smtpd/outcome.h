/* SPDX-License-Identifier: ISC */
/* What becomes of a message that has ended (message.h), for what filters are
 * shown before (review.h). */
#ifndef SMTPD_OUTCOME_H
#define SMTPD_OUTCOME_H

struct smtpd_session;

/* Have it committed, and reply. */
void smtpd_message_commit(struct smtpd_session *s);
/* REPLY that it is not accepted. */
void smtpd_message_end(struct smtpd_session *s, const char *reply);
/* Say that it is accepted, though nobody gets it. */
void smtpd_message_discard(struct smtpd_session *s);
/* Put our Received field where it stands now. */
void smtpd_message_received(struct smtpd_session *s);

#endif

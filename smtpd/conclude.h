/* SPDX-License-Identifier: ISC */
/* The reply to a message, by LMTP one for each recipient (RFC 2033 4.2): the
 * end of its transaction. */
#ifndef SMTPD_CONCLUDE_H
#define SMTPD_CONCLUDE_H

struct smtpd_session;

/* It is refused with REPLY, which the log has. */
void smtpd_conclude_refused(struct smtpd_session *s, const char *reply);
/* Only the log's part of that. */
void smtpd_conclude_log(const struct smtpd_session *s, const char *why);
/* The queue has it, but for those who reject it (smtpd_spool_refused). */
void smtpd_conclude_accepted(struct smtpd_session *s);
/* Nobody gets it, which is for the log: to the client it is as any other. */
void smtpd_conclude_discarded(struct smtpd_session *s);
/* It is to look so to the client. */
void smtpd_conclude_ok(struct smtpd_session *s);

#endif

/* SPDX-License-Identifier: ISC */
/* The end of a message: it is judged, committed, and replied to. */
#ifndef SMTPD_FINISH_H
#define SMTPD_FINISH_H

struct smtpd_session;

/* It has ended: refuse it, or have it committed, and reply. */
void smtpd_finish(struct smtpd_session *s);
/* What was not accepted, in the log. */
void smtpd_finish_log_refused(const struct smtpd_session *s);

#endif

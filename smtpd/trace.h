/* SPDX-License-Identifier: ISC */
/* What a session's messages tell of their way (received.h has the forms). */
#ifndef SMTPD_TRACE_H
#define SMTPD_TRACE_H

struct buf;
struct smtpd_session;

/* The protocol of a message of S, as the envelope has it. */
const char *smtpd_trace_protocol(const struct smtpd_session *s);
/* What is put in front of S's message, whose envelope and queue id are there:
 * its Received field, and above it, where it is to be told, its login. */
void smtpd_trace_fields(const struct smtpd_session *s, struct buf *out);
/* "Date: " and now. */
void smtpd_trace_date(struct buf *out);

#endif

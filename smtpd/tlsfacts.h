/* SPDX-License-Identifier: ISC */
/* What there is to know of a session's TLS; texts are static. */
#ifndef SMTPD_TLSFACTS_H
#define SMTPD_TLSFACTS_H

struct buf;
struct smtpd_session;
struct smtpd_trace;

/* "TLSv1.3"; empty: there is none. */
const char *smtpd_tlsfacts_version(const struct smtpd_session *s);
/* Fill in what the trace field says of it. */
void smtpd_tlsfacts_trace(
    const struct smtpd_session *s, struct smtpd_trace *trace);
/* The same as macros of filters. */
void smtpd_tlsfacts_put(const struct smtpd_session *s, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/* What filters are told beside the commands, as macros by the names that
 * Sendmail and Postfix have for them (smfi/macros.h: facts).  Empty ones are
 * those that are no longer so. */
#ifndef SMTPD_JUDGE_MACROS_H
#define SMTPD_JUDGE_MACROS_H

#include "base/buf.h"
#include "base/slice.h"

struct smtpd_session;

/* "unknown" is "[192.0.2.1]", and a local client this host itself. */
void smtpd_macros_client(const struct smtpd_session *s, struct slice *name,
    struct slice *ip, struct buf *room);
/* MAIL as they are told of it: each text with a NUL behind it. */
void smtpd_macros_mail(const struct smtpd_session *s, struct buf *out);
/* Of the session, the transaction, and RCPT (may be empty). */
void smtpd_macros_put(
    const struct smtpd_session *s, struct slice rcpt, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Filters (milters) as judges, by the daemon milter.  A session is known there
 * from its first question on; where milter was started anew it is told of the
 * session again at the next MAIL.
 */
#ifndef SMTPD_JUDGE_MILTER_H
#define SMTPD_JUDGE_MILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/ipc.h"

struct smtpd_judge;
struct smtpd_session;
struct smtpd_verdict;

extern const struct smtpd_judge smtpd_judge_milter;

/* HANGUP (smtpd_hangup) ends a session where a filter wants it. */
void smtpd_milter_start(void (*hangup)(
    struct smtpd_session *s, const char *code, const char *text));
/* The end of a process of milter. */
void smtpd_milter_on_gone(struct ipc *peer);

/* Does a filter want to see the message of S's transaction, or has one said
 * that it is to be discarded? */
bool smtpd_milter_sees(const struct smtpd_session *s);
bool smtpd_milter_discards(const struct smtpd_session *s);
/* Show the message of SIZE bytes that stands in FD (-1: it cannot be shown)
 * from OFFSET on.  DONE gets milter_done, or NULL: no answer. */
void smtpd_milter_show(struct smtpd_session *s, int fd, int64_t offset,
    int64_t size, struct ipc_call *call,
    void (*done)(struct ipc_call *call, struct msg *m));
/* What a lack of an answer means, and what a refusal says. */
void smtpd_milter_unavailable(
    const struct smtpd_session *s, struct smtpd_verdict *v);
void smtpd_milter_refusal(struct slice text, struct smtpd_verdict *v);
/* Have it end. */
void smtpd_milter_hang_up(struct smtpd_session *s);
/* The transaction is over. */
void smtpd_milter_abort(struct smtpd_session *s);

#endif

/* SPDX-License-Identifier: ISC */
/* One RCPT command whose reply is still owed: the question to lookup, and what
 * came of it. */
#ifndef SMTPD_ASK_H
#define SMTPD_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ev/loop.h"
#include "ipc/ipc.h"
#include "queue/envelope.h"

struct smtpd_judging;
struct smtpd_mail;

struct smtpd_ask {
	TAILQ_ENTRY(smtpd_ask) link;
	struct ipc_call call;
	/* For who asked lookup (smtpd/resolve.h). */
	void (*resolved)(struct smtpd_ask *ask, const char *refusal);
	struct smtpd_judging *judging; /* judges are asked, or NULL */
	struct smtpd_mail *mail;
	struct envelope_rcpt rcpt;
	char *reply; /* on the heap; NULL: not yet answered */
	uint64_t room;
	int64_t until_ms;      /* the reply is given by then */
	struct ev_timer later; /* until lookup, which ended, is asked again */
	bool again;            /* that is for the second time */
	struct slice copies;   /* who else gets what this one does (lines) */
	bool for_mailbox;
	bool accepted;
	bool limited; /* by a rate: logged once for all */
};

/* One more of MAIL, behind the others. */
struct smtpd_ask *smtpd_ask_new(struct smtpd_mail *mail);
/* Its reply is REPLY. */
void smtpd_ask_settle(struct smtpd_ask *ask, bool accepted, const char *reply);
/* Its recipient is refused, in the log. */
void smtpd_ask_log_refused(const struct smtpd_ask *ask);
/* It has its reply, or needs none any more. */
void smtpd_ask_free(struct smtpd_ask *ask);

#endif

/* SPDX-License-Identifier: ISC */
/* A question under way, as the judges see it, and what a judge is. */
#ifndef SMTPD_JUDGE_JUDGING_H
#define SMTPD_JUDGE_JUDGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "smtpd/judge/verdict.h"

struct smtpd_session;

struct smtpd_judging {
	struct smtpd_session *session;
	enum policy_stage stage;
	struct slice rcpt;
	struct smtpd_verdict verdict; /* so far */
	/* Who is asked calls it with its verdict. */
	void (*said)(struct smtpd_judging *j, const struct smtpd_verdict *v);
	/* Of the one who is asked. */
	struct ipc_call call;
	struct ev_timer later;
	int64_t until_ms;
	bool again;
	unsigned step; /* of several questions */
	/* For who waits (judge.h). */
	void (*then)(void *arg, const struct smtpd_verdict *v);
	void (*then_session)(
	    struct smtpd_session *s, const struct smtpd_verdict *v);
	void *arg;
	size_t at; /* whose turn it is */
};

/* A kind of judge. */
struct smtpd_judge {
	bool (*needs)(const struct smtpd_session *s, enum policy_stage stage);
	/* Calls J->said once, never from inside. */
	void (*ask)(struct smtpd_judging *j);
	/* Nobody waits for the answer any more. */
	void (*cancel)(struct smtpd_judging *j);
	/* S has ended, or begins anew for another client. */
	void (*end)(struct smtpd_session *s);
};

#endif

/* SPDX-License-Identifier: ISC */
/* What judges have said of a transaction, and what they see of its message when
 * it has ended. */
#ifndef SMTPD_JUDGE_JUDGED_H
#define SMTPD_JUDGE_JUDGED_H

#include <stdint.h>

#include "base/slice.h"
#include "smtpd/judge/verdict.h"

/* Of a message that goes along with a question about it. */
enum { SMTPD_VIEW_BODY = 32 << 10 };

struct smtpd_view {
	struct slice body; /* all of it; borrowed; where there is no file */
	int64_t offset;    /* where it begins in the file */
	int file;          /* to be read; -1: none */
	int64_t size;
	const char *qid;
};

struct smtpd_judged {
	struct smtpd_verdict verdict;
	struct smtpd_view view;
};

struct smtpd_judged *smtpd_judged_new(void);
void smtpd_judged_free(struct smtpd_judged **j);
/* Nobody reads the message any more: qmgr takes no file that somebody else has
 * open. */
void smtpd_judged_close(struct smtpd_judged *j);

#endif

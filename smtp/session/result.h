/* SPDX-License-Identifier: ISC */
/* What became of a recipient, or of a session as a whole. */
#ifndef SMTP_SESSION_RESULT_H
#define SMTP_SESSION_RESULT_H

#include <stdbool.h>

#include "queue/job.h"
#include "smtp/route/target.h"
#include "smtp/session/reply.h"

enum { SMTP_TEXT_SIZE = 600 };

struct smtp_result {
	enum job_status status;
	char dsn[SMTP_DSN_SIZE];
	char host[SMTP_TARGET_TEXT];
	char source[ADDR_TEXT]; /* it was dialled from, where that is said */
	char text[SMTP_TEXT_SIZE];
	const char *tls;    /* smtp_policy_used; NULL: no session */
	bool said;          /* the host itself said so */
	enum job_site site; /* what it says of the host */
};

/* From our own knowledge. */
void smtp_result_set(struct smtp_result *r, enum job_status status,
    const char *dsn, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* And it was with T. */
void smtp_result_set_source(struct smtp_result *r, const struct smtp_target *t);
/* From what a host replied: 2xx delivered, 4xx and 5xx; anything else is a
 * temporary failure, as is a host that talks nonsense. */
void smtp_result_reply(struct smtp_result *r, const struct smtp_reply *reply,
    const struct smtp_target *host);

#endif

/* SPDX-License-Identifier: ISC */
/* Making a struct smtp_result. */
#ifndef SMTP_SESSION_RESULT_H
#define SMTP_SESSION_RESULT_H

#include "smtp/job.h"

/* From our own knowledge. */
void smtp_result_set(struct smtp_result *r, enum job_status status,
    const char *dsn, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* From what a host replied: 2xx delivered, 4xx and 5xx; anything else is a
 * temporary failure, as is a host that talks nonsense. */
void smtp_result_reply(struct smtp_result *r, const struct smtp_reply *reply,
    const struct smtp_target *host);

#endif

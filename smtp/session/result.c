/* SPDX-License-Identifier: ISC */
#include "smtp/session/result.h"

#include <bsd/string.h>
#include <stdarg.h>
#include <stdio.h>

void
smtp_result_set(struct smtp_result *r, enum job_status status, const char *dsn,
    const char *fmt, ...)
{
	va_list ap;

	*r = (struct smtp_result){ .status = status };
	(void)strlcpy(r->dsn, dsn, sizeof r->dsn);
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
}

void
smtp_result_set_source(struct smtp_result *r, const struct smtp_target *t)
{
	(void)smtp_target_source(t, r->source);
}

void
smtp_result_reply(struct smtp_result *r, const struct smtp_reply *reply,
    const struct smtp_target *host)
{
	*r = (struct smtp_result){ .said = true,
		.site =
		    reply->code == 421 ? JOB_SITE_FAILED : JOB_SITE_ANSWERED };
	smtp_target_format(host, r->host);
	smtp_result_set_source(r, host);
	smtp_reply_line(reply, r->text, sizeof r->text);
	smtp_reply_dsn(reply, r->dsn);
	switch (reply->code / 100) {
	case 2:
		r->status = JOB_DELIVERED;
		break;
	case 4:
		r->status = JOB_TEMPFAIL;
		break;
	case 5:
		r->status = JOB_PERMFAIL;
		break;
	default:
		r->status = JOB_TEMPFAIL;
		(void)strlcpy(r->dsn, "4.5.0", sizeof r->dsn);
	}
}

/* SPDX-License-Identifier: ISC */
#include "smtp/sign/author.h"

#include "base/buf.h"
#include "dmarc/from.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "smtp/session/body.h"
#include "smtp/session/head.h"

enum { HEADER_MAX = 256 << 10 }; /* a longer one is not signed */

static bool
is_of_trusted(struct slice client)
{
	struct addr a;

	return addr_of_ip(&a, AF_UNSPEC, client, 0) &&
	       conf_nets_match(&smtp_conf->shared.trusted_networks, &a);
}

/* smtpd says who sent it; what qmgr writes itself is of "local". */
static bool
is_ours(const struct smtp_job *job)
{
	const struct slice client = job->env.client;

	return !job->lmtp &&
	       (job->env.login.n > 0 || slice_is(client, "local") ||
		   slice_starts(client, SLICE("local:")) ||
		   is_of_trusted(client));
}

int
smtp_author_find(struct smtp_job *job, struct slice *domain, struct err *err)
{
	struct buf head = { .max = HEADER_MAX + SMTP_BODY_PIECE };
	struct dmarc_from from;
	int rc;

	*domain = (struct slice){ NULL, 0 };
	if (!is_ours(job))
		return 0;
	rc = smtp_head_read(job->text, &head, err);
	if (rc == 0 && !head.failed) {
		dmarc_from_find(buf_slice(&head), &job->arena, &from);
		if (from.state == DMARC_FROM_GOOD && from.n == 1)
			*domain = from.domains[0];
	}
	buf_fini(&head);
	return rc;
}

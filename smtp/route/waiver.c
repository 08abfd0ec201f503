/* SPDX-License-Identifier: ISC */
#include "smtp/route/waiver.h"

#include "base/buf.h"
#include "mime/header.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "smtp/session/body.h"
#include "smtp/session/content.h"
#include "smtp/session/head.h"

enum { HEADER_MAX = 256 << 10 }; /* what is in a longer one does not count */

bool
smtp_waiver_said(struct slice head)
{
	struct header_field f;
	bool no = false;
	size_t n = 0;

	while (header_next(&head, &f))
		if (slice_iis(f.name, "TLS-Required")) {
			no = slice_iis(slice_trim(f.value), "No");
			n++;
		}
	return n == 1 && no;
}

static bool
read_header(const struct smtp_job *job)
{
	struct buf head = { .max = HEADER_MAX + SMTP_BODY_PIECE };
	const bool said = smtp_head_read(job->text, &head, NULL) == 0 &&
			  !head.failed && smtp_waiver_said(buf_slice(&head));

	buf_fini(&head);
	return said;
}

bool
smtp_waiver(struct smtp_job *job)
{
	if (!smtp_conf->tls_required_header || job->env.requiretls)
		return false;
	if (job->content->waiver == 0)
		job->content->waiver = read_header(job) ? 1 : -1;
	return job->content->waiver == 1;
}

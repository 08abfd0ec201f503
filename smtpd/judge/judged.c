/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/judged.h"

#include "base/mem.h"
#include "sys/fd.h"

struct smtpd_judged *
smtpd_judged_new(void)
{
	struct smtpd_judged *j = xcalloc(1, sizeof *j);

	j->view.file = -1;
	return j;
}

void
smtpd_judged_free(struct smtpd_judged **j)
{
	smtpd_judged_close(*j);
	smtpd_verdict_fini(&(*j)->verdict);
	xfree(j);
}

void
smtpd_judged_close(struct smtpd_judged *j)
{
	fd_close(&j->view.file);
}

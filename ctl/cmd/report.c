/* SPDX-License-Identifier: ISC */
/* pabal report dmarc, report tls: what this host tells others, now and not at
 * its time. */
#include <stdio.h>

#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ipc/reporter.h"

enum { PATIENCE_MS = 600000 };

static int
ask(struct ctl *ctl, struct msg *m, struct err *err)
{
	struct dial d;
	int rc;

	if (dial_open(&d, &ctl->inst, ROLE_REPORTER, err) == -1)
		return -1;
	rc = dial_send(&d, m, err);
	if (rc == 0)
		rc = dial_recv(&d, m, PATIENCE_MS, err);
	if (rc == 0 && m->type != MSG_report_sent)
		rc = err_set(err, ERR_TEMP, "reporter said something else");
	if (rc == 0 && !m->report_sent.ok)
		rc = err_set(err, ERR_TEMP, "%.*s",
		    SLICE_FMT(slice_sub(m->report_sent.why, 0, 200)));
	dial_close(&d);
	return rc;
}

static int
run(struct ctl *ctl, int argc, char **argv, enum report_kind kind)
{
	static const struct ctl_opt opts[] = { { NULL, NULL, NULL } };
	struct msg m = { .type = MSG_report_send,
		.report_send = { .kind = kind } };
	struct err err = { 0 };

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (ask(ctl, &m, &err) == -1)
		return ctl_fail_err(&err);
	if (ctl->json)
		printf("{\"sent\":%u,\"left\":%u}\n", m.report_sent.reports,
		    m.report_sent.left);
	else
		printf("%u sent, %u left for later\n", m.report_sent.reports,
		    m.report_sent.left);
	return CTL_OK;
}

int
cmd_report_dmarc_send(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, REPORT_OF_DMARC);
}

int
cmd_report_tls_send(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, REPORT_OF_TLS);
}

/* SPDX-License-Identifier: ISC */
/* reporter: tells other hosts what became of mail in their name (DMARC
 * aggregate reports), and of TLS with their hosts (TLS reports).  It has what
 * policy says of messages and smtp of sessions, as numbers, no message and no
 * network; what it sends goes through the queue, or is posted by sts. */
#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/slice.h"
#include "ipc/ipc.h"
#include "ipc/role.h"
#include "proc/service.h"
#include "proto/address.h"
#include "reporter/conf.h"
#include "reporter/counter.h"
#include "reporter/report.h"
#include "reporter/schedule.h"
#include "reporter/table.h"
#include "sys/workdir.h"

static int
prepare(struct err *err)
{
	(void)err;
	table_prepare();
	return 0;
}

/* Empty, or an address without angle brackets. */
static bool
is_contact(const char *text)
{
	struct buf address = { .max = ADDRESS_MAX };
	const bool ok =
	    text[0] == '\0' ||
	    (text[0] != '<' && address_parse(slice_str(text), 0, &address));

	buf_fini(&address);
	return ok;
}

/* An instance that was made before there were reports has no directory. */
static int
check(struct err *err)
{
	const struct shared_conf *shared = &reporter_conf->shared;
	const int dir = service_dir(DIR_STATE);
	char path[512];

	if (!is_contact(reporter_conf->report_contact))
		return err_set(err, ERR_PERM,
		    "report_contact: expected an address such as "
		    "dmarc-reports@example.org, not \"%s\"",
		    reporter_conf->report_contact);
	if (!shared->dmarc_reports && !shared->tls_reports)
		return 0;
	snprintf(path, sizeof path, "%s/reporter", shared->state_directory);
	if (dir == -1)
		return err_set(err, ERR_PERM,
		    "%s is not there: install -d -m 700 -o pabal-report "
		    "-g pabal-report %s",
		    path, path);
	return workdir_try(dir, path, err);
}

static int
start(struct err *err)
{
	if (check(err) == -1)
		return -1;
	table_init(service_dir(DIR_STATE));
	counter_init();
	schedule_init();
	return 0;
}

static void
stop(void)
{
	schedule_stop();
	counter_flush();
}

static void
end(void)
{
	counter_flush();
	report_abandon();
	table_end();
}

static const struct ipc_table table = {
	.on = {
		[MSG_report_dmarc] = counter_on_dmarc,
		[MSG_report_tls] = counter_on_tls,
		[MSG_report_send] = schedule_on_send,
	},
	.on_gone = schedule_on_gone,
};

static const struct service reporter = {
	.name = "reporter",
	.role = ROLE_REPORTER,
	.conf = &reporter_conf_desc,
	.conf_slot = (const void **)&reporter_conf,
	.user = "pabal-report",
	.reach = REACH(ROLE_LOOKUP) | REACH(ROLE_QMGR) | REACH(ROLE_STS),
	.dirs = 1 << DIR_STATE,
	.may = MAY_READ | MAY_WRITE,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.check = check,
	.reload = check,
	.stop = stop,
	.busy = report_busy,
	.end = end,
};

int
main(int argc, char **argv)
{
	return service_main(&reporter, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/* qmgr: the only owner of the spool.  It stores, schedules, retries, expires
 * and reports; it speaks no protocol and reads no more of a message than a
 * report gives back. */
#include "proc/service.h"
#include "qmgr/admin.h"
#include "qmgr/conf.h"
#include "qmgr/dispatch.h"
#include "qmgr/intake.h"
#include "qmgr/life.h"

static int
prepare(struct err *err)
{
	return service_dir(DIR_SPOOL) == -1
		   ? err_set(err, ERR_PERM, "no spool directory")
		   : 0;
}

static int
start(struct err *err)
{
	return life_start(service_dir(DIR_SPOOL), err);
}

static const struct ipc_table table = {
	.on = {
		[MSG_queue_part] = intake_on_part,
		[MSG_queue_open] = intake_on_open,
		[MSG_queue_commit] = intake_on_commit,
		[MSG_queue_abort] = intake_on_abort,
		[MSG_queue_list] = admin_on_list,
		[MSG_queue_count] = admin_on_count,
		[MSG_queue_act] = admin_on_act,
		[MSG_queue_show] = admin_on_show,
		[MSG_job_result] = dispatch_on_result,
	},
	.on_gone = intake_forget,
};

static const struct service qmgr = {
	.name = "qmgr",
	.role = ROLE_QMGR,
	.conf = &qmgr_conf_desc,
	.conf_slot = (const void **)&qmgr_conf,
	.user = "pabal-queue",
	.reach = REACH(ROLE_LOOKUP) | REACH(ROLE_LOCAL) | REACH(ROLE_SMTP) |
		 REACH(ROLE_PIPE),
	.dirs = 1 << DIR_SPOOL,
	.may = MAY_READ | MAY_WRITE | MAY_SYNC,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.reload = life_reload,
	.stop = life_stop,
};

int
main(int argc, char **argv)
{
	return service_main(&qmgr, argc, argv);
}

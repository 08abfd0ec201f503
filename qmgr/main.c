/* SPDX-License-Identifier: ISC */
/* qmgr: the only owner of the spool.  It stores, schedules, retries, expires
 * and reports; it speaks no protocol and reads no more of a message than a
 * report gives back. */
#include "base/buf.h"
#include "proc/service.h"
#include "proto/address.h"
#include "qmgr/admin/admin.h"
#include "qmgr/admin/badadmin.h"
#include "qmgr/conf.h"
#include "qmgr/queue/spool.h"
#include "qmgr/report/loginnotice.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/eventletter.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/letter.h"
#include "qmgr/run/life.h"
#include "qmgr/run/resolve.h"

/* The kernel's boot id is read while /proc can be; the index of the queue is
 * opened later, beneath the spool. */
static int
prepare(struct err *err)
{
	if (service_dir(DIR_SPOOL) == -1)
		return err_set(err, ERR_PERM, "no spool directory");
	life_prepare();
	return 0;
}

static int
try_notice_to(struct err *err)
{
	struct buf out = { .max = ADDRESS_MAX };
	const struct slice to = slice_str(qmgr_conf->hold_notice_to);
	const bool ok =
	    to.n == 0 || address_parse(to, ADDRESS_POSTMASTER, &out);

	buf_fini(&out);
	return ok ? 0
		  : err_set(err, ERR_PERM,
			"hold_notice_to: expected an address, not \"%s\"",
			qmgr_conf->hold_notice_to);
}

static int
check(struct err *err)
{
	if (try_notice_to(err) == -1)
		return -1;
	return spool_try(
	    service_dir(DIR_SPOOL), qmgr_conf->shared.spool_directory, err);
}

/* The check says in which directory something is wrong. */
static int
start(struct err *err)
{
	if (check(err) == -1)
		return -1;
	return life_start(service_dir(DIR_SPOOL), err);
}

static void
on_gone(struct ipc *peer)
{
	intake_forget(peer);
	admin_forget(peer);
	letter_forget(peer);
	eventletter_forget(peer);
	resolve_forget(peer);
	loginnotice_forget(peer);
}

static const struct ipc_table table = {
	.on = {
		[MSG_queue_part] = intake_on_part,
		[MSG_queue_open] = intake_on_open,
		[MSG_queue_file] = intake_on_file,
		[MSG_queue_read] = intake_on_read,
		[MSG_queue_commit] = intake_on_commit,
		[MSG_queue_abort] = intake_on_abort,
		[MSG_queue_list] = admin_on_list,
		[MSG_queue_top] = admin_on_top,
		[MSG_queue_count] = admin_on_count,
		[MSG_queue_act] = admin_on_act,
		[MSG_queue_show] = admin_on_show,
		[MSG_queue_site] = admin_on_site,
		[MSG_queue_bad] = badadmin_on_bad,
		[MSG_queue_notice] = loginnotice_on_notice,
		[MSG_job_result] = dispatch_on_result,
		[MSG_job_letter_part] = letter_on_part,
		[MSG_job_letter] = letter_on_letter,
		[MSG_letter_begin] = eventletter_on_begin,
		[MSG_letter_bytes] = eventletter_on_bytes,
		[MSG_report_part] = letter_on_report_part,
		[MSG_report_letter] = letter_on_report,
		[MSG_lookup_changed] = resolve_on_changed,
	},
	.on_gone = on_gone,
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
	.check = check,
	.reload = life_reload,
	.stop = life_stop,
	.busy = life_busy,
	.end = life_end,
};

int
main(int argc, char **argv)
{
	return service_main(&qmgr, argc, argv);
}

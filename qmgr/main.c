/* SPDX-License-Identifier: ISC */
/* qmgr: the only owner of the spool.  It stores, schedules, retries, expires
 * and reports; it speaks no protocol and reads no more of a message than a
 * report gives back. */
#include "ev/loop.h"
#include "log/log.h"
#include "proc/service.h"
#include "qmgr/admin.h"
#include "qmgr/conf.h"
#include "qmgr/deliver.h"
#include "qmgr/dest.h"
#include "qmgr/entry.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/newfile.h"
#include "qmgr/resolve.h"
#include "qmgr/round.h"
#include "qmgr/spool.h"
#include "sys/clock.h"

enum { STOP_CHECK_MS = 20 };

static struct ev_task scan;
static struct ev_timer stop_check;
static uint64_t found;

/* A file that was accepted by an earlier process.  Its time stands in it, so
 * it is read now; a broken one is set aside and stops nothing. */
static void
on_found(const char *id, enum spool_place place)
{
	struct entry *e = entry_add(id, place, 0);
	struct err err = { 0 };
	struct message *m;

	if (e == NULL) /* came in since, or stands in both places */
		return;
	m = message_load(e, &err);
	if (m == NULL) {
		if (err.class == ERR_PERM)
			spool_set_aside(id, place, err.text);
		else
			log_err("spool.trouble", kv_s("qid", id),
			    kv_s("why", err.text));
		entry_free(&e);
		return;
	}
	entry_reorder(e);
	if (m->held)
		entry_hold(e);
	else
		entry_wait(e, m->next_ms);
	message_free(&m);
	found++;
}

static void
on_scan(struct ev_task *task)
{
	if (spool_scan(on_found))
		ev_task_queue(task);
	else
		log_info("queue.scanned", kv_u("messages", found));
	round_pump();
}

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
	entry_init();
	intake_init();
	dest_init();
	deliver_init();
	resolve_init();
	round_init();
	if (spool_init(service_dir(DIR_SPOOL), err) == -1)
		return -1;
	spool_start((enum sync_method)qmgr_conf->sync_method);
	ev_task_init(&scan, on_scan);
	ev_task_queue(&scan);
	return 0;
}

/* Commits end in an answer; deliveries under way may end too, and what does
 * not is taken up again at the next start. */
static void
on_stop_check(struct ev_timer *t)
{
	if (newfile_count() > 0 || deliver_count() > 0) {
		ev_timer_set(t, STOP_CHECK_MS);
		return;
	}
	spool_stop();
	ev_stop();
}

static void
stop(void)
{
	intake_stop();
	dest_stop();
	round_stop();
	ev_timer_init(&stop_check, on_stop_check);
	ev_timer_set(&stop_check, 0);
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
		[MSG_job_result] = deliver_on_result,
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
	.reload = round_pump,
	.stop = stop,
};

int
main(int argc, char **argv)
{
	return service_main(&qmgr, argc, argv);
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/life.h"

#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/dest.h"
#include "qmgr/dispatch.h"
#include "qmgr/entry.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/newfile.h"
#include "qmgr/resolve.h"
#include "qmgr/round.h"
#include "qmgr/spool.h"

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

int
life_start(int spool_dir, struct err *err)
{
	entry_init();
	intake_init();
	dest_init();
	dispatch_init();
	resolve_init();
	round_init();
	if (spool_init(spool_dir, err) == -1)
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
	if (newfile_count() > 0 || dispatch_count() > 0) {
		ev_timer_set(t, STOP_CHECK_MS);
		return;
	}
	spool_stop();
	ev_stop();
}

void
life_stop(void)
{
	intake_stop();
	dest_stop();
	round_stop();
	ev_timer_init(&stop_check, on_stop_check);
	ev_timer_set(&stop_check, 0);
}

void
life_reload(void)
{
	round_pump();
}

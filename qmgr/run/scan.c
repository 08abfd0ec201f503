/* SPDX-License-Identifier: ISC */
/*
 * What the index knows is not read: its name is enough.  A file that it does
 * not know is, because there was no index, because the process ended before it
 * was told, or because somebody put it there.
 */
#include "qmgr/run/scan.h"

#include <errno.h>
#include <fcntl.h>

#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/queue/compare.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool_names.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "qmgr/report/notice.h"
#include "qmgr/run/pump.h"

static struct {
	struct ev_task task;
	uint64_t messages; /* in the spool */
	uint64_t read;     /* of them from their files */
	bool named;        /* all names have been seen */
	bool over;
	char after[ENVELOPE_ID_BYTES];
} scan;

/* The file of E was not understood, or cannot be read: what a bad disk does not
 * give now, it may give later; a message that left since the directory was read
 * is no message. */
static void
on_not_loaded(struct entry *e, const struct err *err)
{
	const bool gone = errno == ENOENT;

	if (err->class == ERR_TEMP && !gone) {
		pump_unreadable(e, err->text);
		scan.messages++;
		return;
	}
	if (!gone)
		spool_set_aside(e->id, (enum spool_place)e->place, err->text);
	waiting_drop(&e);
}

/* A file that was accepted by an earlier process, without a record.  Its time
 * stands in it, so it is read now; a broken one is set aside and stops
 * nothing. */
static void
read_file(struct entry *e)
{
	struct err err = { 0 };
	struct message *m;

	errno = 0;
	m = message_load(e, &err);
	if (m == NULL) {
		on_not_loaded(e, &err);
		return;
	}
	if (m->held)
		entry_hold(e);
	else
		entry_wait(e, m->next_ms);
	waiting_put(m, false);
	message_free(&m);
	scan.messages++;
	scan.read++;
}

static void
on_found(const char *id, enum spool_place place)
{
	struct entry *e;

	/* New, not on disk yet: it becomes an entry when it is. */
	if (newfile_committing(id))
		return;
	switch (compare_name(id, place, &e)) {
	case COMPARE_KNOWN: /* or has come in since */
		scan.messages += e == NULL || e->indexed;
		return;
	case COMPARE_DOUBTFUL:
		break;
	case COMPARE_UNKNOWN:
		/* in memory alone, where there is no index */
		e = e == NULL ? entry_add(id, place, 0) : NULL;
		break;
	}
	if (e != NULL)
		read_file(e);
}

static void
begin(void)
{
	scan.messages = scan.read = 0;
	scan.named = scan.over = false;
	scan.after[0] = '\0';
	ev_task_queue(&scan.task);
}

/* Records of which no name was seen are looked for, in steps. */
static bool
step(void)
{
	if (!scan.named) {
		scan.named = !spool_scan(on_found);
		if (scan.named)
			waiting_seen_all();
		return true;
	}
	return compare_records(scan.after);
}

static void
on_scan(struct ev_task *task)
{
	if (step())
		ev_task_queue(task);
	else {
		scan.over = true;
		log_info("queue.scanned", kv_u("messages", scan.messages),
		    kv_u("read", scan.read));
		notice_start();
	}
	pump_now();
}

void
scan_start(void)
{
	ev_task_init(&scan.task, on_scan);
	begin();
}

void
scan_again(void)
{
	spool_scan_again();
	begin();
}

bool
scan_is_over(void)
{
	return scan.over;
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/run/scan.h"

#include <errno.h>
#include <fcntl.h>

#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/report/notice.h"
#include "qmgr/run/round.h"
#include "sys/fd.h"

static struct ev_task scan;
static uint64_t found;

/* The file of E was not understood, or cannot be read: what a bad disk does not
 * give now, it may give later; a message that left since the directory was read
 * is no message. */
static void
on_not_loaded(struct entry *e, const struct err *err)
{
	const bool gone = errno == ENOENT;

	if (err->class == ERR_TEMP && !gone) {
		round_unreadable(e, err->text);
		found++;
		return;
	}
	if (err->class == ERR_PERM)
		spool_set_aside(e->id, (enum spool_place)e->place, err->text);
	entry_free(&e);
}

/* A file of the message E, which came in since or stands in both places: as one
 * file, when a crash came between a link and an unlink, or as two, which nobody
 * but a hand makes. */
static void
on_known(struct entry *e, enum spool_place place)
{
	int fd;

	if (spool_drop_twin(e->id)) {
		e->place = SPOOL_CUR;
		return;
	}
	fd = e->place != (uint8_t)place
		 ? spool_open(e->id, place, O_RDONLY, NULL)
		 : -1;
	if (fd != -1)
		spool_set_aside(
		    e->id, place, "a second file of the same message");
	fd_close(&fd);
}

/* A file that was accepted by an earlier process.  Its time stands in it, so
 * it is read now; a broken one is set aside and stops nothing. */
static void
on_found(const char *id, enum spool_place place)
{
	struct entry *e;
	struct err err = { 0 };
	struct message *m;

	/* New, not on disk yet: it becomes an entry when it is. */
	if (newfile_committing(id))
		return;
	e = entry_add(id, place, 0);
	if (e == NULL) {
		on_known(entry_find(slice_str(id)), place);
		return;
	}
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
	message_free(&m);
	found++;
}

static void
on_scan(struct ev_task *task)
{
	if (spool_scan(on_found))
		ev_task_queue(task);
	else {
		log_info("queue.scanned", kv_u("messages", found));
		notice_start();
	}
	round_pump();
}

void
scan_start(void)
{
	ev_task_init(&scan, on_scan);
	ev_task_queue(&scan);
}

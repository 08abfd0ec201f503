/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/repair.h"

#include <unistd.h>

#include "log/log.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/tail.h"
#include "sys/fd.h"

/* N bytes from the start of FROM to TO, which is empty. */
static int
copy(int from, int to, int64_t n, struct err *err)
{
	char piece[65536];

	for (int64_t at = 0; at < n;) {
		const size_t len = n - at < (int64_t)sizeof piece
				       ? (size_t)(n - at)
				       : sizeof piece;

		if (fd_pread_all(from, piece, len, at, err) == -1 ||
		    fd_write_all(to, slice_of(piece, len), err) == -1)
			return -1;
		at += (int64_t)len;
	}
	return 0;
}

static int
write_anew(const struct message *m, int fd, struct err *err)
{
	const struct entry *e = m->entry;
	struct buf lines = { .max = TAIL_MAX_BYTES };
	int to = spool_create(e->id, err);
	int rc = -1;

	if (to == -1)
		return -1;
	note_all(&lines, m);
	if (lines.failed)
		err_set(err, ERR_TEMP, "too many result lines");
	else if (copy(fd, to, (int64_t)m->head_bytes + m->env.size, err) == 0 &&
		 fd_write_all(to, buf_slice(&lines), err) == 0 &&
		 fd_sync(to, err) == 0)
		rc = spool_replace(e->id, (enum spool_place)e->place, err);
	if (rc == -1)
		spool_discard(e->id);
	fd_close(&to);
	buf_fini(&lines);
	return rc;
}

void
repair(struct message *m, int fd, const struct flaws *flaws)
{
	const int64_t end = (int64_t)m->head_bytes + m->env.size;
	struct err err = { 0 };
	int rc;

	if (flaws->joined + flaws->lost > 0) {
		rc = write_anew(m, fd, &err);
		if (rc == 0)
			entry_written(m->entry);
	} else if (flaws->torn)
		rc = tail_cut(m->entry, end + (int64_t)flaws->good_bytes, &err);
	else
		return;
	log_warn("spool.repaired", kv_s("qid", m->entry->id),
	    kv_u("truncated", flaws->torn || flaws->joined > 0),
	    kv_u("lost", flaws->lost));
	if (rc == -1)
		log_err("spool.failed", kv_s("qid", m->entry->id),
		    kv_s("why", err.text));
}

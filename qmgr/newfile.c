/* SPDX-License-Identifier: ISC */
#include "qmgr/newfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/entry.h"
#include "qmgr/message.h"
#include "qmgr/round.h"
#include "qmgr/spool.h"
#include "sys/clock.h"
#include "sys/fd.h"

static size_t committing;

static int
head_of(const struct newfile *nf, struct buf *head, struct err *err)
{
	buf_init(head, ENVELOPE_MAX_BYTES);
	envelope_format(&nf->env, head);
	if (head->failed)
		return err_set(err, ERR_PERM, "envelope too large");
	return 0;
}

int
newfile_open(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err)
{
	struct buf head;
	int rc = -1;

	*nf = (struct newfile){ .fd = -1, .arena = *arena, .env = *env };
	arena_init(arena);
	spool_new_id(nf->id);
	nf->env.id = slice_str(nf->id);
	nf->env.arrived_us = clock_wall_us();
	if (head_of(nf, &head, err) == -1)
		goto out;
	nf->head_bytes = head.n;
	nf->fd = spool_create(nf->id, err);
	if (nf->fd == -1)
		goto out;
	if (lseek(nf->fd, (off_t)nf->head_bytes, SEEK_SET) == -1) {
		err_sys(err, ERR_TEMP, "seek");
		goto out;
	}
	rc = 0;
out:
	buf_fini(&head);
	return rc;
}

/* The message is safe: schedule it, or leave it on disk when memory is full. */
static void
schedule(struct newfile *nf)
{
	struct entry *e = entry_add(nf->id, SPOOL_NEW, nf->env.arrived_us);

	must(e != NULL);
	if (round_count() >= qmgr_conf->active_limit) {
		entry_wait(e, 0);
		return;
	}
	nf->env.id = arena_slice(&nf->arena, nf->env.id);
	round_start(message_new(e, &nf->arena, &nf->env, nf->head_bytes));
}

static void
on_synced(struct durable_req *req, int error)
{
	struct newfile *nf = OUTER(req, struct newfile, sync);

	committing--;
	nf->committing = false;
	if (error != 0) {
		log_err("spool.sync-failed", kv_s("qid", nf->id),
		    kv_s("why", strerrordesc_np(error)));
		spool_remove(nf->id, SPOOL_NEW);
	} else
		schedule(nf);
	fd_close(&nf->fd);
	nf->done(nf, error);
}

static int
write_head(struct newfile *nf, struct err *err)
{
	struct buf head;
	struct stat st;
	int rc = -1;

	if (fstat(nf->fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat");
	/* An empty message leaves the file without a byte yet. */
	const int64_t body =
	    st.st_size == 0 ? 0 : st.st_size - (int64_t)nf->head_bytes;
	if (body != nf->env.size)
		return err_set(err, ERR_PERM,
		    "the file has %lld bytes where %lld were announced",
		    (long long)body, (long long)nf->env.size);
	if (head_of(nf, &head, err) == 0) {
		must(head.n == nf->head_bytes);
		rc = fd_pwrite_all(nf->fd, buf_slice(&head), 0, err);
	}
	buf_fini(&head);
	return rc;
}

int
newfile_commit(struct newfile *nf, int64_t size, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error), struct err *err)
{
	if (size < 0)
		return err_set(err, ERR_PERM, "negative size");
	nf->env.size = size;
	nf->env.crc32c = crc32c;
	nf->done = done;
	if (write_head(nf, err) == -1 || spool_publish(nf->id, err) == -1)
		return -1;
	nf->committing = true;
	committing++;
	nf->sync.done = on_synced;
	spool_sync(&nf->sync, nf->id, nf->fd);
	return 0;
}

void
newfile_fini(struct newfile *nf)
{
	must(!nf->committing);
	/* Still open: its name, if any, is in tmp. */
	if (nf->fd != -1)
		spool_discard(nf->id);
	fd_close(&nf->fd);
	arena_fini(&nf->arena);
}

size_t
newfile_count(void)
{
	return committing;
}

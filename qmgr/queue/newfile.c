/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/newfile.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/recycle.h"
#include "qmgr/queue/spool.h"
#include "queue/envelope_text.h"
#include "sys/clock.h"
#include "sys/fd.h"

static struct map committing; /* by id; all zero is empty */
static void (*on_accepted)(struct newfile *nf);

/* What is kept to be used again is only in the way on a full disk. */
static void
give_room(enum err_code code)
{
	if (code == ERR_NO_SPACE)
		recycle_drop();
}

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
newfile_reserve(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err)
{
	struct buf head;
	int rc;

	*nf = (struct newfile){ .fd = -1, .arena = *arena, .env = *env };
	arena_init(arena);
	spool_new_id(nf->id);
	nf->env.id = slice_str(nf->id);
	nf->env.arrived_us = clock_wall_us();
	rc = head_of(nf, &head, err);
	nf->head_bytes = head.n;
	buf_fini(&head);
	return rc;
}

int
newfile_make(struct newfile *nf, struct err *err)
{
	must(nf->fd == -1);
	nf->fd = spool_create(nf->id, err);
	if (nf->fd != -1)
		return 0;
	give_room(err->code);
	return -1;
}

int
newfile_open(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err)
{
	if (newfile_reserve(nf, arena, env, err) == -1)
		return -1;
	return newfile_make(nf, err);
}

/* FD stands where the message begins. */
static int
at_message(const struct newfile *nf, int fd, struct err *err)
{
	if (fd != -1 && lseek(fd, (off_t)nf->head_bytes, SEEK_SET) == -1) {
		err_sys(err, ERR_TEMP, "seek");
		fd_close(&fd);
	}
	return fd;
}

int
newfile_writer(struct newfile *nf, struct err *err)
{
	nf->lent = true;
	return at_message(nf, spool_open_writer(nf->id, err), err);
}

int
newfile_reader(struct newfile *nf, struct err *err)
{
	return at_message(nf, spool_open_reader(nf->id, err), err);
}

static void
on_synced(struct durable_req *req, int error)
{
	struct newfile *nf = OUTER(req, struct newfile, sync);

	map_del(&committing, slice_str(nf->id));
	nf->committing = false;
	if (error != 0) {
		log_err("spool.sync-failed", kv_s("qid", nf->id),
		    kv_s("why", strerrordesc_np(error)));
		give_room(err_code_of(error));
		/* Not kept for another: what of it the kernel has dropped, a
		 * second sync would not tell. */
		spool_withdraw(nf->id);
	} else if (nf->direct == NULL)
		on_accepted(nf);
	fd_close(&nf->fd);
	nf->done(nf, error);
}

/* The head, and behind it the message, where that is BODY, and LINES. */
static int
write_front(
    struct newfile *nf, struct slice body, struct slice lines, struct err *err)
{
	struct buf out;
	int rc = -1;

	if (head_of(nf, &out, err) == 0) {
		must(out.n == nf->head_bytes);
		out.max += body.n + lines.n;
		buf_add(&out, body);
		buf_add(&out, lines);
		rc = fd_pwrite_all(nf->fd, buf_slice(&out), 0, err);
	}
	buf_fini(&out);
	return rc;
}

static int
write_head(struct newfile *nf, struct err *err)
{
	struct stat st;

	if (fstat(nf->fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat");
	/* An empty message leaves the file without a byte yet. */
	const int64_t body =
	    st.st_size == 0 ? 0 : st.st_size - (int64_t)nf->head_bytes;
	if (body != nf->env.size)
		return err_set(err, ERR_PERM,
		    "the file has %lld bytes where %lld were announced",
		    (long long)body, (long long)nf->env.size);
	return write_front(nf, SLICE(""), SLICE(""), err);
}

static int
write_lines(struct newfile *nf, struct slice lines, struct err *err)
{
	return fd_pwrite_all(
	    nf->fd, lines, (int64_t)nf->head_bytes + nf->env.size, err);
}

/* Its bytes are there: give it its name and make it durable. */
static int
publish(struct newfile *nf, struct err *err)
{
	if (spool_publish(nf->id, err) == -1)
		return -1;
	nf->committing = true;
	map_put(&committing, slice_str(nf->id), nf);
	nf->sync.done = on_synced;
	spool_sync(&nf->sync, nf->id, nf->fd);
	return 0;
}

int
newfile_whole(
    struct newfile *nf, int64_t size, uint32_t crc32c, struct err *err)
{
	if (size < 0)
		return err_set(err, ERR_PERM, "negative size");
	nf->env.size = size;
	nf->env.crc32c = crc32c;
	/* From here on nothing stands in the file but what qmgr wrote there. */
	if (!spool_is_ours(nf->fd))
		return err_set(
		    err, ERR_TEMP, "the file is still open elsewhere");
	if (write_head(nf, err) == 0)
		return 0;
	give_room(err->code);
	return -1;
}

void
newfile_judge(struct newfile *nf, struct slice front, bool junk, bool hold,
    struct slice why)
{
	struct buf lines = { .max = NOTE_FRONT_MAX };

	nf->front = arena_slice(&nf->arena, front);
	nf->junk = junk;
	nf->hold = hold;
	nf->why = arena_slice(&nf->arena, why);
	if (front.n > 0 || junk)
		note_front(&lines, front, junk);
	if (hold)
		note_held(&lines, clock_wall_us() / 1000, why);
	nf->lines = arena_slice(&nf->arena, buf_slice(&lines));
	buf_fini(&lines);
}

int
newfile_commit(struct newfile *nf, void (*done)(struct newfile *nf, int error),
    struct err *err)
{
	nf->done = done;
	if (write_lines(nf, nf->lines, err) == 0 && publish(nf, err) == 0)
		return 0;
	give_room(err->code);
	return -1;
}

int
newfile_commit_body(struct newfile *nf, struct slice body, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error), struct err *err)
{
	nf->env.size = (int64_t)body.n;
	nf->env.crc32c = crc32c;
	nf->done = done;
	return newfile_save(nf, body, nf->lines, err);
}

int
newfile_save(
    struct newfile *nf, struct slice body, struct slice lines, struct err *err)
{
	const bool made = nf->fd != -1;

	if (!made && newfile_make(nf, err) == -1)
		return -1;
	if ((made ? write_lines(nf, lines, err)
		  : write_front(nf, body, lines, err)) == 0 &&
	    publish(nf, err) == 0)
		return 0;
	give_room(err->code);
	return -1;
}

void
newfile_hold(struct newfile *nf, struct direct *direct, int64_t size,
    uint32_t crc32c, void (*done)(struct newfile *nf, int error))
{
	nf->direct = direct;
	nf->env.size = size;
	nf->env.crc32c = crc32c;
	nf->done = done;
	nf->committing = true;
}

void
newfile_unhold(struct newfile *nf)
{
	nf->committing = false;
}

void
newfile_fini(struct newfile *nf)
{
	must(!nf->committing);
	/* Still open: its name, if any, is in tmp. */
	if (nf->fd != -1)
		spool_discard(nf->id);
	fd_close(&nf->fd);
	kept_drop(&nf->kept);
	arena_fini(&nf->arena);
}

void
newfile_init(void (*accepted)(struct newfile *nf))
{
	map_init(&committing);
	on_accepted = accepted;
}

size_t
newfile_count(void)
{
	return committing.count;
}

bool
newfile_committing(const char *id)
{
	return map_find(&committing, slice_str(id)) != NULL;
}

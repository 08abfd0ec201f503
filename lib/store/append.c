/* SPDX-License-Identifier: ISC */
/*
 * A message on its way in:
 *
 *   1. written in tmp/ under its base name;
 *   2. in one transaction with all others of its account in the batch: given a
 *      UID, renamed into cur/ or new/ under its full name, and recorded;
 *   3. file and directory synced, together with other batches;
 *   4. done(): it may be acknowledged.
 *
 * After 2 other sessions see it.  If the sync fails it is taken out again; if
 * the power goes before the sync, it may be there torn, which S= in its name
 * tells (adopt.c).
 */
#include "store/append.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "store/filename.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/message.h"
#include "store/tx.h"
#include "sys/clock.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { BUFFER = 64 << 10, CHUNK = 64 << 10, CACHE_LIMIT = 16 << 20 };

struct append {
	struct durable_req req; /* first: given back by the pool */
	struct append_batch *batch;
	struct mailbox *m;
	TAILQ_ENTRY(append) link;
	struct append_info info;
	struct buf out;   /* not yet in the file */
	struct buf cache; /* see append_set_cache */
	struct ix_msg msg;
	struct ix_hot hot;
	char tmp[IX_FILE_NAME];
	int fd;
	char last;     /* of what went into the file */
	bool cr;       /* a CR that may belong to a CRLF */
	bool finished; /* ready for commit */
	bool placed;
	int rc;
	struct err err;
	uint32_t uid;
	uint32_t uidvalidity;
};

/* A directory that the batch changed. */
struct target {
	struct mailbox *m;
	bool fresh;
	int fd;
};

struct append_batch {
	struct store *store;
	bool atomic;
	bool committed;
	TAILQ_HEAD(, append) appends;
	struct target *targets;
	size_t ntargets;
	size_t waiting; /* for the disk */
	void (*done)(struct append_batch *b, void *arg);
	void *arg;
};

struct append_batch *
append_batch_new(struct store *store, bool atomic)
{
	struct append_batch *b = xcalloc(1, sizeof *b);

	b->store = store;
	b->atomic = atomic;
	TAILQ_INIT(&b->appends);
	return b;
}

static void
append_free(struct append *a)
{
	if (a->tmp[0] != '\0' && !a->placed && mailbox_enter(a->m, NULL) == 0)
		(void)unlinkat(a->m->dirs.tmpfd, a->tmp, 0);
	fd_close(&a->fd);
	buf_fini(&a->out);
	buf_fini(&a->cache);
	TAILQ_REMOVE(&a->batch->appends, a, link);
	free(a);
}

void
append_batch_free(struct append_batch **bp)
{
	struct append_batch *b = *bp;
	struct append *a;

	if (b == NULL)
		return;
	must(b->waiting == 0);
	while ((a = TAILQ_FIRST(&b->appends)) != NULL)
		append_free(a);
	for (size_t i = 0; i < b->ntargets; i++)
		close(b->targets[i].fd);
	xfree(&b->targets);
	xfree(bp);
}

void
append_drop(struct append *a)
{
	must(!a->batch->committed);
	append_free(a);
}

struct append *
append_begin(struct append_batch *b, struct mailbox *m, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct append *a;
	struct buf name;

	if (mailbox_enter(m, err) == -1)
		return NULL;
	a = xcalloc(1, sizeof *a);
	a->batch = b;
	a->m = m;
	a->rc = err_set(&a->err, ERR_TEMP, "not finished");
	buf_init(&a->out, BUFFER);
	buf_init(&a->cache, CACHE_LIMIT);
	buf_init(&name, sizeof a->tmp - 1);
	filename_unique(&name, b->store->hostname);
	strlcpy(a->tmp, buf_cstr(&name), sizeof a->tmp);
	buf_fini(&name);
	TAILQ_INSERT_TAIL(&b->appends, a, link);
	a->fd = openat(m->dirs.tmpfd, a->tmp, flags, 0600);
	if (a->fd != -1)
		return a;
	err_sys(err, ERR_TEMP, "create a file in tmp");
	a->tmp[0] = '\0';
	append_free(a);
	return NULL;
}

static int
write_out(struct append *a, struct err *err)
{
	const int rc = fd_write_all(a->fd, buf_slice(&a->out), err);

	buf_reset(&a->out);
	return rc;
}

/* Bytes as they stand in the file; a line's LF comes by put_lf. */
static int
put(struct append *a, struct slice s, struct err *err)
{
	if (s.n == 0)
		return 0;
	a->last = s.p[s.n - 1];
	a->msg.size += (int64_t)s.n;
	a->msg.vsize += (int64_t)s.n;
	if (s.n > BUFFER - a->out.n && write_out(a, err) == -1)
		return -1;
	if (s.n > BUFFER)
		return fd_write_all(a->fd, s, err);
	buf_add(&a->out, s);
	return 0;
}

static int
put_lf(struct append *a, struct err *err)
{
	const bool bare = a->last != '\r';

	if (put(a, SLICE("\n"), err) == -1)
		return -1;
	a->msg.vsize += bare;
	return 0;
}

/* The bytes of a line, or of a piece of one, before its LF. */
static int
put_line(struct append *a, struct slice line, bool ends, struct err *err)
{
	const bool cr = line.n > 0 ? line.p[line.n - 1] == '\r' : a->cr;

	/* A CR held back is one of its own unless an LF comes at once. */
	if (a->cr && line.n > 0 && put(a, SLICE("\r"), err) == -1)
		return -1;
	a->cr = cr && !ends;
	if (line.n > 0 && cr)
		line.n--;
	if (put(a, line, err) == -1)
		return -1;
	return ends ? put_lf(a, err) : 0;
}

static int
put_plain(struct append *a, struct slice line, bool ends, struct err *err)
{
	if (put(a, line, err) == -1)
		return -1;
	return ends ? put_lf(a, err) : 0;
}

int
append_write(struct append *a, struct slice bytes, struct err *err)
{
	const bool keep = a->batch->store->crlf;

	while (bytes.n > 0) {
		const size_t at = slice_find(bytes, '\n');
		const struct slice line = slice_sub(bytes, 0, at);
		const bool ends = at < bytes.n;
		const int rc = keep ? put_plain(a, line, ends, err)
				    : put_line(a, line, ends, err);

		if (rc == -1)
			return -1;
		bytes = slice_from(bytes, at + ends);
	}
	return 0;
}

int
append_copy(struct append *a, int fd, int64_t off, int64_t n, uint32_t *crc,
    struct err *err)
{
	char *chunk = xmalloc(CHUNK);
	int rc = 0;

	while (n > 0 && rc == 0) {
		const size_t k = n < CHUNK ? (size_t)n : CHUNK;

		rc = fd_pread_all(fd, chunk, k, off, err);
		if (rc == 0 && crc != NULL)
			*crc = crc32c(*crc, slice_of(chunk, k));
		if (rc == 0)
			rc = append_write(a, slice_of(chunk, k), err);
		off += (int64_t)k;
		n -= (int64_t)k;
	}
	xfree(&chunk);
	return rc;
}

/* INTERNALDATE is the file's time, so that it outlives the index. */
static int
set_date(struct append *a, int64_t date_s, struct err *err)
{
	const struct timespec at = { .tv_sec = date_s };
	const struct timespec times[2] = { at, at };
	struct stat sb;

	if (date_s != 0 && futimens(a->fd, times) == -1)
		return err_sys(err, ERR_TEMP, "set the time of a message");
	if (fstat(a->fd, &sb) == -1)
		return err_sys(err, ERR_TEMP, "fstat of a message");
	a->msg.date_s = sb.st_mtim.tv_sec;
	return 0;
}

int
append_finish(struct append *a, const struct append_info *info, struct err *err)
{
	if (a->cr && put(a, SLICE("\r"), err) == -1)
		return -1;
	a->cr = false;
	if (write_out(a, err) == -1 || set_date(a, info->date_s, err) == -1)
		return -1;
	a->info = *info;
	a->msg.saved_s = clock_wall_s();
	a->finished = true;
	return 0;
}

void
append_set_cache(struct append *a, struct slice bytes, int64_t sent_s)
{
	buf_reset(&a->cache);
	buf_add(&a->cache, bytes);
	/* Too large to keep: it is made again when it is needed. */
	if (a->cache.failed)
		buf_fini(&a->cache);
	a->msg.sent_s = sent_s;
}

int
append_fd(const struct append *a)
{
	return a->fd;
}

int64_t
append_vsize(const struct append *a)
{
	return a->msg.vsize;
}

int
append_result(const struct append *a, uint32_t *uid, uint32_t *uidvalidity,
    struct err *err)
{
	*uid = a->uid;
	*uidvalidity = a->uidvalidity;
	if (a->rc == -1 && err != NULL)
		*err = a->err;
	return a->rc;
}

/* A flag shows in cur/ only. */
static bool
goes_to_new(const struct append *a)
{
	return a->info.fresh && (a->info.flags & MSG_FLAGS) == 0 &&
	       a->info.keywords == 0;
}

static int
dir_of(const struct append *a)
{
	return goes_to_new(a) ? a->m->dirs.newfd : a->m->dirs.curfd;
}

static void
name_it(struct append *a)
{
	struct filename f;
	struct buf name;

	filename_parse(slice_str(a->tmp), &f);
	f.size = a->msg.size;
	f.vsize = a->msg.vsize;
	f.uid = a->uid;
	f.info = !goes_to_new(a);
	f.flags = a->info.flags;
	f.keywords = a->info.keywords;
	a->msg.email_id = f.email_id;
	buf_init(&name, sizeof a->msg.file - 1);
	filename_format(&name, &f);
	strlcpy(a->msg.file, buf_cstr(&name), sizeof a->msg.file);
	buf_fini(&name);
	a->hot = (struct ix_hot){ .bits = f.flags | HOT_SURE,
		.keywords = f.keywords };
	if (goes_to_new(a))
		a->hot.bits |= HOT_NEW;
}

static int
check_quota(const struct tx *tx, const struct append *a, struct err *err)
{
	const struct account *acct = tx->a;
	const uint64_t bytes = tx->meta.bytes + (uint64_t)a->msg.vsize;

	if ((acct->max_bytes > 0 && bytes > acct->max_bytes) ||
	    (acct->max_messages > 0 && tx->meta.messages >= acct->max_messages))
		return err_set(err, ERR_PERM, "[OVERQUOTA] mailbox full");
	return 0;
}

static int
record(struct tx *tx, struct append *a, struct ix_box *b, struct err *err)
{
	char key[IX_KEY];

	if (tx_add(tx, b, a->uid, &a->hot, &a->msg, err) == -1)
		return -1;
	if (a->cache.n > 0 && kv_put(tx->t, ix_key(key, 'C', b->box, a->uid),
				  buf_slice(&a->cache), err) == -1)
		return -1;
	return ix_put_box(tx->t, b, err);
}

static int
place(struct tx *tx, struct append *a, struct err *err)
{
	struct tx_times times;
	struct ix_box b;
	enum found f;

	if (!a->finished)
		return err_set(err, ERR_TEMP, "not finished");
	if (mailbox_enter(a->m, err) == -1)
		return -1;
	f = ix_get_box(tx->t, a->m->box, &b, err);
	if (f == ABSENT)
		err_set(err, ERR_PERM, "[NONEXISTENT] no such mailbox");
	if (f != FOUND || check_quota(tx, a, err) == -1 ||
	    tx_uid(&b, a->m->dirs.fd, &a->uid, err) == -1)
		return -1;
	times = tx_times_begin(&a->m->dirs);
	name_it(a);
	if (renameat(a->m->dirs.tmpfd, a->tmp, dir_of(a), a->msg.file) == -1)
		return err_sys(err, ERR_TEMP, "rename into the mailbox");
	a->placed = true;
	tx_times_end(times, &a->m->dirs, &b);
	a->uidvalidity = b.uidvalidity;
	return record(tx, a, &b, err);
}

static void
fail(struct append *a, const struct err *err)
{
	a->rc = -1;
	a->err = *err;
	if (a->placed)
		(void)unlinkat(dir_of(a), a->msg.file, 0);
}

/* Everything of ACCT in the batch, in one transaction. */
static void
place_account(struct append_batch *b, struct account *acct)
{
	struct err err = { 0 };
	struct append *a;
	size_t room = TX_ROOM;
	struct tx tx;
	bool ok;

	TAILQ_FOREACH(a, &b->appends, link)
	if (a->m->a == acct)
		room += TX_ROOM_MSG + 2 * a->cache.n;
	ok = tx_begin(acct, room, &tx, &err) == 0;
	TAILQ_FOREACH(a, &b->appends, link)
	{
		if (a->m->a != acct)
			continue;
		a->rc = ok ? place(&tx, a, &err) : -1;
		if (a->rc == -1)
			fail(a, &err);
		/* A record that could not be written leaves the transaction
		 * in doubt. */
		if (a->rc == -1 && ok && (b->atomic || a->placed)) {
			tx_abort(&tx);
			ok = false;
		}
	}
	if (ok && tx_commit(&tx, &err) == 0)
		return;
	TAILQ_FOREACH(a, &b->appends, link)
	if (a->m->a == acct && a->rc == 0)
		fail(a, &err);
}

static void
place_all(struct append_batch *b)
{
	struct append *a, *seen;

	TAILQ_FOREACH(a, &b->appends, link)
	{
		TAILQ_FOREACH(seen, &b->appends, link)
		if (seen->m->a == a->m->a)
			break;
		if (seen == a)
			place_account(b, a->m->a);
	}
}

/* The directory of A to sync, if it is the first of the batch there. */
static int
target_of(struct append_batch *b, const struct append *a)
{
	const bool fresh = goes_to_new(a);
	struct target *t;

	for (size_t i = 0; i < b->ntargets; i++)
		if (b->targets[i].m == a->m && b->targets[i].fresh == fresh)
			return -1;
	b->targets =
	    xreallocarray(b->targets, b->ntargets + 1, sizeof *b->targets);
	t = &b->targets[b->ntargets++];
	*t = (struct target){ a->m, fresh, -1 };
	if (mailbox_enter(a->m, NULL) == 0)
		t->fd = fcntl(dir_of(a), F_DUPFD_CLOEXEC, 0);
	return t->fd;
}

static void
finish_batch(struct append_batch *b)
{
	struct append *a;
	bool failed = false;

	TAILQ_FOREACH(a, &b->appends, link)
	failed = failed || a->rc == -1;
	TAILQ_FOREACH(a, &b->appends, link)
	{
		const bool undo = a->rc == -1 || (b->atomic && failed);

		/* Seen by others perhaps, but never acknowledged. */
		if (undo && a->placed && a->req.done != NULL)
			(void)message_expunge(a->m, &a->uid, 1, true, NULL);
		if (undo && a->rc == 0)
			a->rc = err_set(
			    &a->err, ERR_TEMP, "another message failed");
		fd_close(&a->fd);
	}
	b->done(b, b->arg);
}

static void
on_synced(struct durable_req *req, int error)
{
	struct append *a = OUTER(req, struct append, req);
	struct append_batch *b = a->batch;

	if (error != 0) {
		errno = error;
		a->rc = err_sys(&a->err, ERR_TEMP, "sync a message");
	}
	if (--b->waiting == 0)
		finish_batch(b);
}

static void
sync_now(struct append *a)
{
	const struct durable_req *r = &a->req;

	if (fd_sync(r->fd, &a->err) == -1 ||
	    (r->dirfd != -1 && fd_sync(r->dirfd, &a->err) == -1))
		a->rc = -1;
}

void
append_commit(struct append_batch *b,
    void (*done)(struct append_batch *b, void *arg), void *arg)
{
	struct append *a;

	must(!b->committed);
	b->committed = true;
	b->done = done;
	b->arg = arg;
	place_all(b);
	b->waiting = 1; /* so that no sync ends the batch before the last */
	TAILQ_FOREACH(a, &b->appends, link)
	{
		if (a->rc == -1)
			continue;
		a->req = (struct durable_req){
			.done = on_synced, .fd = a->fd, .dirfd = target_of(b, a)
		};
		if (b->store->durable == NULL) {
			sync_now(a);
		} else {
			b->waiting++;
			durable_submit(b->store->durable, &a->req);
		}
	}
	if (--b->waiting == 0)
		finish_batch(b);
}

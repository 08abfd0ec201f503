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
 * 1 is here, 2 in append_place.c, 3 and 4 in append_commit.c.  After 2 other
 * sessions see it.  If the sync fails it is taken out again; if the power goes
 * before the sync, it may be there torn, which S= in its name tells (adopt.c).
 */
#include "store/append.h"

#include <bsd/string.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/learn.h"
#include "maildir/maildir.h"
#include "store/append_inner.h"
#include "store/handle.h"
#include "store/hold.h"
#include "store/inner.h"
#include "store/lines.h"
#include "store/traits.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { BUFFER = 64 << 10, CACHE_LIMIT = 16 << 20 };

struct append_batch *
append_batch_new(struct store *store, bool atomic)
{
	struct append_batch *b = xcalloc(1, sizeof *b);

	b->store = store;
	b->atomic = atomic;
	TAILQ_INIT(&b->appends);
	return b;
}

void
append_discard(struct append *a)
{
	if (a->tmp[0] != '\0' && !a->placed &&
	    handle_enter_mailbox(a->m, NULL) == 0)
		maildir_drop(&a->m->dirs, a->tmp);
	fd_close(&a->fd);
	fd_close(&a->boxfd);
	kwlog_close(&a->log);
	buf_fini(&a->names);
	buf_fini(&a->base);
	lines_fini(&a->lines);
	buf_fini(&a->cache);
	TAILQ_REMOVE(&a->batch->appends, a, link);
	if (a->own != NULL)
		handle_close_mailbox(a->own);
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
		append_discard(a);
	must(b->ntargets == 0);
	xfree(&b->targets);
	xfree(bp);
}

void
append_drop(struct append *a)
{
	must(!a->batch->committed);
	append_discard(a);
}

/* The file in tmp/.  What was seen of the mailbox in an earlier turn counts
 * (see handle_trust), so its directories may be gone. */
static int
begin_file(struct append *a, struct err *err)
{
	struct mailbox *m = a->m;
	int fd = maildir_begin(&m->dirs, a->tmp, err);

	if (fd != -1 || errno != ENOENT)
		return fd;
	handle_doubt(m);
	if (handle_enter_mailbox(m, err) == -1)
		return -1;
	maildir_learn(&m->dirs);
	return maildir_begin(&m->dirs, a->tmp, err);
}

/* A new one in the batch, without a file; M was entered. */
static struct append *
append_new(struct append_batch *b, struct mailbox *m)
{
	struct append *a = xcalloc(1, sizeof *a);
	struct buf name;

	a->batch = b;
	a->m = m;
	a->rc = err_set(&a->err, ERR_TEMP, "not finished");
	a->fd = a->boxfd = a->log.fd = -1;
	a->dev = m->dirs.dev;
	buf_init(&a->names, KEYWORD_TEXT_MAX);
	buf_init(&a->base, APPEND_BASE_MAX);
	buf_init(&a->cache, CACHE_LIMIT);
	buf_init(&name, sizeof a->tmp - 1);
	filename_unique(&name, store_hostname(b->store));
	strlcpy(a->tmp, buf_cstr(&name), sizeof a->tmp);
	buf_fini(&name);
	TAILQ_INSERT_TAIL(&b->appends, a, link);
	return a;
}

/* It has got no file. */
static void
append_cancel(struct append *a)
{
	a->tmp[0] = '\0';
	append_discard(a);
}

struct append *
append_begin(struct append_batch *b, struct mailbox *m, struct err *err)
{
	struct append *a;

	if (handle_enter_mailbox(m, err) == -1)
		return NULL;
	maildir_learn(&m->dirs);
	a = append_new(b, m);
	a->fd = begin_file(a, err);
	a->dev = m->dirs.dev;
	lines_init(&a->lines, a->fd, BUFFER, store_keeps_crlf(b->store));
	if (a->fd != -1)
		return a;
	append_cancel(a);
	return NULL;
}

static enum found
link_to(struct mailbox *m, struct append *from, const struct maildir *dirs,
    struct append **to, struct err *err)
{
	struct append *a;
	enum found f;

	maildir_learn(&m->dirs);
	a = append_new(from->batch, m);
	f = maildir_link_begin(dirs, from->tmp, &m->dirs, a->tmp, err);
	if (f != FOUND) {
		append_cancel(a);
		return f;
	}
	a->whole = from;
	a->lines = (struct lines){ .fd = -1,
		.size = from->lines.size,
		.wire = from->lines.wire,
		.written_s = from->lines.written_s };
	from->shared = true;
	*to = a;
	return FOUND;
}

enum found
append_link(
    struct mailbox *m, struct append *from, struct append **to, struct err *err)
{
	struct maildir dirs;
	enum found f = TEMPFAIL;

	must(from->finished && from->whole == NULL && !from->batch->committed);
	if (handle_enter_mailbox(from->m, NULL) == -1)
		return ABSENT;
	dirs = from->m->dirs;
	/* To enter M may park the account of FROM. */
	(void)handle_hold(from->m, MAILDIR_NEW);
	if (handle_enter_mailbox(m, err) == 0)
		f = link_to(m, from, &dirs, to, err);
	handle_release(from->m);
	return f;
}

int
append_write(struct append *a, struct slice bytes, struct err *err)
{
	return lines_put(&a->lines, bytes, err);
}

/* INTERNALDATE is the file's time, so that it outlives the index; one that the
 * file system cannot hold stands in the name too. */
static int
set_date(struct append *a, const struct append_info *info, struct err *err)
{
	const struct timespec at = { .tv_sec = info->date_s };
	const struct timespec times[2] = { at, at };
	struct maildir_stat st;

	/* Written within one second of the clock that its time is from. */
	if (!info->has_date && a->m->dirs.host_time &&
	    a->lines.written_s != 0 && a->lines.written_s == clock_wall_s()) {
		a->msg.date_s = a->lines.written_s;
		return 0;
	}
	if (a->whole != NULL) {
		a->msg.date_s = a->whole->msg.date_s;
		a->own_date = a->whole->own_date;
		return 0;
	}
	if (info->has_date && futimens(a->fd, times) == -1)
		return err_sys(err, ERR_TEMP, "set the time of a message");
	if (maildir_stat(a->fd, &st, err) == -1)
		return -1;
	a->msg.date_s = info->has_date ? info->date_s : st.time_s;
	a->own_date = a->msg.date_s != st.time_s;
	return 0;
}

int
append_finish(struct append *a, const struct append_info *info, struct err *err)
{
	if (keywords_check(info->keywords, err) == -1 ||
	    (a->whole == NULL && lines_end(&a->lines, err) == -1) ||
	    set_date(a, info, err) == -1)
		return -1;
	a->msg.size = a->lines.size;
	a->msg.vsize = a->lines.wire;
	a->info = *info;
	a->own_seen = a->m->seen != NULL && (info->flags & MSG_SEEN) != 0;
	if (a->own_seen)
		a->info.flags &= ~(unsigned)MSG_SEEN;
	buf_add(&a->names, info->keywords);
	a->info.keywords = buf_slice(&a->names);
	buf_add(&a->base, info->base);
	a->info.base = buf_slice(&a->base);
	must(!a->base.failed);
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

void
append_set_thread(struct append *a, uint64_t thread_id)
{
	a->msg.thread_id = thread_id;
}

void
append_written(const struct append *a, int64_t *bytes, int64_t *wire)
{
	*bytes = a->lines.size;
	*wire = a->lines.wire;
}

int
append_fd(const struct append *a)
{
	return a->fd;
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

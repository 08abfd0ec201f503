/* SPDX-License-Identifier: ISC */
/*
 * Making an account: just its directories.  Its index, with INBOX's
 * pabal-mailbox, is made when it is first opened, and none of it is synced
 * then (IX_UNSYNCED): all goes to disk together with the first message, in the
 * pool, before that is acknowledged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "index/tx.h"
#include "maildir/boxfile.h"
#include "maildir/mailboxes.h"
#include "maildir/maildir.h"
#include "maildir/name.h"
#include "store/account_new.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/store.h"
#include "store/whole.h"
#include "sys/beneath.h"
#include "sys/durable.h"
#include "sys/fd.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

bool
account_path_ok(struct slice path)
{
	if (slice_is(path, "."))
		return true;
	if (path.n == 0 || path.p[path.n - 1] == '/')
		return false;
	while (path.n > 0) {
		const struct slice level = slice_cut(path, '/', &path);

		if (level.n == 0 || level.n > NAME_DIR_LIMIT ||
		    level.p[0] == '.')
			return false;
	}
	return true;
}

int
store_account_create(struct store *store, const char *path, struct err *err)
{
	struct maildir d;
	int fd, rc;

	if (!account_path_ok(slice_str(path)))
		return err_set_code(err, ERR_PERM, ERR_NO_ACCOUNT,
		    "\"%s\" is no account", path);
	fd = beneath_make(store->rootfd, path, 0700, err);
	if (fd == -1)
		return -1;
	rc = maildir_open(&d, fd, "", true, err) == FOUND ? 0 : -1;
	maildir_close(&d);
	fd_close(&fd);
	return rc;
}

/* ---- to disk ---- */

/* A file and the directory that has its name, or a directory alone. */
struct part {
	struct durable_req req;
	struct account_sync *sync;
	int fd;
	int dirfd;
	bool whole; /* the file system that dirfd is on */
};

struct account_sync {
	struct account *a;
	struct part *parts;
	size_t n;
	size_t waiting;
	bool failed;
};

static void
add_part(struct account_sync *s, int fd, int dirfd, bool file)
{
	s->failed |= dirfd == -1 || (file && fd == -1);
	s->parts = xreallocarray(s->parts, s->n + 1, sizeof *s->parts);
	s->parts[s->n++] = (struct part){ .fd = fd, .dirfd = dirfd };
}

/* The directories above the account, in which its path stands. */
static void
add_path(struct account_sync *s)
{
	char *path = xstrdup(s->a->path);
	char *slash = path;

	add_part(s, -1, fcntl(s->a->store->rootfd, F_DUPFD_CLOEXEC, 0), false);
	/* What has the root's own name is out of reach. */
	s->parts[s->n - 1].whole = slice_is(slice_str(path), ".");
	while ((slash = strchr(slash, '/')) != NULL) {
		*slash = '\0';
		add_part(s, -1,
		    beneath_open(s->a->store->rootfd, path, DIR_FLAGS, 0, NULL),
		    false);
		*slash++ = '/';
	}
	xfree(&path);
}

static void
add_file(struct account_sync *s, const char *dir, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	const int dirfd = openat(s->a->ix.fd, dir, DIR_FLAGS);

	add_part(s, openat(dirfd, name, flags), dirfd, true);
}

static struct account_sync *
sync_new(struct account *a)
{
	struct account_sync *s = xcalloc(1, sizeof *s);
	struct boxfile f;

	s->a = a;
	/* Written again: what a sync that failed has left is not to be
	 * believed. */
	s->failed = boxfile_read(a->ix.fd, &f, NULL) != FOUND ||
		    boxfile_put(a->ix.fd, &f, NULL) == -1;
	add_path(s);
	add_file(s, ".", "pabal-mailbox");
	add_file(s, "pabal.index", "stamp");
	return s;
}

static void
sync_end(struct account_sync *s)
{
	s->a->ix.unsynced = s->failed;
	s->a->ix.synced = !s->failed;
	for (size_t i = 0; i < s->n; i++) {
		fd_close(&s->parts[i].fd);
		fd_close(&s->parts[i].dirfd);
	}
	xfree(&s->parts);
	free(s);
}

static void
on_synced(struct durable_req *req, int error)
{
	struct account_sync *s = OUTER(req, struct part, req)->sync;

	s->failed |= error != 0;
	/* Said at once: what comes next from the pool asks for it. */
	s->a->ix.unsynced = s->failed;
	if (--s->waiting == 0)
		sync_end(s);
}

int
account_sync_now(struct account *a, struct err *err)
{
	struct account_sync *s;

	if (!a->ix.unsynced)
		return 0;
	s = sync_new(a);
	for (size_t i = 0; i < s->n && !s->failed; i++) {
		const struct part *p = &s->parts[i];

		s->failed = (p->fd != -1 && fd_sync(p->fd, NULL) == -1) ||
			    (p->whole ? fd_sync_entry(p->dirfd)
				      : fd_sync(p->dirfd, NULL)) == -1;
	}
	sync_end(s);
	return a->ix.unsynced
		   ? err_set(err, ERR_TEMP, "the account cannot be synced")
		   : 0;
}

void
account_sync_start(struct account *a, struct durable_list *list)
{
	struct account_sync *s;
	struct tx tx;

	/* In our turn: pabal-mailbox is written again, as it is now.  Without
	 * it the account stays unsynced. */
	if (!a->ix.unsynced || handle_begin(a, 0, &tx, NULL) == -1)
		return;
	s = sync_new(a);
	tx_abort(&tx);
	if (s->failed) {
		sync_end(s);
		return;
	}
	a->ix.unsynced = false;
	s->waiting = s->n;
	for (size_t i = 0; i < s->n; i++) {
		struct part *p = &s->parts[i];

		p->sync = s;
		p->req = (struct durable_req){ .done = on_synced,
			.fd = p->fd,
			.dirfd = p->dirfd,
			.whole = p->whole };
		TAILQ_INSERT_TAIL(list, &p->req, link);
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * Building an index from the files.  It grows in pabal.index.new and takes the
 * name pabal.index when it is whole; a crash on the way leaves the old state.
 * Processes that have the old one open find it removed (kv_orphan) and open
 * the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/must.h"
#include "base/slice.h"
#include "store/boxes.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/store.h"
#include "store/tx.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define INDEX     "pabal.index"
#define INDEX_NEW "pabal.index.new"
#define INDEX_OLD "pabal.index.old"

enum { DIRS_LIMIT = 64 << 20 };

/* Numbers go on from the wall clock, so that a client's are below them. */
static int
put_meta(struct account *a, struct err *err)
{
	const uint64_t now = (uint64_t)clock_wall_us();
	const struct ix_meta meta = {
		.modseq = now, .log_floor = now, .next_box = 1
	};
	struct kv_txn *t = kv_write(a->env, 0, err);

	if (t == NULL)
		return -1;
	if (ix_put_meta(t, &meta, err) == 0)
		return kv_commit(&t, err);
	kv_abort(&t);
	return -1;
}

static int
build_box(struct account *a, const char *dir, bool doubt, struct err *err)
{
	size_t room = TX_ROOM;
	struct tx tx;
	int rc;

	do {
		if (tx_start(a, room, &tx, err) == -1)
			return -1;
		rc = boxes_adopt(&tx, dir, doubt, &room, err);
		if (rc == 0)
			return tx_commit(&tx, err);
		tx_abort(&tx);
	} while (rc == 1);
	return -1;
}

static int
build_all(struct account *a, bool doubt, struct err *err)
{
	struct buf dirs;
	struct slice rest;
	int rc;

	buf_init(&dirs, DIRS_LIMIT);
	rc = boxes_dirs(a->fd, &dirs, err);
	rest = buf_slice(&dirs);
	while (rest.n > 0 && rc == 0)
		rc = build_box(a, slice_cut(rest, '\0', &rest).p, doubt, err);
	buf_fini(&dirs);
	return rc;
}

static int
swap(struct account *a, struct err *err)
{
	tree_remove(a->fd, INDEX_OLD);
	if (renameat(a->fd, INDEX, a->fd, INDEX_OLD) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "rename " INDEX);
	if (renameat(a->fd, INDEX_NEW, a->fd, INDEX) == -1)
		return err_sys(err, ERR_TEMP, "rename " INDEX_NEW);
	tree_remove(a->fd, INDEX_OLD);
	return 0;
}

int
index_build(struct account *a, bool doubt, struct err *err)
{
	int rc = -1;
	int fd;

	must(a->env == NULL);
	tree_remove(a->fd, INDEX_NEW);
	if (mkdirat(a->fd, INDEX_NEW, 0700) == -1)
		return err_sys(err, ERR_TEMP, "make " INDEX_NEW);
	fd = openat(a->fd, INDEX_NEW, DIR_FLAGS);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open " INDEX_NEW);
	a->env = kv_open(fd, err);
	if (a->env != NULL && put_meta(a, err) == 0 &&
	    build_all(a, doubt, err) == 0 && index_stamp(a, fd, err) == 0)
		rc = swap(a, err);
	if (rc == -1)
		kv_close(&a->env);
	fd_close(&fd);
	return rc;
}

int
account_rebuild(struct account *a, struct err *err)
{
	struct kv_env *old;
	struct kv_txn *t;
	bool more = true;
	int lock, rc = -1;

	while (more && account_flush(a, &more, err) == 0)
		;
	if (account_enter(a, err) == -1)
		return -1;
	old = a->env;
	/* Others wait for their turn, and find the index replaced then. */
	t = kv_write(old, 0, err);
	if (t == NULL)
		return -1;
	lock = index_lock(a, err);
	a->env = NULL;
	if (lock != -1)
		rc = index_build(a, false, err);
	fd_close(&lock);
	kv_abort(&t);
	if (rc == 0)
		kv_close(&old);
	else
		a->env = old;
	a->builds++;
	account_notify(a);
	return rc;
}

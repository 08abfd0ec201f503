/* SPDX-License-Identifier: ISC */
/*
 * Building an index from the files.  It grows in pabal.index.new and takes the
 * name pabal.index when all mailboxes have their records; a crash on the way
 * leaves the old state.  The messages of large mailboxes are taken in
 * afterwards, in steps (BOX_BUILD).
 * Processes that have the old one open find it removed (kv_stale) and open
 * the new one.
 */
#include "store/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/must.h"
#include "base/slice.h"
#include "index/index.h"
#include "index/ix.h"
#include "index/stamp.h"
#include "index/tx.h"
#include "log/log.h"
#include "maildir/mailboxes.h"
#include "maildir/tree.h"
#include "store/account.h"
#include "store/boxes.h"
#include "store/boxfiles.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/notify.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define INDEX     INDEX_DIR
#define INDEX_NEW "pabal.index.new"
#define INDEX_OLD "pabal.index.old"

/* Numbers go on from the wall clock, so that a client's are below them. */
static int
put_meta(struct account *a, struct err *err)
{
	const uint64_t now = (uint64_t)clock_wall_us();
	const struct ix_meta meta = {
		.modseq = now, .log_floor = now, .next_box = 1
	};
	struct kv_txn *t = kv_write(a->ix.env, 0, err);

	if (t == NULL)
		return -1;
	if (ix_put_meta(t, &meta, err) == 0)
		return kv_commit(&t, err);
	kv_abort(&t);
	return -1;
}

static int
build_box(struct account *a, const char *dir, bool doubt, int64_t *left,
    struct err *err)
{
	struct tx tx;

	if (tx_start(&a->ix, TX_ROOM, &tx, err) == -1)
		return -1;
	if (boxes_adopt(&tx, dir, doubt, left, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

static int
build_all(struct account *a, bool doubt, struct err *err)
{
	int64_t left = BOXES_COST;
	struct buf dirs;
	struct slice rest;
	int rc;

	boxfiles_gather(a);
	buf_init(&dirs, MAILDIR_NAMES_MAX);
	rc = maildir_names(a->ix.fd, &dirs, err);
	rest = buf_slice(&dirs);
	while (rest.n > 0 && rc == 0)
		rc = build_box(
		    a, slice_cut(rest, '\0', &rest).p, doubt, &left, err);
	buf_fini(&dirs);
	return boxfiles_settle(a, err) == -1 ? -1 : rc;
}

static int
swap(struct account *a, struct err *err)
{
	tree_remove(a->ix.fd, INDEX_OLD);
	if (renameat(a->ix.fd, INDEX, a->ix.fd, INDEX_OLD) == -1 &&
	    errno != ENOENT)
		return err_sys(err, ERR_TEMP, "rename " INDEX_DIR);
	if (renameat(a->ix.fd, INDEX_NEW, a->ix.fd, INDEX) == -1)
		return err_sys(err, ERR_TEMP, "rename " INDEX_NEW);
	tree_remove(a->ix.fd, INDEX_OLD);
	return 0;
}

static int
put_stamp(const struct account *a, int fd, struct err *err)
{
	return (a->ix.unsynced ? stamp_put : stamp_write)(
	    fd, a->ix.boot_id, err);
}

static int
build(struct account *a, bool doubt, struct err *err)
{
	int rc = -1;
	int fd;

	must(a->ix.env == NULL);
	tree_remove(a->ix.fd, INDEX_NEW);
	(void)unlinkat(a->ix.fd, INDEX_NEW, 0); /* where it is no directory */
	if (mkdirat(a->ix.fd, INDEX_NEW, 0700) == -1)
		return err_sys(err, ERR_TEMP, "make " INDEX_NEW);
	fd = openat(a->ix.fd, INDEX_NEW, DIR_FLAGS);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open " INDEX_NEW);
	a->ix.env = kv_open(fd, STAMP_NAME, err);
	if (a->ix.env != NULL && put_meta(a, err) == 0 &&
	    build_all(a, doubt, err) == 0 && put_stamp(a, fd, err) == 0)
		rc = swap(a, err);
	if (rc == -1)
		kv_close(&a->ix.env);
	fd_close(&fd);
	return rc;
}

static int
build_told(struct account *a, enum stamp s, bool force, struct err *err)
{
	const int64_t start_ms = clock_ms();
	const bool was_there = s == STAMP_CURRENT || s == STAMP_CLEAN;
	const char *why = force || was_there ? "damaged"
			  : s == STAMP_DOUBT ? "power-off"
					     : "missing";
	const int rc = build(a, s == STAMP_DOUBT, err);

	if (rc == 0)
		log_info("store.index-rebuilt", kv_s("home", a->name),
		    kv_s("why", why), kv_i("ms", clock_ms() - start_ms));
	return rc;
}

int
build_open(struct account *a, bool force, struct err *err)
{
	enum stamp first = STAMP_NONE, s = STAMP_NONE;
	int lock, rc = 0;

	if (!force && index_open(&a->ix, &first, err) == -1)
		return -1;
	if (a->ix.env != NULL)
		return 0;
	lock = index_lock(&a->ix, err);
	if (lock == -1)
		return -1;
	if (!force)
		rc = index_open(&a->ix, &s, err);
	if (rc == 0 && a->ix.env == NULL)
		/* Damage took the stamp away when it was found. */
		rc = build_told(a, s == STAMP_NONE ? first : s, force, err);
	fd_close(&lock);
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
	if (handle_enter(a, err) == -1)
		return -1;
	old = a->ix.env;
	/* Others wait for their turn, and find the index replaced then. */
	t = kv_write(old, 0, err);
	if (t == NULL)
		return -1;
	lock = index_lock(&a->ix, err);
	a->ix.env = NULL;
	if (lock != -1)
		rc = build(a, false, err);
	fd_close(&lock);
	kv_abort(&t);
	if (rc == 0)
		kv_close(&old);
	else
		a->ix.env = old;
	a->builds++;
	notify_account(a);
	return rc;
}

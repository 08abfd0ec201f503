/* SPDX-License-Identifier: ISC */
/*
 * Whether an index may be believed.  pabal.index/stamp says during which run
 * of the kernel the index was last written to ("open"), or that it is on disk
 * as it stands ("clean").  An open index of another run may have lost pages in
 * a power cut, and is not even looked at.
 *
 * To clean, for all accounts that a process has open, when it ends:
 *   1. ix_meta.clean = 1 is committed (index_settle);
 *   2. the file system is synced;
 *   3. in a writing transaction, if nobody has written since: the stamp is
 *      replaced by "clean" (index_settled);
 *   4. the file system is synced.
 * To open: whoever is about to write and finds ix_meta.clean puts the stamp
 * "open" on disk before, in the same transaction.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "log/log.h"
#include "store/boxfile.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/tx.h"
#include "sys/clock.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum stamp {
	STAMP_NONE,    /* no index, or one of another version */
	STAMP_CURRENT, /* written to since the kernel started */
	STAMP_CLEAN,
	STAMP_DOUBT, /* open when another run ended */
};

static enum stamp
parse_stamp(struct slice text, const char *boot_id)
{
	struct buf version;
	struct slice line = slice_cut(text, '\n', &text);
	bool same;

	buf_init(&version, 100);
	buf_addf(&version, "pabal-index %d %zu", INDEX_VERSION,
	    sizeof(struct ix_box) + sizeof(struct ix_msg));
	same = slice_eq(line, buf_slice(&version));
	buf_fini(&version);
	if (!same)
		return STAMP_NONE;
	line = slice_cut(text, '\n', &text);
	if (slice_is(line, "clean"))
		return STAMP_CLEAN;
	if (slice_istarts(line, SLICE("open ")) &&
	    slice_is(slice_from(line, 5), boot_id))
		return STAMP_CURRENT;
	return STAMP_DOUBT;
}

static enum stamp
read_stamp(struct account *a, int dirfd)
{
	struct buf text;
	enum stamp s = STAMP_NONE;

	buf_init(&text, 4096);
	if (boxfile_load(dirfd, "stamp", &text, NULL) == FOUND)
		s = parse_stamp(buf_slice(&text), a->store->boot_id);
	buf_fini(&text);
	return s;
}

/* BOOT_ID: the index is open in that run; NULL: clean. */
static void
stamp_text(struct buf *out, const char *boot_id)
{
	buf_addf(out, "pabal-index %d %zu\n", INDEX_VERSION,
	    sizeof(struct ix_box) + sizeof(struct ix_msg));
	if (boot_id == NULL)
		buf_adds(out, "clean\n");
	else
		buf_addf(out, "open %s\n", boot_id);
}

int
index_stamp(struct account *a, int dirfd, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, 4096);
	stamp_text(&text, a->store->boot_id);
	rc = durable_replace(dirfd, "stamp", buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

int
index_soil(struct account *a, struct err *err)
{
	int fd = openat(a->fd, "pabal.index", DIR_FLAGS);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open pabal.index");
	rc = index_stamp(a, fd, err);
	fd_close(&fd);
	return rc;
}

/* Commit ix_meta.clean; 1 when it was so already. */
static int
declare_clean(struct account *a, struct err *err)
{
	struct tx tx;

	if (tx_start(a, 0, &tx, err) == -1)
		return -1;
	if (tx.meta.clean == 1) {
		tx_abort(&tx);
		return 1;
	}
	tx.meta.clean = 1;
	return tx_commit(&tx, err);
}

int
index_settle(struct account *a, struct err *err)
{
	int rc;

	a->settling = false;
	if (a->env == NULL)
		return 0;
	rc = declare_clean(a, err);
	a->settling = rc == 0;
	return rc == -1 ? -1 : 0;
}

/* Not synced yet, and only in place of a stamp that says less. */
static int
put_clean_stamp(int dirfd, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, "stamp.clean", flags, 0600);
	struct buf text;
	int rc = -1;

	buf_init(&text, 4096);
	stamp_text(&text, NULL);
	if (fd == -1)
		err_sys(err, ERR_TEMP, "create a stamp");
	else
		rc = fd_write_all(fd, buf_slice(&text), err);
	if (rc == 0 && renameat(dirfd, "stamp.clean", dirfd, "stamp") == -1)
		rc = err_sys(err, ERR_TEMP, "rename a stamp");
	fd_close(&fd);
	buf_fini(&text);
	return rc;
}

int
index_settled(struct account *a, struct err *err)
{
	struct tx tx;
	int fd, rc = -1;

	if (!a->settling)
		return 0;
	a->settling = false;
	if (tx_start(a, 0, &tx, err) == -1)
		return -1;
	fd = openat(a->fd, "pabal.index", DIR_FLAGS);
	/* Another process may have written since. */
	if (fd != -1 && tx.meta.clean == 1 && !kv_orphan(a->env))
		rc = put_clean_stamp(fd, err);
	fd_close(&fd);
	tx_abort(&tx);
	return rc;
}

/* Open what is there, if it may be believed. */
static enum stamp
open_existing(struct account *a)
{
	int fd = openat(a->fd, "pabal.index", DIR_FLAGS);
	enum stamp s = STAMP_NONE;
	struct ix_meta meta;
	struct kv_txn *t;
	bool ok = false;

	if (fd == -1)
		return STAMP_NONE;
	s = read_stamp(a, fd);
	if (s == STAMP_CURRENT || s == STAMP_CLEAN)
		a->env = kv_open(fd, NULL);
	fd_close(&fd);
	if (a->env == NULL)
		return s;
	t = kv_read(a->env, NULL);
	ok = t != NULL && ix_get_meta(t, &meta, NULL) == FOUND &&
	     (s == STAMP_CURRENT || meta.clean == 1);
	kv_abort(&t);
	if (!ok)
		kv_close(&a->env);
	return s;
}

int
index_lock(struct account *a, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(a->fd, "pabal.lock", flags, 0600);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open pabal.lock");
	while (flock(fd, LOCK_EX) == -1)
		if (errno != EINTR) {
			err_sys(err, ERR_TEMP, "lock pabal.lock");
			fd_close(&fd);
			break;
		}
	return fd;
}

static int
build_told(struct account *a, enum stamp s, bool force, struct err *err)
{
	const int64_t start_ms = clock_ms();
	const char *why = force              ? "damaged"
			  : s == STAMP_DOUBT ? "power-off"
					     : "missing";
	const int rc = index_build(a, s == STAMP_DOUBT, err);

	if (rc == 0)
		log_info("store.rebuild", kv_s("account", a->path),
		    kv_s("why", why), kv_i("ms", clock_ms() - start_ms));
	return rc;
}

int
index_open(struct account *a, bool force, struct err *err)
{
	enum stamp s = STAMP_NONE;
	int lock, rc = 0;

	if (!force)
		open_existing(a);
	if (a->env != NULL)
		return 0;
	lock = index_lock(a, err);
	if (lock == -1)
		return -1;
	if (!force)
		s = open_existing(a);
	if (a->env == NULL)
		rc = build_told(a, s, force, err);
	fd_close(&lock);
	return rc;
}

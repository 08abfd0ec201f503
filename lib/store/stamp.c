/* SPDX-License-Identifier: ISC */
/*
 * Whether an index may be believed.  pabal.index/stamp says during which run
 * of the kernel the index was last written to ("open"), or that it is on disk
 * as it stands ("clean").  An open index of another run may have lost pages in
 * a power cut, and is not even looked at.
 *
 * Order of steps, each on disk before the next:
 *   to clean: ix_meta.clean = 1; index synced; stamp "clean".
 *   to open:  stamp "open", then the first change, with ix_meta.clean = 0.
 * Both happen in a writing transaction, so no other process writes meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"
#include "store/inner.h"
#include "store/tx.h"
#include "sys/durable.h"
#include "sys/fd.h"

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

int
index_stamp(struct account *a, int dirfd, bool clean, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, 4096);
	buf_addf(&text, "pabal-index %d %zu\n", INDEX_VERSION,
	    sizeof(struct ix_box) + sizeof(struct ix_msg));
	if (clean)
		buf_adds(&text, "clean\n");
	else
		buf_addf(&text, "open %s\n", a->store->boot_id);
	rc = durable_replace(dirfd, "stamp", buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

static int
restamp(struct account *a, bool clean, struct err *err)
{
	int fd = openat(a->fd, "pabal.index", DIR_FLAGS);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open pabal.index");
	rc = index_stamp(a, fd, clean, err);
	fd_close(&fd);
	return rc;
}

int
index_soil(struct account *a, struct err *err)
{
	return restamp(a, false, err);
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
	struct tx tx;
	int rc = account_enter(a, err);

	if (rc == 0)
		rc = declare_clean(a, err);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (tx_start(a, 0, &tx, err) == -1)
		return -1;
	/* Another process may have written since. */
	if (tx.meta.clean == 1 && !kv_orphan(a->env))
		rc = kv_sync(a->env, err) == 0 ? restamp(a, true, err) : -1;
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
	if (a->env == NULL) {
		log_info("store.rebuild", kv_s("account", a->path),
		    kv_s("why", force              ? "damaged"
				: s == STAMP_DOUBT ? "not closed at power-off"
						   : "missing"));
		rc = index_build(a, s == STAMP_DOUBT, err);
	}
	fd_close(&lock);
	return rc;
}

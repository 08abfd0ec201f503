/* SPDX-License-Identifier: ISC */
#include "index/index.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "index/ix.h"
#include "index/tx.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Commit ix_meta.clean; 1 when it was so already. */
static int
declare_clean(struct index *ix, struct err *err)
{
	struct tx tx;

	if (tx_start(ix, 0, &tx, err) == -1)
		return -1;
	if (tx.meta.clean == IX_CLEAN) {
		tx_abort(&tx);
		return 1;
	}
	tx.meta.clean = IX_CLEAN;
	return tx_commit(&tx, err);
}

int
index_settle(struct index *ix, struct err *err)
{
	int rc;

	ix->settling = false;
	if (ix->env == NULL)
		return 0;
	rc = declare_clean(ix, err);
	ix->settling = rc == 0;
	return rc == -1 ? -1 : 0;
}

int
index_settled(struct index *ix, struct err *err)
{
	struct tx tx;
	int fd, rc = -1;

	if (!ix->settling)
		return 0;
	ix->settling = false;
	if (tx_start(ix, 0, &tx, err) == -1)
		return -1;
	fd = openat(ix->fd, INDEX_DIR, DIR_FLAGS);
	/* Another process may have written since. */
	if (fd != -1 && tx.meta.clean == IX_CLEAN && !kv_stale(ix->env))
		rc = stamp_put(fd, NULL, err);
	fd_close(&fd);
	tx_abort(&tx);
	return rc;
}

/* Damage takes the stamp away: without it what is there is built anew, with it
 * there was no room, no fd, or the like. */
static int
open_table(struct index *ix, int dirfd, enum stamp s, struct err *err)
{
	struct ix_meta meta;
	struct kv_txn *t = NULL;
	enum found f = TEMPFAIL;
	enum stamp now;

	ix->env = kv_open(dirfd, STAMP_NAME, err);
	if (ix->env != NULL)
		t = kv_read(ix->env, err);
	if (t != NULL)
		f = ix_get_meta(t, &meta, err);
	if (f == FOUND && s == STAMP_CLEAN && meta.clean != IX_CLEAN)
		f = ABSENT;
	kv_abort(&t);
	if (f == FOUND)
		return 0;
	if (ix->env != NULL)
		kv_close(&ix->env);
	if (f == ABSENT)
		return 0;
	return stamp_read(dirfd, ix->boot_id, &now, err) == 0 &&
		       now == STAMP_NONE
		   ? 0
		   : -1;
}

int
index_open(struct index *ix, enum stamp *s, struct err *err)
{
	int fd = openat(ix->fd, INDEX_DIR, DIR_FLAGS);
	int rc;

	*s = STAMP_NONE;
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open " INDEX_DIR);
	rc = stamp_read(fd, ix->boot_id, s, err);
	if (rc == 0 && (*s == STAMP_CURRENT || *s == STAMP_CLEAN))
		rc = open_table(ix, fd, *s, err);
	fd_close(&fd);
	return rc;
}

int
index_lock(struct index *ix, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(ix->fd, "pabal.lock", flags, 0600);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open pabal.lock");
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set_code(err, ERR_TEMP, ERR_BUSY,
		    "another process builds the index");
	else
		err_sys(err, ERR_TEMP, "lock pabal.lock");
	fd_close(&fd);
	return -1;
}

/* SPDX-License-Identifier: ISC */
#include "master/lastgood.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/confset.h"
#include "log/log.h"
#include "master/master.h"
#include "sys/clock.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

/* Whoever may write here decides what root starts. */
static int
open_dir(struct err *err)
{
	struct stat st;
	int fd;

	(void)mkdir(master.state_dir, 0700);
	fd = open(
	    master.state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", master.state_dir);
	if (fstat(fd, &st) == -1 || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0) {
		fd_close(&fd);
		return err_set(err, ERR_PERM,
		    "%s must belong to the owner of the instance, with mode "
		    "0700",
		    master.state_dir);
	}
	return fd;
}

static int
check_file(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return 0;
	return err_set(err, ERR_PERM,
	    "%s/%s must be a file of the owner of the instance, with mode 0600",
	    master.state_dir, CONFSET_NAME);
}

static void
forget(struct buf *text)
{
	if (text->p != NULL)
		explicit_bzero(text->p, text->cap);
	buf_fini(text);
}

struct confset *
lastgood_load(struct err *err)
{
	struct confset *set = NULL;
	struct buf text;
	int dir, fd = -1;

	dir = open_dir(err);
	if (dir == -1)
		return NULL;
	buf_init(&text, CONFSET_BYTES);
	fd = openat(
	    dir, CONFSET_NAME, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		err_sys(err, ERR_PERM, "no last good configuration: %s/%s",
		    master.state_dir, CONFSET_NAME);
	else if (check_file(fd, err) == 0 && fd_read_file(fd, &text, err) == 0)
		set = confset_parse(buf_slice(&text), master.state_dir, err);
	fd_close(&fd);
	fd_close(&dir);
	forget(&text);
	return set;
}

/* As it was kept last, they count since then. */
static bool
is_kept(struct buf *text)
{
	struct confset *old = lastgood_load(NULL);
	struct buf kept;
	bool same = false;

	if (old == NULL)
		return false;
	buf_init(&kept, CONFSET_BYTES);
	confset_format(old, &kept);
	master.files->since_s = old->since_s;
	confset_format(master.files, text);
	same = slice_eq(buf_slice(&kept), buf_slice(text));
	forget(&kept);
	confset_free(&old);
	return same;
}

static int
save(struct slice text, struct err *err)
{
	int fd = open_dir(err);
	int rc;

	if (fd == -1)
		return -1;
	rc = durable_replace(fd, CONFSET_NAME, text, 0600, err);
	fd_close(&fd);
	return rc;
}

void
lastgood_save(void)
{
	struct buf text;
	struct err err;

	if (master.state_dir == NULL || master.last_good)
		return;
	buf_init(&text, CONFSET_BYTES);
	if (!is_kept(&text)) {
		buf_reset(&text);
		master.files->since_s = clock_wall_s();
		confset_format(master.files, &text);
		if (save(buf_slice(&text), &err) == -1)
			log_warn(
			    "master.last-good-failed", kv_s("why", err.text));
	}
	forget(&text);
}

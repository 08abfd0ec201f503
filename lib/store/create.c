/* SPDX-License-Identifier: ISC */
/* Making an account: its directories, then its index, then its mailboxes. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "store/boxes.h"
#include "store/inner.h"
#include "store/mailbox.h"
#include "store/store.h"
#include "store/subscriptions.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const char *const folders[] = { "Drafts", "Sent", "Junk", "Trash",
	"Archive" };

/* Each level of PATH, on disk before the next. */
static int
make_path(int rootfd, const char *path, struct err *err)
{
	int fd = fcntl(rootfd, F_DUPFD_CLOEXEC, 0);
	struct slice rest = slice_str(path);
	int rc = 0;

	while (rest.n > 0 && rc == 0) {
		char *level = xslicedup(slice_cut(rest, '/', &rest));
		int sub = -1;

		if (mkdirat(fd, level, 0700) == 0)
			rc = fd_sync(fd, err);
		else if (errno != EEXIST)
			rc = err_sys(err, ERR_TEMP, "make %s", level);
		if (rc == 0)
			sub = beneath_open(fd, level, DIR_FLAGS, 0, err);
		if (sub == -1)
			rc = -1;
		close(fd);
		fd = sub;
		xfree(&level);
	}
	fd_close(&fd);
	return rc;
}

static int
make_inbox(int rootfd, const char *path, struct err *err)
{
	const int fd = beneath_open(rootfd, path, DIR_FLAGS, 0, err);
	struct box_dirs d;
	int rc = -1;

	if (fd == -1)
		return -1;
	if (box_dirs_open(&d, fd, "", true, err) == FOUND)
		rc = fd_sync(d.fd, err);
	box_dirs_close(&d);
	close(fd);
	return rc;
}

/* Those of the folders that are not there; they get subscribed. */
static int
make_folders(struct account *a, struct err *err)
{
	struct slice made[ARRAY_LEN(folders)];
	struct mailbox *m;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const struct slice name = slice_str(folders[i]);
		const enum found f = mailbox_open(a, name, &m, err);

		mailbox_close(&m);
		if (f == TEMPFAIL ||
		    (f == ABSENT && mailbox_create(a, name, boxes_special(name),
					err) == -1))
			return -1;
		if (f == ABSENT)
			made[n++] = name;
	}
	return subscriptions_set(a->fd, made, n, true, err);
}

int
store_account_create(struct store *store, const char *path, struct err *err)
{
	struct account *a;
	int rc = -1;

	if (!account_path_ok(slice_str(path)))
		return err_set(
		    err, ERR_PERM, "[CANNOT] \"%s\" is no account", path);
	if (make_path(store->rootfd, path, err) == -1 ||
	    make_inbox(store->rootfd, path, err) == -1)
		return -1;
	if (store_account_open(store, path, &a, err) == FOUND)
		rc = make_folders(a, err);
	account_close(&a);
	return rc;
}

/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/recycle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "qmgr/queue/subdir.h"
#include "queue/envelope.h"
#include "sys/fd.h"

enum {
	KEPT_MAX = 256,
	/* The oldest is used first, and only when so many came after it: who
	 * delivered it has closed it by then. */
	KEPT_MIN = 32,
	LARGEST_BYTES = 1 << 20, /* emptying a larger one takes time */
};

/* A ring. */
static struct {
	int dir;
	unsigned first;
	unsigned n;
	struct {
		char id[ENVELOPE_ID_BYTES];
		bool own;
	} files[KEPT_MAX];
} kept = { .dir = -1 };

static void
forget_first(void)
{
	kept.first = (kept.first + 1) % KEPT_MAX;
	kept.n--;
}

int
recycle_init(int root, struct err *err)
{
	fd_close(&kept.dir);
	kept.first = kept.n = 0;
	kept.dir = subdir_open(root, "free", err);
	if (kept.dir == -1)
		return -1;
	(void)subdir_empty(kept.dir);
	return 0;
}

void
recycle_drop(void)
{
	for (; kept.n > 0; forget_first())
		(void)unlinkat(kept.dir, kept.files[kept.first].id, 0);
}

bool
recycle_put(int dirfd, const char *id, bool own)
{
	const unsigned at = (kept.first + kept.n) % KEPT_MAX;

	if (kept.n == KEPT_MAX || fd_rename_new(dirfd, id, kept.dir, id) == -1)
		return false;
	strlcpy(kept.files[at].id, id, ENVELOPE_ID_BYTES);
	kept.files[at].own = own;
	kept.n++;
	return true;
}

/* Nobody else has it open, and it is soon emptied. */
static bool
usable(int fd)
{
	struct stat st;

	return fcntl(fd, F_SETLEASE, F_WRLCK) == 0 &&
	       fcntl(fd, F_SETLEASE, F_UNLCK) == 0 && fstat(fd, &st) == 0 &&
	       st.st_nlink == 1 && st.st_size <= LARGEST_BYTES;
}

int
recycle_get(int to, const char *id)
{
	const char *name = kept.files[kept.first].id;
	const bool own = kept.files[kept.first].own;
	int fd;

	if (kept.n < KEPT_MIN)
		return -1;
	fd = openat(kept.dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1 && (own || usable(fd)) && ftruncate(fd, 0) == 0 &&
	    fd_rename_new(kept.dir, name, to, id) == 0) {
		forget_first();
		return fd;
	}
	fd_close(&fd);
	(void)unlinkat(kept.dir, name, 0);
	forget_first();
	return -1;
}

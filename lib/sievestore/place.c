/* SPDX-License-Identifier: ISC */
#include "sievestore/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "sys/beneath.h"
#include "sys/fd.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY)

/* A change takes a few syncs. */
enum { TRIES = 200, PAUSE_NS = 10 * 1000 * 1000 };

int
sievestore_open(struct sievestore *s, int accountfd, struct err *err)
{
	*s = (struct sievestore){ .account = accountfd, .dir = -1 };
	s->dir = beneath_open(accountfd, SIEVESTORE_DIR, DIR_FLAGS, 0, err);
	/* Something else of that name has no scripts in it, now or later. */
	return s->dir != -1 || errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

void
sievestore_close(struct sievestore *s)
{
	fd_close(&s->dir);
}

static int
make(struct sievestore *s, struct err *err)
{
	if (s->dir != -1)
		return 0;
	if (mkdirat(s->account, SIEVESTORE_DIR, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make " SIEVESTORE_DIR);
	if (fd_sync(s->account, err) == -1)
		return -1;
	s->dir = beneath_open(s->account, SIEVESTORE_DIR, DIR_FLAGS, 0, err);
	return s->dir != -1 ? 0 : -1;
}

int
sievestore_lock(struct sievestore *s, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (make(s, err) == -1)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		if (flock(s->dir, LOCK_EX | LOCK_NB) == 0 ||
		    (errno != EWOULDBLOCK && errno != EINTR))
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return err_set_code(
	    err, ERR_TEMP, ERR_BUSY, "another process is changing the scripts");
}

void
sievestore_unlock(struct sievestore *s)
{
	(void)flock(s->dir, LOCK_UN);
}

/* SPDX-License-Identifier: ISC */
#include "maildir/learn.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/mem.h"

void
maildir_learn(struct maildir *d)
{
	/* Others may have the clock of a server, or none as fine. */
	static const unsigned long ours[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC };
	struct statfs fs;
	struct stat sb;

	if (d->learnt || fstat(d->tmpfd, &sb) == -1 ||
	    fstatfs(d->tmpfd, &fs) == -1)
		return;
	d->learnt = true;
	d->dev = sb.st_dev;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if ((unsigned long)fs.f_type == ours[i])
			d->host_time = true;
}

int64_t
maildir_clock_s(void)
{
	struct timespec t;

	/* The one that the kernel gives files, a tick behind the finer. */
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t.tv_sec;
}

/* SPDX-License-Identifier: ISC */
#include "store/moved.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/slice.h"
#include "index/record.h"
#include "maildir/keptdir.h"
#include "maildir/mailboxes.h"
#include "store/inner.h"
#include "store/keptmoves.h"
#include "store/whole.h"
#include "sys/clock.h"
#include "sys/fd.h"

void
moved_add(struct buf *lines, uint32_t uid, int64_t moved_s, int64_t saved_s,
    const struct ix_msg *msg, const struct ix_box *to, uint32_t touid)
{
	buf_addf(lines, "%u %lld %lld %s %u %llu\n", uid, (long long)moved_s,
	    (long long)saved_s, to->id, touid,
	    (unsigned long long)msg->email_id);
}

void
moved_note(struct account *a, const struct ix_box *from, struct buf *lines)
{
	const int flags =
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct maildir d;
	struct stat sb;
	int fd = -1;

	if (a->store->retention_s > 0 && lines->n > 0) {
		if (keptdir_open(
			&d, a->ix.fd, clock_wall_s(), from->id, NULL) == 0 &&
		    keptdir_put_about(&d, slice_str(from->name),
			from->uidvalidity, NULL) == 0)
			fd = openat(d.curfd, KEPTMOVES_FILE, flags, 0600);
		if (fd != -1 && fstat(fd, &sb) == 0 &&
		    sb.st_size < KEPTMOVES_MAX)
			(void)fd_write_all(fd, buf_slice(lines), NULL);
		fd_close(&fd);
		maildir_close(&d);
	}
	buf_reset(lines);
}

/* SPDX-License-Identifier: ISC */
#include "ctl/view/spooled.h"

#include <unistd.h>

#include "queue/envelope_text.h"
#include "sys/fd.h"

int
spooled_read(const struct spooled *s, int64_t off, int64_t n, struct buf *to,
    struct err *err)
{
	const size_t len = n < (int64_t)to->max ? (size_t)n : to->max;
	char *p = buf_room(to, len);

	if (fd_pread_all(s->fd, p, len, off, err) == -1)
		return -1;
	buf_added(to, len);
	return 0;
}

int
spooled_init(struct spooled *s, int fd, struct err *err)
{
	*s = (struct spooled){ .fd = fd };
	arena_init(&s->arena);
	buf_init(&s->head, ENVELOPE_MAX_BYTES);
	s->end = lseek(fd, 0, SEEK_END);
	if (s->end == -1)
		return err_sys(err, ERR_TEMP, "read the file");
	if (spooled_read(s, 0, s->end, &s->head, err) == -1 ||
	    envelope_parse(buf_slice(&s->head), ENVELOPE_FROM_QMGR, &s->arena,
		&s->env, &s->head_bytes, err) == -1)
		return -1;
	buf_truncate(&s->head, s->head_bytes);
	return 0;
}

void
spooled_fini(struct spooled *s)
{
	fd_close(&s->fd);
	arena_fini(&s->arena);
	buf_fini(&s->head);
}

int
spooled_message(const struct spooled *s,
    int (*take)(void *arg, struct slice piece, struct err *err), void *arg,
    struct err *err)
{
	char piece[65536];
	int64_t off = (int64_t)s->head_bytes, left = s->env.size;

	while (left > 0) {
		const size_t n =
		    left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;

		if (fd_pread_all(s->fd, piece, n, off, err) == -1 ||
		    take(arg, slice_of(piece, n), err) == -1)
			return -1;
		off += (int64_t)n;
		left -= (int64_t)n;
	}
	return 0;
}

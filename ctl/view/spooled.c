/* SPDX-License-Identifier: ISC */
#include "ctl/view/spooled.h"

#include <unistd.h>

#include "queue/envelope_text.h"
#include "queue/front.h"
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

enum { JUDGED_MAX = 64 << 10 };

/* The line that was written with the message, if there is one: its fields. */
static void
read_front(struct spooled *s, struct slice lines)
{
	struct slice rest = slice_cut(lines, '\n', &lines);

	if (!slice_is(slice_cut(rest, ' ', &rest), "judged"))
		return;
	while (rest.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(rest, ' ', &rest), '=', &value);

		if (slice_is(name, "front") &&
		    (!envelope_unescape(&s->arena, value, &s->env.front) ||
			!front_is_valid(s->env.front)))
			s->env.front = SLICE("");
	}
}

/* Behind the time of a line "held". */
static struct slice
read_why(struct spooled *s, struct slice rest)
{
	struct slice why = SLICE("");

	while (rest.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(rest, ' ', &rest), '=', &value);

		if (slice_is(name, "why") &&
		    !envelope_unescape(&s->arena, value, &why))
			why = SLICE("");
	}
	return why;
}

bool
spooled_is_held(struct spooled *s, struct slice lines, struct slice *why)
{
	bool held = s->env.hold.n > 0;

	*why = s->env.hold;
	while (lines.n > 0) {
		struct slice rest = slice_cut(lines, '\n', &lines);
		const struct slice word = slice_cut(rest, ' ', &rest);

		if (slice_is(word, "held")) {
			held = true;
			*why = read_why(s, rest);
		} else if (slice_is(word, "released")) {
			held = false;
			*why = SLICE("");
		}
	}
	return held;
}

static int
load_front(struct spooled *s, struct err *err)
{
	const int64_t at = (int64_t)s->head_bytes + s->env.size;
	struct buf lines = { .max = JUDGED_MAX };
	int rc = 0;

	if (s->end > at)
		rc = spooled_read(s, at, s->end - at, &lines, err);
	if (rc == 0)
		read_front(s, buf_slice(&lines));
	buf_fini(&lines);
	return rc;
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
	return load_front(s, err);
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

	if (s->env.front.n > 0 && take(arg, s->env.front, err) == -1)
		return -1;
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

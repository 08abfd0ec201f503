/* SPDX-License-Identifier: ISC */
#include "script/pieced.h"

#include <string.h>

#include "base/arena.h"
#include "sys/fd.h"

static int64_t
size_of(const struct pieced_piece *p)
{
	return p->bytes.p != NULL ? (int64_t)p->bytes.n : p->size;
}

const struct pieced *
pieced_new(struct arena *a, const struct pieced_piece *list, size_t n)
{
	struct pieced *p = arena_alloc(a, sizeof *p);

	*p = (struct pieced){ list, n, 0 };
	for (size_t i = 0; i < n; i++)
		p->size += size_of(&list[i]);
	return p;
}

int
pieced_source_read(const struct pieced_source *s, int64_t at, char *to,
    size_t n, struct err *err)
{
	if (s->bytes.n == 0)
		return fd_pread_all(s->fd, to, n, s->offset + at, err);
	memcpy(to, s->bytes.p + at, n);
	return 0;
}

static int
read_piece(const struct pieced_piece *p, const struct pieced_source *s,
    int64_t at, char *to, size_t n, struct err *err)
{
	if (p->bytes.p == NULL)
		return pieced_source_read(s, p->from + at, to, n, err);
	memcpy(to, p->bytes.p + at, n);
	return 0;
}

int
pieced_read(const struct pieced *p, const struct pieced_source *s, int64_t at,
    char *to, size_t n, struct err *err)
{
	for (size_t i = 0; i < p->n && n > 0; i++) {
		const int64_t size = size_of(&p->list[i]);
		const int64_t left = size - at;
		const size_t some = left < (int64_t)n ? (size_t)left : n;

		if (left <= 0) {
			at -= size;
			continue;
		}
		if (read_piece(&p->list[i], s, at, to, some, err) == -1)
			return -1;
		to += some;
		n -= some;
		at = 0;
	}
	return 0;
}

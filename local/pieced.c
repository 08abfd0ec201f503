/* SPDX-License-Identifier: ISC */
#include "local/pieced.h"

#include <string.h>

#include "base/arena.h"
#include "local/job.h"
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

static int
read_piece(const struct pieced_piece *p, const struct local_job *job,
    int64_t at, char *to, size_t n, struct err *err)
{
	const struct slice in_memory =
	    p->bytes.p != NULL ? p->bytes : job->body;

	if (p->bytes.p == NULL)
		at += p->from;
	if (in_memory.n == 0)
		return fd_pread_all(job->fd, to, n, job->offset + at, err);
	memcpy(to, in_memory.p + at, n);
	return 0;
}

int
pieced_read(const struct pieced *p, const struct local_job *job, int64_t at,
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
		if (read_piece(&p->list[i], job, at, to, some, err) == -1)
			return -1;
		to += some;
		n -= some;
		at = 0;
	}
	return 0;
}

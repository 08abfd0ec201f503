/* SPDX-License-Identifier: ISC */
#include "text/block.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sys/fd.h"

enum { BLOCK = 64 << 10 };

void
block_init(struct block *b, int fd, uint64_t size)
{
	*b = (struct block){ .fd = fd, .size = size };
}

void
block_fini(struct block *b)
{
	xfree(&b->p);
	*b = (struct block){ .fd = -1 };
}

static int
fill(struct block *b, uint64_t off, size_t n, struct err *err)
{
	const uint64_t rest = b->size > off ? b->size - off : 0;
	const size_t ahead = rest < BLOCK ? (size_t)rest : BLOCK;
	const size_t want = ahead > n ? ahead : n;

	if (want > b->cap) {
		xfree(&b->p);
		b->p = xmalloc(want);
		b->cap = want;
	}
	b->n = 0;
	if (fd_pread_all(b->fd, b->p, want, (int64_t)off, err) == -1)
		return -1;
	b->off = off;
	b->n = want;
	return 0;
}

int
block_get(
    struct block *b, uint64_t off, size_t n, struct slice *out, struct err *err)
{
	const bool held = off >= b->off && off - b->off <= b->n &&
			  n <= b->n - (size_t)(off - b->off);

	if (n == 0) {
		*out = (struct slice){ NULL, 0 };
		return 0;
	}
	if (!held && fill(b, off, n, err) == -1)
		return -1;
	*out = slice_of(b->p + (off - b->off), n);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "pipe/check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "mime/header.h"
#include "proto/address.h"

enum { PIECE = 256 << 10, HEADER_MAX = 64 << 10, LIST_MAX = 64 << 10 };

enum check_result
check_step(struct check *c, struct err *err)
{
	static char piece[PIECE];
	const int64_t left = c->size - c->done;
	const size_t want = left < PIECE ? (size_t)left : PIECE;
	ssize_t n = 0;

	if (want > 0)
		n = pread(c->file, piece, want, c->offset + c->done);
	if (n == -1 && errno == EINTR)
		return CHECK_MORE;
	if (n == -1) {
		err_sys(err, ERR_TEMP, "read the queue file");
		return CHECK_FAILED;
	}
	c->crc = crc32c(c->crc, slice_of(piece, (size_t)n));
	c->done += n;
	if (c->done < c->size)
		return n > 0 ? CHECK_MORE : CHECK_DAMAGED;
	return c->crc == c->want ? CHECK_GOOD : CHECK_DAMAGED;
}

static void
add_address(struct buf *list, struct slice value)
{
	struct buf plain = { .max = ADDRESS_MAX * 2 };
	const size_t before = list->n;

	header_unfold(&plain, value);
	if (!address_parse(
		buf_slice(&plain), ADDRESS_UTF8 | ADDRESS_BARE, list))
		buf_add(list, buf_slice(&plain));
	buf_addc(list, '\n');
	if (list->failed || plain.failed)
		buf_truncate(list, before);
	buf_fini(&plain);
}

struct slice
check_delivered_to(const struct check *c, struct arena *arena)
{
	const size_t want =
	    c->size < HEADER_MAX ? (size_t)c->size : (size_t)HEADER_MAX;
	struct buf list = { .max = LIST_MAX };
	struct header_field f;
	struct slice head, out;
	char *bytes = xmalloc(want + 1);
	const ssize_t n = pread(c->file, bytes, want, c->offset);

	head = slice_of(bytes, n > 0 ? (size_t)n : 0);
	while (header_next(&head, &f))
		if (slice_iis(f.name, "Delivered-To"))
			add_address(&list, f.value);
	out = arena_slice(arena, buf_slice(&list));
	buf_fini(&list);
	free(bytes);
	return out;
}

bool
check_was_at(struct slice delivered_to, struct slice address)
{
	while (delivered_to.n > 0)
		if (slice_ieq(
			slice_cut(delivered_to, '\n', &delivered_to), address))
			return true;
	return false;
}

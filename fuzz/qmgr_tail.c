/* SPDX-License-Identifier: ISC */
/* The lines behind a message in a spool file, as a crash, an older version or
 * somebody who wrote into it left them.  Each read takes something off; what is
 * sealed and read again is the same. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "qmgr/queue/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_all(struct slice text)
{
	struct slice line, rest = text;
	enum tail_kind kind;

	while ((kind = tail_next(&rest, &line)) != TAIL_END) {
		must(rest.n < text.n || text.n == 0);
		if (kind == TAIL_LINE || kind == TAIL_JOINED)
			must(line.p >= text.p &&
			     line.p + line.n <= text.p + text.n);
		if (kind == TAIL_TORN)
			must(rest.n == 0);
		text = rest;
	}
	must(rest.n == 0);
}

/* The pieces between NULs as lines of ours. */
static void
seal_and_read(struct slice in)
{
	struct buf lines = { .max = 1 << 20 };
	struct slice piece, line, rest;

	for (rest = in; rest.n > 0;) {
		const size_t from = lines.n;

		piece = slice_cut(rest, '\0', &rest);
		if (piece.n == 0 || slice_find(piece, '\n') < piece.n)
			continue;
		buf_add(&lines, piece);
		tail_seal(&lines, from);
	}
	must(!lines.failed);
	for (rest = buf_slice(&lines); in.n > 0;) {
		piece = slice_cut(in, '\0', &in);
		if (piece.n == 0 || slice_find(piece, '\n') < piece.n)
			continue;
		must(tail_next(&rest, &line) == TAIL_LINE);
		must(slice_eq(line, piece));
	}
	must(tail_next(&rest, &line) == TAIL_END);
	buf_fini(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(slice_of(data, size));
	seal_and_read(slice_of(data, size));
	return 0;
}

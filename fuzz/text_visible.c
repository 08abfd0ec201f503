/* SPDX-License-Identifier: ISC */
/* What is visible of HTML, and text of format=flowed, is the same in whatever
 * pieces it is read, and no longer than it may be. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "text/flowed.h"
#include "text/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
show(struct slice in, unsigned form, size_t n, struct buf *out)
{
	struct html h = { .state = HTML_TEXT };
	struct flowed f = { .delsp = form == 1 };

	for (size_t i = 0; i < in.n; i += n)
		if (form == 2)
			html_feed(&h, slice_sub(in, i, n), out);
		else
			flowed_feed(&f, slice_sub(in, i, n), out);
	if (form == 2)
		html_finish(&h, out);
	else
		flowed_finish(&f, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_from(slice_of(data, size), 1);
	const size_t max = 4 * size + FLOWED_MARKS_MAX;
	struct buf whole, pieces;

	if (size == 0)
		return 0;
	buf_init(&whole, max);
	buf_init(&pieces, max);
	show(in, data[0] % 3, in.n + 1, &whole);
	show(in, data[0] % 3, 1 + data[0] / 3, &pieces);
	must(!whole.failed && !pieces.failed);
	must(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_fini(&whole);
	buf_fini(&pieces);
	return 0;
}

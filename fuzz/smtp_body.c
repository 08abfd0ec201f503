/* SPDX-License-Identifier: ISC */
/* Whatever a message holds, what goes out has CRLF line ends only, ends at its
 * final dot and nowhere before, and is the same wherever it is cut. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "smtp/session/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct slice out)
{
	bool start = true;

	for (size_t i = 0; i < out.n; i++) {
		if (out.p[i] == '\r')
			must(i + 1 < out.n && out.p[i + 1] == '\n');
		if (out.p[i] == '\n')
			must(i > 0 && out.p[i - 1] == '\r');
		/* A dot at the start of a line is never alone. */
		if (start && out.p[i] == '.')
			must(i + 1 < out.n && out.p[i + 1] == '.');
		start = out.p[i] == '\n';
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all =
	    slice_of(data + (size > 0), size > 0 ? size - 1 : 0);
	const size_t cut = size > 0 && all.n > 0 ? data[0] % all.n : 0;
	struct buf once, twice;
	struct smtp_lines a, b;

	buf_init(&once, 4 * size + 16);
	buf_init(&twice, 4 * size + 16);
	smtp_lines_init(&a, true);
	smtp_lines_init(&b, true);
	smtp_lines_feed(&a, all, &once);
	smtp_lines_feed(&b, slice_sub(all, 0, cut), &twice);
	smtp_lines_feed(&b, slice_from(all, cut), &twice);
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	must(a.line_start == b.line_start && a.after_cr == b.after_cr);
	check_lines(buf_slice(&once));
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}

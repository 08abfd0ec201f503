/* SPDX-License-Identifier: ISC */
/* A message on its way to a POP3 client: whatever it is cut into, the same
 * comes out, and it ends where its only line with a single dot stands. */
#include <stddef.h>

#include "base/must.h"
#include "pop3d/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
convert(struct slice message, size_t piece, uint8_t lines, struct buf *out)
{
	struct pop3d_wire w;

	if (lines == 0)
		pop3d_wire_all(&w);
	else
		pop3d_wire_top(&w, lines - 1U);
	for (size_t at = 0; at < message.n; at += piece)
		pop3d_wire_put(&w, slice_sub(message, at, piece), out);
	pop3d_wire_end(&w, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { .max = 1 << 20 }, parts = { .max = 1 << 20 };
	struct slice message, text;

	if (size < 2)
		return 0;
	message = slice_of(data + 2, size - 2);
	convert(message, message.n + 1, data[0], &whole);
	convert(message, data[1] % 7U + 1, data[0], &parts);
	text = buf_slice(&whole);
	must(slice_eq(text, buf_slice(&parts)));
	must(slice_ends(text, SLICE(".\r\n")));
	must(slice_search(text, SLICE("\r\n.\r\n")) + 5 >= text.n);
	for (size_t i = 0; i < text.n; i++)
		must(text.p[i] != '\n' || (i > 0 && text.p[i - 1] == '\r'));
	buf_fini(&whole);
	buf_fini(&parts);
	return 0;
}

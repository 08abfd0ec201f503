/* SPDX-License-Identifier: ISC */
/* However a message is cut, the same comes out; what came out is changed no
 * more; and where nothing is said to be binary, nothing changes. */
#include "mime/unbinary.h"

#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct unbinary *
change(struct slice in, size_t step)
{
	struct unbinary *u = unbinary_new();

	while (in.n > 0) {
		unbinary_feed(u, slice_sub(in, 0, step));
		in = slice_from(in, step);
	}
	unbinary_end(u);
	return u;
}

static bool
says_binary(struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		if (slice_istarts(slice_from(in, i), SLICE("binary")))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t step = size > 0 ? data[0] % 17 + 1 : 1;
	const struct slice in = slice_from(slice_of(data, size), 1);
	struct unbinary *whole = change(in, SIZE_MAX);
	struct unbinary *pieces = change(in, step);
	const struct slice out = buf_slice(unbinary_out(whole));
	struct unbinary *again = change(out, step);

	must(slice_eq(out, buf_slice(unbinary_out(pieces))));
	must(slice_eq(out, buf_slice(unbinary_out(again))));
	must(unbinary_broke_signature(whole) ==
	     unbinary_broke_signature(pieces));
	if (!says_binary(in))
		must(slice_eq(in, out));
	unbinary_free(&whole);
	unbinary_free(&pieces);
	unbinary_free(&again);
	return 0;
}

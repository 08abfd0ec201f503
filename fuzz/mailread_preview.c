/* SPDX-License-Identifier: ISC */
/* The preview of any text is well-formed UTF-8 of at most 256 characters,
 * without control characters. */
#include "mailread/preview.h"

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_from(slice_of(data, size), 1);
	struct slice rest;
	unsigned n = 0;
	struct buf out;

	buf_init(&out, PREVIEW_BYTES);
	preview_put(&out, in, size > 0 && (data[0] & 1) != 0);
	must(!out.failed && utf8_valid(buf_slice(&out)));
	for (rest = buf_slice(&out); rest.n > 0;
	     rest = slice_from(rest, utf8_len(rest))) {
		must(!utf8_is_control(utf8_code(rest)));
		n++;
	}
	must(n <= 256);
	buf_fini(&out);
	return 0;
}

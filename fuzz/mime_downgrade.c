/* SPDX-License-Identifier: ISC */
/* Whatever a message holds, its conversion keeps the law of
 * tests/downgrade_law.h. */
#include "mime/downgrade.h"

#include <stddef.h>
#include <stdint.h>

#include "tests/downgrade_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What smtp feeds: CRLF line ends, also at the end. */
static void
with_crlf(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		const bool crlf =
		    in.p[i] == '\r' && i + 1 < in.n && in.p[i + 1] == '\n';

		if (in.p[i] == '\r' || in.p[i] == '\n')
			buf_adds(out, "\r\n");
		else
			buf_addc(out, in.p[i]);
		i += crlf;
	}
	if (out->n > 0 && out->p[out->n - 1] != '\n')
		buf_adds(out, "\r\n");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t step = size > 0 ? data[0] % 17 + 1 : 1;
	struct buf in, out;

	buf_init(&in, 2 * size + 2);
	buf_init(&out, SIZE_MAX / 2);
	with_crlf(slice_of(data, size), &in);
	for (unsigned mode = 0; mode < 4; mode++) {
		buf_reset(&out);
		(void)law_check(buf_slice(&in), step, (mode & 1) != 0,
		    (mode & 2) != 0, &out);
		buf_reset(&out);
		(void)law_convert_binary(slice_of(data, size), step,
		    (mode & 1) != 0, (mode & 2) != 0, &out);
	}
	buf_fini(&in);
	buf_fini(&out);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Header fields: each lies in the header, the next one behind it. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of(data, size);
	struct slice head = all;
	struct header_field f;
	struct buf b;

	buf_init(&b, size + 1);
	while (header_next(&head, &f)) {
		must(f.name.n > 0 && f.raw.n >= f.name.n + 1 + f.value.n);
		must(f.raw.p + f.raw.n + head.n <= all.p + all.n);
		buf_reset(&b);
		header_unfold(&b, f.value);
		must(!b.failed && slice_find(buf_slice(&b), '\n') == b.n);
	}
	must(header_length(all) <= size);
	buf_fini(&b);
	return 0;
}

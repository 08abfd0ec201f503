/* SPDX-License-Identifier: ISC */
/* Fields that a record keeps: the first byte says whether what follows is a
 * message, of which the record must say what the header says, or fields that
 * somebody forged or a disk has damaged. */
#include <stddef.h>
#include <stdint.h>

#include "tests/fields_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
forged(struct slice fields)
{
	const bool good = mime_fields_check(fields);
	struct buf out = { .max = SIZE_MAX / 2 };
	struct slice value;

	for (int id = 0; id < 64; id++) {
		buf_reset(&out);
		if (mime_fields_get(fields, (uint64_t)1 << id, &out) && good) {
			must(slice_find(buf_slice(&out), '\0') == out.n);
			must(out.n == 0 ||
			     slice_ends(buf_slice(&out), SLICE("\r\n")));
		}
		must(out.n <= fields.n + 2);
		(void)mime_fields_first(fields, id, &value);
	}
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of(data, size);

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		(void)law_fields(slice_from(all, 1), 1 + data[0]);
	else
		forged(slice_from(all, 1));
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* What BODYSTRUCTURE tells of any message can be fetched, and nothing else. */
#include <stddef.h>
#include <stdint.h>

#include "mime/parser.h"

#include "tests/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mime_limits limits = { 20, 6, 10, 4096, 1 << 20 };
	const struct slice all = slice_of(data, size);
	struct mime_tree *t = mime_parse(all, &limits);

	structure_check(all, t);
	mime_tree_free(&t);
	return 0;
}

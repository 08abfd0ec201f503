/* SPDX-License-Identifier: ISC */
/* The compact form of a tree as a damaged index may hand it out. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "mime/imap.h"
#include "mime/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_tree *t = mime_tree_get(slice_of(data, size));
	struct buf b;

	if (t == NULL)
		return 0;
	buf_init(&b, SIZE_MAX / 2);
	imap_put_body(&b, t->root, true);
	mime_tree_put(&b, t);
	must(!b.failed);
	buf_fini(&b);
	mime_tree_free(&t);
	return 0;
}

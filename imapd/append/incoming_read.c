/* SPDX-License-Identifier: ISC */
/* What the index keeps of a message that comes in, read from its file as it is
 * now on disk. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/append/incoming.h"
#include "mailread/threadid.h"
#include "mime/part.h"
#include "mime/record.h"
#include "sys/fd.h"

enum { RECORD_MAX = 64 << 20 };

/* The id of its conversation, while its header is at hand. */
static void
set_thread(struct incoming *in, uint64_t header_bytes)
{
	const size_t n = header_bytes < THREADID_HEADER_MAX
			     ? (size_t)header_bytes
			     : THREADID_HEADER_MAX;
	char *header = xmalloc(n + 1);
	uint64_t id;

	if (fd_pread_all(append_fd(in->message), header, n, 0, NULL) == 0) {
		id = threadid_of(slice_of(header, n), 0);
		if (id != THREADID_NONE)
			append_set_thread(in->message, id);
	}
	xfree(&header);
}

static void
set_record(struct incoming *in, const struct mime_tree *tree)
{
	struct buf record;

	buf_init(&record, RECORD_MAX);
	mime_record_put(&record, tree);
	append_set_cache(in->message, buf_slice(&record),
	    mime_record_sent(tree->root->envelope));
	buf_fini(&record);
	set_thread(in, tree->root->header.bytes);
}

bool
incoming_read(struct incoming *in)
{
	struct mime_tree *tree = NULL;
	struct err err = { 0 };

	if (in->refused || in->reader.parser == NULL)
		return false;
	if (mimereader_step(&in->reader, &tree, &err) == -1)
		incoming_refuse(in, &err);
	else if (tree == NULL)
		return true;
	else
		set_record(in, tree);
	mime_tree_free(&tree);
	mimereader_end(&in->reader);
	return false;
}

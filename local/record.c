/* SPDX-License-Identifier: ISC */
#include "local/record.h"

#include <stdlib.h>

#include "base/mem.h"
#include "local/wire.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"
#include "store/append.h"

/* A message whose structure takes more is parsed when it is asked for. */
enum { RECORD_MAX_BYTES = 256 << 10 };

struct record {
	struct mime_parser *parser;
	struct wire wire;
};

struct record *
record_new(void)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->parser = mime_parser_new(NULL);
	return r;
}

void
record_feed(struct record *r, struct slice piece)
{
	char text[RECORD_PIECE + 1];

	mime_parser_feed(
	    r->parser, wire_to_lf(&r->wire, piece, text, sizeof text));
}

void
record_put(struct record *r, struct append *a)
{
	struct buf out = { .max = RECORD_MAX_BYTES };
	struct mime_tree *tree;
	struct slice envelope;
	int64_t sent = 0;

	record_feed(r, SLICE(""));
	tree = mime_parser_finish(&r->parser);
	mime_record_put(&out, tree);
	if (!out.failed) {
		if (mime_record_envelope(buf_slice(&out), &envelope))
			sent = mime_record_sent(envelope);
		append_set_cache(a, buf_slice(&out), sent);
	}
	mime_tree_free(&tree);
	buf_fini(&out);
}

void
record_free(struct record **r)
{
	if (*r == NULL)
		return;
	mime_parser_free(&(*r)->parser);
	xfree(r);
}

/* SPDX-License-Identifier: ISC */
#include "smtpd/record.h"

#include <stddef.h>

#include "base/buf.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/wire.h"

/*
 * What one session may hold of a header and of its parts while a message comes
 * in; a record of MIME_WIRE_MAX bytes needs no more.  The depth bounds what a
 * line that looks like a boundary costs.  Addresses are not limited by their
 * number: a field is not large enough.  The fields that are kept as they stand
 * (mime/fields.h) have a limit of their own.
 */
static const struct mime_limits limits = {
	.parts = 1000,
	.depth = 20,
	.addresses = 10000,
	.header_bytes = 64 << 10,
	.tree_bytes = 128 << 10,
};

struct mime_parser *
smtpd_record_parser(void)
{
	return mime_parser_new(&limits);
}

void
smtpd_record_feed(struct mime_parser **p, struct slice bytes)
{
	if (*p == NULL)
		return;
	mime_parser_feed(*p, bytes);
	if (mime_parser_limited(*p))
		mime_parser_free(p);
}

void
smtpd_record_finish(struct mime_parser **p, struct buf *out)
{
	struct mime_tree *tree;

	buf_init(out, MIME_WIRE_MAX);
	if (*p == NULL)
		return;
	tree = mime_parser_finish(p);
	(void)mime_wire_put(out, tree);
	mime_tree_free(&tree);
}

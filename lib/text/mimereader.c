/* SPDX-License-Identifier: ISC */
#include "text/mimereader.h"

#include <unistd.h>

#include "mime/parser.h"

enum { PIECE = 64 << 10, STEP = 128 << 10 };

void
mimereader_begin(struct mimereader *r, int fd, const struct mime_limits *limits)
{
	*r = (struct mimereader){ mime_parser_new(limits), fd, 0 };
}

int
mimereader_step(struct mimereader *r, struct mime_tree **tree, struct err *err)
{
	const int64_t until = r->off + STEP;
	char piece[PIECE];
	ssize_t n = PIECE;

	/* A regular file gives all there is. */
	while (n == PIECE && r->off < until) {
		n = pread(r->fd, piece, sizeof piece, r->off);
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read message");
		mime_parser_feed(r->parser, slice_of(piece, (size_t)n));
		r->off += n;
	}
	if (n < PIECE)
		*tree = mime_parser_finish(&r->parser);
	return 0;
}

void
mimereader_end(struct mimereader *r)
{
	mime_parser_free(&r->parser);
}

/* SPDX-License-Identifier: ISC */
#include "local/wire.h"

#include "base/must.h"

struct slice
wire_to_lf(struct wire *w, struct slice piece, char *text, size_t size)
{
	size_t n = 0;

	must(size > piece.n);
	if (w->cr && (piece.n == 0 || piece.p[0] != '\n'))
		text[n++] = '\r';
	w->cr = false;
	while (piece.n > 0) {
		const size_t at = slice_find(piece, '\r');

		memcpy(text + n, piece.p, at);
		n += at;
		piece = slice_from(piece, at);
		if (piece.n == 0)
			break;
		piece = slice_from(piece, 1);
		if (piece.n == 0)
			w->cr = true;
		else if (piece.p[0] != '\n')
			text[n++] = '\r';
	}
	return slice_of(text, n);
}

/* SPDX-License-Identifier: ISC */
#include "proto/managesieve_frame.h"

#include <stdbool.h>

#include "base/cur.h"

/* "{12+}" at the end of LINE; without the plus it is the server's form. */
static bool
ends_in_literal(struct slice line, uint64_t *n)
{
	const size_t at = slice_rfind(line, '{');
	struct cur c = cur_of(slice_from(line, at));

	if (at == line.n || line.p[line.n - 1] != '}')
		return false;
	cur_lit(&c, "{");
	*n = cur_u64(&c, UINT32_MAX);
	cur_lit(&c, "+}");
	return cur_end(&c);
}

static struct slice
without_cr(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum managesieve_need
managesieve_frame(struct managesieve_frame *f, struct slice in, size_t max,
    size_t *len, uint64_t *size)
{
	for (;;) {
		struct slice rest;
		uint64_t n = 0;
		size_t nl;

		if (in.n - f->at < f->literal)
			return MANAGESIEVE_MORE;
		f->at += f->literal;
		f->literal = 0;
		rest = slice_from(in, f->at);
		nl = slice_find(rest, '\n');
		if (nl == rest.n)
			return in.n > max ? MANAGESIEVE_TOO_LONG
					  : MANAGESIEVE_MORE;
		f->at += nl + 1;
		*len = f->at;
		if (f->at > max)
			return MANAGESIEVE_TOO_LONG;
		if (!ends_in_literal(without_cr(slice_sub(rest, 0, nl)), &n))
			return MANAGESIEVE_WHOLE;
		if (n > max - f->at) {
			*size = n;
			return MANAGESIEVE_LITERAL;
		}
		f->literal = (size_t)n;
	}
}

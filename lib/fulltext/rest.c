/* SPDX-License-Identifier: ISC */
#include "fulltext/rest.h"

#include "base/buf.h"

struct rest_head {
	uint64_t doc;
	uint32_t header, body;
};

void
rest_put(struct buf *out, const struct rest *r)
{
	const struct rest_head h = { .doc = r->doc,
		.header = (uint32_t)r->header.n,
		.body = (uint32_t)r->body.n };

	buf_add(out, slice_of(&h, sizeof h));
	buf_add(out, r->header);
	buf_add(out, r->body);
}

bool
rest_get(struct slice *row, struct rest *r)
{
	struct rest_head h;

	if (row->n < sizeof h)
		return false;
	memcpy(&h, row->p, sizeof h);
	if (h.header > row->n - sizeof h ||
	    h.body > row->n - sizeof h - h.header)
		return false;
	r->doc = h.doc;
	r->header = slice_sub(*row, sizeof h, h.header);
	r->body = slice_sub(*row, sizeof h + h.header, h.body);
	*row = slice_from(*row, sizeof h + h.header + h.body);
	return true;
}

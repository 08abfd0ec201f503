/* SPDX-License-Identifier: ISC */
#include "imapd/parse/partial.h"

#include "imapd/parse/parse.h"

struct partial_range
partial_parse(struct parse *p)
{
	struct partial_range r = { .from_end = cur_try_byte(&p->c, '-') };

	r.from = (uint32_t)parse_nz_number(p, UINT32_MAX);
	cur_lit(&p->c, r.from_end ? ":-" : ":");
	r.to = (uint32_t)parse_nz_number(p, UINT32_MAX);
	if (!parse_ok(p))
		parse_fail(p, "expected a range like 1:100 or -1:-100");
	return r;
}

size_t
partial_of(const struct partial_range *r, size_t *n)
{
	const size_t lo = r->from < r->to ? r->from : r->to;
	const size_t hi = r->from < r->to ? r->to : r->from;
	const size_t all = *n;
	const size_t end = hi < all ? hi : all;

	if (lo > all) {
		*n = 0;
		return 0;
	}
	*n = end - lo + 1;
	return r->from_end ? all - end : lo - 1;
}

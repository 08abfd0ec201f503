/* SPDX-License-Identifier: ISC */
#include "imapd/search/envparts.h"

#include "base/buf.h"
#include "base/cur.h"

/* Read an nstring; as it stands. */
static struct slice
read_nstring(struct cur *c)
{
	const char *from = c->p;

	if (cur_try(c, "NIL")) {
		;
	} else if (cur_try_byte(c, '{')) {
		const uint64_t n = cur_u64(c, cur_left(c));

		cur_lit(c, "}\r\n");
		(void)cur_take(c, (size_t)n);
	} else {
		cur_lit(c, "\"");
		while (cur_left(c) > 0 && cur_peek(c) != '"') {
			cur_try_byte(c, '\\');
			(void)cur_byte(c);
		}
		cur_lit(c, "\"");
	}
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from)) : SLICE("NIL");
}

static void
read_address(struct cur *c, struct envaddress *a)
{
	cur_lit(c, "(");
	a->name = read_nstring(c);
	cur_lit(c, " ");
	(void)read_nstring(c); /* the route */
	cur_lit(c, " ");
	a->mailbox = read_nstring(c);
	cur_lit(c, " ");
	a->host = read_nstring(c);
	cur_lit(c, ")");
}

static struct slice
read_list(struct cur *c)
{
	const char *from = c->p;
	struct envaddress a;

	if (!cur_try(c, "NIL")) {
		cur_lit(c, "(");
		while (cur_peek(c) == '(')
			read_address(c, &a);
		cur_lit(c, ")");
	}
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from)) : SLICE("NIL");
}

bool
envparts_split(struct slice envelope, struct envparts *e)
{
	struct cur c = cur_of(envelope);

	for (enum envpart i = 0; i < ENVPARTS; i++) {
		cur_lit(&c, i == 0 ? "(" : " ");
		if (i >= ENVPART_FROM && i <= ENVPART_BCC)
			e->of[i] = read_list(&c);
		else
			e->of[i] = read_nstring(&c);
	}
	cur_lit(&c, ")");
	if (cur_end(&c))
		return true;
	for (enum envpart i = 0; i < ENVPARTS; i++)
		e->of[i] = SLICE("NIL");
	return false;
}

struct slice
envparts_string(struct slice nstring, struct buf *text)
{
	struct slice s;

	if (nstring.n == 0 || nstring.p[0] == 'N')
		return (struct slice){ NULL, 0 };
	if (nstring.p[0] == '{')
		return slice_from(nstring, slice_find(nstring, '\n') + 1);
	s = slice_sub(nstring, 1, nstring.n - 2);
	if (slice_find(s, '\\') == s.n)
		return s;
	buf_reset(text);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		buf_addc(text, s.p[i]);
	}
	return buf_slice(text);
}

bool
envparts_first(struct slice list, struct envaddress *a)
{
	struct cur c = cur_of(list);

	if (cur_try(&c, "NIL"))
		return false;
	cur_lit(&c, "(");
	read_address(&c, a);
	return cur_ok(&c);
}

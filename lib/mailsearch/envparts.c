/* SPDX-License-Identifier: ISC */
#include "mailsearch/envparts.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"

/* Where the quoted string that begins before P ends, behind its quote; NULL: it
 * does not. */
static const char *
quoted_end(const char *p, const char *end)
{
	const char *quote = memchr(p, '"', (size_t)(end - p));

	if (quote == NULL || memchr(p, '\\', (size_t)(quote - p)) == NULL)
		return quote != NULL ? quote + 1 : NULL;
	for (; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* Read an nstring; as it stands. */
static struct slice
read_nstring(struct cur *c)
{
	const char *from = c->p;

	if (cur_peek(c) == '"') {
		c->p = quoted_end(from + 1, c->end);
		if (c->p == NULL) {
			c->p = from;
			cur_fail(c);
		}
	} else if (cur_peek(c) == '{') {
		uint64_t n;

		(void)cur_byte(c);
		n = cur_u64(c, cur_left(c));
		cur_lit(c, "}\r\n");
		(void)cur_take(c, (size_t)n);
	} else {
		cur_lit(c, "NIL");
	}
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from)) : SLICE("NIL");
}

static void
read_byte(struct cur *c, char b)
{
	if (cur_peek(c) == (unsigned char)b)
		c->p++;
	else
		cur_fail(c);
}

static void
read_address(struct cur *c, struct envaddress *a)
{
	read_byte(c, '(');
	a->name = read_nstring(c);
	read_byte(c, ' ');
	(void)read_nstring(c); /* the route */
	read_byte(c, ' ');
	a->mailbox = read_nstring(c);
	read_byte(c, ' ');
	a->host = read_nstring(c);
	read_byte(c, ')');
}

static struct slice
read_list(struct cur *c)
{
	const char *from = c->p;
	struct envaddress a;

	if (cur_peek(c) == '(') {
		c->p++;
		while (cur_peek(c) == '(')
			read_address(c, &a);
		read_byte(c, ')');
	} else {
		cur_lit(c, "NIL");
	}
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from)) : SLICE("NIL");
}

bool
envparts_split(struct slice envelope, enum envpart last, struct envparts *e)
{
	struct cur c = cur_of(envelope);

	for (enum envpart i = 0; i < ENVPARTS; i++)
		e->of[i] = SLICE("NIL");
	for (enum envpart i = 0; i <= last; i++) {
		read_byte(&c, i == 0 ? '(' : ' ');
		if (i >= ENVPART_FROM && i <= ENVPART_BCC)
			e->of[i] = read_list(&c);
		else
			e->of[i] = read_nstring(&c);
	}
	if (last == ENVPARTS - 1)
		read_byte(&c, ')');
	if (cur_ok(&c) && (last < ENVPARTS - 1 || cur_end(&c)))
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

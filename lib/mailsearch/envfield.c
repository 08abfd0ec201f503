/* SPDX-License-Identifier: ISC */
#include "mailsearch/envfield.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"

/* The length of the quoted string that S begins with, quotes and all; 0: it has
 * no end. */
static size_t
quoted_length(struct slice s)
{
	size_t at = 1;

	while (at < s.n) {
		const size_t end = at + slice_find(slice_from(s, at), '"');
		size_t escapes = 0;

		while (end - escapes > 1 && s.p[end - escapes - 1] == '\\')
			escapes++;
		at = end + 1;
		if (end < s.n && escapes % 2 == 0)
			return at;
	}
	return 0;
}

/* nstring, as it is rendered; empty for NIL. */
static struct slice
take_nstring(struct cur *c)
{
	const char *from = c->p;
	size_t n;

	if (cur_peek(c) == '"') {
		n = quoted_length(cur_rest(c));
		if (n == 0)
			cur_fail(c);
		return cur_take(c, n);
	}
	if (!cur_try_byte(c, '{')) {
		cur_lit(c, "NIL");
		return (struct slice){ NULL, 0 };
	}
	n = (size_t)cur_u64(c, cur_left(c));
	cur_lit(c, "}\r\n");
	(void)cur_take(c, n);
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from))
			 : (struct slice){ NULL, 0 };
}

/* A list of addresses, or NIL. */
static struct slice
take_list(struct cur *c)
{
	const char *from = c->p;

	if (!cur_try_byte(c, '(')) {
		cur_lit(c, "NIL");
		return (struct slice){ NULL, 0 };
	}
	while (cur_try_byte(c, '('))
		for (int i = 0; i < 4; i++) {
			(void)take_nstring(c);
			cur_lit(c, i < 3 ? " " : ")");
		}
	cur_lit(c, ")");
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from))
			 : (struct slice){ NULL, 0 };
}

void
envfield_begin(struct envelope_fields *e, struct slice envelope)
{
	e->rest = cur_of(envelope);
	e->n = 0;
	if (!cur_try_byte(&e->rest, '('))
		cur_fail(&e->rest);
}

struct slice
envfield_get(struct envelope_fields *e, enum envfield field)
{
	for (; e->n <= (size_t)field; e->n++) {
		if (e->n > 0)
			cur_lit(&e->rest, " ");
		e->of[e->n] = e->n >= ENVFIELD_FROM ? take_list(&e->rest)
						    : take_nstring(&e->rest);
	}
	return e->of[field];
}

/* What a rendered string says; false: it is NIL. */
static bool
put_string(struct slice s, struct buf *out)
{
	if (s.n == 0)
		return false;
	if (s.p[0] == '{') {
		buf_add(out, slice_from(s, slice_find(s, '\n') + 1));
		return true;
	}
	s = slice_sub(s, 1, s.n - 2);
	while (s.n > 0) {
		const size_t n = slice_find(s, '\\');

		buf_add(out, slice_sub(s, 0, n));
		buf_add(out, slice_sub(s, n + 1, 1));
		s = slice_from(s, n + 2);
	}
	return true;
}

/* "(" name SP adl SP mailbox SP host ")" behind its parenthesis */
static void
put_address(struct cur *c, struct buf *out)
{
	struct slice part[4];
	bool named;

	for (int i = 0; i < 4; i++) {
		part[i] = take_nstring(c);
		cur_lit(c, i < 3 ? " " : ")");
	}
	if (!cur_ok(c) || part[2].n == 0)
		return;
	if (out->n > 0)
		buf_adds(out, ", ");
	named = put_string(part[0], out) && part[0].n > strlen("\"\"") &&
		part[3].n > 0;
	if (named)
		buf_adds(out, " <");
	(void)put_string(part[2], out);
	if (part[3].n > 0) {
		buf_addc(out, '@');
		(void)put_string(part[3], out);
	}
	if (named)
		buf_addc(out, '>');
}

void
envfield_text(struct slice rendered, bool addresses, struct buf *out)
{
	struct cur c = cur_of(rendered);

	if (!addresses) {
		(void)put_string(rendered, out);
		return;
	}
	(void)cur_try_byte(&c, '(');
	while (cur_try_byte(&c, '('))
		put_address(&c, out);
}

/* An encoded word, or ISO 2022 as it stands. */
static bool
is_encoded(struct slice s)
{
	const char *at = s.p;

	if (slice_find(s, '\x1b') < s.n || slice_find(s, '\x0e') < s.n)
		return true;
	while ((at = memchr(at, '=', s.n - (size_t)(at - s.p))) != NULL)
		if (++at < s.p + s.n && *at == '?')
			return true;
	return false;
}

/* Quoted strings are ASCII: with nothing encoded in them they say what they
 * are, but for the case of letters, white space, and what stands between
 * addresses. */
bool
envfield_lacks(
    struct slice rendered, bool addresses, struct slice needle, size_t rare)
{
	const char c = needle.p[rare];

	if ((rendered.p[0] != '"' && slice_find(rendered, '{') < rendered.n) ||
	    is_encoded(rendered))
		return false;
	if ((unsigned char)c >= 0x80)
		return true;
	if (c == ' ' || (addresses && strchr(",<>@", c) != NULL))
		return false;
	return slice_find(rendered, c) == rendered.n &&
	       (ascii_upper(c) == c ||
		   slice_find(rendered, ascii_upper(c)) == rendered.n);
}

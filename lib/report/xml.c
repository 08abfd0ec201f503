/* SPDX-License-Identifier: ISC */
#include "report/xml.h"

#include "base/ascii.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/utf8_put.h"

static const struct {
	const char *name;
	char c;
} entities[] = {
	{ "&amp;", '&' },
	{ "&lt;", '<' },
	{ "&gt;", '>' },
	{ "&quot;", '"' },
	{ "&apos;", '\'' },
};

void
xml_init(struct xml *x, struct slice text)
{
	static const struct slice mark = SLICE("\xef\xbb\xbf");

	*x = (struct xml){ .text = { .max = XML_TEXT_MAX } };
	x->c =
	    cur_of(slice_starts(text, mark) ? slice_from(text, mark.n) : text);
}

void
xml_fini(struct xml *x)
{
	buf_fini(&x->text);
}

static enum xml_event
wrong(struct xml *x, const char *why)
{
	if (x->why == NULL)
		x->why = why;
	return XML_WRONG;
}

/* ---- text ---- */

/* What a document may hold (XML 1.0 2.2). */
static bool
is_char(uint32_t c)
{
	return c >= 0x20 ? c != 0xfffe && c != 0xffff
			 : c == '\t' || c == '\n' || c == '\r';
}

/* &#65; and &#x41; */
static bool
number(struct slice ref, struct buf *out)
{
	const bool hex = ref.n > 2 && ref.p[2] == 'x';
	uint32_t c = 0;

	ref = slice_from(ref, hex ? 3 : 2);
	if (ref.n < 2 || ref.n > 8)
		return false;
	for (size_t i = 0; i + 1 < ref.n; i++) {
		const int digit = hex_digit(ref.p[i]);

		if (digit == -1 || (!hex && digit > 9))
			return false;
		c = c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (!is_char(c) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	utf8_put(out, c);
	return true;
}

static bool
reference(struct xml *x)
{
	const struct slice rest = slice_sub(cur_rest(&x->c), 0, 12);
	const struct slice ref = slice_sub(rest, 0, slice_find(rest, ';') + 1);

	(void)cur_take(&x->c, ref.n);
	if (slice_starts(ref, SLICE("&#")))
		return number(ref, &x->text);
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (slice_is(ref, entities[i].name)) {
			buf_addc(&x->text, entities[i].c);
			return true;
		}
	return false;
}

static bool
is_plain(char c)
{
	return c != '<' && c != '&' && c != '\0';
}

/* Up to the next markup. */
static bool
read_text(struct xml *x)
{
	while (cur_peek(&x->c) != '<') {
		const struct slice piece = cur_while(&x->c, is_plain);

		if (x->depth == 0 && slice_trim(piece).n > 0)
			return false;
		if (x->depth > 0)
			buf_add(&x->text, piece);
		if (cur_peek(&x->c) == '&' && (x->depth == 0 || !reference(x)))
			return false;
		if (cur_peek(&x->c) == '\0' || x->text.failed)
			return false;
		if (cur_left(&x->c) == 0)
			break;
	}
	return true;
}

/* ---- markup ---- */

/* What stands up to END, which is read too; false: END is not there. */
static bool
take_until(struct cur *c, struct slice end, struct slice *got)
{
	const struct slice rest = cur_rest(c);
	const size_t at = slice_search(rest, end);

	if (at == rest.n)
		return false;
	*got = slice_sub(rest, 0, at);
	(void)cur_take(c, at + end.n);
	return true;
}

static bool
is_name(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-' || c == '.' ||
	       c == ':' || (unsigned char)c >= 0x80;
}

static void
skip_space(struct cur *c)
{
	(void)cur_while(c, ascii_isspace);
}

/* The rest of a tag behind its name; false: it is none.  *EMPTY: it is an
 * element of its own. */
static bool
read_attributes(struct cur *c, bool *empty)
{
	*empty = false;
	for (;;) {
		const bool apart = cur_while(c, ascii_isspace).n > 0;
		struct slice value;

		if (cur_try_byte(c, '>'))
			return true;
		*empty = cur_try_byte(c, '/');
		if (*empty)
			return cur_try_byte(c, '>');
		if (!apart || cur_while(c, is_name).n == 0)
			return false;
		skip_space(c);
		if (!cur_try_byte(c, '='))
			return false;
		skip_space(c);
		if (cur_try_byte(c, '"'))
			value = cur_until(c, '"');
		else if (cur_try_byte(c, '\''))
			value = cur_until(c, '\'');
		else
			return false;
		if (!cur_ok(c) || slice_find(value, '<') < value.n)
			return false;
	}
}

/* Without its prefix. */
static struct slice
local(struct slice name)
{
	struct slice rest;

	(void)slice_cut(name, ':', &rest);
	return rest.n > 0 ? rest : name;
}

static enum xml_event
open_tag(struct xml *x)
{
	const struct slice name = cur_while(&x->c, is_name);

	if (name.n == 0 || !read_attributes(&x->c, &x->close))
		return wrong(x, "a tag that is none");
	if (x->depth == 0 && x->root)
		return wrong(x, "more than one element");
	if (x->depth == XML_DEPTH_MAX)
		return wrong(x, "too deep");
	x->root = true;
	x->names[x->depth++] = name;
	buf_reset(&x->text);
	x->name = local(name);
	return XML_OPEN;
}

static enum xml_event
close_element(struct xml *x)
{
	x->close = false;
	x->name = local(x->names[--x->depth]);
	return XML_CLOSE;
}

static enum xml_event
close_tag(struct xml *x)
{
	const struct slice name = cur_while(&x->c, is_name);

	skip_space(&x->c);
	if (!cur_try_byte(&x->c, '>') || x->depth == 0 ||
	    !slice_eq(name, x->names[x->depth - 1]))
		return wrong(x, "an end tag without its element");
	return close_element(x);
}

/* What is no element; false: it is not there, or may not be. */
static bool
pass_over(struct xml *x)
{
	struct slice got;

	if (cur_try(&x->c, "?"))
		return take_until(&x->c, SLICE("?>"), &got);
	if (cur_try(&x->c, "!--"))
		return take_until(&x->c, SLICE("-->"), &got);
	if (x->depth > 0 && cur_try(&x->c, "![CDATA[") &&
	    take_until(&x->c, SLICE("]]>"), &got)) {
		buf_add(&x->text, got);
		return true;
	}
	return false;
}

enum xml_event
xml_next(struct xml *x)
{
	if (x->why != NULL)
		return XML_WRONG;
	if (x->close)
		return close_element(x);
	buf_reset(&x->text);
	for (;;) {
		int next;

		if (!read_text(x))
			return wrong(x, "a text that is none, or too long");
		if (cur_left(&x->c) == 0)
			return x->root && x->depth == 0
				   ? XML_END
				   : wrong(x, "it ends too early");
		(void)cur_byte(&x->c);
		next = cur_peek(&x->c);
		if (next == '/') {
			(void)cur_byte(&x->c);
			return close_tag(x);
		}
		if (next != '?' && next != '!')
			return open_tag(x);
		if (!pass_over(x))
			return wrong(x, "markup that is not taken");
	}
}

void
xml_put(struct buf *out, struct slice text)
{
	while (text.n > 0) {
		const size_t n = utf8_len(text);
		const char *entity = NULL;

		for (size_t i = 0; i < ARRAY_LEN(entities); i++)
			if (text.p[0] == entities[i].c)
				entity = entities[i].name;
		if (entity != NULL)
			buf_adds(out, entity);
		else if (n == 0 || !is_char(utf8_code(text)))
			buf_addc(out, '?');
		else
			buf_add(out, slice_sub(text, 0, n));
		text = slice_from(text, n > 0 ? n : 1);
	}
}

/* SPDX-License-Identifier: ISC */
#include "login/imaptext.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* "{12}" or "{12+}" (RFC 7888) at the end of LINE. */
static bool
ends_in_literal(struct slice line, uint64_t *n, bool *sync)
{
	const size_t at = slice_rfind(line, '{');
	struct cur c = cur_of(slice_from(line, at));

	if (at == line.n || line.p[line.n - 1] != '}')
		return false;
	cur_lit(&c, "{");
	*n = cur_u64(&c, UINT32_MAX);
	*sync = !cur_try_byte(&c, '+');
	cur_lit(&c, "}");
	return cur_end(&c);
}

static struct slice
without_cr(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum imap_need
imaptext_frame(
    struct imaptext_frame *f, struct slice in, size_t max, size_t *len)
{
	for (;;) {
		struct slice rest;
		uint64_t n = 0;
		bool sync = false;
		size_t nl;

		if (in.n - f->at < f->literal)
			return IMAP_MORE;
		f->at += f->literal;
		f->literal = 0;
		rest = slice_from(in, f->at);
		nl = slice_find(rest, '\n');
		if (nl == rest.n)
			return in.n > max ? IMAP_TOO_LONG : IMAP_MORE;
		f->at += nl + 1;
		*len = f->at;
		if (f->at > max)
			return IMAP_TOO_LONG;
		if (!ends_in_literal(
			without_cr(slice_sub(rest, 0, nl)), &n, &sync))
			return IMAP_WHOLE;
		if (n > max - f->at)
			return sync ? IMAP_TOO_BIG : IMAP_TOO_LONG;
		f->literal = (size_t)n;
		if (sync)
			return IMAP_GO_AHEAD;
	}
}

/* RFC 9051 9: atom-specials without the closing bracket, which is one only in
 * response codes. */
static bool
is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && strchr("(){%*\"\\", c) == NULL;
}

static bool
is_tag_char(char c)
{
	return is_atom_char(c) && c != '+';
}

static struct slice
take(struct cur *c, bool (*is)(char))
{
	const struct slice s = cur_while(c, is);

	if (s.n == 0)
		cur_fail(c);
	return s;
}

struct slice
imaptext_tag(struct cur *c)
{
	return take(c, is_tag_char);
}

struct slice
imaptext_atom(struct cur *c)
{
	return take(c, is_atom_char);
}

static void
quoted(struct cur *c, struct buf *out)
{
	cur_lit(c, "\"");
	while (cur_ok(c) && !cur_try_byte(c, '"')) {
		const bool escaped = cur_try_byte(c, '\\');
		const int b = cur_byte(c);

		if (b == '\r' || b == '\n' || b == 0 ||
		    (escaped && b != '"' && b != '\\'))
			cur_fail(c);
		buf_addc(out, (char)b);
	}
}

static void
literal(struct cur *c, struct buf *out)
{
	size_t n;

	cur_lit(c, "{");
	n = (size_t)cur_u64(c, UINT32_MAX);
	(void)cur_try_byte(c, '+');
	cur_lit(c, "}");
	imaptext_crlf(c);
	buf_add(out, cur_take(c, n));
}

void
imaptext_astring(struct cur *c, struct buf *out)
{
	if (cur_peek(c) == '"')
		quoted(c, out);
	else if (cur_peek(c) == '{')
		literal(c, out);
	else
		buf_add(out, imaptext_atom(c));
	if (out->failed)
		cur_fail(c);
}

void
imaptext_crlf(struct cur *c)
{
	(void)cur_try_byte(c, '\r');
	cur_lit(c, "\n");
}

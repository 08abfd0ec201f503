/* SPDX-License-Identifier: ISC */
#include "proto/managesieve.h"

#include <stdbool.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/utf8.h"

/* RFC 5804 4: of a quoted string. */
enum { QUOTED_MAX = 1024 };

static bool
is_atom_char(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-';
}

struct slice
managesieve_atom(struct cur *c)
{
	const struct slice s = cur_while(c, is_atom_char);

	if (s.n == 0)
		cur_fail(c);
	return s;
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
	cur_lit(c, "+}");
	managesieve_end(c);
	buf_add(out, cur_take(c, n));
}

void
managesieve_bare_string(struct cur *c, struct buf *out)
{
	buf_reset(out);
	if (cur_peek(c) == '{')
		literal(c, out);
	else
		quoted(c, out);
	if (out->failed)
		cur_fail(c);
}

void
managesieve_string(struct cur *c, struct buf *out)
{
	cur_lit(c, " ");
	managesieve_bare_string(c, out);
}

uint32_t
managesieve_number(struct cur *c)
{
	cur_lit(c, " ");
	return (uint32_t)cur_u64(c, UINT32_MAX);
}

void
managesieve_end(struct cur *c)
{
	(void)cur_try_byte(c, '\r');
	cur_lit(c, "\n");
}

/* ---- responses ---- */

static bool
can_be_quoted(struct slice s)
{
	if (s.n > QUOTED_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

void
managesieve_put_string(struct buf *out, struct slice s)
{
	if (!can_be_quoted(s)) {
		buf_addf(out, "{%zu}\r\n", s.n);
		buf_add(out, s);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

void
managesieve_put_reply(
    struct buf *out, const char *word, const char *code, struct slice text)
{
	buf_adds(out, word);
	if (code != NULL)
		buf_addf(out, " (%s)", code);
	if (text.n > 0) {
		buf_addc(out, ' ');
		managesieve_put_string(out, text);
	}
	buf_adds(out, "\r\n");
}

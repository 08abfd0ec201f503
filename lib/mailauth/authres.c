/* SPDX-License-Identifier: ISC */
#include "mailauth/authres.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/utf8.h"
#include "proto/domain.h"

enum { ID_MAX = 255 };

/* A byte of a token (RFC 2045 5.1). */
static bool
is_token_byte(char c)
{
	return ascii_isprint(c) && c != ' ' &&
	       slice_find(SLICE("()<>@,;:\\\"/[]?="), c) == 15;
}

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_byte(s.p[i]))
			return false;
	return s.n > 0;
}

/* A token, or tokens around an "@", the first of which may be missing. */
static bool
is_plain(struct slice s)
{
	struct slice domain;
	const struct slice local = slice_cut(s, '@', &domain);

	if (local.n == s.n)
		return is_token(s);
	return (local.n == 0 || is_token(local)) && is_token(domain);
}

static void
put_quoted(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (n == 0 || utf8_is_control(utf8_code(s))) {
			buf_addc(out, '?');
			n = n == 0 ? 1 : n;
		} else {
			if (s.p[0] == '"' || s.p[0] == '\\')
				buf_addc(out, '\\');
			buf_add(out, slice_sub(s, 0, n));
		}
		s = slice_from(s, n);
	}
	buf_addc(out, '"');
}

void
authres_put_value(struct buf *out, struct slice value)
{
	if (is_plain(value))
		buf_add(out, value);
	else
		put_quoted(out, value);
}

void
authres_begin(struct authres *r, struct buf *out, struct slice id)
{
	*r = (struct authres){ .out = out };
	buf_adds(out, "Authentication-Results: ");
	authres_put_value(out, id);
}

void
authres_result(struct authres *r, const char *method, const char *result)
{
	buf_addf(r->out, ";\r\n\t%s=%s", method, result);
	r->any = true;
}

void
authres_reason(struct authres *r, struct slice why)
{
	if (why.n == 0)
		return;
	buf_adds(r->out, " reason=");
	put_quoted(r->out, why);
}

void
authres_property(struct authres *r, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addf(r->out, "\r\n\t %s=", name);
	authres_put_value(r->out, value);
}

void
authres_end(struct authres *r)
{
	buf_adds(r->out, r->any ? "\r\n" : "; none\r\n");
}

/* ---- reading ---- */

/* Comments, which nest, and white space. */
static void
skip_cfws(struct cur *c)
{
	size_t depth = 0;

	for (;;) {
		const int b = cur_peek(c);

		if (b == -1)
			break;
		if (depth > 0 && b == '\\') {
			(void)cur_byte(c);
			(void)cur_byte(c);
			continue;
		}
		if (b == '(')
			depth++;
		else if (b == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !ascii_isspace((char)b))
			break;
		(void)cur_byte(c);
	}
	if (depth > 0)
		cur_fail(c);
}

/* A token or a quoted string. */
static void
take_value(struct cur *c, struct buf *out)
{
	if (!cur_try_byte(c, '"')) {
		/* a name of the host may have bytes that a token has not */
		while (cur_left(c) > 0 && !ascii_isspace(*c->p) &&
		       *c->p != ';' && *c->p != '(' && *c->p != '"')
			buf_addc(out, (char)cur_byte(c));
		return;
	}
	while (cur_left(c) > 0 && cur_peek(c) != '"') {
		(void)cur_try_byte(c, '\\');
		buf_addc(out, (char)cur_byte(c));
	}
	if (!cur_try_byte(c, '"'))
		cur_fail(c);
}

static bool
has(struct slice text, struct slice id)
{
	for (size_t i = 0; i + id.n <= text.n; i++)
		if (slice_ieq(slice_sub(text, i, id.n), id))
			return true;
	return false;
}

static struct slice
without_dot(struct slice s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

bool
authres_is_of(struct slice value, struct slice id)
{
	struct buf text = { .max = ID_MAX };
	struct cur c = cur_of(value);
	bool is;

	skip_cfws(&c);
	take_value(&c, &text);
	skip_cfws(&c);
	/* a version, "; none" or results, or the end */
	if (!cur_ok(&c) || text.n == 0 || text.failed ||
	    (cur_left(&c) > 0 && cur_peek(&c) != ';' &&
		!ascii_isdigit((char)cur_peek(&c)))) {
		struct slice rest;

		is = has(slice_cut(value, '=', &rest), id);
	} else {
		is = domain_same(without_dot(buf_slice(&text)), id);
	}
	buf_fini(&text);
	return is;
}

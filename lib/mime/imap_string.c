/* SPDX-License-Identifier: ISC */
#include "mime/imap_string.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"

enum { QUOTED_MAX = 1024 };

/* *ESCAPES: how many of its bytes need a backslash. */
static bool
is_quotable(struct slice s, bool utf8, size_t *escapes)
{
	unsigned bad = 0, high = 0, escaped = 0;

	if (s.n > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		bad |= (unsigned)(c == '\0') | (c == '\r') | (c == '\n');
		high |= (unsigned)(c < 0);
		escaped += (unsigned)(c == '"') | (c == '\\');
	}
	*escapes = escaped;
	return bad == 0 && (high == 0 || (utf8 && utf8_valid(s)));
}

static void
put_quoted(struct buf *out, struct slice s, size_t escapes)
{
	const size_t n = s.n + escapes + 2;
	char *to = buf_room(out, n);

	if (to == NULL)
		return;
	*to++ = '"';
	for (size_t i = 0; i < s.n && escapes > 0; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			*to++ = '\\';
		*to++ = s.p[i];
	}
	if (escapes == 0 && s.n > 0) {
		memcpy(to, s.p, s.n);
		to += s.n;
	}
	*to = '"';
	buf_added(out, n);
}

static void
put_literal(struct buf *out, struct slice s)
{
	buf_addc(out, '{');
	buf_addu(out, s.n);
	buf_adds(out, "}\r\n");
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, s.p[i] != '\0' ? s.p[i] : '\x80');
}

static void
put_string(struct buf *out, struct slice s, bool utf8)
{
	size_t escapes;

	if (is_quotable(s, utf8, &escapes))
		put_quoted(out, s, escapes);
	else
		put_literal(out, s);
}

void
imap_put_string(struct buf *out, struct slice s)
{
	put_string(out, s, false);
}

void
imap_put_nstring(struct buf *out, struct slice s)
{
	if (s.p == NULL)
		buf_adds(out, "NIL");
	else
		imap_put_string(out, s);
}

/* ASTRING-CHAR; "NIL" as an atom would be read as no string. */
static bool
is_astring_atom(struct slice s)
{
	static const struct slice specials = SLICE("(){%*\"\\ ");

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]) ||
		    slice_find(specials, s.p[i]) < specials.n)
			return false;
	return s.n > 0 && s.n <= QUOTED_MAX && !slice_iis(s, "NIL");
}

void
imap_put_astring(struct buf *out, struct slice s)
{
	if (is_astring_atom(s))
		buf_add(out, s);
	else
		imap_put_string(out, s);
}

void
imap_put_astring_utf8(struct buf *out, struct slice s)
{
	if (is_astring_atom(s))
		buf_add(out, s);
	else
		put_string(out, s, true);
}

/* SPDX-License-Identifier: ISC */
#include "mime/imap_string.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"

enum { QUOTED_MAX = 1024 };

static bool
is_quotable(struct slice s, bool utf8)
{
	bool ascii = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || s.p[i] == '\r' || s.p[i] == '\n')
			return false;
		ascii = ascii && s.p[i] > 0;
	}
	return s.n <= QUOTED_MAX && (ascii || (utf8 && utf8_valid(s)));
}

static void
put_quoted(struct buf *out, struct slice s)
{
	size_t from = 0;

	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '"' || s.p[i] == '\\') {
			buf_add(out, slice_sub(s, from, i - from));
			buf_addc(out, '\\');
			from = i;
		}
	buf_add(out, slice_from(s, from));
	buf_addc(out, '"');
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
	if (is_quotable(s, utf8))
		put_quoted(out, s);
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

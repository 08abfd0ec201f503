/* SPDX-License-Identifier: ISC */
#include "mime/taglist.h"

#include "base/ascii.h"

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0 && ascii_isalpha(s.p[0]);
}

/* Printable, or UTF-8 (RFC 8616 3), with white space within. */
static bool
is_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x80 && !ascii_isprint(s.p[i]) &&
		    !ascii_isspace(s.p[i]))
			return false;
	return true;
}

static bool
add(struct taglist *t, struct slice spec)
{
	struct slice value, name = slice_cut(spec, '=', &value);
	const size_t equals = name.n;

	name = slice_trim(name);
	value = slice_trim(value);
	if (equals == spec.n || !is_name(name) || !is_value(value) ||
	    t->n == TAGLIST_MAX)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (slice_eq(t->tags[i].name, name))
			return false;
	/* there, though empty */
	if (value.p == NULL)
		value = SLICE("");
	t->tags[t->n].name = name;
	t->tags[t->n++].value = value;
	return true;
}

bool
taglist_parse(struct slice text, struct taglist *t)
{
	t->n = 0;
	while (text.n > 0) {
		const struct slice spec = slice_cut(text, ';', &text);

		/* nothing may follow the last semicolon */
		if (slice_trim(spec).n == 0 && slice_trim(text).n == 0)
			break;
		if (!add(t, spec))
			return false;
	}
	return t->n > 0;
}

struct slice
taglist_get(const struct taglist *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_is(t->tags[i].name, name))
			return t->tags[i].value;
	return (struct slice){ NULL, 0 };
}

void
taglist_compact(struct slice value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isspace(value.p[i]))
			buf_addc(out, value.p[i]);
}

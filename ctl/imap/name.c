/* SPDX-License-Identifier: ISC */
#include "ctl/imap/name.h"

#include "base/utf8.h"
#include "proto/mutf7.h"

static bool
add_level(struct buf *out, struct slice level)
{
	const size_t at = out->n;

	if (level.n == 0)
		return false;
	if (!mutf7_decode(out, level)) {
		buf_truncate(out, at);
		if (!utf8_valid(level))
			return false;
		buf_add(out, level);
	}
	for (size_t i = at; i < out->n; i++)
		if (out->p[i] == '/')
			out->p[i] = '_';
	return !out->failed;
}

bool
imap_name_path(
    struct buf *out, struct slice name, char delimiter, struct slice prefix)
{
	struct slice level;

	if (prefix.n > 0 && slice_istarts(name, prefix) && name.n > prefix.n)
		name = slice_from(name, prefix.n);
	/* Some servers end the name of a folder with children so. */
	if (delimiter != '\0' && name.n > 1 && name.p[name.n - 1] == delimiter)
		name.n--;
	for (;;) {
		const size_t end =
		    delimiter != '\0' ? slice_find(name, delimiter) : name.n;

		level = slice_sub(name, 0, end);
		if (!add_level(out, level))
			return false;
		if (end == name.n)
			return true;
		buf_addc(out, '/');
		name = slice_from(name, end + 1);
	}
}

bool
imap_name_quote(struct buf *out, struct slice name)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];

		if (c == '\0' || c == '\r' || c == '\n')
			return false;
		if (c == '"' || c == '\\')
			buf_addc(out, '\\');
		buf_addc(out, c);
	}
	buf_addc(out, '"');
	return !out->failed;
}

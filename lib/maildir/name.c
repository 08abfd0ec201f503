/* SPDX-License-Identifier: ISC */
#include "maildir/name.h"

#include <stddef.h>

#include "base/utf8.h"
#include "proto/mutf7.h"

static bool
level_ok(struct slice level)
{
	if (level.n == 0 || !utf8_valid(level) || slice_is(level, "..") ||
	    slice_is(level, "."))
		return false;
	for (size_t i = 0; i < level.n; i++)
		if ((unsigned char)level.p[i] < 0x20 || level.p[i] == 0x7f)
			return false;
	return true;
}

bool
name_normal(struct buf *out, struct slice name)
{
	const size_t start = out->n;
	struct slice rest = name;

	if (name.n == 0 || name.n > NAME_LIMIT)
		return false;
	/* A level after each '/', the last one included. */
	for (bool more = true; more;) {
		const size_t at = slice_find(rest, '/');
		const struct slice level = slice_sub(rest, 0, at);

		if (!level_ok(level))
			return false;
		if (out->n == start && slice_iis(level, "INBOX"))
			buf_adds(out, "INBOX");
		else
			buf_add(out, level);
		more = at < rest.n;
		if (more)
			buf_addc(out, '/');
		rest = slice_from(rest, at + 1);
	}
	return !out->failed;
}

bool
name_to_dir(struct buf *dir, struct slice name)
{
	const size_t start = dir->n;

	if (name_is_inbox(name))
		return true;
	while (name.n > 0) {
		const struct slice level = slice_cut(name, '/', &name);

		buf_addc(dir, '.');
		if (!mutf7_encode(dir, level, "./"))
			return false;
	}
	return !dir->failed && dir->n - start <= NAME_DIR_LIMIT;
}

static bool
add_level(struct buf *name, struct slice level)
{
	const size_t start = name->n;

	if (!mutf7_decode(name, level)) {
		buf_truncate(name, start);
		buf_add(name, level);
	}
	if (name->failed)
		return false;
	level = slice_from(buf_slice(name), start);
	return level_ok(level) && slice_find(level, '/') == level.n;
}

bool
name_from_dir(struct buf *name, struct slice dir)
{
	const size_t start = name->n;

	if (dir.n == 0) {
		buf_adds(name, "INBOX");
		return true;
	}
	if (dir.p[0] != '.' || dir.n < 2 || dir.p[dir.n - 1] == '.')
		return false;
	dir = slice_from(dir, 1);
	while (dir.n > 0) {
		if (name->n > start)
			buf_addc(name, '/');
		if (!add_level(name, slice_cut(dir, '.', &dir)))
			return false;
	}
	/* ".INBOX" would be a second INBOX. */
	return !slice_iis(slice_from(buf_slice(name), start), "INBOX") &&
	       name->n - start <= NAME_LIMIT;
}

bool
name_is_inbox(struct slice name)
{
	return slice_is(name, "INBOX");
}

bool
name_below(struct slice child, struct slice parent)
{
	return child.n > parent.n && slice_starts(child, parent) &&
	       child.p[parent.n] == '/';
}

int
name_cmp(struct slice a, struct slice b)
{
	const bool ia = name_is_inbox(a) || name_below(a, SLICE("INBOX"));
	const bool ib = name_is_inbox(b) || name_below(b, SLICE("INBOX"));
	struct slice la, lb;
	int c;

	if (ia != ib)
		return ia ? -1 : 1;
	while (a.n > 0 && b.n > 0) {
		la = slice_cut(a, '/', &a);
		lb = slice_cut(b, '/', &b);
		c = slice_cmp(la, lb);
		if (c != 0)
			return c;
	}
	return (a.n > 0) - (b.n > 0);
}

/* SPDX-License-Identifier: ISC */
#include "maildir/rights.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	char letter;
	unsigned right;
	const char *name;
} rows[] = {
	{ 'l', RIGHT_LOOKUP,      "lookup" },
	{ 'r', RIGHT_READ,        "read" },
	{ 's', RIGHT_SEEN,        "write-seen" },
	{ 'w', RIGHT_WRITE,       "write" },
	{ 'i', RIGHT_INSERT,      "insert" },
	{ 'p', RIGHT_POST,        "post" },
	{ 'k', RIGHT_CREATE,      "create" },
	{ 'x', RIGHT_DELETE,      "delete" },
	{ 't', RIGHT_SET_DELETED, "write-deleted" },
	{ 'e', RIGHT_EXPUNGE,     "expunge" },
	{ 'a', RIGHT_ADMIN,       "admin" },
};
static const struct {
	char letter;
	unsigned rights;
} olds[] = {
	{ 'c', RIGHT_CREATE | RIGHT_DELETE },
	{ 'd', RIGHT_SET_DELETED | RIGHT_EXPUNGE },
};
/* clang-format on */

static unsigned
by_letter(char c, bool old)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].letter == c)
			return rows[i].right;
	for (size_t i = 0; old && i < ARRAY_LEN(olds); i++)
		if (olds[i].letter == c)
			return olds[i].rights;
	return 0;
}

bool
rights_parse(struct slice letters, bool old, unsigned *rights)
{
	*rights = 0;
	for (size_t i = 0; i < letters.n; i++) {
		const unsigned one = by_letter(letters.p[i], old);

		if (one == 0)
			return false;
		*rights |= one;
	}
	return true;
}

void
rights_put(struct buf *out, unsigned rights, bool old)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((rights & rows[i].right) != 0)
			buf_addc(out, rows[i].letter);
	for (size_t i = 0; old && i < ARRAY_LEN(olds); i++)
		if ((rights & olds[i].rights) != 0)
			buf_addc(out, olds[i].letter);
}

unsigned
rights_by_name(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (slice_is(name, rows[i].name))
			return rows[i].right;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "proto/objectid.h"

#include "base/buf.h"

enum { DIGITS = 16 };

static void
put(struct buf *out, char kind, uint64_t id)
{
	buf_addf(out, "%c%016llx", kind, (unsigned long long)id);
}

/* As it is written: ids are compared as bytes (RFC 8474 7). */
static bool
parse(struct slice s, char kind, uint64_t *id)
{
	static const struct slice digits = SLICE("0123456789abcdef");

	*id = 0;
	if (s.n != 1 + DIGITS || s.p[0] != kind)
		return false;
	for (size_t i = 1; i < s.n; i++) {
		const size_t value = slice_find(digits, s.p[i]);

		if (value == digits.n)
			return false;
		*id = *id << 4 | value;
	}
	return true;
}

void
objectid_put_email(struct buf *out, uint64_t id)
{
	put(out, 'M', id);
}

void
objectid_put_thread(struct buf *out, uint64_t id)
{
	put(out, 'T', id);
}

bool
objectid_parse_email(struct slice s, uint64_t *id)
{
	return parse(s, 'M', id);
}

bool
objectid_parse_thread(struct slice s, uint64_t *id)
{
	return parse(s, 'T', id);
}

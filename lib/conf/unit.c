/* SPDX-License-Identifier: ISC */
/* Sizes and times with units. */
#include "conf/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/slice.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first: a value is written in the first unit that divides it. */
static const struct unit sizes[] = {
	{ "T", INT64_C(1) << 40 },
	{ "G", INT64_C(1) << 30 },
	{ "M", INT64_C(1) << 20 },
	{ "K", INT64_C(1) << 10 },
	{ "", 1 },
};

static const struct unit times[] = {
	{ "w", INT64_C(7) * 24 * 3600 * 1000 },
	{ "d", INT64_C(24) * 3600 * 1000 },
	{ "h", INT64_C(3600) * 1000 },
	{ "m", INT64_C(60) * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

static const struct unit *
find_unit(const struct unit *u, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_iis(name, u[i].name))
			return &u[i];
	return NULL;
}

bool
conf_parse_size(struct slice text, int64_t *bytes)
{
	struct cur c = cur_of(text);
	const int64_t n = (int64_t)cur_u64(&c, INT64_MAX);
	const struct unit *u = find_unit(sizes, ARRAY_LEN(sizes), cur_rest(&c));

	return cur_ok(&c) && u != NULL && mul_ok(n, u->factor, bytes);
}

/* One number with its unit; a bare number is seconds. */
static bool
parse_part(struct cur *c, int64_t *ms)
{
	const int64_t n = (int64_t)cur_u64(c, INT64_MAX);
	const struct slice name = cur_while(c, ascii_isalpha);
	const struct unit *u =
	    find_unit(times, ARRAY_LEN(times), name.n > 0 ? name : SLICE("s"));

	return cur_ok(c) && u != NULL && mul_ok(n, u->factor, ms);
}

bool
conf_parse_time(struct slice text, int64_t *ms)
{
	struct cur c = cur_of(text);
	int64_t part;

	*ms = 0;
	do {
		if (!parse_part(&c, &part) || !add_ok(*ms, part, ms))
			return false;
	} while (!cur_end(&c));
	return true;
}

static void
format_unit(const struct unit *u, int64_t v, struct buf *out)
{
	while (v % u->factor != 0)
		u++;
	buf_addf(out, "%lld%s", (long long)(v / u->factor), u->name);
}

void
conf_format_size(int64_t bytes, struct buf *out)
{
	if (bytes == 0)
		buf_adds(out, "0");
	else
		format_unit(sizes, bytes, out);
}

void
conf_format_time(int64_t ms, struct buf *out)
{
	if (ms == 0)
		buf_adds(out, "0s");
	else
		format_unit(times, ms, out);
}

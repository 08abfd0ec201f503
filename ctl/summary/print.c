/* SPDX-License-Identifier: ISC */
#include "ctl/summary/print.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/summary/day.h"
#include "ctl/view/out.h"

/* The names of a part that are printed; how many. */
static size_t
shown(const struct day *d, enum day_part part, size_t n,
    const struct frequent_name ***names)
{
	n = day_shown(part, n);
	*names = xcalloc(n + 1, sizeof **names);
	return frequent_most(&d->parts[part], *names, n);
}

static void
put_part(struct buf *out, const struct day *d, enum day_part part, size_t n)
{
	const struct frequent_name **names;

	n = shown(d, part, n, &names);
	if (n > 0)
		buf_addf(out, "\n%s\n", day_parts[part].text);
	for (size_t i = 0; i < n; i++) {
		const int64_t over = names[i]->over, count = names[i]->node.key;

		buf_addf(out, "%12" PRId64 "  ", count);
		out_plain(out, slice_of(names[i]->text, names[i]->n));
		if (over > 0)
			buf_addf(out, " (at least %" PRId64 ")", count - over);
		buf_addc(out, '\n');
	}
	free(names);
}

void
print_day(struct buf *out, const struct day *d, size_t n)
{
	buf_addf(out, "%s (UTC)\n\n", d->date);
	for (size_t i = 0; i < DAY_TOTALS; i++)
		buf_addf(out, "%12" PRId64 "  %s\n", d->totals[i],
		    day_totals[i].text);
	for (size_t i = 0; i < DAY_PARTS; i++)
		put_part(out, d, (enum day_part)i, n);
}

static void
put_part_json(
    struct buf *out, const struct day *d, enum day_part part, size_t n)
{
	const struct frequent_name **names;

	n = shown(d, part, n, &names);
	buf_addf(out, ",\n\"%s\":[", day_parts[part].name);
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%s{", i > 0 ? "," : "");
		json_put_member(
		    out, "name", slice_of(names[i]->text, names[i]->n));
		buf_addf(out, ",\"count\":%" PRId64 ",\"over\":%" PRId64 "}",
		    names[i]->node.key, names[i]->over);
	}
	buf_addc(out, ']');
	free(names);
}

void
print_day_json(struct buf *out, const struct day *d, size_t n)
{
	buf_addf(out, "{\"day\":\"%s\",\"totals\":{", d->date);
	for (size_t i = 0; i < DAY_TOTALS; i++)
		buf_addf(out, "%s\"%s\":%" PRId64, i > 0 ? "," : "",
		    day_totals[i].name, d->totals[i]);
	buf_addc(out, '}');
	for (size_t i = 0; i < DAY_PARTS; i++)
		put_part_json(out, d, (enum day_part)i, n);
	buf_addc(out, '}');
}

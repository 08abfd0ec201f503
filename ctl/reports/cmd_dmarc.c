/* SPDX-License-Identifier: ISC */
/* pabal dmarc: reports of others about mail in the name of our domains. */
#include <stdint.h>

#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/reports/dmarcsum.h"
#include "ctl/reports/reading.h"
#include "ctl/view/out.h"

static const struct out_col cols[] = { { "domain", 24 }, { "source", 15 },
	{ "messages", -8 }, { "from", 24 }, { "disposition", 11 },
	{ "dkim", 4 }, { "spf", 4 }, { "reason", 0 } };

static void
end(void *sum, bool json)
{
	struct dmarcsum *s = sum;
	struct out out;
	size_t n;
	const struct dmarcsum_row *const *rows = dmarcsum_rows(s, &n);

	out_begin(&out, json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < n; i++) {
		const struct dmarcsum_row *r = rows[i];

		out_str(&out, r->values[0]);
		out_str(&out, r->values[1]);
		out_num(&out,
		    r->messages > INT64_MAX ? INT64_MAX : (int64_t)r->messages);
		for (size_t k = 2; k < DMARCSUM_VALUES; k++)
			out_str(&out, r->values[k]);
	}
	out_end_or(&out, "no report");
	dmarcsum_free(&s);
}

static void *
begin(void)
{
	return dmarcsum_new();
}

static int
add(void *sum, struct slice file, size_t *reports, struct err *err)
{
	return dmarcsum_add(sum, file, reports, err);
}

int
cmd_dmarc(struct ctl *ctl, int argc, char **argv)
{
	static const struct reports_reading kind = {
		.name = "dmarc", .begin = begin, .add = add, .end = end
	};

	return reading_run(&kind, ctl, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/* pabal tlsrpt: reports of others about TLS with our hosts. */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/reports/reading.h"
#include "ctl/reports/sent.h"
#include "ctl/reports/tlssum.h"
#include "ctl/view/out.h"

static const struct out_col cols[] = { { "domain", 24 }, { "policy", 15 },
	{ "sessions", -8 }, { "result", 25 }, { "host", 24 }, { "host_ip", 15 },
	{ "reporter", 16 }, { "reason", 0 } };

static void *
begin(void)
{
	return tlssum_new();
}

static int
add(void *sum, struct slice file, size_t *reports, struct err *err)
{
	return tlssum_add(sum, file, reports, err);
}

static void
end(void *sum, bool json)
{
	struct tlssum *s = sum;
	struct out out;
	size_t n;
	const struct tlssum_row *const *rows = tlssum_rows(s, &n);

	out_begin(&out, json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < n; i++) {
		const struct tlssum_row *r = rows[i];

		out_str(&out, r->values[0]);
		out_str(&out, r->values[1]);
		out_num(&out,
		    r->sessions > INT64_MAX ? INT64_MAX : (int64_t)r->sessions);
		for (size_t k = 2; k < TLSSUM_VALUES; k++)
			out_str(&out, r->values[k]);
	}
	out_end_or(&out, "no session");
	tlssum_free(&s);
}

int
cmd_tlsrpt(struct ctl *ctl, int argc, char **argv)
{
	static const struct reports_reading kind = {
		.name = "tlsrpt", .begin = begin, .add = add, .end = end
	};

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--sent") == 0)
			return sent_run(ctl, argc, argv);
	return reading_run(&kind, ctl, argc, argv);
}

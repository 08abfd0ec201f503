/* SPDX-License-Identifier: ISC */
#include "ctl/view/loghealth.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "ctl/inst/dial.h"

enum { METRICS_MAX = 64 << 20, TEXT_BYTES = 128 };

/* The value of "name{labels} value"; 0 for another name. */
static uint64_t
value_of(struct slice line, const char *name)
{
	struct cur c = cur_of(line);

	cur_lit(&c, name);
	cur_lit(&c, "{");
	(void)cur_until(&c, '}');
	cur_lit(&c, " ");
	return cur_u64(&c, INT64_MAX);
}

int
loghealth(const struct instance *in, char *text)
{
	struct buf metrics = { .max = METRICS_MAX };
	bool ok = false, answers = false, stuck = false;
	uint64_t lost = 0;
	struct slice rest;
	struct err err;

	if (dial_verb(in, "metrics", &ok, &metrics, &err) == -1) {
		buf_fini(&metrics);
		snprintf(text, TEXT_BYTES, "%.100s", err.text);
		return 1;
	}
	rest = buf_slice(&metrics);
	while (rest.n > 0) {
		const struct slice line = slice_cut(rest, '\n', &rest);

		lost += value_of(line, "pabal_log_lines_lost_total");
		stuck |= value_of(line, "pabal_logger_stuck") > 0;
		answers |= slice_starts(line, SLICE("pabal_logger_stuck{"));
	}
	buf_fini(&metrics);
	if (stuck || !answers)
		strlcpy(text,
		    "it cannot be written: is its disk full, is it read?",
		    TEXT_BYTES);
	else if (lost > 0)
		snprintf(text, TEXT_BYTES,
		    "%llu lines are missing since the start: it could not be "
		    "written",
		    (unsigned long long)lost);
	else
		strlcpy(text, "no line is missing", TEXT_BYTES);
	return stuck || !answers ? 2 : lost > 0;
}

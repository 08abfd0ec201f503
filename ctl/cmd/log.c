/* SPDX-License-Identifier: ISC */
/* pabal log: the end of the log. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/logfile.h"
#include "ctl/view/logline.h"
#include "ctl/view/out.h"

enum { LINES = 20, LINES_MAX = 1000000000, LOG_MAX = INT32_MAX };

/* LOG as an array; what is no line of ours is left out. */
static void
print_json(struct slice log, bool journal)
{
	struct buf line = { .max = 1u << 20 };
	struct arena arena;
	const char *before = "[";

	arena_init(&arena);
	while (log.n > 0) {
		const struct slice text = slice_cut(log, '\n', &log);
		struct slice line_text = text, time = { NULL, 0 };
		struct logline l;

		arena_reset(&arena);
		if (journal)
			line_text = logline_without_journal(text, &time);
		if (!logline_parse(line_text, &arena, &l))
			continue;
		if (journal)
			l.time = time;
		buf_reset(&line);
		buf_adds(&line, before);
		logline_json(&line, &l);
		buf_addc(&line, '\n');
		fwrite(line.p, 1, line.n, stdout);
		before = ",";
	}
	puts(*before == '[' ? "[]" : "]");
	arena_fini(&arena);
	buf_fini(&line);
}

int
cmd_log(struct ctl *ctl, int argc, char **argv)
{
	const char *count = NULL;
	const struct ctl_opt opts[] = { { "lines", &count, NULL }, { 0 } };
	struct buf log = { .max = LOG_MAX };
	uint64_t lines = LINES;
	struct err err;
	struct cur c;
	bool journal;
	int rc = CTL_OK;

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (count != NULL) {
		c = cur_of(slice_str(count));
		lines = cur_u64(&c, LINES_MAX);
		if (!cur_end(&c))
			return ctl_usage(ctl, "--lines: expected a number");
	}
	if (logfile_tail(&ctl->inst, lines, &log, &journal, &err) == -1)
		rc = ctl_fail("log: %s", err.text);
	else if (ctl->json)
		print_json(buf_slice(&log), journal);
	else
		out_text(stdout, buf_slice(&log));
	buf_fini(&log);
	return rc;
}

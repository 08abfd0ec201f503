/* SPDX-License-Identifier: ISC */
/* pabal status: how it is. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/dial.h"
#include "ctl/fields.h"
#include "ctl/instance.h"
#include "ctl/out.h"

enum { STATUS_STOPPED = 3 }; /* as LSB has it for init scripts */

static void
print_status(struct ctl *ctl, struct slice text)
{
	static const struct out_col cols[] = { { "service", 12 },
		{ "daemon", 8 }, { "index", -5 }, { "uid", -6 }, { "pid", -7 },
		{ "state", 9 }, { "seconds", -8 }, { "restarts", -8 } };
	static const bool number[] = { false, false, true, true, true, false,
		true, true };
	struct out o;

	out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		for (size_t i = 0; i < ARRAY_LEN(cols); i++) {
			int64_t v;

			if (!number[i])
				out_str(&o, fields_get(line, cols[i].key));
			else if (fields_num(line, cols[i].key, &v))
				out_num(&o, v);
			else
				out_none(&o);
		}
	}
	out_end(&o);
}

int
cmd_status(struct ctl *ctl, int argc, char **argv)
{
	struct buf text = { .max = 1 << 20 };
	bool ok = false;
	struct err err;
	pid_t pid;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	pid = dial_master_pid(&ctl->inst);
	if (pid == 0) {
		if (ctl->json)
			puts("[]");
		ctl_fail("pabal is not running: \"pabal %sstart\" starts it",
		    instance_flag(&ctl->inst));
		return STATUS_STOPPED;
	}
	if (dial_verb(&ctl->inst, "status", &ok, &text, &err) == -1)
		return ctl_fail("status: %s", err.text);
	print_status(ctl, buf_slice(&text));
	if (!ok)
		ctl_fail("not every service is ready");
	buf_fini(&text);
	return ok ? CTL_OK : CTL_FAILED;
}

/* SPDX-License-Identifier: ISC */
/* pabal status: how it is. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/check/trial.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/instance.h"
#include "ctl/view/badfiles.h"
#include "ctl/view/fields.h"
#include "ctl/view/out.h"
#include "sys/fd.h"

enum { STATUS_STOPPED = 3 }; /* as LSB has it for init scripts */

/* The uid that process PID runs as now (what it serves, master knows), or
 * FALLBACK.  The owner of /proc/PID is root for what is not dumpable. */
static int64_t
uid_of(int64_t pid, int64_t fallback)
{
	char *path = xasprintf("/proc/%lld/status", (long long)pid);
	struct buf text = { .max = 65536 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct slice rest;

	if (fd != -1 && fd_read_file(fd, &text, NULL) == 0)
		for (rest = buf_slice(&text); rest.n > 0;) {
			struct cur c = cur_of(slice_cut(rest, '\n', &rest));

			if (!cur_try(&c, "Uid:\t"))
				continue;
			fallback = (int64_t)cur_u64(&c, UINT32_MAX);
			break;
		}
	fd_close(&fd);
	buf_fini(&text);
	free(path);
	return fallback;
}

static bool
number_of(struct slice line, const char *key, int64_t *v)
{
	int64_t pid;

	if (!fields_num(line, key, v))
		return false;
	if (strcmp(key, "uid") == 0 && fields_num(line, "pid", &pid))
		*v = uid_of(pid, *v);
	return true;
}

static void
print_status(struct ctl *ctl, struct slice text)
{
	static const struct out_col cols[] = { { "service", 12 },
		{ "daemon", 8 }, { "index", -5 }, { "uid", -6 }, { "pid", -7 },
		{ "state", 9 }, { "seconds", -8 }, { "restarts", -8 },
		{ "for", 20 } };
	static const bool number[] = { false, false, true, true, true, false,
		true, true, false };
	struct out o;

	out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		for (size_t i = 0; i < ARRAY_LEN(cols); i++) {
			int64_t v;

			if (!number[i])
				out_str(&o, fields_get(line, cols[i].key));
			else if (number_of(line, cols[i].key, &v))
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
	struct buf text = { .max = 64 << 20 };
	bool ok = false;
	char when[32];
	int64_t bad = 0;
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
	if (!ctl->json && trial_in_force(&ctl->inst, when))
		fprintf(stderr,
		    "pabal: runs with the configuration that has been good "
		    "since %s; the files in %s take effect with \"pabal "
		    "%sreload\" on\n",
		    when, ctl->inst.etc, instance_flag(&ctl->inst));
	/* Only where nothing is to be waited for. */
	if (ok && !ctl->json && badfiles_count(&ctl->inst, &bad, &err) == 0 &&
	    bad > 0)
		fprintf(stderr,
		    "pabal: %lld file%s of the queue quarantined: "
		    "\"pabal %squeue bad\" shows why\n",
		    (long long)bad, bad == 1 ? "" : "s",
		    instance_flag(&ctl->inst));
	if (!ok)
		ctl_fail("not every service is ready");
	buf_fini(&text);
	return ok ? CTL_OK : CTL_FAILED;
}

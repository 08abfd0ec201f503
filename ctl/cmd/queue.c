/* SPDX-License-Identifier: ISC */
/* pabal queue: what waits. */
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/progress.h"
#include "ctl/view/qview.h"
#include "sys/clock.h"

enum { FILTER_MAX = 50000, ARGS_MAX = 10000 };

int
cmd_queue_list(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 0, ARGS_MAX);
	struct qview_printer p = { .json = ctl->json, .now_s = clock_wall_s() };
	struct buf filter = { .max = FILTER_MAX };
	struct err err;
	int rc = CTL_OK;

	if (n == -1 || qview_filter(ctl, n, argv, &filter) == -1)
		return CTL_USAGE;
	if (qview_each(&ctl->inst, buf_slice(&filter), qview_print, &p, &err) ==
	    -1)
		rc = ctl_fail("queue list: %s", err.text);
	if (ctl->json)
		puts(p.messages == 0 ? "[]" : "]");
	else if (rc == CTL_OK && p.messages == 0)
		puts(filter.n > 0 ? "no message like that"
				  : "the queue is empty");
	else if (rc == CTL_OK)
		printf("-- %zu message%s, %lld bytes\n", p.messages,
		    p.messages == 1 ? "" : "s", (long long)p.bytes);
	buf_fini(&p.line);
	buf_fini(&filter);
	return rc;
}

int
cmd_queue_count(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 0, ARGS_MAX);
	struct buf filter = { .max = FILTER_MAX };
	int64_t messages;
	struct err err;
	int rc;

	if (n == -1 || qview_filter(ctl, n, argv, &filter) == -1)
		return CTL_USAGE;
	progress_begin("counted", 0);
	rc = qview_count(&ctl->inst, buf_slice(&filter), &messages, &err);
	progress_end();
	if (rc == -1)
		rc = ctl_fail("queue count: %s", err.text);
	else
		printf("%lld\n", (long long)messages);
	buf_fini(&filter);
	return rc;
}

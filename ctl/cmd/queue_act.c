/* SPDX-License-Identifier: ISC */
/* pabal queue hold, release, retry, flush, delete: each says first what it
 * would do, where it is asked to, or where there is somebody who can say no. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/prompt.h"
#include "ctl/view/qview.h"
#include "sys/clock.h"

enum { FILTER_MAX = 50000, ARGS_MAX = 10000, FIRST = 10 };

struct action {
	struct ctl *ctl;
	const char *verb;
	const char *only; /* those it does something to, as a filter */
	bool needs_filter;
	bool asks; /* before it is done to more than one who was named */
	bool all, dry_run, yes;
	int64_t done, later;
};

static bool
print_first(void *arg, const struct qview_entry *e)
{
	struct qview_printer *p = arg;

	return qview_print(p, e) && p->messages < FIRST;
}

/* How many FILTER takes of those that the verb does something to, and with
 * SHOW the first of them. */
static int
look_first(struct action *a, struct slice filter, int64_t *n, bool show)
{
	struct buf only = { .max = FILTER_MAX + 100 };
	struct qview_printer p = { .json = a->ctl->json,
		.now_s = clock_wall_s() };
	struct err err;
	int rc;

	buf_add(&only, filter);
	buf_adds(&only, a->only);
	progress_begin("counted", 0);
	rc = qview_count(&a->ctl->inst, buf_slice(&only), n, &err);
	progress_end();
	if (rc == 0 && a->ctl->json && show)
		printf("{\"dry_run\":true,\"messages\":%lld,\"first\":\n",
		    (long long)*n);
	if (rc == 0 && show)
		rc = qview_each(
		    &a->ctl->inst, buf_slice(&only), print_first, &p, &err);
	if (a->ctl->json && show)
		puts(p.messages == 0 ? "[]}" : "]}");
	else if (rc == 0 && show && *n > (int64_t)p.messages)
		printf("... and %lld more\n", (long long)*n - FIRST);
	buf_fini(&only);
	buf_fini(&p.line);
	return rc == 0 ? CTL_OK : ctl_fail("queue %s: %s", a->verb, err.text);
}

static int
dry_run(struct action *a, struct slice filter)
{
	int64_t n;
	const int rc = look_first(a, filter, &n, true);

	if (rc == CTL_OK && !a->ctl->json)
		printf("%s: it would be %lld message%s; nothing was done\n",
		    a->verb, (long long)n, n == 1 ? "" : "s");
	a->done = n;
	return rc;
}

/* CTL_OK: go on. */
static int
ask_first(struct action *a, struct slice filter, int64_t *n)
{
	struct buf question = { .max = 200 };
	int rc;

	rc = look_first(a, filter, n, !a->ctl->json);
	(void)fflush(stdout);
	if (rc != CTL_OK || *n == 0)
		return rc;
	buf_addf(&question, "queue %s: %lld message%s?", a->verb, (long long)*n,
	    *n == 1 ? "" : "s");
	buf_addc(&question, '\0');
	if (!prompt_yes(question.p))
		rc = ctl_fail("queue %s: nothing was done", a->verb);
	buf_fini(&question);
	return rc;
}

static int
act_on_filter(struct action *a, struct slice filter, bool named)
{
	struct err err;
	int64_t n, active, total = 0;
	int rc;

	if (a->dry_run)
		return dry_run(a, filter);
	if (a->asks && !named && !a->yes && prompt_can_ask()) {
		rc = ask_first(a, filter, &total);
		if (rc != CTL_OK)
			return rc;
	}
	progress_begin(a->verb, total);
	rc = qview_act(&a->ctl->inst, a->verb, filter, &n, &active, &err);
	progress_end();
	if (rc == -1)
		return ctl_fail("queue %s: %s", a->verb, err.text);
	if (named && n == 0 && active == 0)
		return ctl_fail("queue %s: nothing to do for %.*s (no such "
				"message, or not in that state)",
		    a->verb, SLICE_FMT(slice_trim(slice_from(filter, 3))));
	a->done += n;
	a->later += active;
	return CTL_OK;
}

/* Each bare word is a message of its own; all other words are one filter. */
static int
act_on_all(struct action *a, int argc, char **argv)
{
	struct buf filter = { .max = FILTER_MAX };
	int ids = 0, rc = CTL_OK;

	for (int i = 0; i < argc; i++)
		ids += strpbrk(argv[i], "=<>") == NULL;
	if (ids > 0 && ids < argc)
		return ctl_usage(
		    a->ctl, "queue %s: either ids or a filter", a->verb);
	for (int i = 0; i < (ids > 0 ? argc : 1) && rc == CTL_OK; i++) {
		buf_reset(&filter);
		if (qview_filter(a->ctl, ids > 0 ? 1 : argc,
			ids > 0 ? argv + i : argv, &filter) == -1)
			rc = CTL_USAGE;
		else
			rc = act_on_filter(a, buf_slice(&filter), ids > 0);
	}
	buf_fini(&filter);
	return rc;
}

static void
print_done(const struct action *a)
{
	if (a->ctl->json) {
		printf("{\"messages\":%lld,\"active\":%lld}\n",
		    (long long)a->done, (long long)a->later);
		return;
	}
	printf("%s: %lld message%s", a->verb, (long long)a->done,
	    a->done == 1 ? "" : "s");
	if (a->later > 0)
		printf("; %lld more when the attempt under way has ended",
		    (long long)a->later);
	putchar('\n');
}

static int
act(struct action *a, int argc, char **argv)
{
	const struct ctl_opt opts[] = { { "all", NULL, &a->all },
		{ "dry-run", NULL, &a->dry_run }, { "yes", NULL, &a->yes },
		{ 0 } };
	const int n = ctl_options(a->ctl, opts, argc, argv, 0, ARGS_MAX);
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (a->needs_filter && n == 0 && !a->all)
		return ctl_usage(a->ctl,
		    "queue %s: which ones? Give ids or a filter, or --all",
		    a->verb);
	if (a->all && n > 0)
		return ctl_usage(a->ctl,
		    "queue %s: --all and a filter exclude each other", a->verb);
	rc = act_on_all(a, n, argv);
	if (rc == CTL_OK && !a->dry_run)
		print_done(a);
	return rc;
}

int
cmd_queue_hold(struct ctl *ctl, int argc, char **argv)
{
	struct action a = { .ctl = ctl,
		.verb = "hold",
		.only = "state=[!h]*",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_release(struct ctl *ctl, int argc, char **argv)
{
	struct action a = { .ctl = ctl,
		.verb = "release",
		.only = "state=held",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_delete(struct ctl *ctl, int argc, char **argv)
{
	struct action a = { .ctl = ctl,
		.verb = "delete",
		.only = "",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_retry(struct ctl *ctl, int argc, char **argv)
{
	struct action a = { .ctl = ctl,
		.verb = "retry",
		.only = "state=waiting",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_flush(struct ctl *ctl, int argc, char **argv)
{
	struct action a = {
		.ctl = ctl, .verb = "flush", .only = "state=waiting"
	};

	return act(&a, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/* pabal queue hold, release, retry, flush, delete. */
#include "ctl/cmd/queue_act.h"

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

static bool
print_first(void *arg, const struct qview_entry *e)
{
	struct qview_printer *p = arg;

	return qview_print(p, e) && p->messages < FIRST;
}

/* How many FILTER takes of those that the verb does something to, and with
 * SHOW the first of them. */
static int
look_first(struct queue_action *a, struct slice filter, int64_t *n, bool show)
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
dry_run(struct queue_action *a, struct slice filter)
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
ask_first(struct queue_action *a, struct slice filter, int64_t *n)
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

int
queue_action_look(struct queue_action *a, struct slice filter, bool *go_on)
{
	int rc = CTL_OK;

	*go_on = false;
	a->total = 0;
	if (a->dry_run)
		return dry_run(a, filter);
	if (a->asks && !a->yes && prompt_can_ask()) {
		rc = ask_first(a, filter, &a->total);
		if (rc != CTL_OK)
			return rc;
	}
	*go_on = true;
	return rc;
}

int
queue_action_do(struct queue_action *a, struct slice filter)
{
	struct err err;
	int64_t n, active;
	int rc;

	progress_begin(a->verb, a->total);
	rc = qview_act(&a->ctl->inst, a->verb, filter, &n, &active, &err);
	progress_end();
	if (rc == -1)
		return ctl_fail("queue %s: %s", a->verb, err.text);
	a->done += n;
	a->later += active;
	return CTL_OK;
}

static int
act_on_filter(struct queue_action *a, struct slice filter)
{
	bool go_on;
	const int rc = queue_action_look(a, filter, &go_on);

	return go_on ? queue_action_do(a, filter) : rc;
}

static int
act_on_one(struct queue_action *a, struct slice filter)
{
	const int64_t before = a->done + a->later;
	const bool asks = a->asks;
	int rc;

	a->asks = false;
	rc = act_on_filter(a, filter);
	a->asks = asks;
	if (rc == CTL_OK && !a->dry_run && a->done + a->later == before)
		return ctl_fail("queue %s: nothing to do for %.*s (no such "
				"message, or not in that state)",
		    a->verb, SLICE_FMT(slice_trim(slice_from(filter, 3))));
	return rc;
}

/* Each bare word is a message of its own; all other words are one filter. */
static int
act_on_all(struct queue_action *a, int argc, char **argv)
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
			rc = ids > 0 ? act_on_one(a, buf_slice(&filter))
				     : act_on_filter(a, buf_slice(&filter));
	}
	buf_fini(&filter);
	return rc;
}

void
queue_action_print(const struct queue_action *a)
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
act(struct queue_action *a, int argc, char **argv)
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
		queue_action_print(a);
	return rc;
}

int
cmd_queue_hold(struct ctl *ctl, int argc, char **argv)
{
	struct queue_action a = { .ctl = ctl,
		.verb = "hold",
		.only = "state=[!h]*",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_release(struct ctl *ctl, int argc, char **argv)
{
	struct queue_action a = { .ctl = ctl,
		.verb = "release",
		.only = "state=held",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_delete(struct ctl *ctl, int argc, char **argv)
{
	struct queue_action a = { .ctl = ctl,
		.verb = "delete",
		.only = "",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_retry(struct ctl *ctl, int argc, char **argv)
{
	struct queue_action a = { .ctl = ctl,
		.verb = "retry",
		.only = "state=waiting",
		.needs_filter = true,
		.asks = true };

	return act(&a, argc, argv);
}

int
cmd_queue_flush(struct ctl *ctl, int argc, char **argv)
{
	struct queue_action a = {
		.ctl = ctl, .verb = "flush", .only = "state=waiting"
	};

	return act(&a, argc, argv);
}

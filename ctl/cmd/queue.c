/* SPDX-License-Identifier: ISC */
/* pabal queue: what waits, and doing something about it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"
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
	int rc = CTL_OK;

	if (n == -1 || qview_filter(ctl, n, argv, &filter) == -1)
		return CTL_USAGE;
	if (qview_count(&ctl->inst, buf_slice(&filter), &messages, &err) == -1)
		rc = ctl_fail("queue count: %s", err.text);
	else
		printf("%lld\n", (long long)messages);
	buf_fini(&filter);
	return rc;
}

/* ---- actions ---- */

/* Each bare word is a message of its own; all other words are one filter. */
static int
act_on_all(struct ctl *ctl, const char *verb, int argc, char **argv,
    int64_t *done, int64_t *later)
{
	struct buf filter = { .max = FILTER_MAX };
	struct err err;
	int64_t n, active;
	int ids = 0, rc = CTL_OK;

	for (int i = 0; i < argc; i++)
		ids += strpbrk(argv[i], "=<>") == NULL;
	if (ids > 0 && ids < argc)
		return ctl_usage(ctl, "queue %s: either ids or a filter", verb);
	for (int i = 0; i < (ids > 0 ? argc : 1) && rc == CTL_OK; i++) {
		buf_reset(&filter);
		if (qview_filter(ctl, ids > 0 ? 1 : argc,
			ids > 0 ? argv + i : argv, &filter) == -1)
			rc = CTL_USAGE;
		else if (qview_act(&ctl->inst, verb, buf_slice(&filter), &n,
			     &active, &err) == -1)
			rc = ctl_fail("queue %s: %s", verb, err.text);
		else if (ids > 0 && n == 0 && active == 0)
			rc = ctl_fail("queue %s: nothing to do for %s (no such "
				      "message, or not in that state)",
			    verb, argv[i]);
		else {
			*done += n;
			*later += active;
		}
	}
	buf_fini(&filter);
	return rc;
}

static int
act(struct ctl *ctl, const char *verb, bool needs_filter, int argc, char **argv)
{
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, ARGS_MAX);
	int64_t done = 0, later = 0;
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (needs_filter && n == 0 && !all)
		return ctl_usage(ctl,
		    "queue %s: which ones? Give ids or a filter, or --all",
		    verb);
	if (all && n > 0)
		return ctl_usage(ctl,
		    "queue %s: --all and a filter exclude each other", verb);
	rc = act_on_all(ctl, verb, n, argv, &done, &later);
	if (rc != CTL_OK)
		return rc;
	if (ctl->json) {
		printf("{\"messages\":%lld,\"active\":%lld}\n", (long long)done,
		    (long long)later);
		return CTL_OK;
	}
	printf(
	    "%s: %lld message%s", verb, (long long)done, done == 1 ? "" : "s");
	if (later > 0)
		printf("; %lld more when the attempt under way has ended",
		    (long long)later);
	putchar('\n');
	return CTL_OK;
}

int
cmd_queue_hold(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "hold", true, argc, argv);
}

int
cmd_queue_release(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "release", true, argc, argv);
}

int
cmd_queue_delete(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "delete", true, argc, argv);
}

int
cmd_queue_retry(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "retry", true, argc, argv);
}

int
cmd_queue_flush(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "flush", false, argc, argv);
}

/* ---- top ---- */

struct group {
	char *name;
	int64_t messages;
	int64_t bytes;
	int64_t oldest_s;
};

struct top {
	struct map groups;
	const char *by;
};

static void
count_in(struct top *t, struct slice name, const struct qview_entry *e)
{
	struct group *g = map_find(&t->groups, name);

	if (g == NULL) {
		g = xcalloc(1, sizeof *g);
		g->name = xslicedup(name);
		g->oldest_s = e->arrived_s;
		map_put(&t->groups, name, g);
	}
	g->messages++;
	g->bytes += e->size_bytes;
	if (e->arrived_s < g->oldest_s)
		g->oldest_s = e->arrived_s;
}

static bool
group_entry(void *arg, const struct qview_entry *e)
{
	struct top *t = arg;

	if (strcmp(t->by, "sender") == 0)
		count_in(t, e->sender.n > 0 ? e->sender : SLICE("<>"), e);
	else if (strcmp(t->by, "login") == 0)
		count_in(t, e->login.n > 0 ? e->login : SLICE("-"), e);
	else if (strcmp(t->by, "state") == 0)
		count_in(t, e->state, e);
	for (size_t i = 0; i < e->nrcpts; i++) {
		const struct qview_rcpt *r = &e->rcpts[i];

		if (strcmp(t->by, "domain") == 0)
			count_in(t,
			    slice_from(
				r->address, slice_rfind(r->address, '@') + 1),
			    e);
		else if (strcmp(t->by, "recipient") == 0)
			count_in(t, r->address, e);
		else if (strcmp(t->by, "host") == 0 && r->host.n > 0)
			count_in(t, r->host, e);
		else if (strcmp(t->by, "reason") == 0 && r->text.n > 0)
			count_in(t, r->text, e);
	}
	return true;
}

static int
more_first(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;

	if ((*x)->messages != (*y)->messages)
		return (*x)->messages < (*y)->messages ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

static void
print_top(struct ctl *ctl, const struct top *t, size_t most)
{
	static const struct out_col cols[] = { { "messages", -8 },
		{ "bytes", -10 }, { "oldest_seconds", -14 }, { "name", 0 } };
	struct group **all = xcalloc(t->groups.count + 1, sizeof(void *));
	struct map_iter it = { 0 };
	struct out o;
	size_t n = 0;

	while (map_next(&t->groups, &it))
		all[n++] = it.value;
	qsort(all, n, sizeof(void *), more_first);
	out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < n; i++) {
		if (i < most) {
			out_num(&o, all[i]->messages);
			out_num(&o, all[i]->bytes);
			out_num(&o, clock_wall_s() - all[i]->oldest_s);
			out_str(&o, slice_str(all[i]->name));
		}
		free(all[i]->name);
		free(all[i]);
	}
	out_end(&o);
	free(all);
}

int
cmd_queue_top(struct ctl *ctl, int argc, char **argv)
{
	static const char *const kinds[] = { "domain", "host", "sender",
		"login", "recipient", "reason", "state" };
	enum { MOST = 20 };
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, ARGS_MAX);
	struct buf filter = { .max = FILTER_MAX };
	struct top t = { .by = n > 0 ? argv[0] : "domain" };
	bool known = false;
	struct err err;
	int rc = CTL_OK;

	if (n == -1)
		return CTL_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known |= strcmp(kinds[i], t.by) == 0;
	if (!known)
		return ctl_usage(ctl,
		    "queue top: expected domain, host, sender, login, "
		    "recipient, reason or state, not \"%s\"",
		    t.by);
	if (qview_filter(ctl, n > 0 ? n - 1 : 0, argv + 1, &filter) == -1)
		return CTL_USAGE;
	map_init(&t.groups);
	if (qview_each(&ctl->inst, buf_slice(&filter), group_entry, &t, &err) ==
	    -1)
		rc = ctl_fail("queue top: %s", err.text);
	else
		print_top(ctl, &t, all ? SIZE_MAX : MOST);
	map_fini(&t.groups);
	buf_fini(&filter);
	return rc;
}

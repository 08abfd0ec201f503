/* SPDX-License-Identifier: ISC */
/* pabal queue top: what most messages have in common, once or as a screen that
 * is drawn anew. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/value.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/qview.h"
#include "sys/clock.h"

enum {
	FILTER_MAX = 50000,
	ARGS_MAX = 10000,
	MOST = 20, /* rows, without --all */
	FRAME = 4, /* lines of a screen that are no rows */
	WATCH_MS = 5000,
	WATCH_MIN_MS = 100,
	WATCH_MAX_MS = 86400000,
};

struct group {
	char *name;
	int64_t messages;
	int64_t bytes;
	int64_t oldest_s;
	int64_t last; /* the message that was counted last */
};

struct top {
	struct map groups;
	const char *by;
	int64_t now_s;
	int64_t messages, bytes;
	unsigned parts;
	bool (*stop)(void); /* looked at now and then; NULL: never */
};

static struct group *
find_group(struct top *t, struct slice name)
{
	struct group *g = map_find(&t->groups, name);

	if (g == NULL) {
		g = xcalloc(1, sizeof *g);
		g->name = xslicedup(name);
		g->oldest_s = INT64_MAX;
		map_put(&t->groups, name, g);
	}
	return g;
}

/* A message counts once, however many of its recipients are in a group. */
static void
count_in(struct top *t, struct slice name, const struct qview_entry *e)
{
	struct group *g = find_group(t, name);

	if (g->last == t->messages)
		return;
	g->last = t->messages;
	g->messages++;
	g->bytes += e->size_bytes;
	if (e->arrived_s < g->oldest_s)
		g->oldest_s = e->arrived_s;
}

static struct slice
age_of(int64_t seconds)
{
	static const struct {
		int64_t below_s;
		const char *name;
	} ages[] = { { 300, "less than 5m" }, { 3600, "5m to 1h" },
		{ 14400, "1h to 4h" }, { 86400, "4h to 1d" },
		{ 172800, "1d to 2d" }, { 345600, "2d to 4d" },
		{ INT64_MAX, "4d and more" } };
	size_t i = 0;

	while (seconds >= ages[i].below_s)
		i++;
	return slice_str(ages[i].name);
}

/* Empty: it has none. */
static struct slice
rcpt_name(const char *by, const struct qview_rcpt *r)
{
	const struct slice domain =
	    slice_from(r->address, slice_rfind(r->address, '@') + 1);

	if (strcmp(by, "domain") == 0)
		return domain;
	if (strcmp(by, "site") == 0)
		return r->site.n > 0 ? r->site : domain;
	if (strcmp(by, "recipient") == 0)
		return r->address;
	if (strcmp(by, "host") == 0)
		return r->host;
	return strcmp(by, "reason") == 0 ? r->text : SLICE("");
}

static bool
group_entry(void *arg, const struct qview_entry *e)
{
	struct top *t = arg;

	t->messages++;
	t->bytes += e->size_bytes;
	if (strcmp(t->by, "sender") == 0)
		count_in(t, e->sender.n > 0 ? e->sender : SLICE("<>"), e);
	else if (strcmp(t->by, "login") == 0)
		count_in(t, e->login.n > 0 ? e->login : SLICE("-"), e);
	else if (strcmp(t->by, "state") == 0)
		count_in(t, e->state, e);
	else if (strcmp(t->by, "age") == 0)
		count_in(t, age_of(t->now_s - e->arrived_s), e);
	for (size_t i = 0; i < e->nrcpts; i++) {
		const struct slice name = rcpt_name(t->by, &e->rcpts[i]);

		if (name.n > 0)
			count_in(t, name, e);
	}
	return t->stop == NULL || t->messages % 256 != 0 || !t->stop();
}

/* A part of a group, as qmgr counts it. */
static bool
add_part(void *arg, const struct qview_group *part)
{
	struct top *t = arg;
	struct group *g = find_group(t, strcmp(t->by, "age") == 0
					    ? age_of(t->now_s - part->oldest_s)
					    : part->name);

	g->messages += part->messages;
	g->bytes += part->bytes;
	if (part->messages > 0 && part->oldest_s < g->oldest_s)
		g->oldest_s = part->oldest_s;
	return t->stop == NULL || ++t->parts % 256 != 0 || !t->stop();
}

static bool
total_part(void *arg, const struct qview_group *part)
{
	struct top *t = arg;

	t->messages += part->messages;
	t->bytes += part->bytes;
	return true;
}

/* Of all messages qmgr has the counts; recipients are too many for that. */
static int
ask_counts(const struct ctl *ctl, struct top *t, struct err *err)
{
	if (qview_groups(&ctl->inst, "state", total_part, t, err) == -1)
		return -1;
	return qview_groups(&ctl->inst, t->by, add_part, t, err);
}

static bool
is_counted(const struct top *t, struct slice filter)
{
	return slice_trim(filter).n == 0 && strcmp(t->by, "recipient") != 0;
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
free_groups(struct top *t)
{
	struct map_iter it = { 0 };

	while (map_next(&t->groups, &it)) {
		struct group *g = it.value;

		free(g->name);
		free(g);
	}
	map_fini(&t->groups);
}

static void
print_top(const struct ctl *ctl, const struct top *t, size_t most)
{
	static const struct out_col cols[] = { { "messages", -8 },
		{ "bytes", -10 }, { "oldest_seconds", -14 }, { "name", 0 } };
	struct group **all = xcalloc(t->groups.count + 1, sizeof(void *));
	struct map_iter it = { 0 };
	struct out o;
	size_t n = 0;

	while (map_next(&t->groups, &it)) {
		const struct group *g = it.value;

		if (g->messages > 0)
			all[n++] = it.value;
	}
	qsort(all, n, sizeof(void *), more_first);
	out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < n && i < most; i++) {
		out_num(&o, all[i]->messages);
		out_num(&o, all[i]->bytes);
		out_num(&o, t->now_s - all[i]->oldest_s);
		out_str(&o, slice_str(all[i]->name));
	}
	out_end(&o);
	free(all);
}

static int
collect(const struct ctl *ctl, struct top *t, struct slice filter)
{
	struct err err;
	int rc;

	map_init(&t->groups);
	t->messages = t->bytes = 0;
	t->now_s = clock_wall_s();
	rc = is_counted(t, filter)
		 ? ask_counts(ctl, t, &err)
		 : qview_each(&ctl->inst, filter, group_entry, t, &err);
	progress_end();
	return rc == 0 ? CTL_OK : ctl_fail("queue top: %s", err.text);
}

static int
top_once(const struct ctl *ctl, struct top *t, struct slice filter, size_t most)
{
	int rc;

	progress_begin("messages", 0);
	rc = collect(ctl, t, filter);
	if (rc == CTL_OK)
		print_top(ctl, t, most);
	free_groups(t);
	return rc;
}

/* ---- the screen ---- */

/* Ctrl-C and the like; blocked, so that nothing ends in the middle of a
 * screen. */
static sigset_t ends;

/* Has one come within MS? */
static bool
told_to_end(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };
	int rc;

	do
		rc = sigtimedwait(&ends, NULL, &t);
	while (rc == -1 && errno == EINTR);
	return rc != -1;
}

static bool
stop_now(void)
{
	return told_to_end(0);
}

static size_t
screen_rows(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_row <= FRAME)
		return MOST;
	return w.ws_row - FRAME;
}

/* The screen is not scrolled: a row that is too long is cut by the terminal
 * (no auto-wrap, DECAWM), and what was there before is erased line by line. */
static void
draw(const struct ctl *ctl, const struct top *t)
{
	fputs("\033[H\033[2J", stdout);
	out_printf(stdout, "%lld messages, %lld bytes, by %s\n\n",
	    (long long)t->messages, (long long)t->bytes, t->by);
	print_top(ctl, t, screen_rows());
}

static int
watch(const struct ctl *ctl, struct top *t, struct slice filter,
    int64_t period_ms, size_t most)
{
	const bool terminal = isatty(STDOUT_FILENO) == 1 && !ctl->json;
	int rc = CTL_OK;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	/* Stopped, it would leave the screen to the shell. */
	(void)signal(SIGTSTP, SIG_IGN);
	t->stop = stop_now;
	/* The other screen, no cursor, no wrap. */
	if (terminal)
		fputs("\033[?1049h\033[?25l\033[?7l", stdout);
	do {
		rc = collect(ctl, t, filter);
		if (rc == CTL_OK && !stop_now()) {
			if (terminal)
				draw(ctl, t);
			else
				print_top(ctl, t, most);
		}
		free_groups(t);
		if (fflush(stdout) == EOF)
			rc = CTL_FAILED;
	} while (rc == CTL_OK && !told_to_end(period_ms));
	if (terminal)
		fputs("\033[?7h\033[?25h\033[?1049l", stdout);
	(void)fflush(stdout);
	return rc;
}

static bool
is_kind(const char *word)
{
	static const char *const kinds[] = { "domain", "site", "host", "sender",
		"login", "recipient", "reason", "age", "state" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], word) == 0)
			return true;
	return false;
}

static bool
parse_period(const char *text, int64_t *ms)
{
	*ms = WATCH_MS;
	return text == NULL || (conf_parse_time(slice_str(text), ms) &&
				   *ms >= WATCH_MIN_MS && *ms <= WATCH_MAX_MS);
}

int
cmd_queue_top(struct ctl *ctl, int argc, char **argv)
{
	bool all = false, watching = false;
	const char *by = NULL, *period = NULL;
	const struct ctl_opt opts[] = { { "all", NULL, &all },
		{ "by", &by, NULL }, { "watch", &period, &watching }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, ARGS_MAX);
	/* The first word may say it, too. */
	const int words = by == NULL && n > 0 ? 1 : 0;
	struct buf filter = { .max = FILTER_MAX };
	struct top t = { .by = by != NULL ? by : words ? argv[0] : "domain" };
	const size_t most = all ? SIZE_MAX : MOST;
	int64_t ms;
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (!is_kind(t.by))
		return ctl_usage(ctl,
		    "queue top: expected domain, site, host, sender, login, "
		    "recipient, reason, age or state, not \"%s\"",
		    t.by);
	if (!parse_period(period, &ms))
		return ctl_usage(
		    ctl, "queue top: --watch takes a time from 100ms to 1d");
	if (qview_filter(ctl, n - words, argv + words, &filter) == -1)
		rc = CTL_USAGE;
	else if (watching)
		rc = watch(ctl, &t, buf_slice(&filter), ms, most);
	else
		rc = top_once(ctl, &t, buf_slice(&filter), most);
	buf_fini(&filter);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * pabal trace: the life of a message out of the log.  Lines are joined by qid
 * (the message), sid (the session it came in), and what a line tells of the
 * reports made about it.  The log is gone through for what was asked for, then
 * for the ids that were found, until there are no new ones; lines with any of
 * these are kept, and those that are of the messages printed.  Several daemons
 * tell of one message, and the log has a line when it came, not when it was
 * said: what is printed is in the order of the times.  Only that a message was
 * accepted stands before all else that is said of it, even where qmgr was
 * quicker to begin than smtpd to log it.
 *
 * Behind them stands why scripts put the message where it is, of which the log
 * has only the outcome: that is kept in the accounts.
 *
 * The log may be far larger than memory, what is printed of it may not.  So
 * when all lines must be looked at, because something is asked for that no
 * index has, none are kept, and the log is gone through once more at the end.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/mailbox/decisions.h"
#include "ctl/view/logcut.h"
#include "ctl/view/logline.h"
#include "ctl/view/logset.h"
#include "ctl/view/logsince.h"
#include "ctl/view/out.h"
#include "ctl/view/qview.h"
#include "ctl/why/route.h"
#include "log/keys.h"
#include "proto/domain.h"
#include "sys/clock.h"

enum { KEYS_MAX = INT32_MAX, ID_BYTES = 64, WAYS_MAX = 5 };

/* A line that is printed. */
struct said {
	struct slice time;
	struct slice place; /* where it stands: a time */
	struct slice text;  /* as it stands in the log */
	struct slice line;  /* without what the journal puts before it */
	struct slice qid, sid;
	unsigned source; /* of the log, and the place there */
	uint64_t at;
	bool accepted; /* the first of its message, whatever its time */
};

/* What is looked for in the log: hashes of keys, or every line, where there is
 * something that no index has. */
struct looked_for {
	struct buf keys; /* uint64_t */
	bool all;
};

struct trace {
	struct ctl *ctl;
	struct logset *log;
	struct slice wanted;
	struct map qids;
	struct map sids;
	struct map scripted;    /* accounts whose scripts decided, and ... */
	struct map decided;     /* ... the qids of what they decided about */
	struct looked_for next; /* what was found and not looked for yet */
	struct looked_for found;
	bool missed; /* not all lines of what was found are kept */
	struct logcut_reader reader;
	struct buf said;   /* struct said */
	struct arena kept; /* theirs */
	size_t printed;
	struct arena arena;
	struct buf line;
};

static void
look_for(struct looked_for *l, struct slice id)
{
	uint64_t hash;

	if (log_key(id, &hash))
		buf_add(&l->keys, slice_of((const char *)&hash, sizeof hash));
	else
		l->all = true;
}

static void
add_id(struct trace *t, struct map *ids, struct slice id)
{
	if (id.n == 0 || id.n > ID_BYTES || map_find(ids, id) != NULL)
		return;
	map_put(ids, id, t);
	look_for(&t->found, id);
	look_for(&t->next, id);
}

/* Whatever value of the line is what was asked for: an id or an address. */
static bool
names(const struct trace *t, const struct logline *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (log_key_same(l->values[i], t->wanted))
			return true;
	return false;
}

/* Keys whose value is the id of another message that came of this one. */
static bool
is_relation(struct slice key)
{
	return slice_is(key, "report") || slice_is(key, "about") ||
	       (slice_ends(key, SLICE("_qid")) && key.n > 4);
}

static bool
is_ours(const struct trace *t, const struct said *said)
{
	if (said->qid.n > 0)
		return map_find(&t->qids, said->qid) != NULL;
	return map_find(&t->sids, said->sid) != NULL;
}

static void
collect(struct trace *t, const struct logline *l)
{
	const struct slice qid = logline_get(l, "qid");
	const struct slice sid = logline_get(l, "sid");
	bool ours = qid.n > 0 && map_find(&t->qids, qid) != NULL;

	if (!ours && names(t, l)) {
		ours = true;
		if (qid.n == 0)
			add_id(t, &t->sids, sid);
	}
	for (size_t i = 0; i < l->n && qid.n > 0; i++) {
		if (!is_relation(l->keys[i]))
			continue;
		if (ours)
			add_id(t, &t->qids, l->values[i]);
		else
			ours = map_find(&t->qids, l->values[i]) != NULL;
	}
	if (ours && qid.n > 0) {
		add_id(t, &t->qids, qid);
		add_id(t, &t->sids, sid);
	}
}

static void
print(struct trace *t, struct slice text, const struct logline *l)
{
	struct buf *b = &t->line;

	buf_reset(b);
	if (!t->ctl->json) {
		out_plain(b, slice_trim(text));
		buf_addc(b, '\n');
	} else {
		buf_addc(b, t->printed == 0 ? '[' : ',');
		logline_json(b, l);
		buf_addc(b, '\n');
	}
	fwrite(b->p, 1, b->n, stdout);
	t->printed++;
}

/* L is in T's arena, which is used again. */
static void
keep(struct trace *t, const struct logcut_line *in, const struct logline *l)
{
	struct said said = { .source = in->source, .at = in->at };

	said.text = arena_slice(&t->kept, in->text);
	said.line = slice_from(said.text, (size_t)(in->line.p - in->text.p));
	said.time = arena_slice(&t->kept, in->time.n > 0 ? in->time : l->time);
	said.place = said.time;
	said.qid = arena_slice(&t->kept, logline_get(l, "qid"));
	said.sid = arena_slice(&t->kept, logline_get(l, "sid"));
	said.accepted = slice_is(l->event, "mail.accepted");
	buf_add(&t->said, slice_of((const char *)&said, sizeof said));
}

static void
on_line_collect(struct logcut_reader *reader, const struct logcut_line *in)
{
	struct trace *t = OUTER(reader, struct trace, reader);
	struct logline l;

	arena_reset(&t->arena);
	if (!logline_parse(in->line, &t->arena, &l))
		return;
	collect(t, &l);
	if (!t->missed)
		keep(t, in, &l);
}

static void
on_line_again(struct logcut_reader *reader, const struct logcut_line *in)
{
	struct trace *t = OUTER(reader, struct trace, reader);
	struct logline l;

	arena_reset(&t->arena);
	if (!logline_parse(in->line, &t->arena, &l))
		return;
	if (is_ours(t, &(struct said){ .qid = logline_get(&l, "qid"),
			   .sid = logline_get(&l, "sid") }))
		keep(t, in, &l);
}

static int
by_source(const struct said *a, const struct said *b)
{
	if (a->source != b->source)
		return a->source > b->source ? 1 : -1;
	return (a->at > b->at) - (a->at < b->at);
}

/* Lines of one moment stay as they came. */
static int
by_time(const void *pa, const void *pb)
{
	const struct said *a = pa, *b = pb;
	const int order = slice_cmp(a->place, b->place);

	if (order != 0)
		return order;
	if (a->accepted != b->accepted)
		return a->accepted ? -1 : 1;
	return by_source(a, b);
}

static void
sort(struct said *all, size_t n)
{
	struct map first;

	qsort(all, n, sizeof *all, by_time);
	map_init(&first);
	for (size_t i = 0; i < n; i++) {
		const struct said *said = map_find(&first, all[i].qid);

		if (said == NULL)
			map_put(&first, all[i].qid, &all[i]);
		else if (all[i].accepted)
			all[i].place = said->place;
	}
	map_fini(&first);
	qsort(all, n, sizeof *all, by_time);
}

static int
by_place_in_log(const void *a, const void *b)
{
	return by_source(a, b);
}

/* Only what is ours, each line once: it was seen again for each of its ids. */
static size_t
choose(const struct trace *t, struct said *all, size_t n)
{
	size_t chosen = 0;

	if (n > 0)
		qsort(all, n, sizeof *all, by_place_in_log);
	for (size_t i = 0; i < n; i++)
		if (is_ours(t, &all[i]) &&
		    (chosen == 0 || by_source(&all[chosen - 1], &all[i]) != 0))
			all[chosen++] = all[i];
	return chosen;
}

static void
note_decision(struct trace *t, const struct logline *l)
{
	const struct slice account = logline_get(l, "account");

	if (account.n == 0 || !slice_starts(l->event, SLICE("local.sieve")))
		return;
	map_put(&t->scripted, account, t);
	map_put(&t->decided, logline_get(l, "qid"), t);
}

static void
print_kept(struct trace *t)
{
	struct said *all = (struct said *)(void *)t->said.p;
	const size_t n = choose(t, all, t->said.n / sizeof *all);

	if (n > 0)
		sort(all, n);
	for (size_t i = 0; i < n; i++) {
		struct logline l;

		arena_reset(&t->arena);
		if (!logline_parse(all[i].line, &t->arena, &l))
			continue;
		l.time = all[i].time;
		print(t, all[i].text, &l);
		note_decision(t, &l);
		/* qmgr need not be asked for it */
		if (slice_is(l.event, "mail.removed"))
			(void)map_del(&t->qids, all[i].qid);
	}
}

struct waiting {
	struct qview_printer printer;
	const struct instance *in;
	struct arena arena;
};

/* Where the recipients of E go, and how TLS will be used there: each domain
 * once.
 */
static void
print_ways(struct waiting *w, const struct qview_entry *e)
{
	struct buf text = { .max = 1 << 16 };
	struct slice done[WAYS_MAX] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < e->nrcpts && n < WAYS_MAX; i++) {
		const struct slice a = e->rcpts[i].address;
		const struct slice domain =
		    slice_from(a, slice_rfind(a, '@') + 1);
		struct why_route r = { 0 };
		size_t k = 0;

		while (k < n && !domain_same(done[k], domain))
			k++;
		if (k < n || e->rcpts[i].target.n > 0 ||
		    why_route_ask(
			&r, w->in, a, e->sender, false, &w->arena, NULL) == -1)
			continue;
		done[n++] = domain;
		why_route_print(&r, &text);
	}
	fwrite(text.p, 1, text.n, stdout);
	buf_fini(&text);
}

static bool
on_waiting(void *arg, const struct qview_entry *e)
{
	struct waiting *w = arg;

	(void)qview_print(&w->printer, e);
	print_ways(w, e);
	arena_reset(&w->arena);
	return true;
}

/* What cannot be read of it is said, and makes what was found no failure. */
static void
print_decisions(struct trace *t)
{
	const struct decisions wanted = { .qids = &t->decided,
		.objects = true };
	struct map_iter it = { 0 };

	while (map_next(&t->scripted, &it)) {
		char *account = xasprintf("%.*s", SLICE_FMT(it.key));

		if (!t->ctl->json)
			out_printf(stdout,
			    "\nWhat scripts of %s decided, and why "
			    "(of older mail it is not kept):\n",
			    account);
		(void)decisions_print(t->ctl, account, &wanted);
		free(account);
	}
}

/* What is still in the queue, if qmgr can be asked. */
static void
print_waiting(struct trace *t)
{
	struct waiting w = { .printer = { .now_s = clock_wall_s() },
		.in = &t->ctl->inst };
	struct map_iter it = { 0 };

	arena_init(&w.arena);

	while (map_next(&t->qids, &it)) {
		char *filter = xasprintf("id=%.*s", SLICE_FMT(it.key));

		(void)qview_each(
		    &t->ctl->inst, slice_str(filter), on_waiting, &w, NULL);
		free(filter);
	}
	arena_fini(&w.arena);
	buf_fini(&w.printer.line);
}

static int
scan(struct trace *t, const struct looked_for *l,
    void (*on_line)(struct logcut_reader *, const struct logcut_line *),
    struct err *err)
{
	const uint64_t *keys = (const uint64_t *)(const void *)l->keys.p;

	t->reader.on_line = on_line;
	if (l->all)
		return logset_scan(t->log, NULL, 0, &t->reader, err);
	if (l->keys.n == 0)
		return 0;
	return logset_scan(
	    t->log, keys, l->keys.n / sizeof *keys, &t->reader, err);
}

/* Until nothing new is found. */
static int
find_all(struct trace *t, struct err *err)
{
	int rc = 0;

	look_for(&t->next, t->wanted);
	add_id(t, &t->qids, t->wanted);
	while (rc == 0 && (t->next.all || t->next.keys.n > 0)) {
		struct looked_for now = t->next;

		t->missed |= now.all;
		t->next = (struct looked_for){ .keys = { .max = KEYS_MAX } };
		rc = scan(t, &now, on_line_collect, err);
		buf_fini(&now.keys);
	}
	if (rc == -1 || !t->missed)
		return rc;
	buf_reset(&t->said);
	arena_reset(&t->kept);
	return scan(t, &t->found, on_line_again, err);
}

static int
trace(struct trace *t)
{
	const char *left_out = logset_left_out(t->log);
	struct err err;

	if (left_out[0] != '\0')
		fprintf(stderr,
		    "pabal: trace: not searched (--all does that): %s\n",
		    left_out);
	if (find_all(t, &err) == -1)
		return ctl_fail("trace: %s", err.text);
	print_kept(t);
	print_decisions(t);
	if (t->ctl->json)
		puts(t->printed == 0 ? "[]" : "]");
	else if (dial_master_pid(&t->ctl->inst) != 0)
		print_waiting(t);
	if (t->printed > 0)
		return CTL_OK;
	return ctl_fail(
	    "trace: the log says nothing about %.*s", SLICE_FMT(t->wanted));
}

static void
init(struct trace *t)
{
	map_init(&t->qids);
	map_init(&t->sids);
	map_init(&t->scripted);
	map_init(&t->decided);
	arena_init(&t->arena);
	arena_init(&t->kept);
	buf_init(&t->said, SIZE_MAX);
	buf_init(&t->next.keys, KEYS_MAX);
	buf_init(&t->found.keys, KEYS_MAX);
	buf_init(&t->line, 1u << 20);
}

static void
fini(struct trace *t)
{
	logset_free(&t->log);
	buf_fini(&t->line);
	buf_fini(&t->said);
	buf_fini(&t->next.keys);
	buf_fini(&t->found.keys);
	arena_fini(&t->arena);
	arena_fini(&t->kept);
	map_fini(&t->qids);
	map_fini(&t->sids);
	map_fini(&t->scripted);
	map_fini(&t->decided);
}

int
cmd_trace(struct ctl *ctl, int argc, char **argv)
{
	struct logset_from from = { .in = &ctl->inst };
	const char *since = NULL;
	const struct ctl_opt opts[] = { { "log", &from.file, NULL },
		{ "since", &since, NULL }, { "all", NULL, &from.packed },
		{ 0 } };
	struct trace t = { .ctl = ctl };
	struct err err;
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (since != NULL &&
	    !logsince_parse(slice_str(since), clock_wall_s(), from.since))
		return ctl_usage(ctl, "--since: expected an age as 2d or 12h, "
				      "or the beginning of a time as "
				      "2026-11-20T21:15");
	t.wanted = slice_str(argv[0]);
	init(&t);
	t.log = logset_open(&from, &err);
	if (t.log == NULL)
		rc = ctl_fail("trace: %s", err.text);
	else if (logset_is_closed(t.log))
		rc = ctl_fail("trace: the log cannot be read: only root and "
			      "the group systemd-journal may");
	else
		rc = trace(&t);
	fini(&t);
	return rc;
}

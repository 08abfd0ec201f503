/* SPDX-License-Identifier: ISC */
/*
 * pabal trace: the life of a message out of the log.  Lines are joined by qid
 * (the message), sid (the session it came in), and what a line tells of the
 * reports made about it.  First passes collect ids, the last one keeps the
 * lines.  Several daemons tell of one message, and the log has a line when it
 * came, not when it was said: what is printed is in the order of the times.
 * Only that a message was accepted stands before all else that is said of it,
 * even where qmgr was quicker to begin than smtpd to log it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/view/logfile.h"
#include "ctl/view/logline.h"
#include "ctl/view/out.h"
#include "ctl/view/qview.h"
#include "sys/clock.h"

enum { PASSES = 4, LOG_MAX = INT32_MAX };

/* A line that is printed. */
struct said {
	struct slice time;
	struct slice place; /* where it stands: a time */
	struct slice text;  /* as it stands in the log */
	struct slice line;  /* without what the journal puts before it */
	struct slice qid;
	bool accepted; /* the first of its message, whatever its time */
};

struct trace {
	struct ctl *ctl;
	struct slice wanted;
	struct map qids;
	struct map sids;
	bool grew;        /* a pass found new ids */
	struct buf said;  /* struct said */
	struct arena ids; /* theirs */
	size_t lines;
	struct arena arena;
	struct buf line;
};

static void
add_id(struct trace *t, struct map *ids, struct slice id)
{
	if (id.n == 0 || id.n > 64 || map_find(ids, id) != NULL)
		return;
	map_put(ids, id, t);
	t->grew = true;
}

/* Whatever value of the line is what was asked for: an id or an address. */
static bool
names(const struct trace *t, const struct logline *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (slice_ieq(l->values[i], t->wanted))
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
is_ours(const struct trace *t, const struct logline *l)
{
	const struct slice qid = logline_get(l, "qid");

	if (qid.n > 0)
		return map_find(&t->qids, qid) != NULL;
	return map_find(&t->sids, logline_get(l, "sid")) != NULL;
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
		buf_addc(b, t->lines == 0 ? '[' : ',');
		logline_json(b, l);
		buf_addc(b, '\n');
	}
	fwrite(b->p, 1, b->n, stdout);
	t->lines++;
}

static void
keep(struct trace *t, const struct said *said)
{
	struct said copy = *said;

	copy.place = said->time;
	buf_add(&t->said, slice_of((const char *)&copy, sizeof copy));
}

static void
pass(struct trace *t, struct slice log, bool journal, bool last)
{
	while (log.n > 0) {
		const struct slice text = slice_cut(log, '\n', &log);
		struct slice line = text, time = { NULL, 0 };
		struct logline l;

		arena_reset(&t->arena);
		if (journal)
			line = logline_without_journal(text, &time);
		if (!logline_parse(line, &t->arena, &l))
			continue;
		if (!last)
			collect(t, &l);
		else if (is_ours(t, &l))
			keep(t, &(struct said){ .time = journal ? time : l.time,
				    .text = text,
				    .line = line,
				    .qid = arena_slice(
					&t->ids, logline_get(&l, "qid")),
				    .accepted =
					slice_is(l.event, "mail.accepted") });
	}
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
	return a->text.p > b->text.p ? 1 : -1;
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

static void
print_kept(struct trace *t)
{
	const size_t n = t->said.n / sizeof(struct said);
	struct said *all = (struct said *)(void *)t->said.p;

	if (n > 0)
		sort(all, n);
	for (size_t i = 0; i < n; i++) {
		struct logline l;

		arena_reset(&t->arena);
		if (!logline_parse(all[i].line, &t->arena, &l))
			continue;
		l.time = all[i].time;
		print(t, all[i].text, &l);
	}
}

/* What is still in the queue, if qmgr can be asked. */
static void
print_waiting(struct trace *t)
{
	struct qview_printer p = { .now_s = clock_wall_s() };
	struct map_iter it = { 0 };

	while (map_next(&t->qids, &it)) {
		char *filter = xasprintf("id=%.*s", SLICE_FMT(it.key));

		(void)qview_each(
		    &t->ctl->inst, slice_str(filter), qview_print, &p, NULL);
		free(filter);
	}
	buf_fini(&p.line);
}

static int
trace(struct trace *t, struct slice log, bool journal)
{
	add_id(t, &t->qids, t->wanted);
	for (int i = 0; i < PASSES && (i == 0 || t->grew); i++) {
		t->grew = false;
		pass(t, log, journal, false);
	}
	pass(t, log, journal, true);
	print_kept(t);
	if (t->ctl->json)
		puts(t->lines == 0 ? "[]" : "]");
	else if (dial_master_pid(&t->ctl->inst) != 0)
		print_waiting(t);
	if (t->lines > 0)
		return CTL_OK;
	return ctl_fail(
	    "trace: the log says nothing about %.*s", SLICE_FMT(t->wanted));
}

int
cmd_trace(struct ctl *ctl, int argc, char **argv)
{
	const char *file = NULL;
	const struct ctl_opt opts[] = { { "log", &file, NULL }, { 0 } };
	struct trace t = { .ctl = ctl };
	struct buf log = { .max = LOG_MAX };
	bool journal = false;
	struct err err;
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	t.wanted = slice_str(argv[0]);
	map_init(&t.qids);
	map_init(&t.sids);
	arena_init(&t.arena);
	arena_init(&t.ids);
	buf_init(&t.said, LOG_MAX);
	buf_init(&t.line, 1u << 20);
	if (logfile_read(&ctl->inst, file, &log, &journal, &err) == -1)
		rc = ctl_fail("trace: %s", err.text);
	else if (journal && log.n == 0 && geteuid() != 0)
		rc = ctl_fail("trace: the log cannot be read: only root and "
			      "the group systemd-journal may");
	else
		rc = trace(&t, buf_slice(&log), journal);
	buf_fini(&t.line);
	buf_fini(&t.said);
	arena_fini(&t.arena);
	arena_fini(&t.ids);
	map_fini(&t.qids);
	map_fini(&t.sids);
	buf_fini(&log);
	return rc;
}

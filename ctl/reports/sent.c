/* SPDX-License-Identifier: ISC */
#include "ctl/reports/sent.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/logcut.h"
#include "ctl/view/logline.h"
#include "ctl/view/logset.h"
#include "ctl/view/logsince.h"
#include "ctl/view/out.h"
#include "sys/clock.h"

struct sent {
	struct logcut_reader reader;
	struct arena arena; /* of the line */
	struct out out;
};

/* Events of reporter; those of TLS alone have no kind, or kind=tls. */
static const struct sent_event {
	const char *name;
	const char *way, *result;
	const char *detail; /* the key that says more */
} events[] = {
	{ "report.sent", "mail", "queued", "qid" },
	{ "report.posted", "https", "taken", "status" },
	{ "report.post-failed", "https", "failed", "why" },
	{ "report.destination-refused", "", "refused", "why" },
	{ "report.not-sent", "", "not sent", "why" },
	{ "report.put-off", "", "put off", "why" },
};

static const struct sent_event *
find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (slice_is(name, events[i].name))
			return &events[i];
	return NULL;
}

static void
on_line(struct logcut_reader *reader, const struct logcut_line *in)
{
	struct sent *s = OUTER(reader, struct sent, reader);
	const struct sent_event *e;
	struct logline l;
	struct slice kind;

	arena_reset(&s->arena);
	if (!logline_parse(in->line, &s->arena, &l))
		return;
	e = find(l.event);
	kind = logline_get(&l, "kind");
	if (e == NULL || (kind.n > 0 && !slice_is(kind, "tls")))
		return;
	out_str(&s->out, in->time.n > 0 ? in->time : l.time);
	out_str(&s->out, logline_get(&l, "domain"));
	out_str(&s->out, slice_str(e->way));
	out_str(&s->out, slice_str(e->result));
	out_str(&s->out, logline_get(&l, "to"));
	out_str(&s->out, logline_get(&l, e->detail));
}

static int
scan(struct sent *s, const struct logset_from *from)
{
	struct err err;
	struct logset *log = logset_open(from, &err);
	int rc = CTL_OK;

	if (log == NULL)
		return ctl_fail("tlsrpt: %s", err.text);
	if (logset_is_closed(log))
		rc = ctl_fail("tlsrpt: the log cannot be read: only root and "
			      "the group systemd-journal may");
	else if (logset_scan(log, NULL, 0, &s->reader, &err) == -1)
		rc = ctl_fail("tlsrpt: %s", err.text);
	logset_free(&log);
	return rc;
}

int
sent_run(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "time", 27 }, { "domain", 24 },
		{ "way", 5 }, { "result", 8 }, { "to", 32 }, { "detail", 0 } };
	struct logset_from from = { .in = &ctl->inst };
	const char *since = NULL;
	bool is_sent = false;
	const struct ctl_opt opts[] = { { "sent", NULL, &is_sent },
		{ "log", &from.file, NULL }, { "since", &since, NULL },
		{ "all", NULL, &from.packed }, { 0 } };
	struct sent s = { .reader = { .on_line = on_line } };
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (since != NULL &&
	    !logsince_parse(slice_str(since), clock_wall_s(), from.since))
		return ctl_usage(ctl, "--since: expected an age as 2d or 12h, "
				      "or the beginning of a time as "
				      "2026-11-20T21:15");
	arena_init(&s.arena);
	out_begin(&s.out, ctl->json, cols, ARRAY_LEN(cols));
	rc = scan(&s, &from);
	out_end_or(&s.out, "no report");
	arena_fini(&s.arena);
	return rc;
}

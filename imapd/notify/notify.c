/* SPDX-License-Identifier: ISC */
/* NOTIFY (RFC 5465 3.1): a job, because directories are looked at before what
 * is in them counts as known. */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/session.h"
#include "imapd/notify/commands.h"
#include "imapd/notify/inner.h"
#include "imapd/notify/state.h"
#include "imapd/notify/tell.h"
#include "imapd/parse/parse.h"

struct notify_job {
	struct imapd_job job;
	bool status;
};

static void
refuse(struct session *s, const struct err *err)
{
	if (err->code == ERR_LIMIT)
		imapd_refuse(s, "[NOTIFICATIONOVERFLOW] too many mailboxes");
	else
		imapd_no(s, "notify", err);
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct notify_job *j = OUTER(job, struct notify_job, job);
	struct err err = { 0 };
	int rc;

	do
		rc = notify_begin(s, j->status, &err);
	while (rc == 1 && !work_spent());
	if (rc == 1) {
		imapd_more(s);
	} else if (rc == 0) {
		imapd_ok(s, "NOTIFY completed");
	} else {
		notify_set_none(s);
		refuse(s, &err);
	}
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct notify_job *j = OUTER(job, struct notify_job, job);

	(void)s;
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
start(struct session *s, bool status)
{
	struct notify_job *j = xcalloc(1, sizeof *j);

	j->job.ops = &ops;
	j->status = status;
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

/* "SET" [SP "STATUS"] SP event-groups.  What is asked for outlives the command,
 * so all of it is read from a copy. */
static void
set(struct session *s, struct parse *p)
{
	struct notify_groups groups;
	struct arena arena;
	struct parse q = *p;
	struct err err = { 0 };
	bool status, unknown;

	arena_init(&arena);
	q.arena = &arena;
	q.c = cur_of(arena_slice(&arena, cur_rest(&p->c)));
	parse_space(&q);
	status = parse_try_word(&q, "STATUS");
	if (status)
		parse_space(&q);
	unknown = groups_parse(&q, &groups);
	if (unknown) {
		imapd_refuse(
		    s, "[BADEVENT (" NOTIFY_EVENTS ")] event not supported");
	} else if (!parse_end(&q)) {
		imapd_bad(s, &q);
	} else if (notify_fits(s, &groups, &err) == -1) {
		refuse(s, &err);
	} else {
		notify_set(s, &groups, &arena);
		start(s, status);
	}
	arena_fini(&arena);
}

void
imapd_cmd_notify(struct session *s, struct parse *p)
{
	parse_space(p);
	if (parse_try_word(p, "SET")) {
		set(s, p);
		return;
	}
	if (!parse_try_word(p, "NONE"))
		parse_fail(p, "expected SET or NONE");
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	notify_set_none(s);
	imapd_ok(s, "NOTIFY completed");
}

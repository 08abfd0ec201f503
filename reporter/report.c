/* SPDX-License-Identifier: ISC */
#include "reporter/report.h"

#include <string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/reporter.h"
#include "ipc/role.h"
#include "ipc/sts.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/weburi.h"
#include "report/aggregate.h"
#include "report/packed.h"
#include "reporter/form.h"
#include "reporter/letter.h"
#include "reporter/pending.h"
#include "reporter/post.h"
#include "reporter/row.h"
#include "reporter/table.h"
#include "reporter/takers.h"
#include "sys/clock.h"

enum {
	DNS_PATIENCE_S = 86400, /* behind the end of the interval */
	LETTER_MS = 120000,
	ROWS_AT_ONCE = 200,
	FILE_MAX = STS_POST_BYTES,
	MAIL_MAX = 12 << 20, /* what waits for a peer has room for it */
	TO_MAX = 4096,
};

static struct {
	void (*on_end)(enum report_end end);
	bool busy;
	enum report_end end;
	struct arena arena;
	struct tally_report report; /* about is in arena */
	struct aggregate_about about;
	struct tally_after after;
	struct packed *packed;
	struct buf piece, file, mail, to, id, missed, kept;
	struct pending_posts pending; /* within kept, report.about, or takers */
	struct ipc_call call;
	struct ev_task step;
	void (*next)(void); /* what step does */
} now;

static struct metric sent = { .name = "pabal_reporter_reports_sent",
	.help = "Reports that were handed to the queue." };
static struct metric not_sent = { .name = "pabal_reporter_reports_not_sent",
	.help = "Reports that nobody takes." };
static struct metric unconfirmed = { .name =
					 "pabal_reporter_reports_unconfirmed",
	.help = "Reports of which is not known whether they were sent." };

static const char *const kinds[] = { REPORT_KINDS(WORDS_TEXT) };

static const char *
kind(void)
{
	return kinds[now.report.kind];
}

static void
go_on(void (*next)(void))
{
	now.next = next;
	ev_task_queue(&now.step);
}

static void
on_step(struct ev_task *task)
{
	(void)task;
	now.next();
}

/* ---- the end ---- */

static void
release(void)
{
	ipc_cancel(&now.call);
	takers_forget();
	post_forget();
	ev_task_cancel(&now.step);
	packed_end(&now.packed, NULL);
	buf_fini(&now.piece);
	buf_fini(&now.file);
	buf_fini(&now.mail);
	buf_fini(&now.to);
	buf_fini(&now.id);
	buf_fini(&now.missed);
	buf_fini(&now.kept);
	arena_fini(&now.arena);
	now.busy = false;
}

static void
finish(enum report_end end)
{
	release();
	now.on_end(end);
}

static void
put_off(const char *why)
{
	log_info("report.put-off", kv_s("kind", kind()),
	    kv_s("domain", now.report.domain), kv_s("why", why));
	finish(REPORT_LATER);
}

static void
table_error(const struct err *err)
{
	table_failed(err);
	finish(REPORT_LATER);
}

/* -1: that was told of, and nothing is to be done. */
static int
mark(enum tally_state as)
{
	struct slice about = now.report.about;
	struct err err = { 0 };

	if (now.pending.n > 0) {
		buf_reset(&now.kept);
		pending_put(&now.pending, &now.kept);
		about = buf_slice(&now.kept);
	}
	if (tallied_mark(&now.report, as, &about, &err) == 0)
		return 0;
	table_error(&err);
	return -1;
}

/* Its rows go, some at a time. */
static void
forget(void)
{
	struct err err = { 0 };
	bool gone;

	if (tallied_forget(&now.report, ROWS_AT_ONCE, &gone, &err) == -1)
		table_error(&err);
	else if (gone)
		finish(now.end);
	else
		go_on(forget);
}

static void
forget_as(enum report_end end)
{
	now.end = end;
	if (mark(TALLY_DONE) == 0)
		go_on(forget);
}

static void
drop(const char *why)
{
	metric_add(&not_sent, 1);
	log_info("report.not-sent", kv_s("kind", kind()),
	    kv_s("domain", now.report.domain), kv_u("rows", now.report.rows),
	    kv_s("why", why));
	forget_as(REPORT_DROPPED);
}

/* ---- to those that it is posted to ---- */

/* Who was not tried, because others took all the time, is due still, and the
 * day in which a report is tried begins with the first attempt. */
static void
on_all_posted(size_t tried)
{
	bool more = now.pending.n > 0;

	if (tried > 0)
		more = pending_again(&now.pending, clock_wall_s());
	if (tried < now.pending.n)
		pending_turn(&now.pending, tried);
	if (more && mark(TALLY_POSTING) == 0)
		finish(REPORT_LATER);
	if (more)
		return;
	now.pending.n = 0;
	if (now.pending.sent)
		forget_as(REPORT_SENT);
	else
		drop("nobody takes it");
}

/* END is what has become of it so far. */
static void
post_rest(enum report_end end)
{
	now.pending.sent |= end == REPORT_SENT;
	if (now.pending.n == 0)
		forget_as(end);
	else if (mark(TALLY_POSTING) == 0)
		post_begin(&now.report, now.about.id, buf_slice(&now.file),
		    &now.pending, on_all_posted);
}

/* ---- to qmgr ---- */

/* It has nothing of it. */
static void
reopen(const char *why)
{
	now.pending.n = 0;
	if (mark(TALLY_OPEN) == 0)
		put_off(why);
}

static void
log_unconfirmed(void)
{
	metric_add(&unconfirmed, 1);
	log_warn("report.unconfirmed", kv_s("kind", kind()),
	    kv_s("domain", now.report.domain));
}

static void
on_lettered(struct ipc_call *call, struct msg *m)
{
	(void)call;
	if (m != NULL && !m->report_lettered.ok) {
		reopen("the queue does not take it");
		return;
	}
	if (m == NULL) {
		log_unconfirmed();
		post_rest(REPORT_DROPPED);
		return;
	}
	metric_add(&sent, 1);
	log_info("report.sent", kv_s("kind", kind()),
	    kv_s("domain", now.report.domain), kv_slice("id", now.about.id),
	    kv_slice("qid", m->report_lettered.qid));
	post_rest(REPORT_SENT);
}

static void
log_made(void)
{
	struct slice rest;

	log_info("report.made", kv_s("kind", kind()),
	    kv_s("domain", now.report.domain), kv_u("rows", now.report.rows),
	    kv_u("bytes", now.to.n > 0 ? now.mail.n : now.file.n),
	    kv_slice("to", now.to.n > 0
			       ? slice_cut(buf_slice(&now.to), '\n', &rest)
			       : now.pending.uris[0]),
	    kv_slice("id", now.about.id));
}

static void
send_letter(void)
{
	struct ipc *qmgr = ipc_link(ROLE_QMGR, 0, 0);
	struct slice rest = buf_slice(&now.mail);

	if (mark(TALLY_SENDING) == -1)
		return;
	log_made();
	while (rest.n > 0) {
		const struct slice part = slice_sub(rest, 0, REPORT_PART_BYTES);

		if (!IPC_SEND(qmgr, report_part, .bytes = part)) {
			reopen("the queue manager is not there");
			return;
		}
		rest = slice_from(rest, part.n);
	}
	IPC_CALL(qmgr, &now.call, report_lettered, on_lettered, LETTER_MS,
	    report_letter, .kind = now.report.kind, .to = buf_slice(&now.to));
}

/* ---- the file ---- */

/* Who wants it as large as it is: "!10m". */
static void
address(void)
{
	const struct takers *t = takers_found();
	size_t size;

	letter_put(&now.mail, now.report.kind, &now.about, buf_slice(&now.file),
	    SLICE(""));
	size = now.mail.n;
	buf_reset(&now.mail);
	for (size_t i = 0; i < t->n; i++) {
		const struct dmarc_uri *u = &t->uris[i];

		if (u->max_bytes == 0 || size <= u->max_bytes) {
			buf_addf(&now.to, "%.*s\n", SLICE_FMT(u->address));
			continue;
		}
		log_info("report.destination-refused",
		    kv_s("domain", now.report.domain),
		    kv_slice("to", u->address),
		    kv_s("why", "it takes smaller ones only"));
	}
	if (now.to.n > 0)
		letter_put(&now.mail, now.report.kind, &now.about,
		    buf_slice(&now.file), buf_slice(&now.to));
	else if (now.pending.n == 0)
		now.mail.failed = true;
	if (now.mail.failed || now.file.failed) {
		now.pending.n = 0;
		drop("it is too large");
	} else if (now.to.n > 0) {
		send_letter();
	} else {
		log_made();
		post_rest(REPORT_DROPPED);
	}
}

static void
on_row(void *arg, struct slice row, size_t count_at, uint64_t count)
{
	(void)arg;
	buf_reset(&now.piece);
	form_of(now.report.kind)->row(&now.piece, row, count_at, count);
	packed_add(now.packed, buf_slice(&now.piece), &now.file);
}

static void
pack_rows(void)
{
	struct err err = { 0 };

	switch (tallied_rows(
	    &now.report, &now.after, ROWS_AT_ONCE, on_row, NULL, &err)) {
	case FOUND:
		go_on(pack_rows);
		return;
	case TEMPFAIL:
		table_error(&err);
		return;
	case ABSENT:
		break;
	}
	buf_reset(&now.piece);
	form_of(now.report.kind)->foot(&now.piece);
	packed_add(now.packed, buf_slice(&now.piece), &now.file);
	packed_end(&now.packed, &now.file);
	if (now.report.state == TALLY_OPEN)
		address();
	else
		post_rest(REPORT_DROPPED);
}

static void
pack(void)
{
	struct aggregate_about *a = &now.about;

	letter_id(now.report.kind, slice_str(now.report.domain),
	    now.report.begin_s, &now.id);
	if (now.report.missed > 0)
		buf_addf(&now.missed, "%llu %s had no room",
		    (unsigned long long)now.report.missed,
		    now.report.kind == REPORT_OF_TLS ? "sessions" : "messages");
	a->organization = letter_organization();
	a->email = letter_contact();
	a->id = buf_slice(&now.id);
	a->begin_s = now.report.begin_s;
	a->end_s = now.report.end_s - 1;
	a->error = buf_slice(&now.missed);
	a->generator = SLICE("pabal " PABAL_VERSION);
	a->domain = slice_str(now.report.domain);
	now.packed = packed_begin();
	form_of(now.report.kind)->head(&now.piece, a);
	packed_add(now.packed, buf_slice(&now.piece), &now.file);
	go_on(pack_rows);
}

/* ---- who gets it ---- */

static void
on_takers(void)
{
	const struct takers *t = takers_found();

	now.pending.n = t->nposts;
	for (size_t i = 0; i < t->nposts; i++)
		now.pending.uris[i] = t->posts[i];
	if (t->uncertain && clock_wall_s() < now.report.end_s + DNS_PATIENCE_S)
		put_off("no answer from the DNS");
	else if (!t->wanted)
		forget_as(REPORT_DROPPED);
	else if (t->n + t->nposts == 0)
		drop("nobody takes it");
	else
		pack();
}

/* ---- */

/* What was begun before this process, or at another time. */
static void
resume(void)
{
	if (now.report.kind == REPORT_OF_TLS)
		(void)pending_get(now.report.about, &now.pending);
	if (now.pending.n > 0)
		pack();
	else
		forget_as(REPORT_DROPPED);
}

static void
start(void)
{
	struct slice rua;

	if (now.report.state == TALLY_SENDING)
		log_unconfirmed();
	if (now.report.state != TALLY_OPEN) {
		if (now.report.state != TALLY_DONE)
			resume();
		else
			go_on(forget);
		return;
	}
	rua = SLICE("");
	if (now.report.kind == REPORT_OF_DMARC)
		row_get_about(now.report.about, &now.about, &rua);
	takers_find(now.report.kind, now.report.domain, rua, on_takers);
}

void
report_walk(void)
{
	post_walk();
}

void
report_begin(const struct tally_report *r)
{
	now.busy = true;
	arena_init(&now.arena);
	now.report = *r;
	now.report.about = arena_slice(&now.arena, r->about);
	now.about = (struct aggregate_about){ .begin_s = 0 };
	now.after = (struct tally_after){ .some = false };
	buf_init(&now.piece, 1 << 20);
	buf_init(&now.file, FILE_MAX);
	buf_init(&now.mail, MAIL_MAX);
	buf_init(&now.to, TO_MAX);
	buf_init(&now.id, TO_MAX);
	buf_init(&now.missed, 64);
	buf_init(&now.kept, PENDING_MAX * (WEBURI_MAX + 1) + 100);
	now.pending = (struct pending_posts){ .n = 0 };
	now.end = REPORT_DROPPED;
	go_on(start);
}

bool
report_busy(void)
{
	return now.busy;
}

void
report_abandon(void)
{
	if (now.busy)
		release();
}

void
report_init(void (*on_end)(enum report_end end))
{
	now.on_end = on_end;
	ev_task_init(&now.step, on_step);
	metric_register(&sent);
	metric_register(&not_sent);
	metric_register(&unconfirmed);
	post_init();
}

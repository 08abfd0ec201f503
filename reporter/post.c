/* SPDX-License-Identifier: ISC */
#include "reporter/post.h"

#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/role.h"
#include "ipc/sts.h"
#include "log/log.h"
#include "log/metric.h"
#include "reporter/pending.h"
#include "reporter/tally.h"

enum {
	POST_MS = 420000,   /* the DNS, its turn, and fetch_timeout at most */
	BUDGET_MS = 120000, /* none is begun when all together took that long */
};

static struct {
	const struct tally_report *report;
	struct slice id, file;
	struct pending_posts *pending;
	size_t at;        /* in pending */
	int64_t since_ms; /* when the one that is open began */
	int64_t took_ms;  /* all of this walk */
	struct ev_task late;
	void (*done)(size_t tried);
	struct ipc_call call;
} post;

static struct metric taken = { .name = "pabal_reporter_reports_posted",
	.help = "Reports that were posted by HTTPS, and taken." };

static void
on_taken(uint32_t status)
{
	struct pending_posts *p = post.pending;

	log_info("report.posted", kv_s("kind", "tls"),
	    kv_s("domain", post.report->domain), kv_slice("id", post.id),
	    kv_slice("to", p->uris[post.at]), kv_u("status", status));
	metric_add(&taken, 1);
	p->sent = true;
	pending_del(p, post.at);
}

static void
on_refused(struct slice why)
{
	log_info("report.destination-refused",
	    kv_s("domain", post.report->domain),
	    kv_slice("to", post.pending->uris[post.at]), kv_slice("why", why));
	pending_del(post.pending, post.at);
}

static void
on_failed(struct slice why)
{
	log_info("report.post-failed", kv_s("domain", post.report->domain),
	    kv_slice("to", post.pending->uris[post.at]), kv_slice("why", why));
	post.at++;
}

static void begin(void);

static void
on_posted(struct ipc_call *call, struct msg *m)
{
	(void)call;
	post.took_ms += ev_now_ms() - post.since_ms;
	if (m == NULL)
		on_failed(SLICE("sts does not answer"));
	else if (m->sts_posted.end == STS_POST_TAKEN)
		on_taken(m->sts_posted.status);
	else if (m->sts_posted.end == STS_POST_REFUSED)
		on_refused(m->sts_posted.why);
	else
		on_failed(m->sts_posted.why);
	if (post.at < post.pending->n && post.took_ms < BUDGET_MS)
		begin();
	else
		post.done(post.at);
}

static void
on_late(struct ev_task *task)
{
	(void)task;
	post.done(0);
}

/* Parts that were not sent are missing there, and it says so. */
static void
begin(void)
{
	struct ipc *sts = ipc_link(ROLE_STS, 0, 0);
	struct slice rest = post.file;

	post.since_ms = ev_now_ms();
	while (rest.n > 0) {
		const struct slice part = slice_sub(rest, 0, STS_PART_BYTES);

		if (!IPC_SEND(sts, sts_part, .bytes = part))
			break;
		rest = slice_from(rest, part.n);
	}
	IPC_CALL(sts, &post.call, sts_posted, on_posted, POST_MS, sts_post,
	    .bytes = post.file.n, .uri = post.pending->uris[post.at]);
}

void
post_begin(const struct tally_report *r, struct slice id, struct slice file,
    struct pending_posts *p, void (*done)(size_t tried))
{
	post.report = r;
	post.id = id;
	post.file = file;
	post.pending = p;
	post.at = 0;
	post.done = done;
	if (post.took_ms < BUDGET_MS)
		begin();
	else
		ev_task_queue(&post.late);
}

void
post_walk(void)
{
	post.took_ms = 0;
}

void
post_forget(void)
{
	ipc_cancel(&post.call);
	ev_task_cancel(&post.late);
}

void
post_init(void)
{
	ev_task_init(&post.late, on_late);
	metric_register(&taken);
}

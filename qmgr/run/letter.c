/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letter.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/reporter.h"
#include "ipc/role.h"
#include "log/metric.h"
#include "qmgr/conf.h"
#include "qmgr/queue/rcpt.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/letterfile.h"
#include "qmgr/run/letterhead.h"
#include "qmgr/run/letterlimit.h"
#include "queue/written.h"

enum {
	PARTS_MAX = 256,     /* recipients of whose letters something is here */
	HEAD_MORE = 1 << 20, /* what a script may add to a message */
	HOPS_MAX = 100,      /* as smtpd's max_received is preset */
};

/* What was said of a letter before it is whole. */
struct letter_part {
	TAILQ_ENTRY(letter_part) link;
	struct ipc *peer;
	uint64_t job;
	uint32_t recipient;
	struct buf bytes;
};

/* One that is being written. */
struct letter_file {
	LIST_ENTRY(letter_file) link;
	struct letterfile_owner owner;
	struct ipc *peer; /* NULL: gone */
	uint64_t id;
};

static struct {
	TAILQ_HEAD(, letter_part) parts;
	size_t nparts;
	int64_t parts_bytes;
	LIST_HEAD(, letter_file) letters;
	struct buf report; /* what was said of one */
} state;

static struct metric reports = { .name = "pabal_qmgr_reports",
	.help = "Reports to other hosts that reporter has sent." };
static struct metric letters = { .name = "pabal_qmgr_letters",
	.help = "Messages that recipients' scripts have sent." };

/* ---- parts ---- */

static void
part_free(struct letter_part *p)
{
	TAILQ_REMOVE(&state.parts, p, link);
	state.nparts--;
	state.parts_bytes -= (int64_t)p->bytes.n;
	buf_fini(&p->bytes);
	free(p);
}

/* Those of jobs that are no more. */
static void
drop_stale(void)
{
	struct letter_part *p, *next;

	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (dispatch_rcpt(p->peer, p->job, p->recipient) == NULL)
			part_free(p);
	}
}

static struct letter_part *
part_find(const struct ipc *peer, uint64_t job, uint32_t recipient)
{
	struct letter_part *p;

	TAILQ_FOREACH(p, &state.parts, link)
	if (p->peer == peer && p->job == job && p->recipient == recipient)
		return p;
	return NULL;
}

static int64_t
message_max(void)
{
	return qmgr_conf->shared.message_size_limit + HEAD_MORE;
}

static struct letter_part *
part_new(struct ipc *peer, uint64_t job, uint32_t recipient)
{
	struct letter_part *p = xcalloc(1, sizeof *p);

	p->peer = peer;
	p->job = job;
	p->recipient = recipient;
	buf_init(&p->bytes, (size_t)message_max());
	TAILQ_INSERT_TAIL(&state.parts, p, link);
	state.nparts++;
	return p;
}

/* What finds no room is missing in the letter, which is refused then. */
void
letter_on_part(struct ipc *peer, struct msg *m)
{
	const struct msg_job_letter_part *in = &m->job_letter_part;
	struct letter_part *p = part_find(peer, in->job, in->recipient);

	drop_stale();
	if (dispatch_rcpt(peer, in->job, in->recipient) == NULL)
		return;
	if (p == NULL) {
		if (state.nparts == PARTS_MAX)
			return;
		p = part_new(peer, in->job, in->recipient);
	}
	if (state.parts_bytes + (int64_t)in->bytes.n > 2 * message_max()) {
		p->bytes.failed = true;
		return;
	}
	state.parts_bytes -= (int64_t)p->bytes.n;
	buf_add(&p->bytes, in->bytes);
	state.parts_bytes += (int64_t)p->bytes.n;
}

/* ---- letters ---- */

static void
tell(struct ipc *peer, uint64_t id, bool ok, bool permanent, const char *why)
{
	if (peer != NULL)
		IPC_SEND(peer, job_lettered, .id = id, .ok = ok,
		    .permanent = permanent, .why = slice_str(why));
}

static void
letter_free(struct letter_file *l)
{
	LIST_REMOVE(l, link);
	free(l);
}

static void
on_done(struct letterfile_owner *o, bool ok, const char *why)
{
	struct letter_file *l = OUTER(o, struct letter_file, owner);

	tell(l->peer, l->id, ok, false, why);
	letter_free(l);
}

static struct letter_file *
letter_new(struct ipc *peer, uint64_t id)
{
	struct letter_file *l = xcalloc(1, sizeof *l);

	l->owner.done = on_done;
	l->peer = peer;
	l->id = id;
	LIST_INSERT_HEAD(&state.letters, l, link);
	return l;
}

/* Is IN, of BYTES, too much?  Why, and whether it stays so. */
static const char *
too_much(const struct msg_job_letter *in, const struct rcpt *r,
    struct slice bytes, bool *permanent)
{
	*permanent = true;
	if (letterhead_hops(bytes) > HOPS_MAX)
		return "too many hops: the message is in a loop";
	if (r->letters >= qmgr_conf->script_messages)
		return "the recipient's script sends too many messages";
	*permanent = false;
	if (letterlimit_take(r->account, letterlimit_count(in->to),
		qmgr_conf->script_recipients, qmgr_conf->script_time,
		ev_now_ms()))
		return NULL;
	return "the recipient's scripts have sent too much of late";
}

/* What only tells somebody of the message is not worth that it fails. */
static void
refuse(struct ipc *peer, const struct msg_job_letter *in, const struct rcpt *r,
    const char *why, bool permanent)
{
	letterfile_not_sent(r, (enum job_letter)in->kind, in->to, why);
	tell(peer, in->id, in->kind != JOB_LETTER_REDIRECT, permanent, why);
}

static void
take_letter(struct ipc *peer, const struct msg_job_letter *in, struct rcpt *r,
    struct slice bytes)
{
	bool permanent;
	const char *why = too_much(in, r, bytes, &permanent);

	if (why != NULL) {
		refuse(peer, in, r, why, permanent);
		return;
	}
	r->letters++;
	metric_add(&letters, 1);
	letterfile_begin(&letter_new(peer, in->id)->owner, r,
	    (enum job_letter)in->kind, in->to, bytes, in->body_from);
}

void
letter_on_letter(struct ipc *peer, struct msg *m)
{
	const struct msg_job_letter *in = &m->job_letter;
	struct rcpt *r = dispatch_rcpt(peer, in->job, in->recipient);
	struct letter_part *p = part_find(peer, in->job, in->recipient);

	if (r == NULL || p == NULL || p->bytes.failed ||
	    in->kind >= JOB_LETTERS)
		tell(peer, in->id, false, false, "no such letter can be");
	else
		take_letter(peer, in, r, buf_slice(&p->bytes));
	if (p != NULL)
		part_free(p);
}

/* ---- reports ---- */

static void
tell_reporter(struct ipc *peer, uint64_t id, const char *qid, const char *why)
{
	if (peer != NULL)
		IPC_SEND(peer, report_lettered, .id = id, .ok = qid[0] != '\0',
		    .qid = slice_str(qid), .why = slice_str(why));
}

static void
on_report_done(struct letterfile_owner *o, bool ok, const char *why)
{
	struct letter_file *l = OUTER(o, struct letter_file, owner);

	tell_reporter(l->peer, l->id, ok ? o->id : "", why);
	letter_free(l);
}

void
letter_on_report_part(struct ipc *peer, struct msg *m)
{
	(void)peer;
	buf_add(&state.report, m->report_part.bytes);
}

void
letter_on_report(struct ipc *peer, struct msg *m)
{
	const struct msg_report_letter *in = &m->report_letter;
	struct letter_file *l;

	if (state.report.failed || state.report.n == 0) {
		tell_reporter(peer, in->id, "", "no such letter can be");
	} else {
		l = letter_new(peer, in->id);
		l->owner.done = on_report_done;
		metric_add(&reports, 1);
		letterfile_report(&l->owner,
		    in->kind == REPORT_OF_TLS ? WRITTEN_TLS_REPORT
					      : WRITTEN_AGGREGATE,
		    slice_str(qmgr_conf->shared.report_sender), in->to,
		    buf_slice(&state.report));
	}
	buf_fini(&state.report);
	state.report.max = (size_t)message_max();
}

void
letter_forget(struct ipc *peer)
{
	struct letter_part *p, *next;
	struct letter_file *l;

	if (ipc_role(peer) == ROLE_REPORTER)
		buf_fini(&state.report);

	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->peer == peer)
			part_free(p);
	}
	LIST_FOREACH(l, &state.letters, link)
	if (l->peer == peer)
		l->peer = NULL;
}

void
letter_init(void)
{
	TAILQ_INIT(&state.parts);
	LIST_INIT(&state.letters);
	buf_init(&state.report, (size_t)message_max());
	metric_register(&letters);
	metric_register(&reports);
}

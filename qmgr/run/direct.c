/* SPDX-License-Identifier: ISC */
#include "qmgr/run/direct.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/run/quick.h"
#include "queue/refusal.h"

/* A delivery takes as long as a sync, and to make a file for each recipient;
 * what takes longer is in trouble, or behind much other mail, and the client
 * should not have to wait for that. */
enum { PATIENCE_MS = 240, PATIENCE_RCPT_MS = 10, PATIENCE_MIB_MS = 100 };
/* For lookup, which may have to ask name servers for a message's hosts. */
enum { LOOKUP_MS = 50 };

struct direct {
	struct newfile *file; /* NULL: the client has his answer */
	struct message *message;
	void (*done)(struct newfile *nf, int error);
	struct ev_timer patience;
	bool saving;
	bool ended;         /* the round, while it was being saved */
	struct buf refused; /* who rejects it: the client is told */
};

static struct {
	size_t count;
	bool stopped;
	bool spool_failed; /* the last time it was needed */
	void (*start)(struct message *m);
	void (*end)(struct message *m);
} state;

static struct metric delivered = { .name = "pabal_qmgr_delivered_direct",
	.help = "Messages that were in their mailboxes, or relayed, before "
		"they were in the spool." };

bool
direct_is_unsaved(const struct message *m)
{
	return m->direct != NULL && !m->direct->saving;
}

static void
forget(struct direct *d)
{
	ev_timer_stop(&d->patience);
	d->message->direct = NULL;
	buf_fini(&d->refused);
	xfree(&d);
}

static void
answer(struct direct *d, int error)
{
	struct newfile *nf = d->file;

	d->file = NULL;
	state.count--;
	d->done(nf, error);
}

/* Nothing of it is in the spool, and nothing will be; who has not got it yet
 * gets it from the client's next try.  As long as that may go on nothing begins
 * here, because each try would bring who gets it one more. */
static void
refuse(struct direct *d, int error)
{
	struct message *m = d->message;

	state.spool_failed = true;
	m->refused = true;
	kept_drop(&m->kept);
	d->saving = false;
	answer(d, error);
}

void
direct_spool_works(void)
{
	state.spool_failed = false;
}

static void
on_saved(struct newfile *nf, int error)
{
	struct direct *d = nf->direct;
	struct message *m = d->message;
	const bool ended = d->ended;

	if (error != 0)
		refuse(d, error);
	else {
		entry_list(m->entry);
		answer(d, 0);
		forget(d);
	}
	if (ended)
		state.end(m);
}

static void
save(struct direct *d)
{
	struct message *m = d->message;
	struct err err = { 0 };

	ev_timer_stop(&d->patience);
	if (newfile_save(d->file, buf_slice(&m->kept.body),
		buf_slice(&m->notes), &err) == 0) {
		buf_reset(&m->notes);
		m->in_tmp = false;
		d->saving = true;
		return;
	}
	log_err("queue.commit-failed", kv_s("qid", m->entry->id),
	    kv_s("why", err.text));
	newfile_unhold(d->file);
	refuse(d, err.code == ERR_NO_SPACE ? ENOSPC : EIO);
}

void
direct_save(struct message *m)
{
	if (direct_is_unsaved(m) && m->direct->file != NULL)
		save(m->direct);
}

static void
on_patience(struct ev_timer *t)
{
	struct direct *d = OUTER(t, struct direct, patience);
	const struct message *m = d->message;

	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->site.n > 0 && !rcpt_is_settled(m->rcpts[i]))
			quick_late(m->rcpts[i]->site, m->rcpts[i]->source);
	save(d);
}

/* May the client be told who rejects M?  By SMTP he gets one answer for all.
 * Who gives a message to sendmail is gone, or a program.  Of one that was made
 * of another (trace) the recipients are not those that he named. */
static bool
may_refuse(const struct message *m)
{
	return qmgr_conf->reject_in_dialogue && m->env.trace.n == 0 &&
	       (m->env.nrcpts == 1 || slice_search(m->env.protocol,
					  SLICE("LMTP")) < m->env.protocol.n) &&
	       !slice_starts(m->env.client, SLICE("local:"));
}

/* Each of M's recipients has it, or rejects it, which the client can be told.
 */
static bool
all_are_told(const struct message *m, struct buf *refused)
{
	const bool may = may_refuse(m);

	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (may && r->state == RCPT_FAILED && r->refusal.n > 0)
			refusal_put(refused, r->number, r->refusal);
		else if (r->tell_success || (r->state != RCPT_DELIVERED &&
						r->state != RCPT_RELAYED))
			return false;
	}
	return !m->damaged && !refused->failed;
}

enum direct_end
direct_end(struct message *m)
{
	struct direct *d = m->direct;

	if (d == NULL)
		return DIRECT_SAVED;
	if (direct_is_unsaved(m) && d->file != NULL) {
		if (all_are_told(m, &d->refused))
			return DIRECT_LEFT;
		save(d);
	}
	d->ended = d->saving;
	return d->saving ? DIRECT_WAITS : DIRECT_REFUSED;
}

void
direct_leave(struct message *m)
{
	struct direct *d = m->direct;

	if (d->file != NULL) {
		metric_add(&delivered, 1);
		newfile_unhold(d->file);
		d->file->refused = buf_slice(&d->refused);
		answer(d, 0);
	}
	forget(d);
}

/* smtpd has made a record, so one of the recipients has a mailbox here, or they
 * may be at a host that takes mail at once; and as many as one delivery takes.
 */
static bool
is_fit(const struct newfile *nf, int64_t size)
{
	const bool there = nf->fd != -1 || (int64_t)nf->kept.body.n == size;

	return !state.stopped && !state.spool_failed && !nf->hold &&
	       state.count < qmgr_conf->local_concurrency && size > 0 &&
	       there && nf->env.hold.n == 0 &&
	       (nf->kept.record.n > 0 || quick_any()) &&
	       nf->env.nrcpts <= qmgr_conf->recipients_per_job;
}

static int64_t
patience_ms(const struct message *m)
{
	return PATIENCE_MS + PATIENCE_RCPT_MS * (int64_t)m->nrcpts +
	       PATIENCE_MIB_MS * (m->env.size >> 20);
}

bool
direct_begin(struct newfile *nf, int64_t size, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error))
{
	struct direct *d;
	struct message *m;
	struct entry *e;

	if (!is_fit(nf, size))
		return false;
	d = xcalloc(1, sizeof *d);
	newfile_hold(nf, d, size, crc32c, on_saved);
	e = entry_unlisted(nf->id, SPOOL_NEW, nf->env.arrived_us);
	e->own = true;
	nf->env.id = arena_slice(&nf->arena, nf->env.id);
	m = message_new(e, &nf->arena, &nf->env, nf->head_bytes);
	m->env.front = nf->front;
	m->env.junk = nf->junk;
	buf_add(&m->notes, nf->lines);
	kept_move(&m->kept, &nf->kept);
	*d = (struct direct){ .file = nf, .message = m, .done = done };
	buf_init(&d->refused, REFUSAL_MAX_BYTES);
	m->direct = d;
	m->in_tmp = nf->fd != -1;
	state.count++;
	ev_timer_init(&d->patience, on_patience);
	ev_timer_set(
	    &d->patience, m->kept.record.n > 0 ? patience_ms(m) : LOOKUP_MS);
	state.start(m);
	return true;
}

void
direct_go_on(struct message *m)
{
	if (direct_is_unsaved(m) && m->direct->file != NULL)
		ev_timer_set(&m->direct->patience, patience_ms(m));
}

size_t
direct_count(void)
{
	return state.count;
}

void
direct_stop(void)
{
	state.stopped = true;
}

void
direct_init(void (*start)(struct message *m), void (*end)(struct message *m))
{
	state.start = start;
	state.end = end;
	state.stopped = state.spool_failed = false;
	metric_register(&delivered);
}

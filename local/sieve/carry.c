/* SPDX-License-Identifier: ISC */
/* What a run decided is carried out: stores, then letters, then the result. */
#include <stdio.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "local/message.h"
#include "local/sieve/answer.h"
#include "local/sieve/inner.h"
#include "log/log.h"
#include "queue/job.h"
#include "sys/fd.h"

enum {
	REMEMBER_S = 10 * 24 * 3600, /* longer than qmgr tries */
	LETTER_MS = 60000,
	EDITED_MAX = 64 << 20,
};

/* ---- what was done before ---- */

/* WHAT of this recipient: "stored", or the number of a letter. */
static struct seen_key
part_key(const struct run *r, const char *what, char id[64])
{
	snprintf(id, 64, "%.*s.%u",
	    (int)(r->job->qid.n > 40 ? 40 : r->job->qid.n), r->job->qid.p,
	    r->rcpt.number);
	return (struct seen_key){ "done", slice_str(id), slice_str(what) };
}

static bool
was_done(const struct run *r, const char *what)
{
	char id[64];
	const struct seen_key key = part_key(r, what, id);

	return seen_find(r->script.account, &key, r->now_s) == FOUND;
}

static void
remember(const struct run *r, const char *what)
{
	char id[64];
	const struct seen_key key = part_key(r, what, id);
	struct err err;

	if (seen_put(r->script.account, &key, r->now_s, REMEMBER_S, &err) == -1)
		log_warn("local.sieve-forgets", kv_slice("qid", r->job->qid),
		    kv_slice("account", r->rcpt.account),
		    kv_s("why", err.text));
}

/* ---- the result ---- */

static const struct verdict_action *
find_reject(const struct run *r)
{
	for (size_t i = 0; i < r->verdict.n; i++)
		if (verdict_is_reject(&r->verdict.actions[i]))
			return &r->verdict.actions[i];
	return NULL;
}

static size_t
count(const struct run *r, bool (*is)(const struct verdict_action *a))
{
	size_t n = 0;

	for (size_t i = 0; i < r->verdict.n; i++)
		n += is(&r->verdict.actions[i]);
	return n;
}

static void
log_verdict(const struct run *r)
{
	struct buf text = { .max = 8192 };

	verdict_describe(&r->verdict, &text);
	log_info("local.sieve", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account),
	    kv_s("script", r->script.name != NULL ? r->script.name : ""),
	    kv_slice("actions", buf_slice(&text)));
	buf_fini(&text);
}

static void
succeed(struct run *r)
{
	const struct verdict_action *reject = find_reject(r);
	const struct slice none = SLICE("");

	for (size_t i = 0; i < r->nduplicates; i++)
		(void)seen_put(r->script.account, &r->duplicates[i], r->now_s,
		    r->duplicate_s[i], NULL);
	log_verdict(r);
	decided_keep(r, buf_slice(&r->worker.pieces[SIEVE_PIECE_TRACE]));
	if (reject != NULL)
		job_result(r->job, r->rcpt.number, JOB_PERMFAIL, "5.7.1",
		    reject->text.n > 0 ? reject->text.p
				       : "rejected by the recipient",
		    none);
	else
		job_result(r->job, r->rcpt.number, JOB_DELIVERED, "2.1.5",
		    count(r, verdict_is_store) > 0
			? "delivered to the mailbox"
			: "delivered as the recipient's script says",
		    none);
	r->end(r);
}

static void
fail(struct run *r)
{
	if (r->damaged)
		job_result_damaged(r->job);
	else
		job_fail(r->job, &r->rcpt, "2.0", &r->err);
	r->end(r);
}

/* ---- letters ---- */

static void send_next(struct run *r);

static void
letter_failed(struct run *r, struct slice why)
{
	err_set(&r->err, ERR_TEMP, "sieve: a message cannot be sent: %.*s",
	    SLICE_FMT(slice_sub(why, 0, 150)));
	fail(r);
}

static struct seen_key
vacation_key(const struct verdict_action *a)
{
	return (struct seen_key){ "vacation", a->handle, slice_trim(a->to) };
}

static void
on_lettered(struct ipc_call *call, struct msg *m)
{
	struct run *r = OUTER(call, struct run, call);
	const struct verdict_action *a = &r->verdict.actions[r->letter];
	char what[32];

	if (m == NULL || !m->job_lettered.ok) {
		letter_failed(r, m != NULL ? m->job_lettered.why
					   : SLICE("the queue manager ended"));
		return;
	}
	if (a->kind == SIEVE_VACATION) {
		const struct seen_key key = vacation_key(a);

		(void)seen_put(
		    r->script.account, &key, r->now_s, a->seconds, NULL);
	}
	if (r->parts) {
		snprintf(what, sizeof what, "letter%zu", r->letter);
		remember(r, what);
	}
	r->letter++;
	send_next(r);
}

static enum job_letter
kind_of(const struct verdict_action *a)
{
	return a->kind == SIEVE_REDIRECT   ? JOB_LETTER_REDIRECT
	       : a->kind == SIEVE_VACATION ? JOB_LETTER_ANSWER
					   : JOB_LETTER_NOTICE;
}

static bool
send_bytes(const struct run *r, struct slice bytes)
{
	while (bytes.n > 0) {
		const struct slice piece =
		    slice_sub(bytes, 0, SIEVE_PIECE_BYTES);

		if (!IPC_SEND(r->job->peer, job_letter_part, .job = r->job->id,
			.recipient = r->rcpt.number, .bytes = piece))
			return false;
		bytes = slice_from(bytes, piece.n);
	}
	return true;
}

static void
send_letter(struct run *r, const struct verdict_action *a)
{
	if (r->job->peer == NULL || !send_bytes(r, a->head) ||
	    !send_bytes(r, a->body)) {
		letter_failed(r, SLICE("the queue manager ended"));
		return;
	}
	IPC_CALL(r->job->peer, &r->call, job_lettered, on_lettered, LETTER_MS,
	    job_letter, .job = r->job->id, .recipient = r->rcpt.number,
	    .kind = kind_of(a), .to = a->to, .body_from = a->body_from);
}

/* Has the sender had this answer already? */
static bool
is_answered(const struct run *r, const struct verdict_action *a)
{
	const struct seen_key key = vacation_key(a);

	return a->kind == SIEVE_VACATION && a->seconds > 0 &&
	       seen_find(r->script.account, &key, r->now_s) != ABSENT;
}

static bool
is_due(const struct run *r, const struct verdict_action *a)
{
	char what[32];

	if (!verdict_is_letter(a) || is_answered(r, a))
		return false;
	snprintf(what, sizeof what, "letter%zu", r->letter);
	return !r->parts || !was_done(r, what);
}

static void
send_next(struct run *r)
{
	for (; r->letter < r->verdict.n; r->letter++) {
		const struct verdict_action *a = &r->verdict.actions[r->letter];

		if (is_due(r, a)) {
			send_letter(r, a);
			return;
		}
	}
	succeed(r);
}

/* ---- stores ---- */

static void
stored(struct run *r)
{
	const bool failed = r->err.class != ERR_NONE || r->damaged;

	/* Where all is done but the result, a retry would do it again; so it
	 * is only noted where more is to come. */
	for (size_t i = 0; i < r->nstores; i++)
		if (r->stores[i].stored && r->parts &&
		    (failed || count(r, verdict_is_letter) > 0))
			remember(r, r->stores[i].what);
	if (failed) {
		fail(r);
		return;
	}
	r->letter = 0;
	send_next(r);
}

static void
on_stored(struct local_store *s, const struct err *err)
{
	struct run_store *rs = OUTER(s, struct run_store, store);
	struct run *r = rs->run;

	r->damaged |= s->damaged;
	if (err != NULL && rs->action != NULL && r->err.class == ERR_NONE)
		r->err = *err;
	rs->stored = err == NULL && !s->damaged;
	if (s->elsewhere)
		log_warn("local.sieve-no-mailbox", kv_slice("qid", r->job->qid),
		    kv_slice("account", r->rcpt.account),
		    kv_slice("mailbox", s->mailbox));
	if (--r->open == 0)
		stored(r);
}

bool
carry_bytes(
    const struct run *r, const struct verdict_action *a, struct buf *out)
{
	const struct local_job *job = r->job;
	size_t n;
	char *to;

	buf_add(out, a->head);
	buf_add(out, a->body);
	if (a->body_from == -1)
		return !out->failed;
	n = (size_t)(job->size - a->body_from);
	if (job->body.n > 0) {
		buf_add(out, slice_from(job->body, (size_t)a->body_from));
		return !out->failed;
	}
	to = buf_room(out, n);
	if (to == NULL || fd_pread_all(job->fd, to, n,
			      job->offset + a->body_from, NULL) == -1)
		return false;
	buf_added(out, n);
	return true;
}

static struct local_message *
edited(const struct run *r, const struct verdict_action *a)
{
	struct buf bytes = { .max = EDITED_MAX };
	struct local_message *m = NULL;

	if (carry_bytes(r, a, &bytes))
		m = local_message_made(buf_slice(&bytes));
	buf_fini(&bytes);
	return m;
}

/* Where A goes: by id or use, where there is such a mailbox, else by name. */
static struct slice
place_of(struct run *r, const struct verdict_action *a)
{
	struct buf name = { .max = 2000 };
	struct slice out = a->mailbox;
	struct err err = { 0 };

	if (a->mailbox_id.n + a->special_use.n == 0 || !run_account(r))
		return out;
	if (answer_named(r->account, a->mailbox_id, a->special_use, &name,
		&err) == FOUND)
		out = arena_slice(&r->arena, buf_slice(&name));
	buf_fini(&name);
	return out;
}

static struct run_store *
add_store(struct run *r, struct verdict_action *a)
{
	struct run_store *s = &r->stores[r->nstores++];

	*s = (struct run_store){ .run = r, .action = a };
	s->store.done = on_stored;
	return s;
}

static void
plan(struct run *r, struct verdict_action *a)
{
	char what[16];
	struct run_store *s;

	snprintf(
	    what, sizeof what, "store%zu", (size_t)(a - r->verdict.actions));
	if (r->parts && was_done(r, what))
		return;
	s = add_store(r, a);
	memcpy(s->what, what, sizeof what);
	if (a->kind == SIEVE_FILEINTO)
		s->store.mailbox = place_of(r, a);
	s->store.create = a->create;
	s->store.flags = a->flags;
	s->store.keywords = a->keywords;
	if (!a->edited)
		return;
	s->store.message = edited(r, a);
	if (s->store.message == NULL)
		err_set(&r->err, ERR_TEMP,
		    "sieve: the changed message is too "
		    "large or cannot be read");
}

static void
plan_notice(struct run *r)
{
	struct buf text = { .max = 64 << 10 };

	if (!notice_due(r))
		return;
	notice_put(r, &text);
	add_store(r, NULL)->store.message =
	    local_message_made(buf_slice(&text));
	buf_fini(&text);
}

void
carry_out(struct run *r)
{
	r->parts = count(r, verdict_is_letter) + count(r, verdict_is_store) > 1;
	for (size_t i = 0; i < r->verdict.n; i++)
		if (verdict_is_store(&r->verdict.actions[i]))
			plan(r, &r->verdict.actions[i]);
	if (r->failed != NULL)
		plan_notice(r);
	if (r->nstores == 0 || r->err.class != ERR_NONE) {
		stored(r);
		return;
	}
	r->open = r->nstores;
	for (size_t i = 0, n = r->nstores; i < n; i++)
		local_deliver_store(r->job, &r->rcpt, &r->stores[i].store);
}

/* SPDX-License-Identifier: ISC */
/* What a script sends, one after the other: qmgr makes messages of it. */
#include <stdio.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "ipc/sieve.h"
#include "local/script/inner.h"
#include "log/log.h"
#include "script/author.h"
#include "script/seen.h"
#include "script/verdict.h"

enum { LETTER_MS = 60000 };

static void send_next(struct script_run *r);
static void (*on_done)(struct script_run *r);

static void
failed(struct script_run *r, enum err_class class, struct slice why)
{
	err_set(&r->err, class, "sieve: a message cannot be sent: %.*s",
	    SLICE_FMT(slice_sub(why, 0, 150)));
	on_done(r);
}

static const char *
name(const struct script_run *r, char text[32])
{
	snprintf(text, 32, "letter%zu", r->letter);
	return text;
}

/* ---- vacation ---- */

/* A sender who writes himself in another case is the same. */
static struct seen_key
vacation_key(struct script_run *r, const struct verdict_action *a)
{
	return (struct seen_key){ "vacation", a->handle,
		arena_lower(&r->arena, slice_trim(a->to)) };
}

/* Has the sender had this answer already?  In doubt there is none. */
static bool
is_answered(struct script_run *r, const struct verdict_action *a)
{
	const struct seen_key key = vacation_key(r, a);

	return a->kind == SIEVE_VACATION && a->seconds > 0 &&
	       seen_find(r->script.account, &key, r->now_s) != ABSENT;
}

/* An answer is noted before it is sent: where it cannot be noted none is, or
 * each message would get one. */
static bool
note_answer(struct script_run *r, const struct verdict_action *a)
{
	struct err err = { 0 };
	struct seen_key key;

	if (a->kind != SIEVE_VACATION || a->seconds == 0)
		return true;
	key = vacation_key(r, a);
	if (seen_put(r->script.account, &key, r->now_s, a->seconds, &err) == 0)
		return true;
	log_warn("local.vacation-not-sent", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account), kv_s("why", err.text));
	return false;
}

static void
note(struct script_run *r)
{
	char text[32];

	if (r->parts)
		parts_remember(r, name(r, text));
}

/* ---- sending ---- */

static void
on_lettered(struct ipc_call *call, struct msg *m)
{
	struct script_run *r = OUTER(call, struct script_run, call);

	if (m == NULL) {
		failed(r, ERR_TEMP, SLICE("the queue manager ended"));
		return;
	}
	if (!m->job_lettered.ok) {
		failed(r, m->job_lettered.permanent ? ERR_PERM : ERR_TEMP,
		    m->job_lettered.why);
		return;
	}
	note(r);
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
send_bytes(const struct script_run *r, struct slice bytes)
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

/* It goes with this host's signature, so From is the account's to use. */
static void
refuse_author(struct script_run *r, const char *why)
{
	log_warn("local.letter-refused", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account), kv_s("why", why));
	r->letter++;
	send_next(r);
}

static void
send_letter(struct script_run *r, const struct verdict_action *a)
{
	if (r->job->peer == NULL || !send_bytes(r, a->head) ||
	    !send_bytes(r, a->body)) {
		failed(r, ERR_TEMP, SLICE("the queue manager ended"));
		return;
	}
	IPC_CALL(r->job->peer, &r->call, job_lettered, on_lettered, LETTER_MS,
	    job_letter, .job = r->job->id, .recipient = r->rcpt.number,
	    .kind = kind_of(a), .to = a->to, .body_from = a->body_from);
}

static void
on_owned(struct ipc_call *call, struct msg *m)
{
	struct script_run *r = OUTER(call, struct script_run, call);
	const uint32_t found = m != NULL ? m->lookup_owned_by.found : TEMPFAIL;

	if (found == FOUND)
		send_letter(r, &r->verdict->actions[r->letter]);
	else if (found == ABSENT)
		refuse_author(r, "the account may not send as whom it is from");
	else
		failed(r, ERR_TEMP, SLICE("whom it is from is not known now"));
}

/* What the message's own process decides is not who its letters are from. */
static void
check_author(struct script_run *r, const struct verdict_action *a)
{
	struct slice from;

	if (a->kind == SIEVE_REDIRECT) {
		send_letter(r, a);
	} else if (!author_find(&r->arena, a->head, &from)) {
		refuse_author(r, "it does not say whom it is from");
	} else if (slice_eq(from, r->rcpt.account) ||
		   slice_eq(from, r->rcpt.address)) {
		send_letter(r, a);
	} else {
		IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &r->call, lookup_owned_by,
		    on_owned, LETTER_MS, lookup_owned, .login = r->rcpt.account,
		    .addresses = from);
	}
}

static bool
is_due(struct script_run *r, const struct verdict_action *a)
{
	char text[32];

	if (!verdict_is_letter(a) || is_answered(r, a))
		return false;
	return !r->parts || !parts_was_done(r, name(r, text));
}

static void
send_next(struct script_run *r)
{
	for (; r->letter < r->verdict->n; r->letter++) {
		const struct verdict_action *a =
		    &r->verdict->actions[r->letter];

		if (is_due(r, a) && note_answer(r, a)) {
			check_author(r, a);
			return;
		}
	}
	on_done(r);
}

void
letters_begin(struct script_run *r, void (*done)(struct script_run *r))
{
	on_done = done;
	r->letter = 0;
	send_next(r);
}

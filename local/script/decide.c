/* SPDX-License-Identifier: ISC */
/* Asking: first for code, where there is none that fits, of a process that sees
 * no message, because it is for all that come; then for what is to be done. */
#include <stdlib.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "script/answer.h"
#include "local/script/inner.h"
#include "script/verdict.h"
#include "script/worker.h"
#include "store/store.h"

enum { MORE_BYTES = 8 << 20 };

static const char no_process[] = "no process for it";

/* ---- questions ---- */

bool
decide_account(struct script_run *r)
{
	struct err err;

	return r->account != NULL || store_account_ensure(r->store,
					 arena_str(&r->arena, r->rcpt.home),
					 &r->account, &err) == FOUND;
}

static enum found
on_ask(struct script_worker *w, const struct msg_sieve_ask *q, uint64_t *number,
    struct buf *text)
{
	struct script_run *r = w->arg;
	enum found found;

	if (q->what == SIEVE_ASK_SCRIPT || q->what == SIEVE_ASK_HASH)
		return answer_script(w, &r->script, q, number);
	if (!decide_account(r))
		return TEMPFAIL;
	found = answer_question(r->account, r->script.account, q, r->now_s, text);
	if (q->what == SIEVE_ASK_DUPLICATE &&
	    (found == ABSENT || (q->number & SIEVE_ASK_LAST) != 0))
		seen_list_add(&r->duplicates, &r->arena,
		    &(struct seen_key){ "duplicate", q->one, q->two },
		    (uint32_t)q->number);
	return found;
}

static bool
on_act(struct script_worker *w, const struct msg_sieve_action *in)
{
	struct script_run *r = w->arg;
	const struct verdict_bytes b = {
		.head = buf_slice(&w->pieces[SIEVE_PIECE_HEAD]),
		.body = buf_slice(&w->pieces[SIEVE_PIECE_BODY]),
		.ranges = w->ranges,
		.nranges = w->nranges,
	};

	return verdict_add(r->verdict, &r->arena, in, &b, r->job->size);
}

/* ---- the two steps ---- */

static bool
start(struct script_run *r,
    void (*end)(struct script_worker *w, enum sieve_end status))
{
	struct script_worker *w = r->worker;

	if (w != NULL)
		worker_fini(w);
	else
		w = r->worker = xcalloc(1, sizeof *w);
	*w = (struct script_worker){ .arg = r,
		.account = r->rcpt.account,
		.ask = on_ask,
		.act = on_act,
		.end = end };
	return worker_begin(w, r->job->size * 2 + MORE_BYTES);
}

static void run(struct script_run *r, struct slice code);

static void
on_compiled(struct script_worker *w, enum sieve_end status)
{
	struct script_run *r = w->arg;
	struct buf code;

	if (status == SIEVE_END_LATER) {
		carry_later(r, w->why[0] != '\0' ? w->why : no_process);
		return;
	}
	if (status != SIEVE_END_DONE) {
		carry_keep(r, w->crashed ? "the compiler crashed" : w->why);
		return;
	}
	/* It is used whether it can be kept or not, and the worker begins anew
	 * with it. */
	code = w->pieces[SIEVE_PIECE_CODE];
	buf_init(&w->pieces[SIEVE_PIECE_CODE], 0);
	script_keep_code(&r->script, buf_slice(&code));
	run(r, buf_slice(&code));
	buf_fini(&code);
}

static void
compile(struct script_run *r)
{
	r->compiled = true;
	if (!start(r, on_compiled) ||
	    !worker_say_bytes(
		r->worker, SIEVE_PIECE_SCRIPT, buf_slice(&r->script.text)) ||
	    !WORKER_SAY(r->worker, sieve_compile,
		.name = slice_str(r->script.name), .account = r->rcpt.account))
		carry_later(r, no_process);
}

static void
on_run(struct script_worker *w, enum sieve_end status)
{
	struct script_run *r = w->arg;

	switch (status) {
	case SIEVE_END_DONE:
		carry_out(r);
		return;
	case SIEVE_END_FAILED:
		carry_keep(r, w->crashed ? "the interpreter crashed" : w->why);
		return;
	case SIEVE_END_STALE:
		if (!r->compiled && r->script.name != NULL) {
			compile(r);
			return;
		}
		carry_later(r, "the scripts change");
		return;
	case SIEVE_END_LATER:
	case SIEVE_ENDS:
	default:
		carry_later(r, w->why[0] != '\0' ? w->why : no_process);
	}
}

static bool
say_message(struct script_run *r)
{
	const struct local_job *job = r->job;

	if (job->body.n > 0)
		return worker_say_bytes(
		    r->worker, SIEVE_PIECE_MESSAGE, job->body);
	return WORKER_SAY(r->worker, sieve_file, .offset = job->offset,
	    .size = job->size, .file = job->fd);
}

static struct slice
original(const struct script_run *r)
{
	const struct slice orcpt = r->rcpt.orcpt;

	return slice_istarts(orcpt, SLICE("rfc822;")) ? slice_from(orcpt, 7)
						      : r->rcpt.address;
}

static bool
say_run(struct script_run *r, struct slice code)
{
	const struct envelope *env = &r->job->env;

	return worker_say_bytes(r->worker, SIEVE_PIECE_CODE, code) &&
	       say_message(r) &&
	       WORKER_SAY(r->worker, sieve_run, .qid = r->job->qid,
		   .sender = env->sender, .address = r->rcpt.address,
		   .original = original(r), .login = env->login,
		   .account = r->rcpt.account, .client = env->client,
		   .client_name = env->client_name, .helo = env->helo,
		   .junk = env->junk, .trace = local_conf->sieve_trace_keep > 0);
}

static void
run(struct script_run *r, struct slice code)
{
	r->verdict->n = r->duplicates.n = 0;
	if (!start(r, on_run) || !say_run(r, code))
		carry_later(r, no_process);
}

void
decide_begin(struct script_run *r)
{
	struct buf code = { .max = SCRIPT_CODE_MAX_BYTES };

	if (r->verdict == NULL)
		r->verdict = arena_new(&r->arena, struct verdict);
	if (r->script.name == NULL || script_code(&r->script, &code) == FOUND)
		run(r, buf_slice(&code));
	else
		compile(r);
	buf_fini(&code);
}

void
decide_end(struct script_run *r)
{
	if (r->worker != NULL)
		worker_fini(r->worker);
	xfree(&r->worker);
}

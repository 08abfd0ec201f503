/* SPDX-License-Identifier: ISC */
#include "local/sieve/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "local/message.h"
#include "local/sieve/answer.h"
#include "local/sieve/inner.h"
#include "log/log.h"
#include "log/metric.h"
#include "sieve/emit.h"
#include "store/account.h"
#include "store/store.h"
#include "sys/clock.h"

enum {
	RUNS_MAX = 64, /* at the same time; others wait in their jobs */
	MORE_BYTES = 8 << 20,
};

static struct {
	struct store *store;
	void (*on_room)(void);
	unsigned count;
} state;

static struct metric runs = { .name = "pabal_local_sieve",
	.help = "Deliveries that scripts decided about." };

static void decide(struct run *r);

/* ---- the end ---- */

static void
run_free(struct run *r)
{
	if (r->working)
		worker_fini(&r->worker);
	if (r->account != NULL)
		account_close(&r->account);
	for (size_t i = 0; i < r->nstores; i++)
		local_message_drop(&r->stores[i].store.message);
	script_close(&r->script);
	arena_fini(&r->arena);
	free(r);
}

static void
on_end(struct run *r)
{
	run_free(r);
	if (state.count-- == RUNS_MAX)
		state.on_room();
}

static void
later(struct run *r, const char *why)
{
	struct err err = { 0 };

	err_set(&err, ERR_TEMP, "sieve: %s", why);
	job_fail(r->job, &r->rcpt, "3.0", &err);
	on_end(r);
}

/* The message is kept where it goes without a script. */
static void
keep(struct run *r, const char *why)
{
	arena_reset(&r->arena);
	r->verdict.n = 1;
	r->verdict.actions[0] = (struct verdict_action){ .kind = SIEVE_KEEP };
	r->nduplicates = 0;
	r->failed = why;
	log_warn("local.sieve-failed", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account),
	    kv_s("script", r->worker.script), kv_u("line", r->worker.line),
	    kv_s("why", why));
	carry_out(r);
}

/* ---- questions ---- */

bool
run_account(struct run *r)
{
	struct err err;

	return r->account != NULL || store_account_ensure(state.store,
					 arena_str(&r->arena, r->rcpt.home),
					 &r->account, &err) == FOUND;
}

static enum found
give_script(struct run *r, const struct msg_sieve_ask *q, uint64_t *hash)
{
	struct buf text = { .max = SCRIPT_MAX_BYTES };
	enum found found = script_other(&r->script, q->one, &text);

	*hash = found == FOUND ? sieve_emit_hash(buf_slice(&text)) : 0;
	if (found == FOUND && q->what == SIEVE_ASK_SCRIPT &&
	    !worker_say_bytes(&r->worker, SIEVE_PIECE_SCRIPT, buf_slice(&text)))
		found = TEMPFAIL;
	buf_fini(&text);
	return found;
}

static void
note_duplicate(struct run *r, const struct msg_sieve_ask *q)
{
	const size_t i = r->nduplicates;

	if (i == RUN_DUPLICATES_MAX)
		return;
	r->duplicates[i] =
	    (struct seen_key){ "duplicate", arena_slice(&r->arena, q->one),
		    arena_slice(&r->arena, q->two) };
	r->duplicate_s[i] = (uint32_t)q->number;
	r->nduplicates++;
}

static enum found
on_ask(struct worker *w, const struct msg_sieve_ask *q, uint64_t *number,
    struct buf *text)
{
	struct run *r = OUTER(w, struct run, worker);
	enum found found;

	if (q->what == SIEVE_ASK_SCRIPT || q->what == SIEVE_ASK_HASH)
		return give_script(r, q, number);
	if (!run_account(r))
		return TEMPFAIL;
	found = answer_question(r->account, &r->script, q, r->now_s, text);
	if (q->what == SIEVE_ASK_DUPLICATE &&
	    (found == ABSENT || (q->number & SIEVE_ASK_LAST) != 0))
		note_duplicate(r, q);
	return found;
}

static bool
on_act(struct worker *w, const struct msg_sieve_action *in)
{
	struct run *r = OUTER(w, struct run, worker);

	return verdict_add(&r->verdict, &r->arena, in,
	    buf_slice(&w->pieces[SIEVE_PIECE_HEAD]),
	    buf_slice(&w->pieces[SIEVE_PIECE_BODY]), r->job->size);
}

/* ---- the two steps: making code, and running it ---- */

static bool
start(struct run *r, void (*end)(struct worker *w, enum sieve_end status))
{
	struct worker *w = &r->worker;

	if (r->working)
		worker_fini(w);
	r->working = true;
	*w = (struct worker){ .ask = on_ask, .act = on_act, .end = end };
	return worker_begin(w, r->job->size * 2 + MORE_BYTES);
}

static void
on_compiled(struct worker *w, enum sieve_end status)
{
	struct run *r = OUTER(w, struct run, worker);

	if (status == SIEVE_END_LATER) {
		later(r, w->why[0] != '\0' ? w->why : "no process for it");
		return;
	}
	if (status != SIEVE_END_DONE) {
		keep(r, w->crashed ? "the compiler crashed" : w->why);
		return;
	}
	script_keep_code(&r->script, buf_slice(&w->pieces[SIEVE_PIECE_CODE]));
	decide(r);
}

/* A process that sees no message: what it makes is for all that come. */
static void
compile(struct run *r)
{
	r->compiled = true;
	if (!start(r, on_compiled) ||
	    !worker_say_bytes(
		&r->worker, SIEVE_PIECE_SCRIPT, buf_slice(&r->script.text)) ||
	    !WORKER_SAY(&r->worker, sieve_compile,
		.name = slice_str(r->script.name), .account = r->rcpt.account))
		later(r, "no process for it");
}

static void
on_run(struct worker *w, enum sieve_end status)
{
	struct run *r = OUTER(w, struct run, worker);

	switch (status) {
	case SIEVE_END_DONE:
		carry_out(r);
		return;
	case SIEVE_END_FAILED:
		keep(r, w->crashed ? "the interpreter crashed" : w->why);
		return;
	case SIEVE_END_STALE:
		if (!r->compiled && r->script.name != NULL) {
			compile(r);
			return;
		}
		later(r, "the scripts change");
		return;
	case SIEVE_END_LATER:
	case SIEVE_ENDS:
	default:
		later(r, w->why[0] != '\0' ? w->why : "no process for it");
	}
}

static bool
say_message(struct run *r)
{
	const struct local_job *job = r->job;

	if (job->body.n > 0)
		return worker_say_bytes(
		    &r->worker, SIEVE_PIECE_MESSAGE, job->body);
	return WORKER_SAY(&r->worker, sieve_file, .offset = job->offset,
	    .size = job->size, .file = job->fd);
}

static struct slice
original(const struct run *r)
{
	const struct slice orcpt = r->rcpt.orcpt;

	return slice_istarts(orcpt, SLICE("rfc822;")) ? slice_from(orcpt, 7)
						      : r->rcpt.address;
}

static bool
say_run(struct run *r, struct slice code)
{
	const struct envelope *env = &r->job->env;

	return worker_say_bytes(&r->worker, SIEVE_PIECE_CODE, code) &&
	       say_message(r) &&
	       WORKER_SAY(&r->worker, sieve_run, .qid = r->job->qid,
		   .sender = env->sender, .address = r->rcpt.address,
		   .original = original(r), .login = env->login,
		   .account = r->rcpt.account, .client = env->client,
		   .client_name = env->client_name, .helo = env->helo,
		   .trace = local_conf->sieve_trace_keep > 0);
}

static void
decide(struct run *r)
{
	struct buf code = { .max = SCRIPT_CODE_MAX_BYTES };

	r->verdict.n = r->nduplicates = 0;
	if (r->script.name != NULL && script_code(&r->script, &code) != FOUND) {
		buf_fini(&code);
		if (r->compiled)
			later(r, "the code of the script cannot be kept");
		else
			compile(r);
		return;
	}
	if (!start(r, on_run) || !say_run(r, buf_slice(&code))) {
		buf_fini(&code);
		later(r, "no process for it");
		return;
	}
	buf_fini(&code);
}

/* ---- ---- */

static bool
has_global(void)
{
	const struct shared_conf *c = &local_conf->shared;

	return c->sieve_before.n + c->sieve_default.n + c->sieve_after.n > 0;
}

/* The account of one without a script, for whom the administrator has one. */
static enum found
find_account(const char *home, struct script *s, struct err *err)
{
	struct account *a;

	if (script_open_account(home, s, err) == 0)
		return FOUND;
	*err = (struct err){ 0 };
	if (store_account_ensure(state.store, home, &a, err) != FOUND)
		return TEMPFAIL;
	account_close(&a);
	return script_open_account(home, s, err) == 0 ? FOUND : TEMPFAIL;
}

/* Is there a script for R?  ABSENT with ERR set: one that cannot be had. */
static enum found
find_script(const struct job_rcpt *r, struct script *s, struct err *err)
{
	struct arena arena;
	enum found found;
	char *home;

	arena_init(&arena);
	home = arena_str(&arena, r->home);
	found = script_open(home, s, err);
	if (found == ABSENT && err->class == ERR_NONE && has_global())
		found = find_account(home, s, err);
	arena_fini(&arena);
	return found;
}

static void
begin(struct local_job *job, const struct job_rcpt *rcpt,
    const struct script *script)
{
	struct run *r = xcalloc(1, sizeof *r);

	metric_add(&runs, 1);
	state.count++;
	r->job = job;
	r->rcpt = *rcpt;
	r->script = *script;
	r->now_s = clock_wall_s();
	r->end = on_end;
	arena_init(&r->arena);
	decide(r);
}

bool
run_begin(struct local_job *job, const struct job_rcpt *rcpt)
{
	struct script script;
	struct err err = { 0 };
	enum found found;

	if (!local_conf->sieve || job->size == 0)
		return false;
	found = find_script(rcpt, &script, &err);
	if (found == FOUND)
		begin(job, rcpt, &script);
	else if (found == TEMPFAIL)
		job_fail(job, rcpt, "3.0", &err);
	else if (err.class != ERR_NONE)
		log_warn("local.sieve-failed", kv_slice("qid", job->qid),
		    kv_slice("account", rcpt->account), kv_s("why", err.text));
	return found != ABSENT;
}

bool
run_has_room(void)
{
	return state.count < RUNS_MAX;
}

void
run_init(struct store *store, void (*on_room)(void))
{
	state.store = store;
	state.on_room = on_room;
	metric_register(&runs);
}

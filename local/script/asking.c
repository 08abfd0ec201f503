/* SPDX-License-Identifier: ISC */
/* What a delivery says to the process that runs its scripts. */
#include "base/mem.h"
#include "ipc/msg.h"
#include "local/conf.h"
#include "local/script/inner.h"
#include "script/decide.h"
#include "script/worker.h"

static struct account *
on_account(struct script_decide *d)
{
	struct script_run *r = d->arg;

	return owner_account(r) ? r->account : NULL;
}

static bool
say_message(const struct local_job *job, struct script_worker *w)
{
	if (job->body.n > 0)
		return worker_say_bytes(w, SIEVE_PIECE_MESSAGE, job->body);
	return WORKER_SAY(w, sieve_file, .offset = job->offset,
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
on_say(struct script_decide *d, struct script_worker *w)
{
	const struct script_run *r = d->arg;
	const struct envelope *env = &r->job->env;

	return say_message(r->job, w) &&
	       WORKER_SAY(w, sieve_run, .qid = r->job->qid,
		   .sender = env->sender, .address = r->rcpt.address,
		   .original = original(r), .login = env->login,
		   .account = r->rcpt.account, .client = env->client,
		   .client_name = env->client_name, .helo = env->helo,
		   .junk = env->junk, .trace = local_conf->sieve_trace_keep > 0,
		   .script = script_known(&r->script),
		   .hash = script_hash(buf_slice(&r->script.text)));
}

static void
on_done(struct script_decide *d, enum sieve_end status, const char *why)
{
	struct script_run *r = d->arg;

	r->verdict = d->verdict;
	if (status == SIEVE_END_DONE)
		carry_out(r);
	else if (status == SIEVE_END_FAILED)
		carry_keep(r, why);
	else
		carry_later(r, why);
}

static const struct decide_ops ops = { on_account, on_say, on_done };

void
asking_begin(struct script_run *r)
{
	r->decide = arena_new(&r->arena, struct script_decide);
	*r->decide = (struct script_decide){ .ops = &ops,
		.arg = r,
		.script = &r->script,
		.owner = r->rcpt.account,
		.size = r->job->size,
		.most = local_conf->shared.sieve_process_messages,
		.now_s = r->now_s,
		.arena = &r->arena };
	decide_begin(r->decide);
}

void
asking_end(struct script_run *r)
{
	decide_end(r->decide);
}

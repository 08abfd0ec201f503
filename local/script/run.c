/* SPDX-License-Identifier: ISC */
#include "local/script/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "local/conf.h"
#include "local/home.h"
#include "local/script/inner.h"
#include "log/log.h"
#include "log/metric.h"
#include "store/account.h"
#include "store/store.h"
#include "sys/clock.h"

enum { RUNS_MAX = 64 /* at the same time; others wait in their jobs */ };

static struct {
	struct store *store;
	void (*on_room)(void);
	unsigned count;
} state;

static struct metric runs = { .name = "pabal_local_sieve",
	.help = "Deliveries that scripts decided about." };

static void
on_end(struct script_run *r)
{
	stores_end(r);
	asking_end(r);
	if (r->account != NULL)
		account_close(&r->account);
	script_close(&r->script);
	arena_fini(&r->arena);
	free(r);
	if (state.count-- == RUNS_MAX)
		state.on_room();
}

/* ---- is there a script? ---- */

static bool
has_global(void)
{
	const struct shared_conf *c = &local_conf->shared;

	return c->sieve_before.n + c->sieve_default.n + c->sieve_after.n > 0;
}

/* The account of one without a script, for whom the administrator has one. */
static enum found
find_account(const char *home, struct account_script *s, struct err *err)
{
	struct account *a;

	if (script_open_account(home_dir(), home, s, err) == 0)
		return FOUND;
	*err = (struct err){ 0 };
	if (store_account_ensure(state.store, home, &a, err) != FOUND)
		return TEMPFAIL;
	account_close(&a);
	return script_open_account(home_dir(), home, s, err) == 0 ? FOUND
								  : TEMPFAIL;
}

/* ABSENT with ERR set: there is one that cannot be had. */
static enum found
find_script(const struct job_rcpt *r, struct account_script *s, struct err *err)
{
	struct arena arena;
	enum found found;
	char *home;

	arena_init(&arena);
	home = arena_str(&arena, r->home);
	found = script_open(home_dir(), home, s, err);
	if (found == ABSENT && err->class == ERR_NONE && has_global())
		found = find_account(home, s, err);
	arena_fini(&arena);
	return found;
}

static void
begin(struct local_job *job, const struct job_rcpt *rcpt,
    const struct account_script *script)
{
	struct script_run *r = xcalloc(1, sizeof *r);

	metric_add(&runs, 1);
	state.count++;
	r->store = state.store;
	r->job = job;
	r->rcpt = *rcpt;
	r->script = *script;
	r->now_s = clock_wall_s();
	r->end = on_end;
	arena_init(&r->arena);
	asking_begin(r);
}

bool
run_begin(struct local_job *job, const struct job_rcpt *rcpt)
{
	struct account_script script;
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

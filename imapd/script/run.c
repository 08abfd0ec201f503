/* SPDX-License-Identifier: ISC */
#include "imapd/script/run.h"

#include "base/mem.h"
#include "imapd/conf.h"
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "store/account.h"
#include "sys/clock.h"

enum {
	FLAGS_MAX = 64 << 10,
};

void *
event_run_arg(const struct event_run *r)
{
	return r->arg;
}

/* ---- what is decided ---- */

static struct account *
on_account(struct script_decide *d)
{
	return OUTER(d, struct event_run, decide)->of.account;
}

static void
on_decided(struct script_decide *d, enum sieve_end status, const char *why)
{
	struct event_run *r = OUTER(d, struct event_run, decide);

	if (status == SIEVE_END_DONE) {
		event_carry(r);
	} else if (status == SIEVE_END_FAILED) {
		event_run_fail(r, why);
	} else {
		event_run_put_off(r, why);
	}
}

static const struct decide_ops ops = { on_account, event_run_say, on_decided };

/* ---- its beginning ---- */

static void
on_finish(struct ev_task *task)
{
	struct event_run *r = OUTER(task, struct event_run, finish);

	r->end(r, r->later);
}

static enum found
open_scripts(struct event_run *r, struct err *err)
{
	const char *own = r->of.event->own;
	enum found found;

	if (script_open_account(
		r->of.dir, account_path(r->of.account), &r->script, err) == -1)
		return TEMPFAIL;
	if (own[0] == '\0')
		return FOUND;
	found = script_take(&r->script, slice_str(own), err);
	/* A script that is not there does not run (RFC 6785 2.3.2). */
	return found == ABSENT && r->of.event->scripts[0] != '\0' ? FOUND
								  : found;
}

static enum found
begin(struct event_run *r, struct err *err)
{
	const enum found found = event_run_read(r, err);

	if (found != FOUND || r->info.size == 0)
		return found == FOUND ? ABSENT : found;
	return open_scripts(r, err);
}

struct event_run *
event_run_new(const struct event_run_of *of,
    void (*end)(struct event_run *r, bool later), void *arg)
{
	struct event_run *r = xcalloc(1, sizeof *r);
	struct err err = { 0 };
	enum found found;

	r->of = *of;
	r->end = end;
	r->arg = arg;
	r->fd = -1;
	r->script = (struct account_script){ .account = -1, .store.dir = -1 };
	buf_init(&r->flags, FLAGS_MAX);
	arena_init(&r->arena);
	ev_task_init(&r->finish, on_finish);
	found = begin(r, &err);
	if (found != FOUND) {
		if (found == TEMPFAIL)
			event_run_put_off(r, err.text);
		else
			event_run_finish(r, false);
		return r;
	}
	r->decide = (struct script_decide){ .ops = &ops,
		.script = &r->script,
		.owner = slice_str(of->name),
		.alone = true,
		.size = r->text.n > 0 ? (int64_t)r->text.n : r->info.size,
		.most = imapd_conf->shared.sieve_process_messages,
		.now_s = clock_wall_s(),
		.arena = &r->arena };
	decide_begin(&r->decide);
	return r;
}

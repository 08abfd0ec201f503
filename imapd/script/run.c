/* SPDX-License-Identifier: ISC */
#include "imapd/script/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd/script/event.h"
#include "imapd/script/inner.h"
#include "log/log.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	FLAGS_MAX = 64 << 10,
};

/* ---- the end ---- */

static void
on_finish(struct ev_task *task)
{
	struct event_run *r = OUTER(task, struct event_run, finish);

	r->end(r, r->later);
}

void
event_run_finish(struct event_run *r, bool later)
{
	r->later = later;
	ev_task_queue(&r->finish);
}

static void
log_failure(const struct event_run *r, const char *why)
{
	const struct event *ev = r->of.event;
	uint32_t line = 0;
	const char *script = decide_where(&r->decide, &line);

	log_warn("imapd.script-failed", kv_s("account", r->of.name),
	    kv_s("cause", imap_cause_name(ev->cause)),
	    kv_s("mailbox", ev->mailbox), kv_u("uid", r->of.uid),
	    kv_s("script", script), kv_u("line", line), kv_s("why", why));
}

void
event_run_fail(struct event_run *r, const char *why)
{
	log_failure(r, why);
	event_run_finish(r, false);
}

void
event_run_put_off(struct event_run *r, const char *why)
{
	log_failure(r, why);
	event_run_finish(r, true);
}

static void
run_free(struct event_run *r)
{
	event_mail_cancel(&r->mail);
	event_put_end(r);
	decide_end(&r->decide);
	script_close(&r->script);
	ev_task_cancel(&r->finish);
	ev_task_cancel(&r->step);
	if (r->mailbox != NULL)
		mailbox_close(&r->mailbox);
	fd_close(&r->fd);
	buf_fini(&r->text);
	buf_fini(&r->flags);
	arena_fini(&r->arena);
	free(r);
}

/* What the store has under way ends it then (carry.c). */
void
event_run_free(struct event_run **rp)
{
	struct event_run *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	if (r->storing)
		r->dropped = true;
	else
		run_free(r);
}

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
	if (found == TEMPFAIL)
		log_failure(r, err.text);
	if (found != FOUND) {
		event_run_finish(r, found == TEMPFAIL);
		return r;
	}
	r->decide = (struct script_decide){ .ops = &ops,
		.script = &r->script,
		.owner = slice_str(of->name),
		.alone = true,
		.size = r->text.n > 0 ? (int64_t)r->text.n : r->info.size,
		.now_s = clock_wall_s(),
		.arena = &r->arena };
	decide_begin(&r->decide);
	return r;
}

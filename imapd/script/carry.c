/* SPDX-License-Identifier: ISC */
/*
 * What scripts at an event (RFC 6785 3) decided is done in an order that loses
 * nothing: what they store is on disk before anything is sent, and only then
 * the message, where no script keeps it, gets \Deleted.  What fails stops
 * there.
 */
#include <stdio.h>

#include "base/mem.h"
#include "imapd/script/inner.h"
#include "log/log.h"
#include "script/answer.h"
#include "script/author.h"
#include "script/verdict.h"
#include "store/mailbox.h"

enum { NAME_MAX_BYTES = 2000 };

static void go_on(struct event_run *r);

static void
carry_failed(struct event_run *r, const char *what, const struct err *err)
{
	char why[sizeof err->text + 40];

	snprintf(why, sizeof why, "%s: %s", what, err->text);
	event_run_fail(r, why);
}

static void
carry_next(struct event_run *r)
{
	event_put_end(r);
	r->done = true;
	r->at++;
	go_on(r);
}

static void
on_put(struct event_run *r, const char *what, const struct err *err)
{
	if (r->dropped)
		event_run_free(&r);
	else if (what != NULL)
		carry_failed(r, what, err);
	else
		carry_next(r);
}

/* The message stays, with what flags A says. */
static void
keep(struct event_run *r, const struct verdict_action *a)
{
	struct err err = { 0 };

	r->keeps = true;
	if (a->flagged && !event_run_has_flags(r, a)) {
		if (event_run_set_flags(r->mailbox, r->of.uid, a, &err) == -1) {
			carry_failed(r, "flags", &err);
			return;
		}
		r->done = true;
	}
	r->at++;
	go_on(r);
}

/* ---- where it goes ---- */

static enum found
open_named(struct event_run *r, const struct verdict_action *a, struct err *err)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	enum found found = ABSENT;

	if (a->mailbox_id.n + a->special_use.n > 0 &&
	    answer_named(r->of.account, a->mailbox_id, a->special_use, &name,
		err) == FOUND)
		found = mailbox_open(
		    r->of.account, buf_slice(&name), &r->target, err);
	if (found == ABSENT)
		found =
		    mailbox_open(r->of.account, a->mailbox, &r->target, err);
	buf_fini(&name);
	return found;
}

static enum found
open_target(
    struct event_run *r, const struct verdict_action *a, struct err *err)
{
	enum found found = open_named(r, a, err);

	if (found != ABSENT || !a->create)
		return found;
	*err = (struct err){ 0 };
	if (mailbox_create(r->of.account, a->mailbox, 0, err) == -1)
		return err->class == ERR_TEMP ? TEMPFAIL : ABSENT;
	return mailbox_open(r->of.account, a->mailbox, &r->target, err);
}

static void
file_into(struct event_run *r, const struct verdict_action *a)
{
	struct err err = { 0 };

	switch (open_target(r, a, &err)) {
	case TEMPFAIL:
		carry_failed(r, "fileinto", &err);
		return;
	case ABSENT:
		log_warn("imapd.script-no-mailbox", kv_s("account", r->of.name),
		    kv_slice("mailbox", a->mailbox));
		keep(r, a);
		return;
	case FOUND:
		break;
	}
	if (a->edited) {
		event_put_edited(r);
	} else if (mailbox_same(r->target, r->mailbox)) {
		event_put_end(r);
		keep(r, a);
	} else {
		event_put_copy(r);
	}
}

static void
keep_edited(struct event_run *r)
{
	struct err err = { 0 };

	if (mailbox_open(r->of.account, mailbox_name(r->mailbox), &r->target,
		&err) != FOUND)
		carry_failed(r, "keep", &err);
	else
		event_put_edited(r);
}

/* ---- what is sent ---- */

static void
on_mailed(struct event_mail *m, const char *why, bool later)
{
	struct event_run *r = OUTER(m, struct event_run, mail);

	if (why == NULL)
		carry_next(r);
	else if (later)
		event_run_put_off(r, why);
	else
		event_run_fail(r, why);
}

/* What the process decides that ran the script, and may have been taken over by
 * the message, is not who a notice is from: no other than the account. */
static bool
is_from_account(struct event_run *r, const struct verdict_action *a)
{
	struct slice from;

	return author_find(&r->arena, a->head, &from) &&
	       slice_ieq(from, slice_str(r->of.name));
}

static void
send(struct event_run *r, const struct verdict_action *a)
{
	if (a->kind != SIEVE_REDIRECT && !is_from_account(r, a)) {
		log_warn("imapd.script-letter-refused",
		    kv_s("account", r->of.name),
		    kv_s("why", "it is not from the account"));
		r->at++;
		go_on(r);
		return;
	}
	r->mail = (struct event_mail){ .account = slice_str(r->of.name),
		.to = a->to,
		.kind = a->kind == SIEVE_REDIRECT ? JOB_LETTER_REDIRECT
						  : JOB_LETTER_NOTICE,
		.stays = r->keeps,
		.pieces = a->pieces,
		.source = &r->source,
		.done = on_mailed };
	event_mail_send(&r->mail);
}

/* ---- the end ---- */

static void
succeed(struct event_run *r)
{
	struct err err = { 0 };

	if (!r->keeps && event_run_delete(r, &err) == -1) {
		carry_failed(r, "discard", &err);
		return;
	}
	seen_list_keep(
	    &r->decide.duplicates, r->script.account, r->decide.now_s);
	event_run_tell(r);
	event_run_finish(r, false);
}

/* First all that is stored, then what is sent. */
static bool
find_next(struct event_run *r, bool (*is)(const struct verdict_action *a))
{
	const struct verdict *v = r->decide.verdict;

	while (r->at < v->n && !is(&v->actions[r->at]))
		r->at++;
	if (r->at < v->n)
		r->action = &v->actions[r->at];
	return r->at < v->n;
}

static void
go_on(struct event_run *r)
{
	const struct verdict_action *a;

	if (!r->sending && find_next(r, verdict_is_store)) {
		a = r->action;
		if (a->kind == SIEVE_FILEINTO)
			file_into(r, a);
		else if (a->edited)
			keep_edited(r);
		else
			keep(r, a);
		return;
	}
	if (!r->sending) {
		r->sending = true;
		r->at = 0;
	}
	if (find_next(r, verdict_is_letter))
		send(r, r->action);
	else
		succeed(r);
}

bool
event_run_has_begun(const struct event_run *r)
{
	return r->done;
}

/* What failed is still where it was. */
void
event_run_go_on(struct event_run *r)
{
	go_on(r);
}

void
event_carry(struct event_run *r)
{
	r->put_done = on_put;
	go_on(r);
}

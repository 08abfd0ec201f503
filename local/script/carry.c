/* SPDX-License-Identifier: ISC */
/*
 * What a script decided is done.  The order of its steps is what keeps mail:
 *the script runs, what it stores is on disk, and only then is anything sent.
 *What was stored and what was sent is remembered (seen.h) as soon as something
 *else is left to do, so that a retry does the rest alone.
 *
 *	state on disk			a crash there leaves
 *	nothing				qmgr tries again, all of it
 *	stored, not remembered		it is stored twice
 *	stored, remembered		a retry sends the rest
 *	a letter in the queue, which
 *	is not remembered		it is sent twice
 *	all of it, no result		stored twice where nothing was sent
 */
#include "base/utf8.h"
#include "local/script/inner.h"
#include "log/log.h"
#include "queue/job.h"
#include "script/decide.h"
#include "script/verdict.h"

static const char rejected[] = "rejected by the recipient";

static void
log_verdict(const struct script_run *r)
{
	struct buf text = { .max = 8192 };

	verdict_describe(r->verdict, &text);
	log_info("local.sieve", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account),
	    kv_s("script", r->script.name != NULL ? r->script.name : ""),
	    kv_slice("actions", buf_slice(&text)));
	buf_fini(&text);
}

/* What a client is told who waits for it (RFC 5429 2.1.1, 2.2.1): words that he
 * could not be told are in a report, where reject says so. */
static struct slice
refusal_of(const struct script_run *r, const struct verdict_action *a)
{
	if (utf8_ascii(a->text) == a->text.n || r->job->env.smtputf8)
		return a->text;
	return a->kind == SIEVE_EREJECT ? slice_str(rejected) : SLICE("");
}

/* In a report the reason is one line. */
static void
reject(struct script_run *r, const struct verdict_action *a)
{
	struct verdict_action why = *a;
	char *text;

	if (slice_trim(why.text).n == 0)
		why.text = slice_str(rejected);
	text = arena_str(&r->arena, why.text);
	for (size_t i = 0; i < why.text.n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	job_reject(r->job, r->rcpt.number, slice_of(text, why.text.n),
	    refusal_of(r, &why));
}

static void
tell(struct script_run *r)
{
	const struct slice none = SLICE("");

	for (size_t i = 0; i < r->verdict->n; i++) {
		const struct verdict_action *a = &r->verdict->actions[i];

		if (!verdict_is_reject(a))
			continue;
		reject(r, a);
		return;
	}
	job_result(r->job, r->rcpt.number, JOB_DELIVERED, "2.1.5",
	    verdict_count(r->verdict, verdict_is_store) > 0
		? "delivered to the mailbox"
		: "delivered as the recipient's script says",
	    none);
}

/* A retry is no duplicate: it is noted now. */
static void
succeed(struct script_run *r)
{
	seen_list_keep(&r->decide->duplicates, r->script.account, r->now_s);
	log_verdict(r);
	traced_keep(r);
	tell(r);
	r->end(r);
}

static void
fail(struct script_run *r)
{
	if (r->damaged)
		job_result_damaged(r->job);
	else
		job_fail(r->job, &r->rcpt, "2.0", &r->err);
	r->end(r);
}

static void
on_letters(struct script_run *r)
{
	if (r->err.class != ERR_NONE)
		fail(r);
	else
		succeed(r);
}

static void
on_stores(struct script_run *r)
{
	const bool failed = r->err.class != ERR_NONE || r->damaged;

	/* Where all is done but the result, there is nothing to be noted. */
	if (r->parts &&
	    (failed || verdict_count(r->verdict, verdict_is_letter) > 0))
		stores_remember(r);
	if (failed)
		fail(r);
	else
		letters_begin(r, on_letters);
}

void
carry_out(struct script_run *r)
{
	const struct verdict *v = r->verdict;

	r->parts = verdict_count(v, verdict_is_letter) +
		       verdict_count(v, verdict_is_store) >
		   1;
	stores_begin(r, on_stores);
}

void
carry_keep(struct script_run *r, const char *why)
{
	const char *script;
	uint32_t line;

	r->verdict->n = 1;
	r->verdict->actions[0] = (struct verdict_action){ .kind = SIEVE_KEEP };
	r->decide->duplicates.n = 0;
	r->failed = why;
	script = decide_where(r->decide, &line);
	log_warn("local.sieve-failed", kv_slice("qid", r->job->qid),
	    kv_slice("account", r->rcpt.account), kv_s("script", script),
	    kv_u("line", line), kv_s("why", why));
	carry_out(r);
}

void
carry_later(struct script_run *r, const char *why)
{
	err_set(&r->err, ERR_TEMP, "sieve: %s", why);
	fail(r);
}

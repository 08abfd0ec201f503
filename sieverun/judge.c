/* SPDX-License-Identifier: ISC */
#include "sieverun/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "mime/charset.h"
#include "sieve/emit.h"
#include "sieve/load.h"
#include "sieve/result.h"
#include "sieve/run.h"
#include "sieverun/answers.h"
#include "sieverun/global.h"
#include "sieverun/speak.h"
#include "sieverun/task.h"
#include "sieverun/tell.h"
#include "sys/clock.h"

enum {
	STEPS_MAX = 64,
	MORE_CPU_US = 1000000, /* pool.c leaves each message ten times that */
};

struct step {
	const struct sieve_code *code;
	struct sieve_env env; /* as the script had it */
	struct sieve_result result;
};

struct judge {
	struct task *task;
	struct step steps[STEPS_MAX];
	size_t nsteps, done;
	struct sieve_code *own;
};

/* What did not end well, or was work, is the last of its process. */
static int
end(struct task *t, enum sieve_end status, struct slice script, uint32_t line,
    const char *why)
{
	if (status != SIEVE_END_STALE && charset_was_missed())
		status = SIEVE_END_CHARSETS;
	t->more = status == SIEVE_END_DONE && clock_cpu_us() < MORE_CPU_US;
	if (speak_pieces(t->fd, SIEVE_PIECE_TRACE, buf_slice(&t->trace)) == -1)
		return -1;
	return SPEAK(t->fd, sieve_done, .status = status, .script = script,
	    .line = line, .why = slice_str(why), .more = t->more);
}

/* ---- which scripts ---- */

static void
add_step(struct judge *j, const struct sieve_code *code)
{
	if (j->nsteps < STEPS_MAX)
		j->steps[j->nsteps++].code = code;
}

static void
add_global(struct judge *j, char when)
{
	const struct slice owner = j->task->env.owner;
	const struct slice domain =
	    slice_from(owner, slice_rfind(owner, '@') + 1);
	const struct sieve_code *code;

	for (size_t i = 0; (code = global_code(when, i, domain)) != NULL; i++)
		add_step(j, code);
}

/* Those that an event has, of the administrator's. */
static void
add_named(struct judge *j)
{
	const struct slice owner = j->task->env.owner;
	struct slice names = j->task->event.scripts;

	while (names.n > 0) {
		const struct slice name = slice_cut(names, ' ', &names);
		const struct sieve_code *code = global_event_code(
		    name, slice_from(owner, slice_rfind(owner, '@') + 1));

		if (code != NULL)
			add_step(j, code);
	}
}

/* Is the code that of the scripts as they are now? */
static bool
is_fresh(struct task *t, const struct sieve_code *code)
{
	for (uint32_t i = 0; i < code->nscripts; i++) {
		const struct sieve_script *s = &code->scripts[i];
		uint64_t hash = 0;
		struct slice text;

		if (s->location == SIEVE_GLOBAL) {
			if (!global_text(s->name, &text))
				return false;
			hash = sieve_emit_hash(text);
		} else if (slice_eq(s->name, t->script)) {
			hash = t->hash;
		} else if (answers_ask(t, SIEVE_ASK_HASH, s->name, SLICE(""),
			       &hash, NULL) != FOUND) {
			return false;
		}
		if (hash != s->hash)
			return false;
	}
	return true;
}

/* The user's, from its code; false: it has to be made anew. */
static bool
add_own(struct judge *j)
{
	struct task *t = j->task;
	const struct slice code = buf_slice(&t->pieces[SIEVE_PIECE_CODE]);
	struct err err;

	if (code.n == 0) {
		if (!t->event.is)
			add_global(j, 'd');
		return true;
	}
	j->own = sieve_load(code, global_lang(), &err);
	if (j->own == NULL || !is_fresh(t, j->own))
		return false;
	add_step(j, j->own);
	return true;
}

/* ---- running them ---- */

static bool
has_keep(const struct sieve_result *r)
{
	for (const struct sieve_action *a = r->first; a != NULL; a = a->next)
		if (a->kind == SIEVE_KEEP)
			return true;
	return false;
}

/* What the script has left of the message is the next one's. */
static void
hand_on(struct task *t, const struct sieve_result *r)
{
	if (r->flags.p != NULL)
		t->env.flags = r->flags;
	if (r->head.p != NULL) {
		char *p = arena_alloc(&t->arena, r->head.n + r->body.n + 1);

		memcpy(p, r->head.p, r->head.n);
		if (r->body.n > 0)
			memcpy(p + r->head.n, r->body.p, r->body.n);
		t->env.message = slice_of(p, r->head.n + r->body.n);
	}
}

static void
note_warnings(struct task *t, const struct sieve_result *r)
{
	for (const struct sieve_warning *w = r->warnings; w != NULL;
	     w = w->next)
		buf_addf(&t->trace, "%.*s:%u: warning: %s\n",
		    SLICE_FMT(w->script), w->line, w->text);
}

/* False: this was the last. */
static bool
run_step(struct judge *j, struct step *s, bool more)
{
	struct task *t = j->task;
	struct sieve_result *r = &s->result;

	t->env.more = more;
	s->env = t->env;
	sieve_result_init(r);
	/* What answers finds its task by is the task's own. */
	sieve_run(s->code, &t->env, r);
	note_warnings(t, r);
	j->done++;
	if (r->status != SIEVE_DONE || !more || (r->kept && !has_keep(r)))
		return false;
	hand_on(t, r);
	return true;
}

static void
run_all(struct judge *j)
{
	for (size_t i = 0; i < j->nsteps; i++)
		if (!run_step(j, &j->steps[i], i + 1 < j->nsteps))
			return;
}

/* ---- what comes of it ---- */

/* Who has put a message into a mailbox is no sender who could be told
 * something (RFC 6785 3.8). */
static const struct sieve_action *
find_answer(const struct judge *j)
{
	for (size_t i = 0; i < j->done; i++)
		for (const struct sieve_action *a = j->steps[i].result.first;
		     a != NULL; a = a->next)
			if (a->kind == SIEVE_VACATION ||
			    a->kind == SIEVE_REJECT || a->kind == SIEVE_EREJECT)
				return a;
	return NULL;
}

static int
tell_all(struct judge *j)
{
	unsigned number = 0;

	for (size_t i = 0; i < j->done; i++) {
		const struct step *s = &j->steps[i];

		for (const struct sieve_action *a = s->result.first; a != NULL;
		     a = a->next) {
			/* Whether it is kept, the last one says. */
			if (a->kind == SIEVE_KEEP && i + 1 < j->done)
				continue;
			if (tell_action(j->task, &s->env, a, number++) == -1)
				return -1;
		}
	}
	return 0;
}

/* There are scripts, but none for this domain, or none any more. */
static void
keep(struct task *t)
{
	const struct sieve_action a = { .kind = SIEVE_KEEP };

	if (tell_action(t, &t->env, &a, 0) == 0)
		(void)end(t, SIEVE_END_DONE, SLICE(""), 0, "");
}

static void
end_answer(struct judge *j, const struct sieve_action *a)
{
	char why[80];

	snprintf(why, sizeof why, "%s is for deliveries alone",
	    sieve_result_name(a->kind));
	(void)end(j->task, SIEVE_END_FAILED, SLICE(""), a->line, why);
}

static void
conclude(struct judge *j)
{
	const struct sieve_action *answer =
	    j->task->event.is ? find_answer(j) : NULL;
	const struct sieve_result *r;

	if (answer != NULL) {
		end_answer(j, answer);
		return;
	}
	if (j->done == 0) {
		keep(j->task);
		return;
	}
	r = &j->steps[j->done - 1].result;
	if (r->status == SIEVE_FAILED)
		(void)end(
		    j->task, SIEVE_END_FAILED, r->script, r->line, r->err.text);
	else if (r->status == SIEVE_LATER)
		(void)end(
		    j->task, SIEVE_END_LATER, r->script, r->line, r->err.text);
	else if (tell_all(j) == 0)
		(void)end(j->task, SIEVE_END_DONE, SLICE(""), 0, "");
	else
		(void)end(j->task, SIEVE_END_FAILED, SLICE(""), 0,
		    "what the script wants done is too large");
}

static void
take_now(struct date *d)
{
	const time_t now = time(NULL);
	struct tm tm;

	*d = (struct date){ .time_s = now };
	if (localtime_r(&now, &tm) != NULL)
		d->zone_min = (int)(tm.tm_gmtoff / 60);
}

void
judge_event(struct task *t, const struct msg_sieve_event *in)
{
	struct arena *a = &t->arena;

	t->event = (struct task_event){ .is = true,
		.scripts = arena_slice(a, in->scripts),
		.cause = arena_slice(a, in->cause),
		.mailbox = arena_slice(a, in->mailbox),
		.from = arena_slice(a, in->from),
		.flags = arena_slice(a, in->flags),
		.changed = arena_slice(a, in->changed),
		.user = arena_slice(a, in->user) };
}

static void
set_env(struct task *t, const struct msg_sieve_run *in)
{
	struct arena *a = &t->arena;

	t->qid = arena_slice(a, in->qid);
	t->client = arena_slice(a, in->client);
	t->client_name = arena_slice(a, in->client_name);
	t->helo = arena_slice(a, in->helo);
	t->script = arena_slice(a, in->script);
	t->hash = in->hash;
	t->host = global_host();
	t->traced = in->trace;
	t->junk = in->junk;
	t->env = (struct sieve_env){
		.calls = in->trace ? &answers_traced : &answers_calls,
		.limits = global_limits(),
		.message = t->message,
		.from = arena_slice(a, in->sender),
		.to = arena_slice(a, in->address),
		.orig_to = arena_slice(a, in->original),
		.auth = arena_slice(a, in->login),
		.delimiters = global_delimiters(),
		.owner = arena_slice(a, in->account),
		.flags = t->event.flags,
	};
	take_now(&t->env.now);
}

static void
judge(struct judge *j)
{
	struct task *t = j->task;

	if (t->event.is)
		add_named(j);
	else
		add_global(j, 'b');
	if (!add_own(j)) {
		(void)end(t, SIEVE_END_STALE, SLICE(""), 0, "");
		return;
	}
	if (!t->event.is)
		add_global(j, 'a');
	run_all(j);
	conclude(j);
}

void
judge_run(struct task *t, const struct msg *m)
{
	struct judge *j = xcalloc(1, sizeof *j);

	j->task = t;
	set_env(t, &m->sieve_run);
	judge(j);
	for (size_t i = 0; i < j->done; i++)
		sieve_result_fini(&j->steps[i].result);
	sieve_load_free(&j->own);
	free(j);
}

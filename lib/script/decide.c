/* SPDX-License-Identifier: ISC */
#include "script/decide.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/msg.h"
#include "script/answer.h"
#include "script/script.h"
#include "script/verdict.h"
#include "script/worker.h"

enum { MORE_BYTES = 8 << 20 };

static const char no_process[] = "no process for it";

static void
later(struct script_decide *d, const char *why)
{
	d->ops->done(d, SIEVE_END_LATER, why);
}

/* ---- questions ---- */

static enum found
on_ask(struct script_worker *w, const struct msg_sieve_ask *q, uint64_t *number,
    struct buf *text)
{
	struct script_decide *d = w->arg;
	struct account *a;
	enum found found;

	if (q->what == SIEVE_ASK_SCRIPT || q->what == SIEVE_ASK_HASH)
		return answer_script(w, d->script, q, number);
	a = d->ops->account(d);
	if (a == NULL)
		return TEMPFAIL;
	found = answer_question(a, d->script->account, q, d->now_s, text);
	if (q->what == SIEVE_ASK_DUPLICATE &&
	    (found == ABSENT || (q->number & SIEVE_ASK_LAST) != 0))
		seen_list_add(&d->duplicates, d->arena,
		    &(struct seen_key){ "duplicate", q->one, q->two },
		    (uint32_t)q->number);
	return found;
}

static bool
on_act(struct script_worker *w, const struct msg_sieve_action *in)
{
	struct script_decide *d = w->arg;
	const struct verdict_bytes b = {
		.head = buf_slice(&w->pieces[SIEVE_PIECE_HEAD]),
		.body = buf_slice(&w->pieces[SIEVE_PIECE_BODY]),
		.ranges = w->ranges,
		.nranges = w->nranges,
	};

	return verdict_add(d->verdict, d->arena, in, &b, d->size);
}

/* ---- the two steps ---- */

static void run(struct script_decide *d);

static void
start(struct script_decide *d, void (*begin)(struct script_worker *w),
    void (*end)(struct script_worker *w, enum sieve_end status), uint64_t most)
{
	struct script_worker *w = d->worker;

	if (w != NULL)
		worker_fini(w);
	else
		w = d->worker = xcalloc(1, sizeof *w);
	*w = (struct script_worker){ .arg = d,
		.account = d->owner,
		.alone = d->alone,
		.charsets = d->charsets,
		.begin = begin,
		.ask = on_ask,
		.act = on_act,
		.end = end };
	if (!worker_begin(w, d->size * 2 + MORE_BYTES, most))
		later(d, no_process);
}

static void
on_compiled(struct script_worker *w, enum sieve_end status)
{
	struct script_decide *d = w->arg;

	if (status == SIEVE_END_LATER) {
		later(d, w->why[0] != '\0' ? w->why : no_process);
		return;
	}
	if (status != SIEVE_END_DONE) {
		d->ops->done(d, SIEVE_END_FAILED,
		    w->crashed ? "the compiler crashed" : w->why);
		return;
	}
	/* It is used whether it can be kept or not. */
	buf_fini(&d->code);
	d->code = w->pieces[SIEVE_PIECE_CODE];
	buf_init(&w->pieces[SIEVE_PIECE_CODE], 0);
	script_keep_code(d->script, buf_slice(&d->code));
	run(d);
}

static void
say_compile(struct script_worker *w)
{
	struct script_decide *d = w->arg;

	if (!worker_say_bytes(
		d->worker, SIEVE_PIECE_SCRIPT, buf_slice(&d->script->text)) ||
	    !WORKER_SAY(d->worker, sieve_compile,
		.name = slice_str(d->script->name), .account = d->owner))
		later(d, no_process);
}

static void
compile(struct script_decide *d)
{
	d->compiled = true;
	start(d, say_compile, on_compiled, 1);
}

/* What went wrong in a process that others have had before says nothing of the
 * script. */
static bool
try_alone(struct script_decide *d)
{
	const struct script_worker *w = d->worker;

	if (!w->user.used || !(w->crashed || !w->said))
		return false;
	d->most = 1;
	run(d);
	return true;
}

static void
on_run(struct script_worker *w, enum sieve_end status)
{
	struct script_decide *d = w->arg;

	if (try_alone(d))
		return;
	switch (status) {
	case SIEVE_END_DONE:
		d->ops->done(d, status, "");
		return;
	case SIEVE_END_FAILED:
		d->ops->done(
		    d, status, w->crashed ? "the interpreter crashed" : w->why);
		return;
	case SIEVE_END_STALE:
		if (!d->compiled && d->script->name != NULL) {
			compile(d);
			return;
		}
		later(d, "the scripts change");
		return;
	case SIEVE_END_CHARSETS:
		if (d->charsets) {
			later(d, "it has no charsets");
			return;
		}
		d->charsets = true;
		run(d);
		return;
	case SIEVE_END_LATER:
	case SIEVE_ENDS:
	default:
		later(d, w->why[0] != '\0' ? w->why : no_process);
	}
}

static void
say_run(struct script_worker *w)
{
	struct script_decide *d = w->arg;

	if (!worker_say_bytes(w, SIEVE_PIECE_CODE, buf_slice(&d->code)) ||
	    !d->ops->say(d, w))
		later(d, no_process);
}

static void
run(struct script_decide *d)
{
	d->verdict->n = d->duplicates.n = 0;
	start(d, say_run, on_run, d->most);
}

void
decide_begin(struct script_decide *d)
{
	if (d->verdict == NULL)
		d->verdict = arena_new(d->arena, struct verdict);
	buf_init(&d->code, SCRIPT_CODE_MAX_BYTES);
	if (d->script->name == NULL ||
	    script_code(d->script, &d->code) == FOUND)
		run(d);
	else
		compile(d);
}

void
decide_end(struct script_decide *d)
{
	if (d->worker != NULL)
		worker_fini(d->worker);
	xfree(&d->worker);
	buf_fini(&d->code);
}

struct slice
decide_trace(const struct script_decide *d)
{
	return buf_slice(&d->worker->pieces[SIEVE_PIECE_TRACE]);
}

const char *
decide_where(const struct script_decide *d, uint32_t *line)
{
	*line = d->worker != NULL ? d->worker->line : 0;
	return d->worker != NULL ? d->worker->script : "";
}

/* SPDX-License-Identifier: ISC */
#include "script/worker.h"

#include "base/mem.h"
#include "ipc/frame.h"
#include "ipc/ipc.h"
#include "sys/fd.h"

enum {
	/* Longer than sieverun lets it run, with what waits before it. */
	DEADLINE_MS = 120000,
	OWNED_MS = 20000,
	TRACE_MAX = 256 << 10,
	CODE_MAX = 8 << 20,
};

/* ---- the end ---- */

/* It has said what there is to say, or it is gone. */
static void
on_finish(struct ev_task *task)
{
	struct script_worker *w = OUTER(task, struct script_worker, finish);

	ipc_cancel(&w->owned);
	process_leave(&w->user, w->more && !w->crashed);
	ev_timer_stop(&w->deadline);
	w->ended = true;
	w->end(w, w->status);
}

static void
finish(struct script_worker *w)
{
	if (!w->ended)
		ev_task_queue(&w->finish);
}

static void
on_gone(struct process_user *u, bool crashed)
{
	struct script_worker *w = OUTER(u, struct script_worker, user);

	if (crashed && !w->said) {
		w->status = SIEVE_END_FAILED;
		w->crashed = true;
	}
	finish(w);
}

static void
on_deadline(struct ev_timer *t)
{
	finish(OUTER(t, struct script_worker, deadline));
}

/* ---- what it says ---- */

static bool
say_end(struct script_worker *w, uint32_t status, struct slice script,
    uint32_t line, struct slice why)
{
	if (status >= SIEVE_ENDS)
		return false;
	w->said = true;
	w->status = (enum sieve_end)status;
	w->line = line;
	(void)slice_copy(slice_sub(script, 0, sizeof w->script - 1), w->script,
	    sizeof w->script);
	(void)slice_copy(
	    slice_sub(why, 0, sizeof w->why - 1), w->why, sizeof w->why);
	return true;
}

static void
on_owned(struct ipc_call *call, struct msg *m)
{
	struct script_worker *w = OUTER(call, struct script_worker, owned);
	const uint32_t found = m != NULL ? m->lookup_owned_by.found : TEMPFAIL;

	(void)WORKER_SAY(
	    w, sieve_told, .found = found < TEMPFAIL ? found : TEMPFAIL);
}

/* Is it the account itself? */
static bool
say_same(struct script_worker *w, const struct msg_sieve_ask *q)
{
	return WORKER_SAY(w, sieve_told,
	    .found = slice_ieq(q->one, w->account) ? FOUND : ABSENT);
}

static void
ask_owned(struct script_worker *w, const struct msg_sieve_ask *q)
{
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &w->owned, lookup_owned_by,
	    on_owned, OWNED_MS, lookup_owned, .login = w->account,
	    .addresses = q->one, .alone = q->what == SIEVE_ASK_OWN);
}

static bool
answer(struct script_worker *w, const struct msg_sieve_ask *q)
{
	struct buf text = { .max = SIEVE_PIECE_BYTES };
	uint64_t number = q->number;
	enum found found;
	bool ok;

	if (q->what >= SIEVE_QUESTIONS)
		return false;
	if (q->what == SIEVE_ASK_OWN || q->what == SIEVE_ASK_SENDER) {
		if (w->alone)
			return say_same(w, q);
		ask_owned(w, q);
		return true;
	}
	found = w->ask(w, q, &number, &text);
	if (text.failed) /* longer than any variable */
		found = ABSENT;
	ok = WORKER_SAY(w, sieve_told, .found = found, .number = number,
	    .text = found == FOUND ? buf_slice(&text) : SLICE(""));
	buf_fini(&text);
	return ok;
}

static bool
take_piece(struct script_worker *w, const struct msg_sieve_piece *in)
{
	struct buf *b;

	if (in->what >= SIEVE_PIECES || in->what == SIEVE_PIECE_MESSAGE ||
	    in->what == SIEVE_PIECE_SCRIPT)
		return false;
	b = &w->pieces[in->what];
	buf_add(b, in->bytes);
	return !b->failed;
}

static bool
take_range(struct script_worker *w, const struct msg_sieve_range *in)
{
	if (w->nranges == SIEVE_RANGES_MAX)
		return false;
	w->ranges[w->nranges++] =
	    (struct script_range){ w->pieces[SIEVE_PIECE_BODY].n, in->from,
		    in->size };
	return true;
}

static bool
act(struct script_worker *w, const struct msg_sieve_action *in)
{
	const bool ok = w->act(w, in);

	buf_reset(&w->pieces[SIEVE_PIECE_HEAD]);
	buf_reset(&w->pieces[SIEVE_PIECE_BODY]);
	w->nranges = 0;
	return ok;
}

static bool
take(struct script_worker *w, const struct msg *m)
{
	/* There is nothing behind the last word, or behind a question. */
	if (w->said || ipc_calling(&w->owned))
		return false;
	switch ((int)m->type) {
	case MSG_sieve_piece:
		return take_piece(w, &m->sieve_piece);
	case MSG_sieve_range:
		return take_range(w, &m->sieve_range);
	case MSG_sieve_ask:
		return answer(w, &m->sieve_ask);
	case MSG_sieve_action:
		return act(w, &m->sieve_action);
	case MSG_sieve_compiled:
		return say_end(w, m->sieve_compiled.status,
		    m->sieve_compiled.script, m->sieve_compiled.line,
		    m->sieve_compiled.why);
	case MSG_sieve_done:
		w->more = m->sieve_done.more;
		return say_end(w, m->sieve_done.status, m->sieve_done.script,
		    m->sieve_done.line, m->sieve_done.why);
	default:
		return false;
	}
}

static bool
on_frame(struct process_user *u, struct slice frame, int fd)
{
	struct script_worker *w = OUTER(u, struct script_worker, user);
	struct msg m;

	w->room -= (int64_t)frame.n;
	if (fd != -1 || w->room < 0 || !msg_get(frame, -1, &m) ||
	    !msg_may_send(ROLE_SIEVERUN, m.type) || !take(w, &m)) {
		fd_close(&fd);
		/* None of its kind says that: as if it had crashed. */
		w->status = SIEVE_END_FAILED;
		w->crashed = w->said = true;
		finish(w);
		return true;
	}
	if (w->said)
		finish(w);
	return true;
}

/* ---- what it is told ---- */

bool
worker_say(struct script_worker *w, const struct msg *m)
{
	return process_say(&w->user, m);
}

bool
worker_say_bytes(
    struct script_worker *w, enum sieve_piece_kind what, struct slice bytes)
{
	while (bytes.n > 0) {
		const struct slice piece =
		    slice_sub(bytes, 0, SIEVE_PIECE_BYTES);

		if (!WORKER_SAY(w, sieve_piece, .what = what, .bytes = piece))
			return false;
		bytes = slice_from(bytes, piece.n);
	}
	return true;
}

static void
on_begin(struct process_user *u)
{
	struct script_worker *w = OUTER(u, struct script_worker, user);

	w->begin(w);
}

bool
worker_begin(struct script_worker *w, int64_t room, uint64_t most)
{
	w->room = room;
	w->status = SIEVE_END_LATER;
	w->said = w->more = w->ended = w->crashed = false;
	w->why[0] = w->script[0] = '\0';
	w->nranges = 0;
	for (size_t i = 0; i < SIEVE_PIECES; i++)
		buf_init(&w->pieces[i], (size_t)room);
	w->pieces[SIEVE_PIECE_TRACE].max = TRACE_MAX;
	w->pieces[SIEVE_PIECE_CODE].max = CODE_MAX;
	ev_timer_init(&w->deadline, on_deadline);
	ev_task_init(&w->finish, on_finish);
	w->user = (struct process_user){ .charsets = w->charsets,
		.begin = on_begin,
		.frame = on_frame,
		.gone = on_gone };
	ev_timer_set(&w->deadline, DEADLINE_MS);
	return process_get(&w->user, w->account, most);
}

void
worker_fini(struct script_worker *w)
{
	ev_timer_stop(&w->deadline);
	ev_task_cancel(&w->finish);
	ipc_cancel(&w->owned);
	process_leave(&w->user, false);
	for (size_t i = 0; i < SIEVE_PIECES; i++)
		buf_fini(&w->pieces[i]);
}

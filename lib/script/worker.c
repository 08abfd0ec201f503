/* SPDX-License-Identifier: ISC */
#include "script/worker.h"

#include <sys/socket.h>

#include "base/mem.h"
#include "ipc/frame.h"
#include "sys/fd.h"

enum {
	/* Longer than sieverun lets it run, with what waits before it. */
	DEADLINE_MS = 120000,
	OWNED_MS = 20000,
	TRACE_MAX = 256 << 10,
	CODE_MAX = 8 << 20,
};

/* ---- the end ---- */

static void
close_channel(struct script_worker *w)
{
	w->gone = true;
	channel_close(&w->channel);
}

/* It has said what there is to say, or its end and sieverun's word about that
 * are there. */
static void
on_finish(struct ev_task *task)
{
	struct script_worker *w = OUTER(task, struct script_worker, finish);

	ipc_cancel(&w->open);
	ipc_cancel(&w->owned);
	close_channel(w);
	ev_timer_stop(&w->deadline);
	w->ended = true;
	w->end(w, w->status);
}

static void
finish(struct script_worker *w)
{
	if ((w->said || (w->gone && !ipc_calling(&w->open))) && !w->ended)
		ev_task_queue(&w->finish);
}

static void
on_ended(struct ipc_call *call, struct msg *m)
{
	struct script_worker *w = OUTER(call, struct script_worker, open);

	if (m != NULL && m->sieve_ended.crashed && !w->said) {
		w->status = SIEVE_END_FAILED;
		w->crashed = true;
	}
	if (m == NULL)
		close_channel(w);
	finish(w);
}

static void
on_gone(struct channel *c, const char *why)
{
	struct script_worker *w = OUTER(c, struct script_worker, channel);

	(void)why;
	close_channel(w);
	finish(w);
}

static void
on_deadline(struct ev_timer *t)
{
	struct script_worker *w = OUTER(t, struct script_worker, deadline);

	ipc_cancel(&w->open);
	close_channel(w);
	finish(w);
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
		return say_end(w, m->sieve_done.status, m->sieve_done.script,
		    m->sieve_done.line, m->sieve_done.why);
	default:
		return false;
	}
}

/* A word that none of its kind says: as if it had crashed. */
static bool
refuse(struct script_worker *w)
{
	w->status = SIEVE_END_FAILED;
	w->crashed = w->said = true;
	return false;
}

static bool
on_frame(struct channel *c, struct slice frame, int fd)
{
	struct script_worker *w = OUTER(c, struct script_worker, channel);
	struct msg m;

	w->room -= (int64_t)frame.n;
	if (fd != -1 || w->room < 0 || !msg_get(frame, -1, &m) ||
	    !msg_may_send(ROLE_SIEVERUN, m.type) || !take(w, &m)) {
		fd_close(&fd);
		return refuse(w);
	}
	finish(w);
	return true;
}

static const struct channel_handler handler = { on_frame, on_gone };

/* ---- what it is told ---- */

bool
worker_say(struct script_worker *w, const struct msg *m)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	int fd = -1;
	const bool ok = msg_put(m, &frame, &fd) &&
			channel_send(&w->channel, buf_slice(&frame), fd);

	buf_fini(&frame);
	return ok;
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

static struct ipc *
next_process(void)
{
	static unsigned next;

	return ipc_link(ROLE_SIEVERUN, next++ % ipc_count(ROLE_SIEVERUN), 0);
}

bool
worker_begin(struct script_worker *w, int64_t room)
{
	int pair[2];

	w->room = room;
	w->status = SIEVE_END_LATER;
	w->said = w->ended = w->crashed = w->gone = false;
	w->why[0] = w->script[0] = '\0';
	w->nranges = 0;
	for (size_t i = 0; i < SIEVE_PIECES; i++)
		buf_init(&w->pieces[i], (size_t)room);
	w->pieces[SIEVE_PIECE_TRACE].max = TRACE_MAX;
	w->pieces[SIEVE_PIECE_CODE].max = CODE_MAX;
	ev_timer_init(&w->deadline, on_deadline);
	ev_task_init(&w->finish, on_finish);
	channel_init(&w->channel, &handler);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	channel_open(&w->channel, pair[0]);
	IPC_CALL(next_process(), &w->open, sieve_ended, on_ended, 0, sieve_open,
	    .channel = pair[1]);
	fd_close(&pair[1]);
	ev_timer_set(&w->deadline, DEADLINE_MS);
	return true;
}

void
worker_fini(struct script_worker *w)
{
	ev_timer_stop(&w->deadline);
	ev_task_cancel(&w->finish);
	ipc_cancel(&w->open);
	ipc_cancel(&w->owned);
	if (channel_is_open(&w->channel))
		channel_close(&w->channel);
	for (size_t i = 0; i < SIEVE_PIECES; i++)
		buf_fini(&w->pieces[i]);
}

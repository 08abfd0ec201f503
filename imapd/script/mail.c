/* SPDX-License-Identifier: ISC */
#include "imapd/script/mail.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "script/pieced.h"

enum {
	ANSWER_MS = 60000,
	DURABLE_MS = 0,   /* no limit: who asks again would send it twice */
	PIECE = 16 << 10, /* with CRs it is twice as much */
};

static struct {
	TAILQ_HEAD(mails, event_mail) waiting;
	struct event_mail *now; /* the first of them */
	struct ipc_call call;
	bool ready;
} state;

static void next(void);

static struct ipc *
qmgr(void)
{
	return ipc_link(ROLE_QMGR, 0, 0);
}

static void
leave(struct event_mail *m)
{
	TAILQ_REMOVE(&state.waiting, m, link);
	m->waits = false;
	if (state.now == m)
		state.now = NULL;
}

static void
end(const char *why, bool later)
{
	struct event_mail *m = state.now;

	leave(m);
	next();
	m->done(m, why, later);
}

/* ---- its bytes ---- */

static void
put_lines(struct event_mail *m, struct slice raw, struct buf *out)
{
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\n' && !m->cr)
			buf_addc(out, '\r');
		buf_addc(out, raw.p[i]);
		m->cr = raw.p[i] == '\r';
	}
}

static void on_taken(struct ipc_call *call, struct msg *m);

static void
say_some(struct event_mail *m)
{
	struct buf out = { .max = 2 * PIECE };
	char raw[PIECE];
	const int64_t left = m->pieces->size - m->at;
	const size_t n = left < PIECE ? (size_t)left : PIECE;
	struct err err;
	bool last;

	if (pieced_read(m->pieces, m->source, m->at, raw, n, &err) == -1) {
		end("the message cannot be read", false);
		return;
	}
	m->at += (int64_t)n;
	last = m->at == m->pieces->size;
	put_lines(m, slice_of(raw, n), &out);
	IPC_CALL(qmgr(), &state.call, letter_taken, on_taken,
	    last ? DURABLE_MS : ANSWER_MS, letter_bytes,
	    .bytes = buf_slice(&out), .last = last);
	buf_fini(&out);
}

static void
on_taken(struct ipc_call *call, struct msg *in)
{
	struct event_mail *m = state.now;
	char why[160];

	(void)call;
	if (in == NULL) {
		end("the queue manager ended", true);
	} else if (!in->letter_taken.ok) {
		(void)slice_copy(
		    slice_sub(in->letter_taken.why, 0, sizeof why - 1), why,
		    sizeof why);
		end(why, !in->letter_taken.permanent);
	} else if (m->at == m->pieces->size) {
		end(NULL, false);
	} else {
		say_some(m);
	}
}

/* ---- one after the other ---- */

static void
next(void)
{
	struct event_mail *m = TAILQ_FIRST(&state.waiting);

	if (state.now != NULL || m == NULL)
		return;
	state.now = m;
	IPC_CALL(qmgr(), &state.call, letter_taken, on_taken, ANSWER_MS,
	    letter_begin, .account = m->account, .kind = m->kind, .to = m->to,
	    .stays = m->stays);
}

void
event_mail_send(struct event_mail *m)
{
	if (!state.ready)
		TAILQ_INIT(&state.waiting);
	state.ready = true;
	m->at = 0;
	m->cr = false;
	m->waits = true;
	TAILQ_INSERT_TAIL(&state.waiting, m, link);
	next();
}

/* What is begun at qmgr the next one ends. */
void
event_mail_cancel(struct event_mail *m)
{
	const bool now = m->waits && state.now == m;

	if (!m->waits)
		return;
	leave(m);
	if (now) {
		ipc_cancel(&state.call);
		next();
	}
}

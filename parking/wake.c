/* SPDX-License-Identifier: ISC */
#include "parking/wake.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"

enum {
	WAKES_OF_HOME = 4,
	THERE_MS = 60000, /* imapd may have to be started first */
	/* After the first failure, which is of a process that was about to end
	 * as a rule; then twice that, …: a minute in all. */
	AGAIN_MS = 20,
	AGAIN_TIMES = 12,
};

struct wake {
	TAILQ_ENTRY(wake) link; /* of those that are due */
	struct wakes *of;
	struct held *held;
	struct slice ticket;
	struct ipc *peer;
	struct ipc_call call;
	struct ev_timer again;
	unsigned tries;
	enum { DUE, ASKING, PAUSED } state;
};

static struct {
	const struct wake_ops *ops;
	TAILQ_HEAD(, wakes) homes; /* that have one due and may begin it */
	unsigned asking;
	bool closed;
} wakes = { .homes = TAILQ_HEAD_INITIALIZER(wakes.homes) };

/* OF takes its turn, or has no reason to. */
static void
list(struct wakes *of)
{
	const bool wanted =
	    !TAILQ_EMPTY(&of->due) && of->asking < WAKES_OF_HOME;

	if (wanted && !of->listed)
		TAILQ_INSERT_TAIL(&wakes.homes, of, link);
	else if (!wanted && of->listed)
		TAILQ_REMOVE(&wakes.homes, of, link);
	of->listed = wanted;
}

static void
leave(struct wake *w)
{
	if (w->state == DUE) {
		TAILQ_REMOVE(&w->of->due, w, link);
	} else if (w->state == ASKING) {
		ipc_cancel(&w->call);
		ipc_hangup(&w->peer);
		wakes.asking--;
		w->of->asking--;
	}
	ev_timer_stop(&w->again);
	list(w->of);
}

static void begin(void);

static void
fail(struct wake *w)
{
	struct held *h = w->held;

	leave(w);
	w->state = PAUSED;
	if (++w->tries > AGAIN_TIMES) {
		wakes.ops->on_given_up(h);
	} else {
		ev_timer_set(&w->again, (int64_t)AGAIN_MS << (w->tries - 1));
		wakes.ops->on_failed(h, w->tries);
	}
	begin();
}

static void
on_there(struct ipc_call *call, struct msg *m)
{
	struct wake *w = OUTER(call, struct wake, call);

	if (m == NULL || !m->imapd_there.ok ||
	    !wakes.ops->on_there(w->held, w->peer))
		fail(w);
}

static void
ask(struct wake *w)
{
	leave(w);
	w->state = ASKING;
	wakes.asking++;
	w->of->asking++;
	list(w->of);
	w->peer = ipc_dial(ROLE_IMAPD, w->ticket);
	IPC_CALL(
	    w->peer, &w->call, imapd_there, on_there, THERE_MS, imapd_wanted);
}

static void
begin(void)
{
	struct wakes *of;

	while (!wakes.closed && wakes.asking < WAKES_MAX &&
	       (of = TAILQ_FIRST(&wakes.homes)) != NULL) {
		TAILQ_REMOVE(&wakes.homes, of, link);
		of->listed = false; /* behind the others next time */
		ask(TAILQ_FIRST(&of->due));
	}
}

static void
put(struct wake *w)
{
	w->state = DUE;
	TAILQ_INSERT_TAIL(&w->of->due, w, link);
	list(w->of);
	begin();
}

static void
on_again(struct ev_timer *t)
{
	put(OUTER(t, struct wake, again));
}

void
wake_init(const struct wake_ops *ops)
{
	wakes.ops = ops;
}

struct wake *
wake_start(struct held *h, struct wakes *of, struct slice ticket)
{
	struct wake *w = xcalloc(1, sizeof *w);

	w->held = h;
	w->of = of;
	w->ticket = ticket;
	ev_timer_init(&w->again, on_again);
	put(w);
	return w;
}

void
wake_stop(struct wake **wp)
{
	struct wake *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	leave(w);
	free(w);
	begin();
}

void
wake_close(void)
{
	wakes.closed = true;
}

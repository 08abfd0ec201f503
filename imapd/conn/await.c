/* SPDX-License-Identifier: ISC */
#include "imapd/conn/await.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/search/progress.h"
#include "store/building.h"
#include "sys/clock.h"

enum { AGAIN_MS = 20, LIMIT_MS = 60000 };

struct await {
	struct imapd_job job;
	struct session *session;
	void (*then)(struct session *s);
	struct ev_timer again;
	struct progress progress;
	int64_t end_ms;
};

static void
on_time(struct ev_timer *t)
{
	imapd_soon(OUTER(t, struct await, again)->session);
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct await *w = OUTER(job, struct await, job);
	void (*const then)(struct session *) = w->then;

	if (client_of(s)->bye != NULL) {
		imapd_bye(s, client_of(s)->bye);
		return;
	}
	if (clock_ms() < w->end_ms &&
	    account_is_building(imapd_user_account(s->user))) {
		progress_wait(&w->progress, s, "The index is being built");
		ev_timer_set(&w->again, AGAIN_MS);
		return;
	}
	imapd_client_end_job(s);
	then(s);
	if (client_of(s)->answer.n == 0 &&
	    (s->job == NULL || s->job->ops->input != NULL))
		imapd_resume(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct await *w = OUTER(job, struct await, job);

	(void)s;
	ev_timer_stop(&w->again);
	free(w);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

bool
await_index(struct session *s, void (*then)(struct session *s))
{
	struct await *w;

	if (!account_is_building(imapd_user_account(s->user)))
		return false;
	w = xcalloc(1, sizeof *w);
	w->job.ops = &ops;
	w->session = s;
	w->then = then;
	w->end_ms = clock_ms() + LIMIT_MS;
	ev_timer_init(&w->again, on_time);
	imapd_start(s, &w->job);
	on_more(s, &w->job);
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "master/stop.h"

#include <stdbool.h>

#include "ev/loop.h"
#include "ipc/role_facts.h"
#include "log/log.h"
#include "master/child.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/slots.h"
#include "master/trial.h"

static int exit_status;

static bool
none_left(void)
{
	return TAILQ_EMPTY(&master_children);
}

/* The first stage that still has slots. */
static enum role_stop
stage_now(void)
{
	enum role_stop stage = STOP_LOG;
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (role_facts(c->role)->stop < stage)
		stage = role_facts(c->role)->stop;
	return stage;
}

void
master_stop_go_on(void)
{
	enum role_stop stage;

	/* Slots without a process go at once; then the next stage's turn. */
	do {
		struct child *c, *tmp;

		stage = stage_now();
		if (stage == STOP_LOG)
			logpipe_end();
		TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
		if (role_facts(c->role)->stop <= stage)
			child_stop(c, true);
	} while (!none_left() && stage_now() > stage);
	if (none_left())
		ev_stop();
}

void
master_stop(int status)
{
	if (master.stopping)
		return;
	master.stopping = true;
	exit_status = status;
	log_info("master.stopping");
	notify_systemd("STOPPING=1");
	trial_stop_all();
	master_stop_go_on();
}

int
master_stop_status(void)
{
	return exit_status;
}

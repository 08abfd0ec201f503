/* SPDX-License-Identifier: ISC */
#include "master/idle.h"

#include "conf/master.h"
#include "ev/loop.h"
#include "master/child.h"
#include "master/master.h"

static struct child_list idlers = TAILQ_HEAD_INITIALIZER(idlers);

void
idle_set(struct child *c, bool idle)
{
	if (c->idle == idle)
		return;
	c->idle = idle;
	if (idle)
		TAILQ_INSERT_TAIL(&idlers, c, idle_link);
	else
		TAILQ_REMOVE(&idlers, c, idle_link);
}

/* It says that it is busy when it is. */
void
idle_wanted(struct child *c)
{
	if (!c->idle)
		return;
	idle_set(c, false);
	idle_set(c, true);
	ev_timer_set(&c->timer, master.conf->idle_timeout);
}

struct child *
idle_longest(void)
{
	return TAILQ_FIRST(&idlers);
}

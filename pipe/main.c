/* SPDX-License-Identifier: ISC */
/* pipe: runs a command for a recipient, as the owner of the alias or .forward
 * that names it.  It has that user's rights and none of ours; what it is sent
 * is the message and whom it is for. */
#include <pwd.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "pipe/command.h"
#include "pipe/conf.h"
#include "pipe/deliver.h"
#include "pipe/environ.h"
#include "proc/sandbox.h"
#include "proc/service.h"

enum { STOP_CHECK_MS = 20 };

static struct owner owner;
static struct ev_timer stop_check;

/* Now, because later there may be no passwd file within reach. */
static int
prepare(struct err *err)
{
	const struct passwd *pw = getpwuid(service_uid());

	(void)err;
	owner.home = service_is_system_user() ? service_home() : "/";
	if (service_user()[0] != '\0')
		owner.user = service_user();
	else
		owner.user = pw != NULL ? xstrdup(pw->pw_name) : "nobody";
	return 0;
}

static int
start(struct err *err)
{
	(void)err;
	pipe_deliver_init(&owner);
	return 0;
}

/* Commands come to their end as far as the time for a stop allows; who has
 * not begun is tried again by qmgr. */
static void
on_stop_check(struct ev_timer *t)
{
	if (pipe_deliver_running() > 0)
		ev_timer_set(t, STOP_CHECK_MS);
	else
		ev_stop();
}

static void
stop(void)
{
	pipe_deliver_stop();
	ev_timer_init(&stop_check, on_stop_check);
	ev_timer_set(&stop_check, 0);
}

static const struct ipc_table table = {
	.on = { [MSG_job_start] = pipe_deliver_on_job },
	.on_gone = pipe_deliver_forget,
};

static const struct service pipe_service = {
	.name = "pipe",
	.role = ROLE_PIPE,
	.conf = &pipe_conf_desc,
	.conf_slot = (const void **)&pipe_conf,
	.user = NULL,
	.may = MAY_SPAWN,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.busy = pipe_deliver_busy,
};

int
main(int argc, char **argv)
{
	const int rc = service_main(&pipe_service, argc, argv);

	command_kill_all();
	return rc;
}

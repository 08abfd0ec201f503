/* SPDX-License-Identifier: ISC */
/* pipe: runs a command for a recipient, as the owner of the alias or .forward
 * that names it.  It has that user's rights and none of ours; what it is sent
 * is the message and whom it is for. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "pipe/aliases.h"
#include "pipe/command.h"
#include "pipe/conf.h"
#include "pipe/deliver.h"
#include "pipe/environ.h"
#include "pipe/private.h"
#include "proc/sandbox.h"
#include "proc/service.h"

static struct owner owner;
static struct aliases aliases = { .dirfd = -1 };

/* Now, because later there may be no passwd file within reach. */
static int
prepare(struct err *err)
{
	const struct passwd *pw = getpwuid(service_uid());
	struct err why;

	(void)err;
	aliases.owner = geteuid(); /* root's, where we are about to change */
	owner.is_person = service_is_system_user();
	owner.home = service_is_system_user() ? service_home() : "/";
	if (service_user()[0] != '\0')
		owner.user = service_user();
	else
		owner.user = pw != NULL ? xstrdup(pw->pw_name) : "nobody";
	if (pipe_conf->private_tmp && private_tmp(&why) == -1)
		log_warn("pipe.no-private-tmp", kv_s("why", why.text));
	return 0;
}

static int
start(struct err *err)
{
	pipe_deliver_init(&owner, &aliases);
	if (owner.is_person)
		return 0;
	aliases.dirfd = service_dir(DIR_TABLES);
	return aliases_open(&aliases, &pipe_conf->shared, err);
}

static int
reload(struct err *err)
{
	if (aliases.dirfd == -1)
		return 0;
	return aliases_open(&aliases, &pipe_conf->shared, err);
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
	.dirs = 1 << DIR_TABLES, /* not for a user: he has his .forward */
	.may = MAY_SPAWN,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.reload = reload,
	.stop = pipe_deliver_stop,
	.busy = pipe_deliver_busy,
};

int
main(int argc, char **argv)
{
	const int rc = service_main(&pipe_service, argc, argv);

	command_kill_all();
	aliases_close(&aliases);
	return rc;
}

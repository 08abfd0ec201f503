/* SPDX-License-Identifier: ISC */
/* sieved: ManageSieve after authentication.  login hands clients in; whose they
 * are master says, not login. */
#include <stdbool.h>

#include "base/err.h"
#include "conf/shared.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sieved/conf.h"
#include "sieved/session.h"
#include "sys/workdir.h"

static bool started;

static int
check(struct err *err)
{
	return workdir_try(
	    service_dir(DIR_MAIL), sieved_conf->shared.mail_directory, err);
}

static int
start(struct err *err)
{
	if (service_dir(DIR_MAIL) == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	sieved_session_init(service_dir(DIR_MAIL), service_place());
	started = true;
	return 0;
}

static const struct ipc_table table = {
	.on = { [MSG_sieved_session] = sieved_session_on_new },
};

static const struct service sieved = {
	.name = "sieved",
	.role = ROLE_SIEVED,
	.conf = &sieved_conf_desc,
	.conf_slot = (const void **)&sieved_conf,
	.user = NULL, /* the owner of the mailboxes */
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE | MAY_LINK,
	.ipc = &table,
	.start = start,
	.check = check,
	.stop = sieved_session_stop,
	.busy = sieved_session_busy,
};

int
main(int argc, char **argv)
{
	const int rc = service_main(&sieved, argc, argv);

	/* The deadline may have come before the last session's end. */
	if (started)
		sieved_session_kill();
	return rc;
}

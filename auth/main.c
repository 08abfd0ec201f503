/* SPDX-License-Identifier: ISC */
/* auth: who is this.  Passwords reach this daemon alone and are wiped; the
 * hashing is done by workers, forked within the sandbox. */
#include "auth/check.h"
#include "auth/conf.h"
#include "auth/exchange.h"
#include "base/err.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"

static int
on_start(struct err *err)
{
	return auth_check_start(service_dir(DIR_TABLES), err);
}

static int
on_check(struct err *err)
{
	return auth_check_try(service_dir(DIR_TABLES), err);
}

static void
on_stop(void)
{
	auth_check_stop();
	ev_stop();
}

static const struct ipc_table table = {
	.on = {
		[MSG_auth_check] = auth_on_check,
		[MSG_auth_scram] = auth_on_scram,
		[MSG_auth_proof] = auth_on_proof,
		[MSG_auth_forget] = auth_on_forget,
	},
	.on_gone = auth_on_gone,
};

static const struct service auth_service = {
	.name = "auth",
	.role = ROLE_AUTH,
	.conf = &auth_conf_desc,
	.conf_slot = (const void **)&auth_conf,
	.user = "pabal-auth",
	.dirs = 1 << DIR_TABLES,
	.may = MAY_READ | MAY_FORK,
	.ipc = &table,
	.start = on_start,
	.check = on_check,
	.reload = auth_check_configure,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	return service_main(&auth_service, argc, argv);
}

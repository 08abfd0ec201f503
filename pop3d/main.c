/* SPDX-License-Identifier: ISC */
/* pop3d: POP3 after authentication.  login hands clients in; whose they are
 * master says, not login. */
#include <stddef.h>

#include "base/err.h"
#include "conf/shared.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "pop3d/conf.h"
#include "pop3d/session.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "store/store.h"
#include "store/usage.h"
#include "sys/workdir.h"

static char boot_id[STORE_BOOT_ID_SIZE];
static struct store *store;

static int
prepare(struct err *err)
{
	return store_boot_id(boot_id, err);
}

static int
check(struct err *err)
{
	if (store_configure_check(&pop3d_conf->shared, err) == -1)
		return -1;
	return workdir_try(
	    service_dir(DIR_MAIL), pop3d_conf->shared.mail_directory, err);
}

static int
start(struct err *err)
{
	const struct store_opts opts = {
		.hostname = pop3d_conf->shared.hostname,
		.boot_id = boot_id,
		.place = service_place(),
		.max_open = pop3d_conf->max_accounts,
	};

	if (service_dir(DIR_MAIL) == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	store = store_new(service_dir(DIR_MAIL), &opts);
	if (store_configure(store, &pop3d_conf->shared, err) == -1)
		return -1;
	pop3d_session_init(store, service_place());
	return 0;
}

static int
reload(struct err *err)
{
	return store_configure(store, &pop3d_conf->shared, err);
}

static const struct ipc_table table = {
	.on = { [MSG_pop3d_session] = pop3d_session_on_new },
	.on_gone = pop3d_session_forget,
};

static const struct service pop3d = {
	.name = "pop3d",
	.role = ROLE_POP3D,
	.conf = &pop3d_conf_desc,
	.conf_slot = (const void **)&pop3d_conf,
	.user = NULL, /* the owner of the mailboxes */
	.reach = REACH(ROLE_LOOKUP),
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.check = check,
	.reload = reload,
	.stop = pop3d_session_stop,
	.busy = pop3d_session_busy,
};

int
main(int argc, char **argv)
{
	const int rc = service_main(&pop3d, argc, argv);

	/* The deadline may have come before the last session's end. */
	if (store != NULL)
		pop3d_session_kill();
	store_free(&store);
	return rc;
}

/* SPDX-License-Identifier: ISC */
/* local: delivery into the mailboxes of one uid, beneath one directory.  It
 * writes the mail of many, and so parses none of it: of what a stranger wrote
 * it looks for two fields of the header, no more; scripts that do are run by
 * sieverun.  It has no network, no key,
 * and no mail but that of its own uid. */
#include "local/conf.h"
#include "local/home.h"
#include "local/intake.h"
#include "local/job.h"
#include "proc/service.h"
#include "store/store.h"
#include "store/usage.h"
#include "sys/durable.h"
#include "sys/workdir.h"

static char boot_id[STORE_BOOT_ID_SIZE];
static struct durable *durable;
static struct store *store;
static struct ev_io reaper;

static void
on_reap(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	durable_reap(durable);
}

static int
prepare(struct err *err)
{
	if (service_dir(DIR_MAIL) == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	return store_boot_id(boot_id, err);
}

static int
check(struct err *err)
{
	if (store_configure_check(&local_conf->shared, err) == -1)
		return -1;
	return workdir_try(
	    service_dir(DIR_MAIL), local_conf->shared.mail_directory, err);
}

static int
start(struct err *err)
{
	const int dir = service_dir(DIR_MAIL);
	struct store_opts opts = {
		.hostname = local_conf->shared.hostname,
		.boot_id = boot_id,
		.max_open = local_conf->max_accounts,
	};

	durable = durable_new(dir, local_conf->sync_method);
	opts.durable = durable;
	ev_io_init(&reaper, durable_fd(durable), on_reap);
	reaper.edge = true;
	ev_io_set(&reaper, EV_READ);
	store = store_new(dir, &opts);
	if (store_configure(store, &local_conf->shared, err) == -1)
		return -1;
	home_set(
	    slice_str(service_is_system_user() ? service_user() : ""), dir);
	local_intake_init(store);
	return 0;
}

static int
reload(struct err *err)
{
	return store_configure(store, &local_conf->shared, err);
}

static bool
busy(void)
{
	return job_count() > 0;
}

static void
end(void)
{
	store_free(&store);
}

static void
on_gone(struct ipc *peer)
{
	job_forget(peer);
}

static const struct ipc_table table = {
	.on = { [MSG_job_start] = local_intake_on_job },
	.on_gone = on_gone,
};

static const struct service local = {
	.name = "local",
	.role = ROLE_LOCAL,
	.conf = &local_conf_desc,
	.conf_slot = (const void **)&local_conf,
	.user = NULL, /* the owner of the mailboxes */
	.reach = REACH(ROLE_LOOKUP) | REACH(ROLE_SIEVERUN),
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE | MAY_SYNC,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.check = check,
	.reload = reload,
	.busy = busy,
	.end = end,
};

int
main(int argc, char **argv)
{
	return service_main(&local, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/* local: delivery into the mailboxes of one uid, beneath one directory.  It
 * parses what strangers wrote (the MIME structure), and so has no network, no
 * key, and no mail but that of its own uid. */
#include "local/conf.h"
#include "local/deliver.h"
#include "local/home.h"
#include "local/job.h"
#include "proc/service.h"
#include "store/store.h"
#include "sys/durable.h"

enum { STOP_CHECK_MS = 20 };

static char boot_id[STORE_BOOT_ID_SIZE];
static struct durable *durable;
static struct store *store;
static struct ev_io reaper;
static struct ev_timer stop_check;

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
start(struct err *err)
{
	const int dir = service_dir(DIR_MAIL);
	struct store_opts opts = {
		.hostname = local_conf->shared.hostname,
		.boot_id = boot_id,
		.max_open = local_conf->max_accounts,
	};

	(void)err;
	durable = durable_new(dir, (enum sync_method)local_conf->sync_method);
	opts.durable = durable;
	ev_io_init(&reaper, durable_fd(durable), on_reap);
	ev_io_set(&reaper, EV_READ);
	store = store_new(dir, &opts);
	home_set(
	    slice_str(service_is_system_user() ? service_user() : ""), dir);
	local_deliver_init(store, service_is_system_user() ? service_uid() : 0);
	return 0;
}

static bool
busy(void)
{
	return job_count() > 0;
}

static void
on_stop_check(struct ev_timer *t)
{
	if (busy()) {
		ev_timer_set(t, STOP_CHECK_MS);
		return;
	}
	store_free(&store);
	ev_stop();
}

static void
stop(void)
{
	ev_timer_init(&stop_check, on_stop_check);
	ev_timer_set(&stop_check, 0);
}

static void
on_gone(struct ipc *peer)
{
	job_forget(peer);
}

static const struct ipc_table table = {
	.on = { [MSG_job_start] = job_on_start },
	.on_gone = on_gone,
};

static const struct service local = {
	.name = "local",
	.role = ROLE_LOCAL,
	.conf = &local_conf_desc,
	.conf_slot = (const void **)&local_conf,
	.user = NULL, /* the owner of the mailboxes */
	.reach = REACH(ROLE_IMAPD) | REACH(ROLE_LOOKUP),
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE | MAY_SYNC,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.busy = busy,
};

int
main(int argc, char **argv)
{
	return service_main(&local, argc, argv);
}

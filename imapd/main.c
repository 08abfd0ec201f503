/* SPDX-License-Identifier: ISC */
/* imapd: the IMAP session after authentication.  It runs as the owner of the
 * mail and reaches nothing but the directory that accounts lie in. */
#include "ev/loop.h"
#include "imapd/conf.h"
#include "imapd/dirwatch.h"
#include "imapd/door.h"
#include "imapd/user.h"
#include "log/log.h"
#include "mime/charset.h"
#include "proc/service.h"
#include "store/store.h"
#include "sys/durable.h"

enum { STOP_CHECK_MS = 20 };

static struct store *store;
static struct durable *durable;
static struct ev_io durable_io;
static struct ev_timer stop_check;
static char boot_id[STORE_BOOT_ID_SIZE];

/* glibc's charsets and /proc are out of reach later. */
static int
prepare(struct err *err)
{
	charset_preload();
	if (service_dir(DIR_MAIL) == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	return store_boot_id(boot_id, err);
}

static void
on_durable(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	durable_reap(durable);
}

static int
start(struct err *err)
{
	const int dir = service_dir(DIR_MAIL);

	(void)err;
	durable = durable_new(dir, (enum sync_method)imapd_conf->sync_method);
	ev_io_init(&durable_io, durable_fd(durable), on_durable);
	ev_io_set(&durable_io, EV_READ);
	store = store_new(
	    dir, &(struct store_opts){ .hostname = imapd_conf->shared.hostname,
		     .boot_id = boot_id,
		     .durable = durable });
	imapd_users_init(store);
	imapd_door_init();
	if (dirwatch_init(dir) == -1)
		log_warn("imap.blind", kv_s("why", "no inotify"));
	return 0;
}

static void
end(void)
{
	store_free(&store);
	ev_io_stop(&durable_io);
	durable_free(&durable);
	ev_stop();
}

static void
on_stop_check(struct ev_timer *t)
{
	if (imapd_users_busy())
		ev_timer_set(t, STOP_CHECK_MS);
	else
		end();
}

static void
stop(void)
{
	imapd_door_close();
	imapd_users_bye("[UNAVAILABLE] shutting down");
	ev_timer_init(&stop_check, on_stop_check);
	ev_timer_set(&stop_check, 0);
}

static const struct ipc_table table = {
	.on = {
		[MSG_imapd_session] = imapd_on_session,
		[MSG_store_changed] = imapd_on_changed,
	},
	.on_gone = imapd_on_gone,
};

static const struct service imapd = {
	.name = "imapd",
	.role = ROLE_IMAPD,
	.conf = &imapd_conf_desc,
	.conf_slot = (const void **)&imapd_conf,
	.reach = REACH(ROLE_AUTH) | REACH(ROLE_LOOKUP),
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE | MAY_SYNC,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.busy = imapd_users_busy,
};

int
main(int argc, char **argv)
{
	return service_main(&imapd, argc, argv);
}

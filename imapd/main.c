/* SPDX-License-Identifier: ISC */
/* imapd: the IMAP session after authentication.  It runs as the owner of the
 * mail and reaches nothing but the directory that accounts lie in. */
#include "ev/loop.h"
#include "imapd/conf.h"
#include "imapd/conn/handoff.h"
#include "imapd/conn/mimelimits.h"
#include "imapd/conn/user.h"
#include "imapd/park/park.h"
#include "imapd/relay/visit.h"
#include "imapd/script/events.h"
#include "imapd/selected/dirwatch.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "mime/charset.h"
#include "proc/service.h"
#include "store/store.h"
#include "store/usage.h"
#include "sys/durable.h"
#include "sys/workdir.h"

static struct store *store;
static struct durable *durable;
static struct ev_io durable_io;
static char boot_id[STORE_BOOT_ID_SIZE];

/* glibc's charsets and /proc are out of reach later. */
static int
prepare(struct err *err)
{
	charset_preload(true);
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
check(struct err *err)
{
	if (store_configure_check(&imapd_conf->shared, err) == -1 ||
	    events_configure(err) == -1)
		return -1;
	return workdir_try(
	    service_dir(DIR_MAIL), imapd_conf->shared.mail_directory, err);
}

static int
start(struct err *err)
{
	const int dir = service_dir(DIR_MAIL);

	if (dir == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	durable = durable_new(dir, imapd_conf->sync_method);
	ev_io_init(&durable_io, durable_fd(durable), on_durable);
	durable_io.edge = true;
	ev_io_set(&durable_io, EV_READ);
	store = store_new(
	    dir, &(struct store_opts){ .hostname = imapd_conf->shared.hostname,
		     .boot_id = boot_id,
		     .place = service_place(),
		     .durable = durable });
	if (store_configure(store, &imapd_conf->shared, err) == -1)
		return -1;
	imapd_mime_limits_apply();
	imapd_users_init(store, service_place());
	relay_to_self(visit_self);
	events_init(store, dir);
	dirwatch_init(dir);
	return events_configure(err);
}

static int
reload(struct err *err)
{
	/* What is refused leaves all as it was. */
	if (events_configure(err) == -1 ||
	    store_configure(store, &imapd_conf->shared, err) == -1)
		return -1;
	imapd_mime_limits_apply();
	imapd_users_look();
	visit_reload();
	return 0;
}

static void
end(void)
{
	store_free(&store);
	ev_io_stop(&durable_io);
	durable_free(&durable);
}

static void
stop(void)
{
	imapd_handoff_close();
	imapd_users_bye("[UNAVAILABLE] shutting down");
}

static const struct ipc_table table = {
	.on = {
		[MSG_imapd_session] = imapd_on_session,
		[MSG_imapd_wanted] = imapd_on_wanted,
		[MSG_imapd_visit] = imapd_on_visit,
		[MSG_imapd_unpark] = imapd_on_unpark,
		[MSG_store_changed] = imapd_on_changed,
	},
	.on_gone = imapd_on_gone,
};

static bool
busy(void)
{
	return imapd_users_busy() || imapd_handoff_busy() || park_busy();
}

static const struct service imapd = {
	.name = "imapd",
	.role = ROLE_IMAPD,
	.conf = &imapd_conf_desc,
	.conf_slot = (const void **)&imapd_conf,
	.reach = REACH(ROLE_PARKING) | REACH(ROLE_IMAPD) |
		 REACH(ROLE_SIEVERUN) | REACH(ROLE_QMGR),
	.dirs = 1 << DIR_MAIL,
	.may = MAY_READ | MAY_WRITE | MAY_SYNC,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.check = check,
	.reload = reload,
	.stop = stop,
	.busy = busy,
	.end = end,
};

int
main(int argc, char **argv)
{
	return service_main(&imapd, argc, argv);
}

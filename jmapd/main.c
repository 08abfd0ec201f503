/* SPDX-License-Identifier: ISC */
/* jmapd: the requests of JMAP of one account, whose owner it runs as.  httpd
 * hands them over (doc/jmap.md); whose they are master says, not httpd. */
#include <stdbool.h>

#include "base/err.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "jmapd/api/parse.h"
#include "jmapd/api/serve.h"
#include "jmapd/conf.h"
#include "jmapd/mail/emails.h"
#include "jmapd/query/table.h"
#include "jmapd/wire/account.h"
#include "jmapd/wire/request.h"
#include "mime/charset.h"
#include "proc/sandbox.h"
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
	parse_seed();
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
	if (store_configure_check(&jmapd_conf->shared, err) == -1)
		return -1;
	return workdir_try(
	    service_dir(DIR_MAIL), jmapd_conf->shared.mail_directory, err);
}

/* The account is about to be closed. */
static void
drop(void)
{
	mail_emails_drop();
	table_drop();
}

static int
start(struct err *err)
{
	const int dir = service_dir(DIR_MAIL);

	if (dir == -1)
		return err_set(err, ERR_PERM, "no mail directory");
	durable = durable_new(dir, jmapd_conf->sync_method);
	ev_io_init(&durable_io, durable_fd(durable), on_durable);
	durable_io.edge = true;
	ev_io_set(&durable_io, EV_READ);
	store = store_new(
	    dir, &(struct store_opts){ .hostname = jmapd_conf->shared.hostname,
		     .boot_id = boot_id,
		     .place = service_place(),
		     .durable = durable });
	if (store_configure(store, &jmapd_conf->shared, err) == -1)
		return -1;
	jmapd_account_init(store, service_place(), drop);
	jmapd_request_init(serve_request);
	return 0;
}

static int
reload(struct err *err)
{
	return store_configure(store, &jmapd_conf->shared, err);
}

static void
end(void)
{
	jmapd_account_drop();
	store_free(&store);
	ev_io_stop(&durable_io);
	durable_free(&durable);
}

static bool
busy(void)
{
	return jmapd_request_busy() || jmapd_account_busy() || table_busy();
}

static void
stop(void)
{
	jmapd_request_stop();
	jmapd_account_stop();
}

static const struct ipc_table table = {
	.on = { [MSG_jmapd_request] = jmapd_request_on_new },
	.on_gone = jmapd_request_on_gone,
};

static const struct service jmapd = {
	.name = "jmapd",
	.role = ROLE_JMAPD,
	.conf = &jmapd_conf_desc,
	.conf_slot = (const void **)&jmapd_conf,
	.user = NULL, /* the owner of the mailboxes */
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
	return service_main(&jmapd, argc, argv);
}

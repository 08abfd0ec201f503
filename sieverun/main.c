/* SPDX-License-Identifier: ISC */
/* sieverun: runs users' scripts on the mail of strangers.  It reads neither
 * itself: each child it makes has one channel (to local) and this program, is
 * for one account, and ends with the run, or when it has had the few messages
 * to that account that came meanwhile (lib/script/process). */
#include <time.h>

#include "ipc/ipc.h"
#include "ipc/sieve.h"
#include "proc/narrow.h"
#include "proc/service.h"
#include "sieverun/conf.h"
#include "sieverun/global.h"
#include "sieverun/pool.h"
#include "sieverun/tables.h"

/* glibc's charsets, the time zone and the scripts are out of reach later. */
static int
prepare(struct err *err)
{
	/* Each fork copies what is mapped. */
	if (service_index() == SIEVE_CHARSETS_INDEX)
		tables_load();
	else
		tables_forgo();
	tzset();
	return global_load(err);
}

static int
start(struct err *err)
{
	(void)err;
	pool_init(narrow_enter);
	return 0;
}

static int
reload(struct err *err)
{
	(void)err;
	if (!global_reload())
		service_restart("its scripts are read at its start");
	return 0;
}

static const struct ipc_table table = {
	.on = { [MSG_sieve_open] = pool_on_open },
	.on_gone = pool_on_gone,
};

static const struct service sieverun = {
	.name = "sieverun",
	.role = ROLE_SIEVERUN,
	.conf = &sieverun_conf_desc,
	.conf_slot = (const void **)&sieverun_conf,
	.user = "pabal-sieve",
	.may = MAY_FORK | MAY_CONFINE,
	.ipc = &table,
	.prepare = prepare,
	.start = start,
	.reload = reload,
	.busy = pool_busy,
};

int
main(int argc, char **argv)
{
	return service_main(&sieverun, argc, argv);
}

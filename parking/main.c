/* SPDX-License-Identifier: ISC */
/* parking: holds the connections of sessions that wait in IDLE, and nothing
 * else: it has no file, no key and no mail, and knows no IMAP. */
#include "ipc/ipc.h"
#include "parking/conf.h"
#include "parking/hold.h"
#include "proc/service.h"

static int
start(struct err *err)
{
	(void)err;
	hold_init();
	hold_tell_room();
	return 0;
}

static int
reload(struct err *err)
{
	(void)err;
	hold_tell_room();
	return 0;
}

static const struct ipc_table table = {
	.on = {
		[MSG_parking_expect] = hold_on_expect,
		[MSG_parking_session] = hold_on_session,
		[MSG_parking_drop] = hold_on_drop,
		[MSG_store_changed] = hold_on_changed,
	},
	.on_gone = hold_on_gone,
};

static const struct service parking = {
	.name = "parking",
	.role = ROLE_PARKING,
	.conf = &parking_conf_desc,
	.conf_slot = (const void **)&parking_conf,
	.user = "pabal-parking",
	.reach = REACH(ROLE_IMAPD),
	.ipc = &table,
	.start = start,
	.reload = reload,
	.stop = hold_stop,
	.busy = hold_busy,
};

int
main(int argc, char **argv)
{
	return service_main(&parking, argc, argv);
}

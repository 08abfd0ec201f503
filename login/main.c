/* SPDX-License-Identifier: ISC */
/*
 * login: the front end of POP3, IMAP and ManageSieve.  It parses what strangers
 * send before they are known, ends their TLS, and hands the session in; it can
 * open no mailbox itself.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/must.h"
#include "certs/certs.h"
#include "front/front.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "login/conf.h"
#include "login/metrics.h"
#include "login/protocol.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sys/addr.h"

/* What configuration asks of TLS: for check and reload all there is to do. */
static int
configure(struct err *err)
{
	return certs_configure(&login_conf->shared, err);
}

static int
on_start(struct err *err)
{
	if (configure(err) == -1)
		return -1;
	login_metrics_init();
	login_session_init(service_index(), service_sessions);
	certs_start(front_on_certs);
	return 0;
}

static void
on_accept(int fd, const struct listener *l, const struct addr *peer)
{
	const struct front_protocol *protocol =
	    login_protocol_find(l->protocol);

	must(protocol != NULL);
	front_accept(fd, protocol, peer,
	    service_has_room(l, front_count(), false),
	    service_has_room(l, front_count(), true));
}

static const struct ipc_table table = {
	.on = { [MSG_keys_changed] = certs_on_changed },
	.on_gone = certs_on_gone,
};

static const struct service login_service = {
	.name = "login",
	.role = ROLE_LOGIN,
	.conf = &login_conf_desc,
	.conf_slot = (const void **)&login_conf,
	.user = "pabal-login",
	.reach = REACH(ROLE_AUTH) | REACH(ROLE_KEYS) | REACH(ROLE_IMAPD) |
		 REACH(ROLE_POP3D) | REACH(ROLE_SIEVED),
	.may = MAY_ACCEPT,
	.ipc = &table,
	.start = on_start,
	.check = configure,
	.reload = configure,
	.accept = on_accept,
	.stop = front_stop,
	.busy = front_busy,
};

int
main(int argc, char **argv)
{
	return service_main(&login_service, argc, argv);
}

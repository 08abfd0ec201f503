/* SPDX-License-Identifier: ISC */
/*
 * login: the door of POP3 and IMAP.  It parses what strangers send before they
 * are known, ends their TLS, and hands the session in; it can open no mailbox
 * itself.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/must.h"
#include "certs/certs.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "login/conf.h"
#include "login/metrics.h"
#include "login/session.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sys/addr.h"

static int
on_start(struct err *err)
{
	(void)err;
	login_metrics_init();
	login_session_setup(service_index());
	certs_start(login_session_certs);
	return 0;
}

static void
on_accept(int fd, const struct listener *l, const struct addr *peer)
{
	const struct login_protocol *protocol =
	    login_protocol_find(l->protocol);

	must(protocol != NULL);
	login_session_new(fd, protocol, peer, l->max_sessions);
}

static void
on_stop(void)
{
	login_session_stop_all(ev_stop);
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
	.user = "pabal-net",
	.reach = REACH(ROLE_AUTH) | REACH(ROLE_KEYS) | REACH(ROLE_IMAPD) |
		 REACH(ROLE_POP3D),
	.may = MAY_ACCEPT,
	.ipc = &table,
	.start = on_start,
	.accept = on_accept,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	return service_main(&login_service, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * httpd: the front end of HTTP.  It parses what strangers send, ends their TLS,
 * and shows what everybody may see: files of the web directory and what the
 * configuration says of this host.  Requests of JMAP it hands to the jmapd of
 * the account whose credentials they bear.  It has nobody's mail.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/must.h"
#include "certs/certs.h"
#include "front/front.h"
#include "httpd/account.h"
#include "httpd/conf.h"
#include "httpd/file.h"
#include "httpd/metrics.h"
#include "httpd/protocol.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sys/addr.h"

/* What configuration asks of TLS: for check and reload all there is to do. */
static int
configure(struct err *err)
{
	return certs_configure(&httpd_conf->shared, err);
}

static int
on_start(struct err *err)
{
	if (configure(err) == -1)
		return -1;
	httpd_metrics_init();
	httpd_file_init(service_dir(DIR_WEB));
	httpd_session_init(service_index(), service_sessions);
	certs_start(front_on_certs);
	return 0;
}

static void
on_accept(int fd, const struct listener *l, const struct addr *peer)
{
	const struct front_protocol *protocol =
	    httpd_protocol_find(l->protocol);

	must(protocol != NULL);
	front_accept(fd, protocol, peer,
	    service_has_room(l, front_count(), false),
	    service_has_room(l, front_count(), true));
}

static void
on_gone(struct ipc *peer)
{
	certs_on_gone(peer);
	httpd_account_on_gone(peer);
}

static const struct ipc_table table = {
	.on = { [MSG_keys_changed] = certs_on_changed },
	.on_gone = on_gone,
};

static const struct service httpd = {
	.name = "httpd",
	.role = ROLE_HTTPD,
	.conf = &httpd_conf_desc,
	.conf_slot = (const void **)&httpd_conf,
	.user = "pabal-web",
	.reach = REACH(ROLE_KEYS) | REACH(ROLE_LOOKUP) | REACH(ROLE_AUTH) |
		 REACH(ROLE_JMAPD),
	.dirs = 1 << DIR_WEB,
	.may = MAY_ACCEPT | MAY_READ,
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
	return service_main(&httpd, argc, argv);
}

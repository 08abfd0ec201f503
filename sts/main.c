/* SPDX-License-Identifier: ISC */
/*
 * sts: MTA-STS policies of other domains (RFC 8461), and TLS reports to them
 * (RFC 8460), by HTTPS.  What web servers say is read here and nowhere else;
 * beside its cache there is no file, and nothing to ask but the DNS, by lookup.
 */
#include "base/err.h"
#include "ev/loop.h"
#include "ipc/role.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sts/conf.h"
#include "sts/domain.h"
#include "sts/fetch.h"
#include "sts/post.h"
#include "sts/serve.h"
#include "sys/portset.h"

static void
ports(struct port_set *set)
{
	port_set_add(set, (uint16_t)sts_conf->https_port);
}

static int
start(struct err *err)
{
	sts_post_start();
	return sts_domain_start(service_dir(DIR_STATE), err);
}

/* The file of CAs is out of reach now: end, and master starts a process that
 * can read it. */
static int
reload(struct err *err)
{
	(void)err;
	if (sts_fetch_is_stale())
		service_restart("tls_ca_file changed");
	return 0;
}

/* What is under way is fetched by the next one. */
static void
stop(void)
{
	ev_stop();
}

static const struct service sts = {
	.name = "sts",
	.role = ROLE_STS,
	.conf = &sts_conf_desc,
	.conf_slot = (const void **)&sts_conf,
	.user = "pabal-sts",
	.reach = REACH(ROLE_LOOKUP),
	.dirs = 1 << DIR_STATE,
	.may = MAY_CONNECT | MAY_READ | MAY_WRITE,
	.ipc = &sts_table,
	.ports = ports,
	.prepare = sts_fetch_prepare,
	.start = start,
	.reload = reload,
	.stop = stop,
};

int
main(int argc, char **argv)
{
	return service_main(&sts, argc, argv);
}

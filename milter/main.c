/* SPDX-License-Identifier: ISC */
/*
 * milter: the client of external filters.  What they say is parsed here and
 * nowhere else; there is no file, no key and no password, and of mail only what
 * passes.
 *
 * A filter's UNIX socket has a name of the host's, so the working directory is
 * the host's root, though the process is shut in an empty one (MAY_HOST_UNIX).
 */
#include "base/err.h"
#include "ipc/role.h"
#include "milter/conf.h"
#include "milter/conn.h"
#include "milter/filter.h"
#include "milter/serve.h"
#include "proc/sandbox.h"
#include "proc/service.h"

static int
configure(struct err *err)
{
	milter_filter_each(milter_conn_flush);
	return milter_filter_configure(err);
}

static const struct service milter = {
	.name = "milter",
	.role = ROLE_MILTER,
	.conf = &milter_conf_desc,
	.conf_slot = (const void **)&milter_conf,
	.user = "pabal-milter",
	.may = MAY_CONNECT | MAY_UNIX | MAY_HOST_UNIX | MAY_MEMFD,
	.ipc = &milter_table,
	.ports = milter_filter_ports,
	.start = configure,
	.check = milter_filter_check,
	.reload = configure,
};

int
main(int argc, char **argv)
{
	return service_main(&milter, argc, argv);
}

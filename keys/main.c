/* SPDX-License-Identifier: ISC */
/* keys: the one process that has private keys.  It reads them from two
 * directories, shows certificates to those who face clients, and signs: for
 * TLS, mail, and addresses of SRS. */
#include <sys/prctl.h>

#include "keys/conf.h"
#include "keys/serve.h"
#include "keys/signing.h"
#include "keys/srs.h"
#include "proc/service.h"

static int
prepare(struct err *err)
{
	/* No core, no ptrace by others of the same uid.  The change of uid
	 * does the same, but a laptop's instance changes none. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return err_sys(err, ERR_PERM, "PR_SET_DUMPABLE");
	return 0;
}

static int
start(struct err *err)
{
	keys_signing_use(service_dir(DIR_SIGNING));
	keys_srs_use(service_dir(DIR_SIGNING));
	return keys_serve_start(service_dir(DIR_TLS), err);
}

static int
check(struct err *err)
{
	return keys_serve_try(service_dir(DIR_TLS), err);
}

static int
reload(struct err *err)
{
	keys_signing_use(service_dir(DIR_SIGNING));
	keys_srs_use(service_dir(DIR_SIGNING));
	return keys_serve_reload(service_dir(DIR_TLS), err);
}

static const struct service keys = {
	.name = "keys",
	.role = ROLE_KEYS,
	.conf = &keys_conf_desc,
	.conf_slot = (const void **)&keys_conf,
	.user = "pabal-keys",
	.dirs = 1 << DIR_TLS | 1 << DIR_SIGNING,
	.may = MAY_READ,
	.ipc = &keys_table,
	.prepare = prepare,
	.start = start,
	.check = check,
	.reload = reload,
};

int
main(int argc, char **argv)
{
	return service_main(&keys, argc, argv);
}

/* SPDX-License-Identifier: ISC */
/*
 * policy: what is to be done with a client, a recipient, a message.  It asks
 * the rules that are switched on; it has no network, no key, nobody's mail, and
 * no file but what greylisting knows, and who is held.
 */
#include "base/err.h"
#include "ev/loop.h"
#include "ipc/role.h"
#include "mime/charset.h"
#include "policy/conf.h"
#include "policy/heldtell.h"
#include "policy/limits.h"
#include "policy/rule.h"
#include "policy/rules/greylist.h"
#include "policy/serve.h"
#include "policy/sites.h"
#include "proc/service.h"

static int
configure(struct err *err)
{
	if (policy_rule_check(err) == -1 || policy_limits_configure(err) == -1)
		return -1;
	return policy_sites_configure(err);
}

/* Names in From are decoded; glibc's tables are out of reach later. */
static int
prepare(struct err *err)
{
	(void)err;
	charset_preload(false);
	return 0;
}

static int
start(struct err *err)
{
	if (configure(err) == -1)
		return -1;
	greylist_configure(service_dir(DIR_STATE));
	policy_heldtell_start(service_dir(DIR_STATE));
	policy_serve_start();
	return 0;
}

static int
reload(struct err *err)
{
	if (configure(err) == -1)
		return -1;
	greylist_configure(service_dir(DIR_STATE));
	policy_serve_reload();
	return 0;
}

/* Who asked gets no answer from here, which is one. */
static void
stop(void)
{
	ev_stop();
}

static const struct service policy = {
	.name = "policy",
	.role = ROLE_POLICY,
	.conf = &policy_conf_desc,
	.conf_slot = (const void **)&policy_conf,
	.user = "pabal-policy",
	.reach = REACH(ROLE_LOOKUP) | REACH(ROLE_QMGR) | REACH(ROLE_REPORTER),
	.dirs = 1 << DIR_STATE,
	.may = MAY_READ | MAY_WRITE,
	.ipc = &policy_table,
	.prepare = prepare,
	.start = start,
	.check = configure,
	.reload = reload,
	.stop = stop,
};

int
main(int argc, char **argv)
{
	return service_main(&policy, argc, argv);
}

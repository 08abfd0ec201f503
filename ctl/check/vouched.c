/* SPDX-License-Identifier: ISC */
/* Hosts that are believed when they say for whom they speak. */
#include <stddef.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "conf/values.h"
#include "ctl/check/relay.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/target.h"
#include "sys/addr.h"

/* clang-format off */
static const struct {
	const char *daemon, *parameter, *what;
} lists[] = {
	{ "smtpd", "xclient_hosts",
	    "may say that they are any client and any user, without a password" },
	{ "smtpd", "proxy_protocol_hosts",
	    "may say that they are any client" },
	{ "login", "proxy_protocol_hosts",
	    "may say that they are any client" },
};
/* clang-format on */

static void
check_list(struct check_run *c, size_t i, const struct conf_nets *nets)
{
	for (size_t k = 0; k < nets->n; k++) {
		char text[ADDR_TEXT];

		if (relay_reach(&nets->v[k]) == RELAY_OWN)
			continue;
		addr_cidr_format(&nets->v[k], text);
		check_tell(c, CHECK_WARN, "proxy",
		    "%s of %s.conf has %s: hosts beyond a site %s",
		    lists[i].parameter, lists[i].daemon, text, lists[i].what);
	}
}

/* What does not load, the check of the configuration tells. */
void
check_vouched(struct check_run *c)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct conf_errors errors = { 0 };
		const struct conf_param *p;
		struct target t;

		if (target_find(&t, &c->ctl->inst, lists[i].daemon) == -1)
			continue;
		p = target_param(&t, lists[i].parameter);
		if (p != NULL && target_read(&t, &c->ctl->inst, true) == 0 &&
		    target_load(&t, &errors) == 0)
			check_list(c, i,
			    (const void *)((const char *)t.conf + p->offset));
		conf_errors_fini(&errors);
		target_fini(&t);
	}
}

void
check_relay(struct check_run *c)
{
	const struct conf_nets *nets = &c->shared->trusted_networks;

	for (size_t i = 0; i < nets->n; i++) {
		const enum relay_reach reach = relay_reach(&nets->v[i]);
		char text[ADDR_TEXT];

		addr_cidr_format(&nets->v[i], text);
		if (reach == RELAY_ANYONE)
			check_tell(c, CHECK_WARN, "relay",
			    "trusted_networks has %s: strangers may send mail "
			    "to anywhere through this host (an open relay)",
			    text);
		else if (reach == RELAY_WIDE)
			check_tell(c, CHECK_WARN, "relay",
			    "trusted_networks has %s: all these public "
			    "addresses may send mail to anywhere without "
			    "logging in",
			    text);
	}
}

/* SPDX-License-Identifier: ISC */
#include "ctl/dns/surroundings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/errors.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "lookup/conf.h"

enum { DNS_CACHE_BYTES = 1 << 20 };

static bool
load(struct target *t, const struct instance *in, const char *name)
{
	struct conf_errors ignored = { 0 };
	const bool ok = target_parse(t, name) == 0 &&
			target_read(t, in, true) == 0 &&
			target_load(t, &ignored) == 0;

	conf_errors_fini(&ignored);
	return ok;
}

static int
unreadable(const struct ctl *ctl)
{
	return ctl_fail("%s: the configuration cannot be read; \"pabal "
			"%sconf check\" says why",
	    ctl->command->words, instance_flag(&ctl->inst));
}

int
surroundings_conf(struct target *t, const struct ctl *ctl, const char *name)
{
	memset(t, 0, sizeof *t);
	return load(t, &ctl->inst, name) ? CTL_OK : unreadable(ctl);
}

int
surroundings_load(struct surroundings *s, const struct ctl *ctl)
{
	const struct instance *in = &ctl->inst;
	const struct lookup_conf *lookup;
	const struct shared_conf *shared;

	memset(s, 0, sizeof *s);
	if (!load(&s->lookup, in, "lookup") || !load(&s->pabal, in, "pabal"))
		return unreadable(ctl);
	lookup = s->lookup.conf;
	shared = s->pabal.conf;
	s->dns = (struct dns_config){
		.servers = (const char *const *)lookup->dns_servers.v,
		.nservers = lookup->dns_servers.n,
		.trust_anchor = lookup->dns_trust_anchor,
		.cache_bytes = DNS_CACHE_BYTES,
		.timeout_ms = lookup->dns_timeout,
	};
	s->tables = shared->table_directory;
	snprintf(s->hostname, sizeof s->hostname, "%s", shared->hostname);
	if (s->hostname[0] == '\0' &&
	    gethostname(s->hostname, sizeof s->hostname - 1) == -1)
		snprintf(s->hostname, sizeof s->hostname, "localhost");
	return CTL_OK;
}

void
surroundings_fini(struct surroundings *s)
{
	target_fini(&s->lookup);
	target_fini(&s->pabal);
}

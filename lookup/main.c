/* SPDX-License-Identifier: ISC */
/* lookup: what is this address, domain, host. */
#include <unistd.h>

#include "base/err.h"
#include "base/quota.h"
#include "dns/resolver.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/pass.h"
#include "ipc/role.h"
#include "lookup/access.h"
#include "lookup/conf.h"
#include "lookup/country.h"
#include "lookup/dns.h"
#include "lookup/domain.h"
#include "lookup/forward.h"
#include "lookup/mx.h"
#include "lookup/owned.h"
#include "lookup/published.h"
#include "lookup/resolve.h"
#include "lookup/rewrite.h"
#include "lookup/self.h"
#include "lookup/site.h"
#include "lookup/system.h"
#include "lookup/usage.h"
#include "proc/sandbox.h"
#include "proc/service.h"
#include "sys/portset.h"

/* The reader of the password file: its directory and nothing else. */
static int
confine_reader(int dir, struct err *err)
{
	const struct sandbox box = {
		.may = MAY_READ,
		.dirs = &dir,
		.ndirs = 1,
		.drop = geteuid() == 0,
		.uid = service_uid(),
		.gid = service_gid(),
	};

	return sandbox_enter(&box, err);
}

static int
on_prepare(struct err *err)
{
	if (lookup_conf->system_users &&
	    lookup_system_start(confine_reader, err) == -1)
		return -1;
	return lookup_self_check(err) == 0 ? lookup_mx_start(err) : -1;
}

/* Long answers come over TCP. */
static void
on_ports(struct port_set *ports)
{
	port_set_add(ports, DNS_PORT);
	for (size_t i = 0; i < lookup_conf->dns_servers.n; i++)
		port_set_add(
		    ports, dns_server_port(lookup_conf->dns_servers.v[i]));
}

static int
on_start(struct err *err)
{
	if (lookup_country_configure(service_dir(DIR_TABLES), err) == -1 ||
	    lookup_rewrite_configure(err) == -1)
		return -1;
	return lookup_resolve_start(service_dir(DIR_TABLES), err);
}

static int
on_check(struct err *err)
{
	if (lookup_country_try(service_dir(DIR_TABLES), err) == -1 ||
	    lookup_rewrite_check(err) == -1)
		return -1;
	return lookup_resolve_try(service_dir(DIR_TABLES), err);
}

static int
on_reload(struct err *err)
{
	if (lookup_self_check(err) == -1 || lookup_mx_reload(err) == -1 ||
	    lookup_country_configure(service_dir(DIR_TABLES), err) == -1 ||
	    lookup_rewrite_configure(err) == -1)
		return -1;
	return lookup_resolve_configure(err);
}

static void
on_stop(void)
{
	lookup_resolve_stop();
	lookup_system_stop();
	ev_stop();
}

static void
on_usage(struct ipc *peer, struct msg *m)
{
	const struct ipc_pass *pass = ipc_pass(peer);

	if (pass != NULL && pass->account.n > 0 &&
	    !slice_eq(pass->account, m->lookup_usage.account)) {
		ipc_drop(peer, "speaks of another account");
		return;
	}
	lookup_usage_set(ipc_uid(peer), m->lookup_usage.account,
	    &(struct quota){ m->lookup_usage.bytes, m->lookup_usage.messages },
	    ev_now_ms());
}

static void
on_holds(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_holds *in = &m->lookup_holds;

	(void)peer;
	lookup_usage_set(in->uid, in->account,
	    &(struct quota){ in->bytes, in->messages }, ev_now_ms());
}

static void
on_gone(struct ipc *peer)
{
	lookup_on_gone(peer);
	lookup_mx_on_gone(peer);
	lookup_published_on_gone(peer);
	lookup_owned_on_gone(peer);
	lookup_dns_on_gone(peer);
	lookup_site_on_gone(peer);
	lookup_forward_on_gone(peer);
}

static const struct ipc_table table = {
	.on = {
		[MSG_lookup_address] = lookup_on_address,
		[MSG_lookup_mx] = lookup_on_mx,
		[MSG_lookup_tlsa] = lookup_on_tlsa,
		[MSG_lookup_published] = lookup_on_published,
		[MSG_lookup_owned] = lookup_on_owned,
		[MSG_lookup_rewrite] = lookup_on_rewrite,
		[MSG_lookup_dns] = lookup_on_dns,
		[MSG_lookup_access] = lookup_on_access,
		[MSG_lookup_domain] = lookup_on_domain,
		[MSG_lookup_country] = lookup_on_country,
		[MSG_lookup_forward] = lookup_on_forward,
		[MSG_lookup_usage] = on_usage,
		[MSG_lookup_holds] = on_holds,
	},
	.on_gone = on_gone,
};

static const struct service lookup_service = {
	.name = "lookup",
	.role = ROLE_LOOKUP,
	.conf = &lookup_conf_desc,
	.conf_slot = (const void **)&lookup_conf,
	.user = "pabal-lookup",
	.reach = REACH(ROLE_KEYS),
	.dirs = 1 << DIR_TABLES,
	.may = MAY_READ | MAY_DGRAM | MAY_CONNECT, /* DNS */
	.ipc = &table,
	.ports = on_ports,
	.prepare = on_prepare,
	.start = on_start,
	.check = on_check,
	.reload = on_reload,
	.stop = on_stop,
};

int
main(int argc, char **argv)
{
	return service_main(&lookup_service, argc, argv);
}

/* SPDX-License-Identifier: ISC */
#include "queue/sitename.h"

static struct slice
without_port(struct slice hosts)
{
	const size_t colon = slice_rfind(hosts, ':');
	const size_t bracket = slice_rfind(hosts, ']');

	if (colon == hosts.n || (bracket < hosts.n && bracket > colon))
		return hosts;
	return slice_sub(hosts, 0, colon);
}

static bool
is_host(struct slice host, struct slice name)
{
	if (slice_ieq(host, name))
		return true;
	return host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']' &&
	       slice_ieq(slice_sub(host, 1, host.n - 2), name);
}

bool
sitename_means(struct slice site, struct slice name)
{
	struct slice hosts;

	(void)slice_cut(site, ':', &hosts);
	if (name.n == 0 || hosts.n == 0)
		return false;
	if (slice_ieq(site, name) || slice_ieq(hosts, name))
		return true;
	hosts = without_port(hosts);
	if (slice_ieq(hosts, name))
		return true;
	while (hosts.n > 0)
		if (is_host(slice_cut(hosts, ',', &hosts), name))
			return true;
	return false;
}

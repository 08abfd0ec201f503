/* SPDX-License-Identifier: ISC */
#include "lookup/hosts.h"

#include <stddef.h>

#include "dns/mxlist.h"
#include "proto/nexthop.h"

static enum found
find_name(struct slice name, enum found (*ask)(void *arg, struct slice key),
    void *arg)
{
	enum found found = ask(arg, name);

	for (size_t at = slice_find(name, '.'); found == ABSENT && at < name.n;
	     at = slice_find(name, '.')) {
		name = slice_from(name, at);
		found = ask(arg, name);
		name = slice_from(name, 1);
	}
	return found;
}

enum found
lookup_hosts_find(const struct nexthop *nh, const struct mx_list *list,
    enum found (*ask)(void *arg, struct slice key), void *arg, bool *own)
{
	const struct mx_host *hosts[MX_HOSTS_MAX];
	enum found found = ABSENT;

	*own = false;
	if (list != NULL)
		mxlist_by_name(list, hosts);
	for (size_t i = 0; list != NULL && i < list->n && found == ABSENT; i++)
		found = find_name(slice_str(hosts[i]->name), ask, arg);
	if (found != ABSENT)
		return found;
	found = find_name(nh->host, ask, arg);
	*own = found != ABSENT;
	return found;
}

/* SPDX-License-Identifier: ISC */
#include "smtp/route/source.h"

#include <string.h>

#include "dns/mxlist.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "sys/ip16.h"
#include "table/source.h"

/* Of all; NULL: there is none. */
static const struct source *
find(const struct sources *all, bool ipv6)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].ipv6 == ipv6)
			return &all->v[i];
	return NULL;
}

static bool
is_ipv6(const struct smtp_target *t)
{
	return t->addr.ss.ss_family == AF_INET6;
}

bool
smtp_source_fits(const struct smtp_job *job, const struct smtp_target *t)
{
	struct sources all;

	return job->source.n == 0 || addr_is_unix(&t->addr) ||
	       (source_parse(job->source, &all, NULL) == 0 &&
		   find(&all, is_ipv6(t)) != NULL);
}

/* What is left of the addresses of H. */
static size_t
drop_of_host(const struct sources *all, struct mx_host *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->naddrs; i++) {
		struct smtp_target t;

		ip16_addr(&t.addr, h->ip[i], 0);
		if (find(all, is_ipv6(&t)) == NULL)
			continue;
		memmove(h->ip[n++], h->ip[i], sizeof h->ip[0]);
	}
	h->naddrs = n;
	return n;
}

void
smtp_source_drop(const struct smtp_job *job, struct mx_list *list)
{
	struct sources all = { .n = 0 };
	size_t n = 0;

	if (job->source.n == 0)
		return;
	(void)source_parse(job->source, &all, NULL);
	for (size_t i = 0; i < list->n; i++) {
		if (drop_of_host(&all, &list->hosts[i]) == 0)
			continue;
		if (n != i)
			list->hosts[n] = list->hosts[i];
		n++;
	}
	list->n = n;
}

bool
smtp_source_drop_self(struct mx_list *list, bool by_address)
{
	return mxlist_drop_self(
	    list, slice_str(smtp_conf->shared.hostname), by_address);
}

void
smtp_source_set(const struct smtp_job *job, struct smtp_target *t)
{
	struct sources all;
	const struct source *s;

	if (job->source.n == 0 || addr_is_unix(&t->addr) ||
	    source_parse(job->source, &all, NULL) == -1 ||
	    (s = find(&all, is_ipv6(t))) == NULL)
		return;
	_Static_assert(SOURCE_HELO_MAX < sizeof t->helo, "a name fits");
	t->has_source =
	    addr_of_ip(&t->source, s->ipv6 ? AF_INET6 : AF_INET, s->ip, 0);
	(void)slice_copy(s->helo, t->helo, sizeof t->helo);
}

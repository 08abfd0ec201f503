/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/crowd.h"

#include <string.h>

#include "base/must.h"

enum { SLOTS = 8192 }; /* a power of two */

static struct {
	uint32_t sites[SLOTS], logins[SLOTS];
	size_t urgent;
} crowd;

static uint32_t *
slot(uint32_t *table, uint32_t hash)
{
	return &table[hash % SLOTS];
}

void
crowd_add(const struct crowd_of *of)
{
	++*slot(crowd.sites, of->site);
	++*slot(crowd.logins, of->login);
	crowd.urgent += of->urgent;
}

void
crowd_del(const struct crowd_of *of)
{
	must(crowd_at_site(of) > 0 && crowd_of_login(of) > 0);
	--*slot(crowd.sites, of->site);
	--*slot(crowd.logins, of->login);
	crowd.urgent -= of->urgent;
}

size_t
crowd_at_site(const struct crowd_of *of)
{
	return *slot(crowd.sites, of->site);
}

size_t
crowd_of_login(const struct crowd_of *of)
{
	return *slot(crowd.logins, of->login);
}

size_t
crowd_urgent(void)
{
	return crowd.urgent;
}

void
crowd_init(void)
{
	memset(&crowd, 0, sizeof crowd);
}

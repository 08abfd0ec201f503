/* SPDX-License-Identifier: ISC */
#include "smtpd/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"

enum { IP_BYTES = 16, V6_NET_BYTES = 8 };

struct smtpd_client {
	uint8_t ip[IP_BYTES];
	unsigned sessions;
};

static struct map clients;

static bool
is_v4(const uint8_t ip[IP_BYTES])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, prefix, sizeof prefix) == 0;
}

struct smtpd_client *
smtpd_client_enter(const struct addr *addr, unsigned max)
{
	uint8_t ip[IP_BYTES] = { 0 };
	struct smtpd_client *c;

	if (addr_ip16(addr, ip) && !is_v4(ip))
		memset(ip + V6_NET_BYTES, 0, IP_BYTES - V6_NET_BYTES);
	c = map_find(&clients, slice_of(ip, sizeof ip));
	if (c == NULL) {
		c = xcalloc(1, sizeof *c);
		memcpy(c->ip, ip, sizeof ip);
		map_put(&clients, slice_of(ip, sizeof ip), c);
	}
	if (c->sessions >= max)
		return NULL;
	c->sessions++;
	return c;
}

void
smtpd_client_leave(struct smtpd_client **p)
{
	struct smtpd_client *c = *p;

	*p = NULL;
	if (c == NULL)
		return;
	must(c->sessions > 0);
	if (--c->sessions > 0)
		return;
	map_del(&clients, slice_of(c->ip, sizeof c->ip));
	free(c);
}

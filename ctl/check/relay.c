/* SPDX-License-Identifier: ISC */
#include "ctl/check/relay.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "sys/addr.h"

enum {
	IPV4 = 96, /* bits before an IPv4 address in its IPv6 form */
	IPV4_SITE = IPV4 + 24,
	IPV6_SITE = 48,
	IPV4_ANYONE = IPV4 + 8, /* wider than this */
	IPV6_ANYONE = 16,
};

/* Where no stranger's packets come from (RFC 6890). */
static const char *const closed[] = { "127.0.0.0/8", "10.0.0.0/8",
	"172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
	"[::1]", "[fc00::]/7", "[fe80::]/10" };

static bool
is_within(const struct cidr *in, const struct cidr *net)
{
	const unsigned whole = net->bits / 8, rest = net->bits % 8;

	return in->bits >= net->bits && memcmp(in->ip, net->ip, whole) == 0 &&
	       (rest == 0 ||
		   (in->ip[whole] ^ net->ip[whole]) >> (8 - rest) == 0);
}

static bool
is_closed(const struct cidr *net)
{
	struct cidr one;

	for (size_t i = 0; i < ARRAY_LEN(closed); i++)
		if (addr_cidr_parse(&one, slice_str(closed[i]), NULL) == 0 &&
		    is_within(net, &one))
			return true;
	return false;
}

static bool
is_ipv4(const struct cidr *net)
{
	struct cidr all;

	return addr_cidr_parse(&all, SLICE("0.0.0.0/0"), NULL) == 0 &&
	       is_within(net, &all);
}

enum relay_reach
relay_reach(const struct cidr *net)
{
	const bool v4 = is_ipv4(net);

	if (is_closed(net))
		return RELAY_OWN;
	if (net->bits < (v4 ? IPV4_ANYONE : IPV6_ANYONE))
		return RELAY_ANYONE;
	return net->bits < (v4 ? IPV4_SITE : IPV6_SITE) ? RELAY_WIDE
							: RELAY_OWN;
}

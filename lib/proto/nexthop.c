/* SPDX-License-Identifier: ISC */
#include "proto/nexthop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/cur.h"
#include "proto/address.h"

/* A path that fits struct sockaddr_un. */
enum { PATH_MAX_UNIX = 107 };

static bool
is_path(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 1 && s.n <= PATH_MAX_UNIX && s.p[0] == '/';
}

static bool
is_name(struct slice s)
{
	struct cur c = cur_of(s);
	struct buf out;

	if (s.n == 0 || s.p[0] == '[')
		return false;
	buf_init(&out, ADDRESS_DOMAIN_MAX);
	address_domain(&c, ADDRESS_UTF8, &out);
	buf_fini(&out);
	return cur_end(&c);
}

static bool
is_ipv6(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	return slice_copy(s, text, sizeof text) &&
	       inet_pton(AF_INET6, text, &addr) == 1;
}

bool
nexthop_parse(struct slice s, struct nexthop *nh)
{
	struct cur c = cur_of(s);

	*nh = (struct nexthop){ .kind = NEXTHOP_MX };
	if (cur_try(&c, "unix:")) {
		nh->kind = NEXTHOP_UNIX;
		nh->host = cur_rest(&c);
		return is_path(nh->host);
	}
	if (cur_try(&c, "[")) {
		nh->kind = NEXTHOP_HOST;
		nh->host = cur_until(&c, ']');
		if (slice_istarts(nh->host, SLICE("IPv6:")))
			nh->host = slice_from(nh->host, 5);
	} else {
		nh->host = cur_take(&c, slice_find(s, ':'));
	}
	if (cur_try(&c, ":")) {
		nh->port = (uint16_t)cur_u64(&c, UINT16_MAX);
		if (nh->port == 0)
			cur_fail(&c);
	}
	return cur_end(&c) && (is_name(nh->host) || (nh->kind == NEXTHOP_HOST &&
							is_ipv6(nh->host)));
}

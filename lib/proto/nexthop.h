/* SPDX-License-Identifier: ISC */
/*
 * Where the next host is, as tables and parameters name it:
 *
 *     example.org       its MX hosts          example.org:587   at that port
 *     [mx.example.org]  that host, no MX      [192.0.2.1]:2526 [2001:db8::1]:25
 *     unix:/path        a socket of this host
 */
#ifndef PROTO_NEXTHOP_H
#define PROTO_NEXTHOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum nexthop_kind { NEXTHOP_MX, NEXTHOP_HOST, NEXTHOP_UNIX };

struct nexthop {
	enum nexthop_kind kind;
	struct slice host; /* without brackets and "IPv6:"; or the path */
	uint16_t port;     /* 0: the protocol's own */
};

/* S is a next hop from end to end; NH borrows from it. */
bool nexthop_parse(struct slice s, struct nexthop *nh);

#endif

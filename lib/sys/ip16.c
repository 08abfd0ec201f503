/* SPDX-License-Identifier: ISC */
#include "sys/ip16.h"

#include <netinet/in.h>
#include <string.h>

#include "sys/addr.h"

void
ip16_addr(struct addr *a, const uint8_t ip[16], uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	if (addr_ip16_is_v4(ip)) {
		memcpy(&in.sin_addr, ip + 12, 4);
		memcpy(&ss, &in, sizeof in);
		addr_set(a, &ss, sizeof in);
		return;
	}
	memcpy(&in6.sin6_addr, ip, 16);
	memcpy(&ss, &in6, sizeof in6);
	addr_set(a, &ss, sizeof in6);
}

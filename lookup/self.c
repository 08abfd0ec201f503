/* SPDX-License-Identifier: ISC */
/*
 * The kernel is asked, each time: a packet to an address of its own would leave
 * from the same one.  A datagram socket tells that without sending anything,
 * and knows addresses that were added since the start.
 */
#include "lookup/self.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/mxlist.h"
#include "lookup/conf.h"

enum { PORT_SMTP = 25 };

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_v4(const uint8_t ip[16])
{
	return memcmp(ip, mapped, sizeof mapped) == 0;
}

static bool
is_unspecified(const uint8_t ip[16])
{
	static const uint8_t zero[16];

	return memcmp(ip, zero, sizeof zero) == 0 ||
	       (is_v4(ip) && memcmp(ip + 12, zero, 4) == 0);
}

static bool
parse(const char *text, uint8_t ip[16])
{
	memcpy(ip, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, ip + 12) == 1 ||
	       inet_pton(AF_INET6, text, ip) == 1;
}

static bool
is_configured(const uint8_t ip[16])
{
	for (size_t i = 0; i < lookup_conf->own_addresses.n; i++) {
		uint8_t own[16];

		if (parse(lookup_conf->own_addresses.v[i], own) &&
		    memcmp(own, ip, sizeof own) == 0)
			return true;
	}
	return false;
}

static socklen_t
address_of(const uint8_t ip[16], struct sockaddr_storage *ss)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(PORT_SMTP) };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(PORT_SMTP) };

	memset(ss, 0, sizeof *ss);
	if (is_v4(ip)) {
		memcpy(&in.sin_addr, ip + sizeof mapped, 4);
		memcpy(ss, &in, sizeof in);
		return sizeof in;
	}
	memcpy(&in6.sin6_addr, ip, 16);
	memcpy(ss, &in6, sizeof in6);
	return sizeof in6;
}

/* The address that packets to SS leave from. */
static bool
source_of(const struct sockaddr_storage *ss, socklen_t len, uint8_t ip[16])
{
	const int fd = socket(ss->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof from;
	const bool ok = fd != -1 &&
			connect(fd, (const struct sockaddr *)ss, len) == 0 &&
			getsockname(fd, (struct sockaddr *)&from, &n) == 0;

	if (fd != -1)
		close(fd);
	if (!ok)
		return false;
	if (ss->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, &from, sizeof in);
		memcpy(ip, mapped, sizeof mapped);
		memcpy(ip + sizeof mapped, &in.sin_addr, 4);
	} else {
		struct sockaddr_in6 in6;

		memcpy(&in6, &from, sizeof in6);
		memcpy(ip, &in6.sin6_addr, 16);
	}
	return true;
}

bool
lookup_self_is(const uint8_t ip[16])
{
	struct sockaddr_storage ss;
	const socklen_t len = address_of(ip, &ss);
	uint8_t from[16];

	return is_unspecified(ip) || is_configured(ip) ||
	       (source_of(&ss, len, from) && memcmp(from, ip, 16) == 0);
}

void
lookup_self_mark(struct mx_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct mx_host *h = &list->hosts[i];

		for (size_t k = 0; k < h->naddrs && !h->self; k++)
			h->self = lookup_self_is(h->ip[k]);
	}
}

int
lookup_self_check(struct err *err)
{
	for (size_t i = 0; i < lookup_conf->own_addresses.n; i++) {
		uint8_t ip[16];

		if (!parse(lookup_conf->own_addresses.v[i], ip))
			return err_set(err, ERR_PERM,
			    "own_addresses: %s is no address",
			    lookup_conf->own_addresses.v[i]);
	}
	return 0;
}

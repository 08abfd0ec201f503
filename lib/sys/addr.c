/* SPDX-License-Identifier: ISC */
#include "sys/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/cur.h"
#include "base/must.h"

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static struct sockaddr_in *
in4(struct addr *a)
{
	return (struct sockaddr_in *)(void *)&a->ss;
}

static struct sockaddr_in6 *
in6(struct addr *a)
{
	return (struct sockaddr_in6 *)(void *)&a->ss;
}

static const struct sockaddr_in *
in4_of(const struct addr *a)
{
	return (const struct sockaddr_in *)(const void *)&a->ss;
}

static const struct sockaddr_in6 *
in6_of(const struct addr *a)
{
	return (const struct sockaddr_in6 *)(const void *)&a->ss;
}

static int
parse_unix(struct addr *a, struct slice path, struct err *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)(void *)&a->ss;

	if (path.n == 0)
		return err_set(err, ERR_PERM, "expected a path after unix:");
	if (!slice_copy(path, un->sun_path, sizeof un->sun_path))
		return err_set(err, ERR_PERM,
		    "path of a UNIX socket is longer than %zu bytes",
		    sizeof un->sun_path - 1);
	un->sun_family = AF_UNIX;
	a->len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	return 0;
}

/* HOST without brackets into A; "*" only when STAR. */
static bool
parse_ip(struct addr *a, struct slice host, bool star)
{
	char text[INET6_ADDRSTRLEN];

	if (star && slice_is(host, "*")) {
		in6(a)->sin6_family = AF_INET6;
		in6(a)->sin6_addr = in6addr_any;
		a->len = sizeof(struct sockaddr_in6);
		a->dual = true;
		return true;
	}
	if (!slice_copy(host, text, sizeof text))
		return false;
	if (inet_pton(AF_INET, text, &in4(a)->sin_addr) == 1) {
		in4(a)->sin_family = AF_INET;
		a->len = sizeof(struct sockaddr_in);
		return true;
	}
	if (inet_pton(AF_INET6, text, &in6(a)->sin6_addr) == 1) {
		in6(a)->sin6_family = AF_INET6;
		a->len = sizeof(struct sockaddr_in6);
		return true;
	}
	return false;
}

/* Split "host:port", "[host]:port", "host", "[host]", "a:b::c". */
static bool
split_port(struct slice text, struct slice *host, struct slice *port)
{
	struct slice rest;
	size_t colon;

	*port = (struct slice){ NULL, 0 };
	if (text.n > 0 && text.p[0] == '[') {
		*host = slice_cut(slice_from(text, 1), ']', &rest);
		if (host->n + 1 == text.n)
			return false;
		if (rest.n == 0)
			return true;
		*port = slice_from(rest, 1);
		return rest.p[0] == ':' && port->n > 0;
	}
	*host = text;
	colon = slice_find(text, ':');
	if (colon == text.n || slice_rfind(text, ':') != colon)
		return true;
	*host = slice_cut(text, ':', port);
	return port->n > 0;
}

int
addr_parse(
    struct addr *a, struct slice text, uint16_t default_port, struct err *err)
{
	struct slice host, digits;
	uint16_t port = default_port;

	*a = (struct addr){ 0 };
	if (slice_istarts(text, SLICE("unix:")))
		return parse_unix(a, slice_from(text, 5), err);
	if (!split_port(text, &host, &digits) || !parse_ip(a, host, true))
		return err_set(err, ERR_PERM,
		    "expected an address such as 127.0.0.1:25, [::1]:25, *:25 "
		    "or unix:path, not \"%.*s\"",
		    SLICE_FMT(slice_sub(text, 0, 80)));
	if (digits.n > 0) {
		struct cur c = cur_of(digits);

		port = (uint16_t)cur_u64(&c, UINT16_MAX);
		if (!cur_end(&c) || port == 0)
			return err_set(err, ERR_PERM,
			    "expected a port from 1 to 65535, not \"%.*s\"",
			    SLICE_FMT(slice_sub(digits, 0, 80)));
	}
	if (port == 0)
		return err_set(err, ERR_PERM,
		    "expected a port after \"%.*s\", such as :25",
		    SLICE_FMT(text));
	if (a->ss.ss_family == AF_INET)
		in4(a)->sin_port = htons(port);
	else
		in6(a)->sin6_port = htons(port);
	return 0;
}

bool
addr_of_ip(struct addr *a, int family, struct slice text, uint16_t port)
{
	*a = (struct addr){ 0 };
	/* a NUL would end it too soon */
	if (slice_find(text, '\0') < text.n || !parse_ip(a, text, false) ||
	    (family != AF_UNSPEC && a->ss.ss_family != family))
		return false;
	if (a->ss.ss_family == AF_INET)
		in4(a)->sin_port = htons(port);
	else
		in6(a)->sin6_port = htons(port);
	return true;
}

void
addr_set(struct addr *a, const struct sockaddr_storage *ss, socklen_t len)
{
	*a = (struct addr){ .ss = *ss, .len = len };
	if (len < sizeof(sa_family_t))
		a->ss.ss_family = AF_UNSPEC;
}

bool
addr_is_unix(const struct addr *a)
{
	return a->ss.ss_family == AF_UNIX;
}

const char *
addr_path(const struct addr *a)
{
	const struct sockaddr_un *un =
	    (const struct sockaddr_un *)(const void *)&a->ss;

	if (!addr_is_unix(a) || un->sun_path[0] == '\0' ||
	    a->len <= offsetof(struct sockaddr_un, sun_path))
		return NULL;
	return un->sun_path;
}

uint16_t
addr_port(const struct addr *a)
{
	if (a->ss.ss_family == AF_INET)
		return ntohs(in4_of(a)->sin_port);
	if (a->ss.ss_family == AF_INET6)
		return ntohs(in6_of(a)->sin6_port);
	return 0;
}

bool
addr_ip16(const struct addr *a, uint8_t ip[16])
{
	if (a->ss.ss_family == AF_INET) {
		memcpy(ip, v4_prefix, sizeof v4_prefix);
		memcpy(ip + 12, &in4_of(a)->sin_addr, 4);
		return true;
	}
	if (a->ss.ss_family == AF_INET6) {
		memcpy(ip, &in6_of(a)->sin6_addr, 16);
		return true;
	}
	return false;
}

bool
addr_ip16_is_v4(const uint8_t ip[16])
{
	return memcmp(ip, v4_prefix, sizeof v4_prefix) == 0;
}

static void
format_ip16(const uint8_t ip[16], char text[ADDR_TEXT])
{
	const char *r = addr_ip16_is_v4(ip)
			    ? inet_ntop(AF_INET, ip + 12, text, ADDR_TEXT)
			    : inet_ntop(AF_INET6, ip, text, ADDR_TEXT);

	must(r != NULL);
}

const char *
addr_format_ip(const struct addr *a, char text[ADDR_TEXT])
{
	uint8_t ip[16];

	if (addr_ip16(a, ip))
		format_ip16(ip, text);
	else
		snprintf(text, ADDR_TEXT, "unix");
	return text;
}

const char *
addr_format(const struct addr *a, char text[ADDR_TEXT])
{
	const char *path = addr_path(a);
	const unsigned port = addr_port(a);
	char ip[ADDR_TEXT];

	if (a->dual)
		snprintf(text, ADDR_TEXT, "*:%u", port);
	else if (a->ss.ss_family != AF_INET && a->ss.ss_family != AF_INET6)
		snprintf(
		    text, ADDR_TEXT, "unix:%.108s", path != NULL ? path : "");
	else if (strchr(addr_format_ip(a, ip), ':') != NULL)
		snprintf(text, ADDR_TEXT, "[%.100s]:%u", ip, port);
	else
		snprintf(text, ADDR_TEXT, "%.100s:%u", ip, port);
	return text;
}

/* Clear the bits behind the prefix; says whether all were zero. */
static bool
mask(struct cidr *n)
{
	bool clean = true;

	for (unsigned i = n->bits; i < 128; i++) {
		const uint8_t bit = (uint8_t)(0x80u >> (i % 8));

		if (n->ip[i / 8] & bit)
			clean = false;
		n->ip[i / 8] = (uint8_t)(n->ip[i / 8] & ~bit);
	}
	return clean;
}

static bool
parse_net(struct cidr *n, struct slice text, bool *v4)
{
	const size_t slash = slice_find(text, '/');
	struct slice host = slice_sub(text, 0, slash);
	struct addr a = { 0 };
	struct cur c;

	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_sub(host, 1, host.n - 2);
	if (!parse_ip(&a, host, false))
		return false;
	*v4 = a.ss.ss_family == AF_INET;
	(void)addr_ip16(&a, n->ip);
	n->bits = 128;
	if (slash == text.n)
		return true;
	c = cur_of(slice_from(text, slash + 1));
	n->bits = (uint8_t)(cur_u64(&c, *v4 ? 32 : 128) + (*v4 ? 96 : 0));
	return cur_end(&c);
}

int
addr_cidr_parse(struct cidr *n, struct slice text, struct err *err)
{
	char meant[ADDR_TEXT];
	bool v4 = false;

	*n = (struct cidr){ 0 };
	if (!parse_net(n, text, &v4))
		return err_set(err, ERR_PERM,
		    "expected a network such as 10.0.0.0/8 or [fd00::]/8, not "
		    "\"%.*s\"",
		    SLICE_FMT(slice_sub(text, 0, 80)));
	if (!mask(n))
		return err_set(err, ERR_PERM,
		    "\"%.*s\" has bits set beyond its prefix: expected %s",
		    SLICE_FMT(text), addr_cidr_format(n, meant));
	return 0;
}

bool
addr_cidr_match(const struct cidr *n, const struct addr *a)
{
	const size_t whole = n->bits / 8;
	const unsigned rest = n->bits % 8;
	uint8_t ip[16];

	if (!addr_ip16(a, ip) || memcmp(ip, n->ip, whole) != 0)
		return false;
	return rest == 0 ||
	       ((unsigned)(ip[whole] ^ n->ip[whole]) >> (8 - rest)) == 0;
}

const char *
addr_cidr_format(const struct cidr *n, char text[ADDR_TEXT])
{
	const bool v4 = n->bits >= 96 && addr_ip16_is_v4(n->ip);
	char ip[ADDR_TEXT];

	format_ip16(n->ip, ip);
	snprintf(text, ADDR_TEXT, v4 ? "%.100s/%d" : "[%.100s]/%d", ip,
	    v4 ? n->bits - 96 : n->bits);
	return text;
}

/* SPDX-License-Identifier: ISC */
#include "front/proxy.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cur.h"
#include "sys/addr.h"

/* Version 2: 12 bytes that no text protocol begins with, then version and
 * command, family and transport, and the length of what follows. */
enum {
	V2_FIXED = 16,
	V2_VERSION = 0x20,
	V2_LOCAL = 0,
	V2_PROXY = 1,
	V2_UNSPEC = 0x00,
	V2_TCP4 = 0x11,
	V2_TCP6 = 0x21,
	V2_UNIX = 0x31,
	V2_TCP4_BYTES = 12, /* two addresses, two ports */
	V2_TCP6_BYTES = 36,
	V2_UNIX_BYTES = 216,
};

static const struct slice v1_start = { "PROXY ", 6 };
static const struct slice v2_start = { "\r\n\r\n\0\r\nQUIT\n", 12 };

static void
set_client(struct addr *client, int family, const void *ip, uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in4 = (struct sockaddr_in *)(void *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&ss;

	if (family == AF_INET) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, ip, sizeof in4->sin_addr);
		addr_set(client, &ss, sizeof *in4);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, ip, sizeof in6->sin6_addr);
		addr_set(client, &ss, sizeof *in6);
	}
}

/* ---- version 1 */

static bool
is_word(char c)
{
	return c > ' ' && c < 0x7f;
}

static uint16_t
take_port(struct cur *c)
{
	const struct slice word = cur_while(c, is_word);
	struct cur digits = cur_of(word);
	const uint16_t port = (uint16_t)cur_u64(&digits, UINT16_MAX);

	if (!cur_end(&digits) || (word.n > 1 && word.p[0] == '0'))
		cur_fail(c);
	return port;
}

/* "TCP4 SOURCE DESTINATION PORT PORT", or UNKNOWN and whatever follows. */
static enum proxy_found
parse_line(struct slice line, struct addr *client)
{
	struct cur c = cur_of(line);
	struct slice source, destination;
	struct addr server;
	uint16_t port;
	int family;

	if (slice_is(line, "UNKNOWN") || slice_starts(line, SLICE("UNKNOWN ")))
		return PROXY_OWN;
	if (slice_starts(line, SLICE("TCP4 ")))
		family = AF_INET;
	else if (slice_starts(line, SLICE("TCP6 ")))
		family = AF_INET6;
	else
		return PROXY_INVALID;
	(void)cur_take(&c, sizeof "TCP4 " - 1);
	source = cur_while(&c, is_word);
	cur_lit(&c, " ");
	destination = cur_while(&c, is_word);
	cur_lit(&c, " ");
	port = take_port(&c);
	cur_lit(&c, " ");
	(void)take_port(&c);
	return cur_end(&c) && addr_of_ip(client, family, source, port) &&
		       addr_of_ip(&server, family, destination, 0)
		   ? PROXY_CLIENT
		   : PROXY_INVALID;
}

static enum proxy_found
parse_v1(struct slice in, size_t *len, struct addr *client)
{
	const struct slice head = slice_sub(in, 0, PROXY_V1_MAX);
	const size_t end = slice_search(head, SLICE("\r\n"));

	if (end == head.n)
		return in.n < PROXY_V1_MAX ? PROXY_MORE : PROXY_INVALID;
	*len = end + 2;
	return parse_line(slice_sub(in, v1_start.n, end - v1_start.n), client);
}

/* ---- version 2 */

static enum proxy_found
parse_block(uint8_t what, const uint8_t *p, size_t n, struct addr *client)
{
	switch (what) {
	case V2_UNSPEC:
		return PROXY_OWN;
	case V2_TCP4:
		if (n < V2_TCP4_BYTES)
			return PROXY_INVALID;
		set_client(client, AF_INET, p, (uint16_t)(p[8] << 8 | p[9]));
		return PROXY_CLIENT;
	case V2_TCP6:
		if (n < V2_TCP6_BYTES)
			return PROXY_INVALID;
		set_client(client, AF_INET6, p, (uint16_t)(p[32] << 8 | p[33]));
		return PROXY_CLIENT;
	case V2_UNIX:
		return n < V2_UNIX_BYTES ? PROXY_INVALID : PROXY_OWN;
	default:
		return PROXY_INVALID;
	}
}

/* What stands behind the addresses (TLVs) is skipped. */
static enum proxy_found
parse_v2(struct slice in, size_t *len, struct addr *client)
{
	const uint8_t *p = (const uint8_t *)in.p;
	size_t n;

	if (in.n < V2_FIXED)
		return PROXY_MORE;
	n = (size_t)p[14] << 8 | p[15];
	if (V2_FIXED + n > PROXY_HEADER_MAX ||
	    (p[12] != (V2_VERSION | V2_LOCAL) &&
		p[12] != (V2_VERSION | V2_PROXY)))
		return PROXY_INVALID;
	if (in.n < V2_FIXED + n)
		return PROXY_MORE;
	*len = V2_FIXED + n;
	if (p[12] == (V2_VERSION | V2_LOCAL))
		return PROXY_OWN;
	return parse_block(p[13], p + V2_FIXED, n, client);
}

/* Does IN begin with WHOLE, so far as it goes? */
static bool
begins(struct slice in, struct slice whole)
{
	const size_t n = in.n < whole.n ? in.n : whole.n;

	return slice_eq(slice_sub(in, 0, n), slice_sub(whole, 0, n));
}

enum proxy_found
proxy_parse(struct slice in, size_t *len, struct addr *client)
{
	*len = in.n;
	if (begins(in, v1_start))
		return in.n < v1_start.n ? PROXY_MORE
					 : parse_v1(in, len, client);
	if (begins(in, v2_start))
		return parse_v2(in, len, client);
	return PROXY_INVALID;
}

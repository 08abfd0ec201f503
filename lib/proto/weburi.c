/* SPDX-License-Identifier: ISC */
#include "proto/weburi.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/hex.h"
#include "proto/address.h"

static bool
is_host_byte(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '.';
}

/* Two labels at least, the last one with a letter first: what some libraries
 * read as an address ("2130706433", "0x7f.1") is none. */
static bool
is_host(struct slice host)
{
	size_t dot = 0;

	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '.')
			dot = i;
	return dot > 0 && address_is_domain(host, 0) &&
	       ascii_isalpha(host.p[dot + 1]);
}

static void
take_port(struct cur *c, struct weburi *u)
{
	if (!cur_try_byte(c, ':'))
		return;
	u->port = (uint16_t)cur_u64(c, UINT16_MAX);
	if (u->port == 0)
		cur_fail(c);
}

/* pchar / "/" / "?" (RFC 3986 3.3, 3.4) */
static bool
is_path(struct slice s)
{
	static const char others[] = "-._~$&'()*+=:@/?%";

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_isalnum(s.p[i]) &&
		    memchr(others, s.p[i], sizeof others - 1) == NULL)
			return false;
		if (s.p[i] == '%' &&
		    (i + 2 >= s.n || hex_digit(s.p[i + 1]) == -1 ||
			hex_digit(s.p[i + 2]) == -1))
			return false;
	}
	return s.n == 0 || s.p[0] == '/' || s.p[0] == '?';
}

bool
weburi_parse(struct slice text, struct weburi *u)
{
	struct cur c = cur_of(text);

	*u = (struct weburi){ .port = 0 };
	cur_lit(&c, "https://");
	u->host = cur_while(&c, is_host_byte);
	take_port(&c, u);
	u->path = cur_rest(&c);
	return cur_ok(&c) && text.n <= WEBURI_MAX && is_host(u->host) &&
	       is_path(u->path);
}

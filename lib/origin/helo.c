/* SPDX-License-Identifier: ISC */
#include "origin/helo.h"

#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/addr.h"

static bool
is_literal(struct slice helo)
{
	return slice_starts(helo, SLICE("["));
}

static struct slice
without_dot(struct slice name)
{
	return slice_ends(name, SLICE(".")) ? slice_sub(name, 0, name.n - 1)
					    : name;
}

static bool
is_number(struct slice label)
{
	for (size_t i = 0; i < label.n; i++)
		if (!ascii_isdigit(label.p[i]))
			return false;
	return true;
}

bool
helo_is_no_name(struct slice helo)
{
	static const char *const nowhere[] = { "local", "localdomain",
		"localhost" };
	const struct slice name = without_dot(helo);
	const size_t dot = slice_rfind(name, '.');
	const struct slice last = slice_from(name, dot + 1);

	if (is_literal(helo))
		return false;
	if (dot == name.n || is_number(last) ||
	    !address_is_domain(name, ADDRESS_UTF8))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
		if (slice_iis(last, nowhere[i]))
			return true;
	return false;
}

bool
helo_is_own(struct slice helo, struct slice hostname)
{
	return hostname.n > 0 && domain_same(without_dot(helo), hostname);
}

bool
helo_is_other_literal(struct slice helo, const uint8_t ip[16])
{
	struct slice text = slice_sub(helo, 1, helo.n - 2);
	int family = AF_INET;
	uint8_t said[16];
	struct addr a;

	if (!is_literal(helo))
		return false;
	if (helo.n < 2 || !slice_ends(helo, SLICE("]")))
		return true;
	if (slice_istarts(text, SLICE("IPv6:"))) {
		text = slice_from(text, sizeof "IPv6:" - 1);
		family = AF_INET6;
	}
	return !addr_of_ip(&a, family, text, 0) || !addr_ip16(&a, said) ||
	       memcmp(said, ip, sizeof said) != 0;
}

bool
helo_resolves(struct slice helo, struct dns_answers *answers, enum found *found)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX };
	bool done = true;

	*found = is_literal(helo) ? FOUND : ABSENT;
	for (size_t i = 0; i < ARRAY_LEN(types) && *found != FOUND; i++) {
		const struct dns_answer *a =
		    dns_answers_get(answers, without_dot(helo), types[i]);

		if (a == NULL)
			done = false;
		else if (a->found != ABSENT)
			*found = a->found;
	}
	return done || *found == FOUND;
}

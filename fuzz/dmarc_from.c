/* SPDX-License-Identifier: ISC */
/* Whatever From holds, the domains taken out of it are names, and those that a
 * plain reader would find (the last "@" in front of a ">" or of the end) are
 * among them. */
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/must.h"
#include "dmarc/from.h"
#include "proto/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
knows(const struct dmarc_from *from, struct slice domain)
{
	for (size_t i = 0; i < from->n; i++)
		if (slice_ieq(from->domains[i], domain))
			return true;
	return false;
}

/* "<", a local part of letters, "@", a domain of letters and dots, ">" */
static void
look(const struct dmarc_from *from, struct slice value)
{
	const size_t open = slice_rfind(value, '<');
	const struct slice in = slice_from(value, open + 1);
	const size_t end = slice_find(in, '>'), at = slice_find(in, '@');
	struct slice domain;

	if (open == value.n || end == in.n || at >= end || at == 0)
		return;
	domain = slice_sub(in, at + 1, end - at - 1);
	for (size_t i = 0; i < open; i++)
		if (value.p[i] == '"' || value.p[i] == '(' ||
		    value.p[i] == '\\')
			return;
	for (size_t i = 0; i < at; i++)
		if (!ascii_isalnum(in.p[i]))
			return;
	for (size_t i = 0; i < domain.n; i++)
		if (!ascii_isalnum(domain.p[i]) && domain.p[i] != '.')
			return;
	if (slice_ends(domain, SLICE(".")))
		domain.n--;
	must(knows(from, domain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice value = slice_of(data, size);
	struct dmarc_from from;
	struct arena a;

	arena_init(&a);
	dmarc_from_parse(value, &a, &from);
	must(from.n <= DMARC_AUTHORS_MAX);
	if (from.state == DMARC_FROM_GOOD) {
		for (size_t i = 0; i < from.n; i++)
			must(address_is_domain(from.domains[i], 0));
		look(&from, value);
	}
	arena_fini(&a);
	return 0;
}

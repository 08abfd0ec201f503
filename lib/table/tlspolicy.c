/* SPDX-License-Identifier: ISC */
#include "table/tlspolicy.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "proto/address.h"
#include "proto/nexthop.h"
#include "table/tlspolicy_host.h"

enum { LEVELS = TLS_POLICY_DANE + 1 };

/* DOMAIN or .DOMAIN */
static bool
is_domain(struct slice word, unsigned flags)
{
	return address_is_domain(
	    slice_from(word, slice_starts(word, SLICE("."))), flags);
}

static bool
are_names(struct slice words)
{
	while (words.n > 0) {
		const struct slice word =
		    slice_trim(slice_cut(words, ' ', &words));

		if (word.n > 0 && !is_domain(word, 0))
			return false;
	}
	return true;
}

int
tlspolicy_parse(struct slice value, struct tlspolicy *p, struct err *err)
{
	struct slice rest, word = slice_cut(slice_trim(value), ' ', &rest);
	size_t level = 0;

	*p = (struct tlspolicy){ .names = slice_trim(rest) };
	while (level < LEVELS &&
	       !slice_is(word, tlspolicy_name((enum tls_policy_level)level)))
		level++;
	if (level == LEVELS)
		return err_set(err, ERR_PERM,
		    "expected none, may, encrypt, verify [NAME...] or dane");
	p->level = (enum tls_policy_level)level;
	if (p->names.n > 0 && p->level != TLS_POLICY_VERIFY)
		return err_set(err, ERR_PERM, "only verify takes names");
	if (p->names.n > TLS_POLICY_NAMES_MAX)
		return err_set(err, ERR_PERM, "names of more than %d bytes",
		    TLS_POLICY_NAMES_MAX);
	if (!are_names(p->names))
		return err_set(
		    err, ERR_PERM, "expected names HOST or .DOMAIN in ASCII");
	return 0;
}

int
tlspolicy_check(struct slice key, struct slice value, struct err *err)
{
	struct tlspolicy p;
	struct nexthop nh;
	const bool is_host = slice_starts(key, SLICE("[")) &&
			     nexthop_parse(key, &nh) &&
			     nh.kind == NEXTHOP_HOST && nh.port == 0;

	if (!is_host && !is_domain(key, ADDRESS_UTF8))
		return err_set(err, ERR_PERM,
		    "expected DOMAIN, .DOMAIN, [HOST] or [ADDRESS]");
	return tlspolicy_parse(value, &p, err);
}

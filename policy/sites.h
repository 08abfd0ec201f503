/* SPDX-License-Identifier: ISC */
/* dnsbl_sites as they are configured, and which of them do not work. */
#ifndef POLICY_SITES_H
#define POLICY_SITES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "origin/dnsbl.h"

/* policy_conf is new; -1 (ERR_PERM), and as before, when a site is none. */
int policy_sites_configure(struct err *err);
/* Those that are asked now, in ARENA: one that kept silent a few times in a row
 * is left out for a minute. */
const struct dnsbl_site *policy_sites_now(struct arena *arena, size_t *n);
/* What SITE (of those) did. */
void policy_sites_found(
    const struct dnsbl_site *site, const struct dnsbl_found *found);

#endif

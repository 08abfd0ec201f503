/* SPDX-License-Identifier: ISC */
/*
 * What TLS reports of others say, summed up by policy and result.  Strangers
 * have written them: whoever calls this has locked himself in, and all that is
 * taken is bounded.
 */
#ifndef CTL_REPORTS_TLSSUM_H
#define CTL_REPORTS_TLSSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { TLSSUM_VALUES = 7 };

struct tlssum_row {
	/* domain, policy, result, host, host_ip, reporter, reason */
	struct slice values[TLSSUM_VALUES];
	uint64_t sessions;
};

struct tlssum;

struct tlssum *tlssum_new(void);
void tlssum_free(struct tlssum **s);
/* Add the reports in FILE: a message, or a file as it is attached to one.  A
 * report that was there already counts once.  *REPORTS: how many it has.  -1:
 * one of them cannot be read. */
int tlssum_add(
    struct tlssum *s, struct slice file, size_t *reports, struct err *err);
/* The rows, the domains in order, and of each failures before what was well and
 * the most sessions first. */
const struct tlssum_row *const *tlssum_rows(struct tlssum *s, size_t *n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * What DMARC reports of others say, summed up by client and result.  Strangers
 * have written them: whoever calls this has locked himself in (inst/confined.h,
 * mailbox/asowner.h), and all that is taken is bounded.
 */
#ifndef CTL_REPORTS_DMARCSUM_H
#define CTL_REPORTS_DMARCSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { DMARCSUM_VALUES = 7 };

struct dmarcsum_row {
	/* domain, source, header_from, disposition, dkim, spf, reason */
	struct slice values[DMARCSUM_VALUES];
	uint64_t messages;
};

struct dmarcsum;

struct dmarcsum *dmarcsum_new(void);
void dmarcsum_free(struct dmarcsum **s);
/* Add the reports in FILE: a message, or a file as it is attached to one.  A
 * report that was there already counts once.  *REPORTS: how many it has, a
 * message may have none.  -1: one of them cannot be read. */
int dmarcsum_add(
    struct dmarcsum *s, struct slice file, size_t *reports, struct err *err);
/* The rows, the domains in order, and of each the most messages first. */
const struct dmarcsum_row *const *dmarcsum_rows(struct dmarcsum *s, size_t *n);

#endif

/* SPDX-License-Identifier: ISC */
/* What DMARC found of a message, in the words of a report (ipc/reporter.h). */
#ifndef POLICY_FOUND_H
#define POLICY_FOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct policy_auth;

struct policy_found {
	bool wanted; /* the author's domain asks for reports, and it was
			decided */
	bool passed;
	bool lowered; /* t=y: less is applied than the policy says */
	struct slice domain, rua, fo, author;
	uint32_t p, sp, np, flags;
	struct buf signatures, sender; /* lines */
};

/* All of A, which outlives it. */
void policy_found_init(struct policy_found *f, const struct policy_auth *a);
void policy_found_fini(struct policy_found *f);

#endif

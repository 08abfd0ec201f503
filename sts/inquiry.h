/* SPDX-License-Identifier: ISC */
/* One look at what a domain publishes: its record, and if that is wanted, its
 * policy. */
#ifndef STS_INQUIRY_H
#define STS_INQUIRY_H

#include <stdbool.h>

#include "sts/policy.h"

struct sts_inquiry;

struct sts_found {
	enum {
		STS_FOUND_NONE,    /* no record: why */
		STS_FOUND_UNKNOWN, /* it cannot be looked up: why */
		STS_FOUND_SAME,    /* the record alone, as it was wanted */
		STS_FOUND_FAILED,  /* failure (RFC 8460 4.3) and why */
		STS_FOUND_POLICY,  /* the policy; who is told may empty it */
	} kind;
	const char *id; /* but for NONE and UNKNOWN */
	const char *failure, *why;
	struct sts_policy policy;
};

/* WANTS is asked whether the policy of a record's ID is to be fetched (NULL: it
 * is); FOUND is called once, never from inside this.  Both get ARG. */
struct sts_inquiry *sts_inquiry_new(const char *domain,
    bool (*wants)(void *arg, const char *id),
    void (*found)(void *arg, struct sts_found *f), void *arg);
/* From inside FOUND. */
void sts_inquiry_free(struct sts_inquiry **q);

#endif

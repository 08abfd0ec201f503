/* SPDX-License-Identifier: ISC */
/* A policy as it is kept, and its text in a file. */
#ifndef STS_POLICY_H
#define STS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "proto/mtasts.h"

struct buf;

struct sts_policy {
	struct mtasts_policy is;
	char id[MTASTS_ID_MAX + 1];
	char *mx;          /* NULL: there is no policy */
	int64_t fetched_s; /* by the wall clock */
	int64_t asked_s;   /* mail wanted it */
};

/* NAME's policy in the form of a file, and back; in what comes back times are
 * not later than NOW_S. */
void sts_policy_format(const struct sts_policy *p, struct buf *out);
int sts_policy_parse(
    struct slice text, int64_t now_s, struct sts_policy *p, struct err *err);
void sts_policy_fini(struct sts_policy *p);

/* Does it count at NOW_S? */
bool sts_policy_is_valid(const struct sts_policy *p, int64_t now_s);
/* When it ends, by the wall clock. */
int64_t sts_policy_ends_s(const struct sts_policy *p);
/* So many seconds behind FETCHED it is to be fetched anew, somewhere between
 * half of that time and all of it as RANDOM says; 0: not ahead of its end. */
int64_t sts_policy_refresh_s(const struct sts_policy *p, uint32_t random);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Policies on disk: a file for each domain, with its name, which is replaced as
 * a whole.  So a crash leaves the old or the new one, and what a domain has
 * asked for outlives this process.  What cannot be read is no policy, and is
 * removed.
 */
#ifndef STS_CACHE_H
#define STS_CACHE_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct sts_policy;

/* Have TAKE get each policy in the directory DIRFD (-1: nothing is kept on
 * disk), which stays the caller's; it empties P if it keeps it. */
int sts_cache_open(int dirfd, int64_t now_s,
    void (*take)(struct slice domain, struct sts_policy *p), struct err *err);
/* On disk if 0. */
int sts_cache_put(
    const char *domain, const struct sts_policy *p, struct err *err);
int sts_cache_del(const char *domain, struct err *err);

#endif

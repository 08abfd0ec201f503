/* SPDX-License-Identifier: ISC */
/* The message that tells the owner of an account how full it is. */
#ifndef STORE_WARNING_H
#define STORE_WARNING_H

struct account;
struct buf;
struct quota;

/* Add it, as the wire has it: to the owner of A, from its store, about WARNING
 * (quota_policy.h) and what is USED of A's quota. */
void warning_put(struct buf *out, const struct account *a, unsigned warning,
    const struct quota *used);

#endif

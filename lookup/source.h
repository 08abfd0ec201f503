/* SPDX-License-Identifier: ISC */
/* What the table source_addresses says of mail that goes on. */
#ifndef LOOKUP_SOURCE_H
#define LOOKUP_SOURCE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct mx_list;
struct nexthop;

/* Is there such a table?  Then an answer is for its sender and login alone. */
bool lookup_source_is_used(void);
/*
 * Add an entry's value, or nothing, to OUT: that of LOGIN, of SENDER, of his
 * domain, of the hosts that it goes to (lookup/hosts.h), of "*".  TEMPFAIL: it
 * is not known, so that nothing may go from another address.
 */
enum found lookup_source_add(struct slice login, struct slice sender,
    const struct nexthop *nh, const struct mx_list *list, struct buf *out);

#endif

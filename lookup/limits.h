/* SPDX-License-Identifier: ISC */
/* Which entry of the table limits binds mail for a next hop. */
#ifndef LOOKUP_LIMITS_H
#define LOOKUP_LIMITS_H

#include <stdbool.h>

struct buf;
struct mx_list;
struct nexthop;

/*
 * Add "KEY VALUE", or nothing, to OUT for mail that goes to NH, whose hosts are
 * LIST (NULL: they are not known).  The entry is that of the first, by name, of
 * the hosts that has one, as it is or by a domain it stands beneath, so that
 * all domains of the same hosts have the same; else that of NH; else that of
 * "*".  True: it is NH's own, whatever others have the same hosts.
 */
bool lookup_limits_add(
    const struct nexthop *nh, const struct mx_list *list, struct buf *out);

#endif

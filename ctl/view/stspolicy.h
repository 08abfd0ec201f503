/* SPDX-License-Identifier: ISC */
/* The MTA-STS policy that sts has in its cache for a next hop. */
#ifndef CTL_VIEW_STSPOLICY_H
#define CTL_VIEW_STSPOLICY_H

#include "base/buf.h"
#include "base/slice.h"
#include "ctl/inst/instance.h"

/* Add "MODE, ID, MX..." to OUT; nothing where NEXTHOP ("smtp:example.org") has
 * none, or sts does not answer. */
void stspolicy_add(
    const struct instance *in, struct slice nexthop, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/* What the table tls_policies says of a next hop. */
#ifndef LOOKUP_TLSPOLICY_H
#define LOOKUP_TLSPOLICY_H

#include "base/err.h"
#include "base/slice.h"

struct buf;

/* Add the entry of NEXTHOP (proto/nexthop.h) to VALUE: of the host in its
 * brackets, of the domain, of the domains above it.  TEMPFAIL and ERR: the
 * table cannot be asked, or what it says cannot be done. */
enum found lookup_tlspolicy(
    struct slice nexthop, struct buf *value, struct err *err);

#endif

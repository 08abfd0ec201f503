/* SPDX-License-Identifier: ISC */
/* Domains as people read them (RFC 5890 2.3.2.1). */
#ifndef PROTO_ULABEL_H
#define PROTO_ULABEL_H

#include "base/slice.h"

struct buf;

/* Add DOMAIN to OUT with U-labels in place of A-labels, as far as they are any;
 * the rest stays, ASCII in lower case. */
void ulabel_put(struct slice domain, struct buf *out);

#endif

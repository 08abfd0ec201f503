/* SPDX-License-Identifier: ISC */
/*
 * The one form in which domains are compared and looked up (RFC 5890 2.3.2):
 * A-labels in lower case.  "Bücher.example" and "xn--bcher-kva.example" are one
 * domain.  What a user wrote stays as it is in headers and envelope; tables,
 * configuration, the DNS and TLS names are asked in this form.
 */
#ifndef PROTO_DOMAIN_H
#define PROTO_DOMAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Add DOMAIN's ASCII form to OUT (at most ADDRESS_DOMAIN_MAX bytes): U-labels
 * (RFC 5891, mapped by UTS 46) become A-labels, ASCII labels stay as they are
 * in lower case.  A dot in front stays; address literals stay.  False, and
 * OUT as before, when a label beyond ASCII is none of IDNA2008 or the result
 * is longer than a domain. */
bool domain_to_ascii(struct slice domain, struct buf *out);
/* Whether A and B are one domain. */
bool domain_same(struct slice a, struct slice b);
/* Whether NAME is DOMAIN or beneath it, both in this form or not (case of ASCII
 * is ignored). */
bool domain_is_beneath(struct slice name, struct slice domain);
/* The same as domain_to_ascii for the domain of a canonical address; the local
 * part stays. Without a domain it is a copy. */
bool domain_address_to_ascii(struct slice address, struct buf *out);

#endif

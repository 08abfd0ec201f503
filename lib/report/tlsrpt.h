/* SPDX-License-Identifier: ISC */
/* The record in which a domain asks for TLS reports (RFC 8460 3): TXT at
 * _smtp._tls.DOMAIN. */
#ifndef REPORT_TLSRPT_H
#define REPORT_TLSRPT_H

#include <stdbool.h>

#include "base/slice.h"

/* Is TXT one of the records that count, "v=TLSRPTv1;..."? */
bool tlsrpt_is_record(struct slice txt);
/* *RUA: the URIs of the record TXT, within it, with commas between them; false:
 * it is malformed, or has none. */
bool tlsrpt_parse(struct slice txt, struct slice *rua);

#endif

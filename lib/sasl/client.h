/* SPDX-License-Identifier: ISC */
/* The client's side of SASL: what to send to another host. */
#ifndef SASL_CLIENT_H
#define SASL_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The one response of PLAIN (RFC 4616) in base 64 to OUT.  False when a part
 * is empty or holds a NUL, or OUT is full.  Only inside TLS. */
bool sasl_client_plain(
    struct slice login, struct slice secret, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/* The fields that delivery puts before a message, and the loops they show. */
#ifndef LOCAL_TRACE_H
#define LOCAL_TRACE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum { TRACE_MAX_BYTES = 16384 }; /* of all that trace_put adds */

/* Return-Path (RFC 5321 4.4), Delivered-To, where ADDRESS is not empty, and
 * FRONT (queue/front.h); with CRLF. */
void trace_put(struct buf *out, struct slice sender, struct slice address,
    struct slice front);
/* Does HEADER (from the message's start) say that it was delivered to ADDRESS
 * before?  Then it is going round. */
bool trace_is_loop(struct slice header, struct slice address);
/* Take everything up to and with the next Return-Path field off *HEADER and
 * give the whole field; empty when there is none.  Ours is the only one that
 * a delivered message shall have (RFC 5321 4.4). */
struct slice trace_return_path(struct slice *header);

#endif

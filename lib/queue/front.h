/* SPDX-License-Identifier: ISC */
/*
 * Header fields that this host puts in front of a message whose bytes stay as
 * they came (envelope.front): what delivers or sends the message writes them
 * before it.
 */
#ifndef QUEUE_FRONT_H
#define QUEUE_FRONT_H

#include <stdbool.h>

#include "base/slice.h"

enum { FRONT_MAX_BYTES = 8192 };

/* Are these whole fields (RFC 5322 2.2) with CRLF, or none, and not too much?
 */
bool front_is_valid(struct slice fields);

#endif

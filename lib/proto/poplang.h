/* SPDX-License-Identifier: ISC */
/* LANG of POP3 (RFC 6856 3), which may be asked before and after the login:
 * texts are English, whatever is asked for. */
#ifndef PROTO_POPLANG_H
#define PROTO_POPLANG_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

/* The whole reply to LANG with ARG, into OUT; false: that it is refused. */
bool poplang_reply(struct slice arg, struct buf *out);

#endif

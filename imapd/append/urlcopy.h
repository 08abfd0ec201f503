/* SPDX-License-Identifier: ISC */
/* What a URL names becomes part of a message that comes in (RFC 4469). */
#ifndef IMAPD_APPEND_URLCOPY_H
#define IMAPD_APPEND_URLCOPY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct incoming;
struct session;
struct urlcopy;

/* ABSENT: URL is none, or of nothing that there is. */
enum found urlcopy_new(
    struct session *s, struct slice url, struct urlcopy **u, struct err *err);
/* *U may be NULL. */
void urlcopy_free(struct urlcopy **u);
/* A step of it into IN; *MORE: call again.  ABSENT: it has gone, or has no such
 * section. */
enum found urlcopy_step(
    struct urlcopy *u, struct incoming *in, bool *more, struct err *err);

#endif

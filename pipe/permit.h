/* SPDX-License-Identifier: ISC */
/* Nobody's word but the owner's own starts something as him. */
#ifndef PIPE_PERMIT_H
#define PIPE_PERMIT_H

#include "base/err.h"
#include "base/slice.h"

struct aliases;
struct owner;

/* Has OWNER written TARGET down for ADDRESS: a user of the host in his
 * .forward, nobody in ALIASES?  What is not FOUND has its reason in ERR. */
enum found permit_find(const struct owner *owner, const struct aliases *aliases,
    struct slice address, struct slice target, struct err *err);

#endif

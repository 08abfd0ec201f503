/* SPDX-License-Identifier: ISC */
/*
 * What of a body that a script has made (replace, enclose) is the message's
 * own, so that a large one need not be said again.
 */
#ifndef SIEVERUN_STRETCHES_H
#define SIEVERUN_STRETCHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { STRETCHES_MAX = 5 };

struct body_stretch {
	struct slice bytes; /* of the body */
	int64_t from;       /* where they stand in the message; -1: nowhere */
};

/* BODY in stretches, to LIST (STRETCHES_MAX); how many. */
size_t stretches_find(
    struct slice body, struct slice message, struct body_stretch *list);

#endif

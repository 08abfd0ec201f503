/* SPDX-License-Identifier: ISC */
#ifndef MASTER_HOLDER_H
#define MASTER_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/addr.h"

/* Who listens on the port of A: "NAME (process PID)"; "user NAME (...)" when
 * the process cannot be seen; "" when nobody does.  For words to people; by
 * then it may be another.  True when it is seen to be none of our programs. */
bool holder_find(const struct addr *a, char *out, size_t size);

#endif

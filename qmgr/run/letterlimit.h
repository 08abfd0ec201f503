/* SPDX-License-Identifier: ISC */
/*
 * How much the scripts of an account may send in a time, whatever process says
 * that they send it: COUNT recipients at once, and then one each TIME/COUNT.
 * What an account has sent so far is known until it is paid for, or qmgr ends.
 */
#ifndef QMGR_RUN_LETTERLIMIT_H
#define QMGR_RUN_LETTERLIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* How many recipients there are in TO (lines). */
size_t letterlimit_count(struct slice to);
/* May ACCOUNT send to N recipients more at NOW_MS (of a clock that does not go
 * back)?  Then they count.  COUNT 0: as many as it likes. */
bool letterlimit_take(struct slice account, size_t n, uint64_t count,
    int64_t time_ms, int64_t now_ms);

#endif

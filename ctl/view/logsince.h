/* SPDX-License-Identifier: ISC */
#ifndef CTL_VIEW_LOGSINCE_H
#define CTL_VIEW_LOGSINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ctl/view/logset.h"

/* TEXT is an age ("90s", "30m", "12h", "2d", "1w" before NOW_S, seconds since
 * 1970) or the beginning of a time as it stands in the log, "2026-11-20T21" (a
 * blank may stand for T, and Z behind it): as such a time.  False: neither. */
bool logsince_parse(
    struct slice text, int64_t now_s, char since[static LOGSET_SINCE_BYTES]);

#endif

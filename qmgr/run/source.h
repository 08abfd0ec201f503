/* SPDX-License-Identifier: ISC */
#ifndef QMGR_RUN_SOURCE_H
#define QMGR_RUN_SOURCE_H

#include "base/slice.h"

struct rcpt;

/* Of the addresses ALL that R's message may go from (table/source.h), one of
 * each family: the same at each attempt. */
struct slice source_of_rcpt(struct rcpt *r, struct slice all);

#endif

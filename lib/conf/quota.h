/* SPDX-License-Identifier: ISC */
/*
 * Quotas as tables and parameters write them: bytes with K, M, G or T, and
 * messages behind a comma: "1G", "1G,10000", "0,10000".
 */
#ifndef CONF_QUOTA_H
#define CONF_QUOTA_H

#include <stdbool.h>

#include "base/quota.h"
#include "base/slice.h"

struct buf;

/* Both are INT64_MAX at most. */
bool quota_parse(struct slice text, struct quota *q);
void quota_format(const struct quota *q, struct buf *out);

#endif

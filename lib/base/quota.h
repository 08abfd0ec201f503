/* SPDX-License-Identifier: ISC */
/* How much an account may have (0: no limit), or has. */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct quota {
	uint64_t bytes, messages;
};

static inline bool
quota_is_limited(const struct quota *q)
{
	return q->bytes > 0 || q->messages > 0;
}

#endif

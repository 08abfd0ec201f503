/* SPDX-License-Identifier: ISC */
/* How much an account may have (0: no limit), or has. */
#ifndef BASE_QUOTA_H
#define BASE_QUOTA_H

#include <stdint.h>

struct quota {
	uint64_t bytes, messages;
};

#endif

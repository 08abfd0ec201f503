/* SPDX-License-Identifier: ISC */
#ifndef SCRIPT_RANGE_H
#define SCRIPT_RANGE_H

#include <stddef.h>
#include <stdint.h>

/* A stretch of the message, which stands before the byte AT of a body. */
struct script_range {
	size_t at;
	int64_t from, size;
};

#endif

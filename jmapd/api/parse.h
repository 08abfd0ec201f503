/* SPDX-License-Identifier: ISC */
/* Request objects as JSON: strict, and bounded before anything is made of them.
 */
#ifndef JMAPD_API_PARSE_H
#define JMAPD_API_PARSE_H

#include <jansson.h>

#include "base/slice.h"

enum {
	PARSE_DEPTH_MAX = 64,
	PARSE_VALUES_MAX = 250000, /* some 100 bytes of memory each */
};

/* Once, while randomness can be had: strangers cannot choose names that
 * collide. */
void parse_seed(void);

enum parse_result {
	PARSE_OK,
	PARSE_NOT_JSON, /* nor I-JSON (RFC 7493): a name twice, no UTF-8, NUL */
	PARSE_TOO_DEEP, /* or too many values */
};

/* TEXT is one value, *VALUE, which is the caller's. */
enum parse_result parse_json(struct slice text, json_t **value);

#endif

/* SPDX-License-Identifier: ISC */
#include "queue/priority.h"

#include "base/ascii.h"

bool
priority_level_parse(struct slice text, int8_t *level)
{
	const bool minus = slice_starts(text, SLICE("-"));
	const struct slice digit = slice_from(text, minus);

	if (digit.n != 1 || !ascii_isdigit(*digit.p) ||
	    (minus && *digit.p == '0'))
		return false;
	*level = (int8_t)(*digit.p - '0');
	if (minus)
		*level = (int8_t) - *level;
	return true;
}

/* SPDX-License-Identifier: ISC */
#include "sys/id.h"

#include "sys/clock.h"

enum { TIME_DIGITS = 11 };

/* N as COUNT digits. */
static char *
put(char *p, uint64_t n, unsigned count)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	for (unsigned i = count; i > 0; i--, n >>= 5)
		p[i - 1] = digits[n & 31];
	return p + count;
}

void
id_new(char *id, uint32_t tail, unsigned digits)
{
	static int64_t last;
	int64_t now = clock_wall_us();

	if (now <= last)
		now = last + 1;
	last = now;
	id = put(id, (uint64_t)now, TIME_DIGITS);
	*put(id, tail, digits) = '\0';
}

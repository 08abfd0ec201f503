/* SPDX-License-Identifier: ISC */
#include "sys/clocktext.h"

#include <time.h>

void
clocktext_format(int64_t unix_s, char text[CLOCKTEXT_SIZE])
{
	const time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 9999 - 1900 ||
	    strftime(text, CLOCKTEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		text[0] = '\0';
}

/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/when.h"

#include <string.h>
#include <time.h>

#include "base/slice.h"
#include "ctl/view/logsince.h"
#include "ctl/view/out.h"
#include "sys/clock.h"

static const char format[] = "%Y-%m-%dT%H:%M:%S";

bool
when_parse(const char *text, int64_t *time_s)
{
	char since[LOGSET_SINCE_BYTES + 1] = "";
	struct tm tm = { 0 };

	if (!logsince_parse(slice_str(text), clock_wall_s(), since) ||
	    strptime(since, format, &tm) == NULL)
		return false;
	*time_s = timegm(&tm);
	return true;
}

void
when_put(struct out *out, int64_t time_s)
{
	const time_t t = time_s;
	char text[32];
	struct tm tm;
	size_t n = 0;

	if (time_s != 0 && gmtime_r(&t, &tm) != NULL)
		n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (n > 0)
		out_str(out, slice_of(text, n));
	else
		out_none(out);
}

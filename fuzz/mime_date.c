/* SPDX-License-Identifier: ISC */
/* Dates: what was understood is understood again as it is written. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "mime/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(const struct date *d)
{
	struct date again;
	struct buf b;

	buf_init(&b, 100);
	date_put(&b, d);
	if (d->time_s >= 0 && d->time_s < 253402214400) {
		must(date_parse(buf_slice(&b), &again));
		must(
		    again.time_s == d->time_s && again.zone_min == d->zone_min);
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice s = slice_of(data, size);
	struct date d;
	int64_t day;

	if (date_parse(s, &d))
		round_trip(&d);
	if (date_parse_imap_time(s, &d))
		round_trip(&d);
	(void)date_parse_imap_day(s, &day);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* The dates of mail: RFC 5322 3.3 (obsolete forms 4.3) and IMAP's own
 * (RFC 9051 9: date, date-time).  No locale, no system time zone. */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

struct date {
	int64_t time_s; /* seconds since 1970 in UTC */
	int zone_min;   /* what local clocks were ahead of UTC: -1439 to 1439 */
};

/* The value of a Date field; comments, a missing weekday or second, zones by
 * name and years of two digits are understood.  False when it is no date. */
bool date_parse(struct slice s, struct date *d);
/* "dd-Mon-yyyy hh:mm:ss +zzzz" without quotes.  Also what clients send beside
 * the grammar: a day or hour of one digit without a space or zero before it, a
 * zone by name. */
bool date_parse_imap_time(struct slice s, struct date *d);
/* "d-Mon-yyyy" as SEARCH has it, to a day (see date_day); a space before the
 * day is passed over. */
bool date_parse_imap_day(struct slice s, int64_t *day);

/* Days since 1970-01-01 of the calendar where D was written. */
int64_t date_day(const struct date *d);

/* "Tue, 21 Nov 2000 09:08:07 +0900" */
void date_put(struct buf *out, const struct date *d);
/* "21-Nov-2000 09:08:07 +0900", the day with a leading space (RFC 9051
 * date-day-fixed); no quotes. */
void date_put_imap(struct buf *out, const struct date *d);

#endif

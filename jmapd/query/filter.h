/* SPDX-License-Identifier: ISC */
/* Filters and sorts of Email/query as they are written (RFC 8621 4.4.1, 4.4.2),
 * made into criteria and sorts. */
#ifndef JMAPD_QUERY_FILTER_H
#define JMAPD_QUERY_FILTER_H

#include <jansson.h>

#include "mailquery/mailquery.h"

struct arena;
struct accountmail;

/* What is wrong, as an error's type (RFC 8620 5.5): NULL: nothing. */

/* FILTER (NULL: none) into *C, memory from A and as long as FILTER; mailboxes
 * are those of E. */
const char *filter_read(json_t *filter, const struct accountmail *e,
    struct arena *a, struct criterion **c);
/* SORT (NULL: none) into R. */
const char *filter_read_sort(
    json_t *sort, struct arena *a, struct mailquery_request *r);
/* A UTCDate (RFC 8620 1.4) in seconds since 1970. */
bool filter_date(struct slice text, int64_t *time_s);

#endif

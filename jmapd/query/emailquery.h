/* SPDX-License-Identifier: ISC */
/* Email/query, Email/queryChanges (RFC 8621 4.4, 4.5). */
#ifndef JMAPD_QUERY_EMAILQUERY_H
#define JMAPD_QUERY_EMAILQUERY_H

#include "jmapd/api/call.h"

extern const struct call_method emailquery_query;
extern const struct call_method emailquery_changes;

#endif

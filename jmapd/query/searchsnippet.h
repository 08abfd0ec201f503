/* SPDX-License-Identifier: ISC */
/* SearchSnippet/get (RFC 8621 5.1). */
#ifndef JMAPD_QUERY_SEARCHSNIPPET_H
#define JMAPD_QUERY_SEARCHSNIPPET_H

#include "jmapd/api/call.h"

extern const struct call_method searchsnippet_get;

#endif

/* SPDX-License-Identifier: ISC */
/* The one method of the core (RFC 8620 4). */
#ifndef JMAPD_API_CORE_H
#define JMAPD_API_CORE_H

#include "jmapd/api/call.h"

extern const struct call_method core_echo;

#endif

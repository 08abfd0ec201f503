/* SPDX-License-Identifier: ISC */
#ifndef JMAPD_API_ARGS_H
#define JMAPD_API_ARGS_H

#include <jansson.h>

#include "jmapd/api/call.h"

/* The name of an argument in ARGS that M does not have, or that is of another
 * type than M's table says, or missing; NULL: all is well. */
const char *args_check(const struct call_method *m, json_t *args);

#endif

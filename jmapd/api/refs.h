/* SPDX-License-Identifier: ISC */
/* Arguments that are found in an earlier response of the same request (RFC 8620
 * 3.7). */
#ifndef JMAPD_API_REFS_H
#define JMAPD_API_REFS_H

#include <jansson.h>
#include <stdbool.h>

/* Is there a reference to the response ID in CALLS (the array methodCalls),
 * from the call FROM on? */
bool refs_wanted(const json_t *calls, size_t from, const char *id);

/* Responses so far that may be referred to: an array of [name, arguments, id].
 * Replace each "#name" of ARGS by what it stands for.  NULL, or the type of the
 * error: there is none such, or it stands beside "name". */
const char *refs_resolve(const json_t *responses, json_t *args);

/* What PATH, a JSON Pointer (RFC 6901) with "*" for each element of an array,
 * leads to in VALUE: a new reference.  NULL: nothing. */
json_t *refs_follow(json_t *value, const char *path);

#endif

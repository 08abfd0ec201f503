/* SPDX-License-Identifier: ISC */
/* A request to the API (RFC 8620 3): its calls, one after the other, and the
 * Response object that is written as they go on. */
#ifndef JMAPD_API_API_H
#define JMAPD_API_API_H

struct jmapd_request;

/* R is one. */
void api_begin(struct jmapd_request *r);

#endif

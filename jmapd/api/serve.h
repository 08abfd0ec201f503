/* SPDX-License-Identifier: ISC */
#ifndef JMAPD_API_SERVE_H
#define JMAPD_API_SERVE_H

struct jmapd_request;

/* Who answers R: for jmapd_request_init. */
void serve_request(struct jmapd_request *r);

#endif

/* SPDX-License-Identifier: ISC */
/* What httpd speaks, and a session's life as the front end tells it. */
#ifndef HTTPD_PROTOCOL_H
#define HTTPD_PROTOCOL_H

struct front_protocol;

/* NULL when httpd does not speak NAME. */
const struct front_protocol *httpd_protocol_find(const char *name);
/* The sessions of this process, the front end's; see front_init. */
void httpd_session_init(unsigned index, void (*on_count)(unsigned n));

#endif
